"""Guides as frozen values. `parse.py` makes them from YAML, `validate.py` checks them against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from knowledge.bounds import Bounds

When = Mapping[str, tuple[str, ...]]
"""Situation key -> values under which a part applies; empty: always."""

FIELDS = (
    "conditions",
    "materials",
    "steps",
    "time_limit",
    "fee",
    "where",
    "online",
    "visits",
    "proxy",
    "post",
    "cross_region",
    "result",
    "basis",
)
"""What a citizen can ask about a guide."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One sentence that may be said to a citizen as it stands."""

    text: str
    basis: tuple[str, ...] = ()
    """Keys into Guide.basis."""
    when: When = field(default_factory=dict)
    verified: bool = False
    """True when at least one document it rests on was opened and agrees (BasisEntry.checked)."""
    scope: str = ""
    """Of a cross_region fact: 跨省, 省内, 市内 or 不支持."""
    channel: str = ""
    """Of an online entry: 赣服通, 江西政务服务网, 国家平台, 部门平台 or 其他."""


@dataclass(frozen=True, slots=True)
class Material:
    """One thing to bring or to fill in."""

    name: str
    form: str
    copies: int | None = None
    issuer: str = ""
    ecert: bool = False
    """True: an electronic certificate normally replaces it (免证办)."""
    note: str = ""
    when: When = field(default_factory=dict)
    basis: tuple[str, ...] = ()
    verified: bool = False
    without: Fact | None = None
    """What to do when one does not have it; None: the rules give no way round it."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to a situation question."""

    value: str
    label: str
    says: tuple[str, ...] = ()
    bounds: Bounds | None = None
    """Only where the situation has a unit."""


@dataclass(frozen=True, slots=True)
class Situation:
    """A question whose answer changes the guide."""

    key: str
    ask: str
    options: tuple[Option, ...]
    unit: str = ""
    """Of the number the options divide (bounds.UNITS); "" when they divide none."""

    def label(self, value: str) -> str:
        """The label of `value`; the value itself when the question has no such option."""
        return next((option.label for option in self.options if option.value == value), value)

    def option_of(self, number: float) -> Option | None:
        """The option whose bounds hold the number (in `unit`); None when the options divide no number."""
        return next((o for o in self.options if o.bounds and o.bounds.holds(number)), None)


@dataclass(frozen=True, slots=True)
class Steps:
    """What the citizen does, online and at the window."""

    online: tuple[Fact, ...] = ()
    window: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """How long the office may take."""

    statutory: tuple[Fact, ...] = ()
    """Several only where situations differ."""
    promised: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Fee:
    """What it costs."""

    summary: str
    amount_yuan: float | None
    """Yuan; 0 free, None varies or unknown."""
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Where:
    """Place, hours, phone and online entry."""

    place: tuple[Fact, ...]
    hours: tuple[Fact, ...] = ()
    phone: tuple[Fact, ...] = ()
    online: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Visits:
    """How often the citizen has to come."""

    count: int | None
    """Times the citizen has to come; None unknown."""
    note: str = ""
    basis: tuple[str, ...] = ()
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Faq:
    """A common question with its answer."""

    question: str
    answer: Fact


@dataclass(frozen=True, slots=True)
class BasisEntry:
    """A document that facts rest on."""

    key: str
    title: str
    article: str = ""
    number: str = ""
    effective_on: date | None = None
    checked: bool = True
    """False: named from memory, its text could not be opened."""


@dataclass(frozen=True, slots=True)
class Guide:
    """One item of the catalogue, everything a citizen may be told about it."""

    id: str
    name: str
    department: str
    item_type: str
    applicant: str
    summary: str
    aliases: tuple[str, ...]
    questions: tuple[str, ...]
    situations: tuple[Situation, ...]
    outcomes: tuple[Fact, ...]
    """The decision table: every combination of answers fits exactly one row."""
    conditions: tuple[Fact, ...]
    materials: tuple[Material, ...]
    steps: Steps
    time_limit: TimeLimit
    fee: Fee
    where: Where
    visits: Visits
    proxy: tuple[Fact, ...]
    post: tuple[Fact, ...]
    cross_region: tuple[Fact, ...]
    result: tuple[Fact, ...]
    validity: tuple[Fact, ...]
    """How long the result is valid."""
    faq: tuple[Faq, ...]
    basis: tuple[BasisEntry, ...]
    related: tuple[str, ...]
    effective_on: date
    expires_on: date | None
    reviewed_on: date
    version: str
    imported: bool = False
    """From a city's list: nobody wrote questions for it, nothing in it was verified."""

    kind = "guide"

    def situation(self, key: str) -> Situation | None:
        """The question with this key; None when there is none."""
        return next((s for s in self.situations if s.key == key), None)

    def parts(self) -> list[Fact | Material]:
        """Every part that may carry a `when`."""
        found: list[Fact | Material] = [
            *self.conditions,
            *self.materials,
            *self.steps.online,
            *self.steps.window,
        ]
        found += [*self.time_limit.statutory, *self.time_limit.promised, *self.fee.facts]
        found += [*self.where.place, *self.where.hours, *self.where.phone, *self.where.online]
        found += [*self.proxy, *self.post, *self.cross_region, *self.result, *self.validity]
        found += [material.without for material in self.materials if material.without]
        return found + [*self.outcomes, *(faq.answer for faq in self.faq)]

    def is_current(self, today: date) -> bool:
        """False before it takes effect and from the day after it expires."""
        return self.effective_on <= today and (self.expires_on is None or today <= self.expires_on)


@dataclass(frozen=True, slots=True)
class Stub:
    """A real service that is not handled here: where it is handled and how to get there."""

    id: str
    name: str
    department: str
    summary: str
    aliases: tuple[str, ...]
    questions: tuple[str, ...]
    handled_by: Fact
    reach: Fact
    basis: tuple[BasisEntry, ...]
    reviewed_on: date
    version: str

    kind = "stub"
