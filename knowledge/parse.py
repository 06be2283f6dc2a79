"""One YAML file -> Guide or Stub, with every fault of its shape."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from pathlib import Path

from knowledge.bounds import UNITS, Bounds
from knowledge.guide import (
    BasisEntry,
    Fact,
    Faq,
    Fee,
    Guide,
    Material,
    Option,
    Situation,
    Steps,
    Stub,
    TimeLimit,
    Visits,
    When,
    Where,
)
from knowledge.reading import Reader

FORMS = ("原件", "复印件", "原件和复印件", "电子", "填写", "到场")
APPLICANTS = ("个人", "法人", "个人和法人")
ITEM_TYPES = ("行政许可", "行政确认", "行政给付", "行政征收", "公共服务", "其他")
SCOPES = ("跨省", "省内", "市内", "不支持")
CHANNELS = ("赣服通", "江西政务服务网", "国家平台", "部门平台", "其他")
SUMMARY_LIMIT = 60
"""Characters; a summary stands on a phone's card."""
NOWHERE = date(1, 1, 1)
"""Stands for a missing date; only ever seen together with a fault."""


def parse_labelled(value: object, label: str) -> tuple[Guide | Stub | None, list[str]]:
    """Read one guide as it came out of a file.

    Args:
        value: the raw value, or the error that stood in its way.
        label: how faults name it, e.g. "gongan/id-card-first.yaml".

    Returns:
        The guide (None when not even its shape could be read) and all faults, "label: field: what".

    """
    if isinstance(value, Exception):
        return None, [f"{label}: not readable: {' '.join(str(value).split())}"]
    found, faults = parse_value(value, label)
    stem = Path(label).stem
    if found is not None and found.id and label.endswith(".yaml") and found.id != stem:
        faults.append(f"{label}: id: is {found.id!r}, expected the file's name {stem!r}")
    return found, faults


def parse_value(value: object, label: str) -> tuple[Guide | Stub | None, list[str]]:
    """The same for a value that was already read (dates as dates or as 2026-11-24)."""
    faults: list[str] = []
    if not isinstance(value, dict):
        return None, [f"{label}: expected a mapping at the top, got {type(value).__name__}"]
    reader = Reader(value, f"{label}: ", faults)
    kind = reader.text("kind", choices=("guide", "stub"))
    found: Guide | Stub = _stub(reader) if kind == "stub" else _guide(reader)
    reader.close()
    return found, faults


def _guide(r: Reader) -> Guide:
    imported = bool(r.flag("imported"))
    basis = r.each("basis", _basis)
    r.unchecked = frozenset(entry.key for entry in basis if not entry.checked)
    steps, limit, where = r.child("steps"), r.child("time_limit"), r.child("where")
    guide = Guide(
        id=r.text("id"),
        name=r.text("name"),
        department=r.text("department"),
        item_type=r.text("item_type", choices=ITEM_TYPES),
        applicant=r.text("applicant", choices=APPLICANTS),
        summary=_summary(r),
        aliases=r.texts("aliases", at_least=0 if imported else 1),
        questions=r.texts("questions", at_least=0 if imported else 5),
        situations=r.each("situations", _situation),
        outcomes=r.each("outcomes", _fact),
        conditions=r.each("conditions", _fact),
        materials=r.each("materials", _material),
        steps=Steps(steps.each("online", _fact), steps.each("window", _fact)),
        time_limit=TimeLimit(_one(limit, "statutory"), _one(limit, "promised")),
        fee=_fee(r.child("fee")),
        where=Where(
            _one(where, "place", required=True),
            _one(where, "hours"),
            _one(where, "phone"),
            where.each("online", _entry),
        ),
        visits=_visits(r.child("visits")),
        proxy=_one(r, "proxy"),
        post=_one(r, "post"),
        cross_region=_one(r, "cross_region", _region),
        result=_one(r, "result", required=True),
        validity=_one(r, "validity"),
        faq=r.each("faq", _faq),
        basis=basis,
        related=r.texts("related"),
        effective_on=r.day("effective_on") or NOWHERE,
        expires_on=r.day("expires_on", required=False),
        reviewed_on=r.day("reviewed_on") or NOWHERE,
        version=r.text("version"),
        imported=imported,
    )
    for part in (steps, limit, where):
        part.close()
    return guide


def _stub(r: Reader) -> Stub:
    basis = r.each("basis", _basis)
    r.unchecked = frozenset(entry.key for entry in basis if not entry.checked)
    return Stub(
        id=r.text("id"),
        name=r.text("name"),
        department=r.text("department"),
        summary=_summary(r),
        aliases=r.texts("aliases", at_least=1),
        questions=r.texts("questions", at_least=3),
        handled_by=_fact(r.child("handled_by")),
        reach=_fact(r.child("reach")),
        basis=basis,
        reviewed_on=r.day("reviewed_on") or NOWHERE,
        version=r.text("version"),
    )


def _summary(r: Reader) -> str:
    text = r.text("summary")
    if len(text) > SUMMARY_LIMIT:
        r.fault("summary", f"has {len(text)} characters, expected at most {SUMMARY_LIMIT}")
    return text


def _one(
    r: Reader, name: str, make: Callable[[Reader], Fact] | None = None, *, required: bool = False
) -> tuple[Fact, ...]:
    """A Fact, null, or a list of Facts for different situations."""
    value = r.raw(name)
    if value is None:
        if required:
            r.fault(name, "is missing")
        return ()
    if isinstance(value, list):
        return r.each(name, make or _fact)
    return ((make or _fact)(r.child(name)),)


def _fact(r: Reader, **more: str) -> Fact:
    keys = _support(r)
    fact = Fact(text=r.text("text"), basis=keys, when=_when(r), verified=_verified(r, keys), **more)
    r.close()
    return fact


def _region(r: Reader) -> Fact:
    return _fact(r, scope=r.text("scope", required=False, choices=SCOPES))


def _entry(r: Reader) -> Fact:
    return _fact(r, channel=r.text("channel", required=False, choices=CHANNELS))


def _support(r: Reader) -> tuple[str, ...]:
    """Basis keys; exactly one of `basis` and `verified: false` must be given."""
    keys = r.texts("basis")
    verified = r.flag("verified")
    if verified:
        r.fault("verified", "may only be false; verified parts name their basis")
    if keys and verified is not None:
        r.fault("", "has both basis and verified, expected exactly one")
    elif not keys and verified is None:
        r.fault("", "has neither basis nor verified: false, expected exactly one")
    return keys


def _verified(r: Reader, keys: tuple[str, ...]) -> bool:
    return any(key not in r.unchecked for key in keys)


def _when(r: Reader) -> When:
    value = r.raw("when")
    if value is None:
        return {}
    if not isinstance(value, dict):
        r.fault("when", "expected a mapping of situation key to values")
        return {}
    inner = Reader(value, f"{r.place}.when", r.faults)
    return {str(key): inner.texts(str(key), at_least=1) for key in value}


def _material(r: Reader) -> Material:
    copies = r.number("copies")
    if copies is not None and copies != int(copies):
        r.fault("copies", f"expected a whole number, got {copies!r}")
    keys = _support(r)
    material = Material(
        name=r.text("name"),
        form=r.text("form", choices=FORMS),
        copies=None if copies is None else int(copies),
        issuer=r.text("issuer", required=False),
        ecert=bool(r.flag("ecert")),
        note=r.text("note", required=False),
        when=_when(r),
        basis=keys,
        verified=_verified(r, keys),
        without=None if r.raw("without") is None else _fact(r.child("without")),
    )
    r.close()
    return material


def _situation(r: Reader) -> Situation:
    unit = r.text("unit", required=False, choices=UNITS)
    options = r.each("options", lambda option: _option(option, unit))
    situation = Situation(r.text("key"), r.text("ask"), options, unit)
    if len(situation.options) < 2:
        r.fault("options", f"has {len(situation.options)} entries, expected at least 2")
    r.close()
    return situation


def _option(r: Reader, unit: str) -> Option:
    option = Option(r.text("value"), r.text("label"), r.texts("says"), _bounds(r, unit))
    r.close()
    return option


def _bounds(r: Reader, unit: str) -> Bounds | None:
    """from/over and to/below; needed where the situation has a unit, refused elsewhere."""
    ends = {name: r.number(name) for name in ("from", "over", "to", "below")}
    given = [name for name, value in ends.items() if value is not None]
    if not unit:
        if given:
            r.fault(given[0], "stands without a unit, expected `unit` beside `ask`")
        return None
    if not given:
        r.fault("", f"has no bounds, expected from/over and/or to/below in {unit}")
    for pair in (("from", "over"), ("to", "below")):
        if all(ends[name] is not None for name in pair):
            r.fault(pair[0], f"stands beside {pair[1]}, expected only one of them")
    low = ends["from"] if ends["from"] is not None else ends["over"]
    high = ends["to"] if ends["to"] is not None else ends["below"]
    return Bounds(
        low=0.0 if low is None else float(low),
        high=math.inf if high is None else float(high),
        low_in=ends["over"] is None,
        high_in=ends["to"] is not None,
    )


def _fee(r: Reader) -> Fee:
    fee = Fee(r.text("summary"), r.number("amount_yuan"), r.each("facts", _fact))
    if not fee.facts and r.value:
        r.fault("facts", "is empty, expected at least one fact")
    r.close()
    return fee


def _visits(r: Reader) -> Visits:
    count = r.number("count")
    keys = _support(r)
    note = r.text("note", required=False)
    visits = Visits(None if count is None else int(count), note, keys, _verified(r, keys))
    r.close()
    return visits


def _faq(r: Reader) -> Faq:
    keys = _support(r)
    answer = Fact(text=r.text("a"), basis=keys, when=_when(r), verified=_verified(r, keys))
    faq = Faq(r.text("q"), answer)
    r.close()
    return faq


def _basis(r: Reader) -> BasisEntry:
    entry = BasisEntry(
        key=r.text("key"),
        title=r.text("title"),
        article=r.text("article", required=False),
        number=r.text("number", required=False),
        effective_on=r.day("effective_on", required=False),
        checked=r.flag("checked") is not False,
    )
    r.close()
    return entry
