"""Faults that only show when a guide is read as a whole, or beside the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from itertools import product

from knowledge.bounds import partition_faults
from knowledge.guide import BasisEntry, Fact, Guide, Material, Situation, Stub
from knowledge.situations import applies

EXPIRY_NOTICE = timedelta(days=30)
MAX_SITUATIONS = 3


def guide_faults(guide: Guide, label: str, known_ids: frozenset[str], today: date | None) -> list[str]:
    """All faults of one guide, "label: field: what". `today` None: no comparison with the current day."""
    found: list[str] = []
    found += _basis_faults(guide)
    found += _situation_faults(guide)
    found += [f"related: no guide has the id {other!r}" for other in guide.related if other not in known_ids]
    found += ["related: names the guide itself"] if guide.id in guide.related else []
    found += _date_faults(guide, today)
    return [f"{label}: {line}" for line in found]


def warnings(guide: Guide, label: str, today: date) -> list[str]:
    """What is in order today but will not be for long."""
    if guide.expires_on and today <= guide.expires_on <= today + EXPIRY_NOTICE:
        return [
            f"{label}: expires_on: expires on {guide.expires_on}, within 30 days; renew it or take it out"
        ]
    return []


def stub_faults(stub: Stub, label: str, today: date | None) -> list[str]:
    """All faults of one stub."""
    found = _dead_keys(stub.basis, [("handled_by", stub.handled_by.basis), ("reach", stub.reach.basis)])
    if today and stub.reviewed_on > today:
        found.append(f"reviewed_on: {stub.reviewed_on} lies in the future")
    return [f"{label}: {line}" for line in found]


def shared_faults(guides: Iterable[tuple[str, Guide | Stub]]) -> list[str]:
    """Ids, names, aliases and questions that stand more than once."""
    found: list[str] = []
    owner: dict[str, dict[str, str]] = {"id": {}, "aliases": {}, "questions": {}}
    for label, guide in guides:
        imported = isinstance(guide, Guide) and guide.imported  # lists name one service once per district
        for kind, values in (
            ("id", (guide.id,)),
            ("aliases", () if imported else (guide.name, *guide.aliases)),
            ("questions", guide.questions),
        ):
            for value in values:
                other = owner[kind].get(value)
                if other is not None:
                    where = "twice in this file" if other == label else f"also in {other}"
                    found.append(f"{label}: {kind}: {value!r} stands {where}")
                owner[kind].setdefault(value, label)
    return found


def _basis_faults(guide: Guide) -> list[str]:
    used = [(_place(part), part.basis) for part in guide.parts()] + [("visits", guide.visits.basis)]
    found = _dead_keys(guide.basis, used)
    seen: set[str] = set()
    for entry in guide.basis:
        if entry.key in seen:
            found.append(f"basis: key {entry.key!r} stands twice")
        seen.add(entry.key)
    cited = {key for _, keys in used for key in keys}
    return found + [f"basis: {key!r} is never referenced" for key in sorted(seen - cited)]


def _place(part: Fact | Material) -> str:
    return part.text if isinstance(part, Fact) else part.name


def _dead_keys(basis: Iterable[BasisEntry], used: Iterable[tuple[str, tuple[str, ...]]]) -> list[str]:
    known = {entry.key for entry in basis}
    return [
        f"basis: {_short(place)} refers to {key!r}, which is not listed under basis"
        for place, keys in used
        for key in keys
        if key not in known
    ]


def _situation_faults(guide: Guide) -> list[str]:
    found: list[str] = []
    if len(guide.situations) > MAX_SITUATIONS:
        found.append(f"situations: has {len(guide.situations)} questions, expected at most {MAX_SITUATIONS}")
    values: dict[str, list[str]] = {}
    for situation in guide.situations:
        if situation.key in values:
            found.append(f"situations: key {situation.key!r} stands twice")
        values[situation.key] = [option.value for option in situation.options]
        found += _option_faults(situation.key, values[situation.key])
        found += _bounds_faults(situation)
    referenced: set[tuple[str, str]] = set()
    for part in guide.parts():
        place = _short(_place(part))
        for key, wanted in part.when.items():
            if key not in values:
                found.append(f"when: {place} depends on {key!r}, which is no situation of this guide")
                continue
            referenced |= {(key, value) for value in wanted}
            found += [
                f"when: {place} depends on {key} = {value!r}, which is no option"
                for value in wanted
                if value not in values[key]
            ]
    found += _unused(values, referenced)
    return found or [*_outcome_faults(guide, values), *_dead_ends(guide, values)]


def _bounds_faults(situation: Situation) -> list[str]:
    ranges = [option.bounds for option in situation.options if option.bounds]
    if not situation.unit or len(ranges) < len(situation.options):
        return []
    return [f"situations: {situation.key}: {line} ({situation.unit})" for line in partition_faults(ranges)]


def _outcome_faults(guide: Guide, values: Mapping[str, list[str]]) -> list[str]:
    """Combinations of answers with no row or with two, and rows that no combination reaches."""
    if not guide.situations:
        return ["outcomes: stands without situations, expected none"] if guide.outcomes else []
    if not guide.outcomes:
        return ["outcomes: is empty, expected a row for every combination of answers"]
    found, reached = [], set()
    for facts in combinations(values):
        rows = [place for place, row in enumerate(guide.outcomes) if applies(row.when, facts)]
        reached |= set(rows)
        if len(rows) != 1:
            found.append(f"outcomes: {_shown(facts)} fits {len(rows)} rows, expected exactly 1")
    return found + [
        f"outcomes[{place}]: {_short(row.text)} is never reached"
        for place, row in enumerate(guide.outcomes)
        if place not in reached
    ]


def combinations(values: Mapping[str, list[str]]) -> list[dict[str, str]]:
    """All combinations of answers; one empty one when there is nothing to ask."""
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def _shown(facts: Mapping[str, str]) -> str:
    return "、".join(f"{key}={value}" for key, value in facts.items())


def _option_faults(key: str, values: list[str]) -> list[str]:
    return [
        f"situations: {key}: option {v!r} stands twice"
        for v in sorted({v for v in values if values.count(v) > 1})
    ]


def _unused(values: Mapping[str, list[str]], referenced: set[tuple[str, str]]) -> list[str]:
    """A question changes something when at least all but one of its options are named by some `when`."""
    found = []
    for key, options in values.items():
        silent = [value for value in options if (key, value) not in referenced]
        if len(silent) == len(options):
            found.append(f"situations: {key}: no part depends on it; drop the question")
        elif len(silent) > 1:
            found.append(
                f"situations: {key}: options {'/'.join(silent)} change nothing between them; merge them"
            )
    return found


def _dead_ends(guide: Guide, values: Mapping[str, list[str]]) -> list[str]:
    """Combinations of answers that would leave a citizen without a step, fee, place or result."""
    if not guide.steps.online and not guide.steps.window:
        return ["steps: has neither online nor window steps"]
    needed: dict[str, Iterable[Fact]] = {
        "steps": (*guide.steps.online, *guide.steps.window),
        "fee.facts": guide.fee.facts,
        "where.place": guide.where.place,
        "result": guide.result,
    }
    found = []
    for facts in combinations(values):
        for name, parts in needed.items():
            if not any(applies(part.when, facts) for part in parts):
                what = "nothing is left to do" if name == "steps" else "says nothing"
                found.append(f"{name}: {what} for {_shown(facts)}")
    return found


def _date_faults(guide: Guide, today: date | None) -> list[str]:
    found = []
    if today and guide.expires_on and guide.expires_on < today:
        found.append(f"expires_on: expired on {guide.expires_on}; renew it or take it out")
    if guide.expires_on and guide.expires_on < guide.effective_on:
        found.append(f"expires_on: {guide.expires_on} lies before effective_on {guide.effective_on}")
    if today and guide.reviewed_on > today:
        found.append(f"reviewed_on: {guide.reviewed_on} lies in the future")
    return found


def _short(text: str) -> str:
    return f"“{text[:16]}…”" if len(text) > 17 else f"“{text}”"
