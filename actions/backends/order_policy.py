"""The city's policy on work orders (data/orders.yml): read once, every fault in it named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).resolve().parents[1] / "data" / "orders.yml"
KINDS = ("consultation", "complaint", "report", "call_back")
URGENCIES = ("normal", "urgent")
CUES = frozenset(
    {
        "anonymous",
        "confidential",
        "adds",
        "to_existing",
        "file_anyway",
        "urgent",
        "report",
        "announces_addition",
    }
)
NUMBERS = {
    "extension.most_workdays": (1, 60),
    "reminder.workdays_before": (1, 10),
    "duplicates.days": (1, 730),
    "duplicates.same_citizen": (0, 1),
    "duplicates.same_place": (0, 1),
    "duplicates.same_topic": (0, 1),
    "duplicates.own": (0, 1),
    "duplicates.most_read": (1, 2000),
    "proof.failures_per_order": (1, 100),
    "proof.failures_per_asker": (1, 1000),
    "proof.lock_minutes": (1, 1440),
    "attachments.most": (0, 50),
    "attachments.bytes": (1, 1 << 30),
    "text.longest": (50, 20000),
}
"""Where a number stands -> the least and the most that make sense."""


@dataclass(frozen=True, slots=True)
class OrderPolicy:
    """`workdays`: (kind, urgency) -> working days until the answer; `numbers`: the rest, by place."""

    workdays: Mapping[tuple[str, str], int]
    unverified: tuple[str, ...]
    """What no document of the city stands behind yet."""
    numbers: Mapping[str, float]
    escalation: tuple[int, ...]
    """Working days after the deadline after which staff are alerted, each time louder."""
    media_types: frozenset[str]
    evidence_kinds: frozenset[str]
    """Kinds of orders that are closed with evidence only."""
    districts: Mapping[str, tuple[str, ...]]
    place: re.Pattern[str]
    cues: Mapping[str, re.Pattern[str]]

    def number(self, place: str) -> int:
        """A whole number such as `proof.lock_minutes`."""
        return int(self.numbers[place])


def load_policy(path: Path = DATA) -> OrderPolicy:
    """Read the file. Raises ValueError that names every fault."""
    table = yaml.safe_load(path.read_text("utf-8"))
    faults: list[str] = []
    if not isinstance(table, dict):
        raise ValueError(f"{path.name}: got {type(table).__name__}, expected a table")
    policy = OrderPolicy(
        workdays=_deadlines(table.get("deadlines"), faults),
        unverified=tuple(_unverified(table)),
        numbers=_numbers(table, faults),
        escalation=_escalation(table.get("escalation"), faults),
        media_types=frozenset(map(str, (table.get("attachments") or {}).get("media_types") or ())),
        evidence_kinds=_evidence(table.get("evidence"), faults),
        districts={str(k): tuple(map(str, v or ())) for k, v in (table.get("districts") or {}).items()},
        place=_pattern(table.get("place"), "place", faults),
        cues=_cues(table.get("cues"), faults),
    )
    if not policy.media_types:
        faults.append("attachments.media_types: none; name at least one")
    if faults:
        raise ValueError(f"{path.name}: " + "; ".join(faults))
    return policy


@cache
def shared_policy() -> OrderPolicy:
    """The policy of the repository's file."""
    return load_policy()


def _deadlines(raw: Any, faults: list[str]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for number, entry in enumerate(raw if isinstance(raw, list) else [], 1):
        entry = entry if isinstance(entry, dict) else {}
        pair, days = (str(entry.get("kind")), str(entry.get("urgency"))), entry.get("workdays")
        if pair in found:
            faults.append(f"deadlines {number}: {pair[0]} {pair[1]} stands twice; keep one")
        if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= 60:
            faults.append(f"deadlines {number}: workdays {days!r}, expected 0 to 60")
            continue
        found[pair] = days
    wanted = {(kind, urgency) for kind in KINDS for urgency in URGENCIES}
    faults += [f"deadlines: {k} {u} is missing; add it" for k, u in sorted(wanted - found.keys())]
    faults += [f"deadlines: {k} {u} is unknown; remove it" for k, u in sorted(found.keys() - wanted)]
    return found


def _unverified(table: Mapping[str, Any]) -> list[str]:
    rows = [r for r in table.get("deadlines") or () if isinstance(r, dict)]
    names = [f"deadlines.{r.get('kind')}.{r.get('urgency')}" for r in rows if r.get("verified") is not True]
    parts = ("extension", "reminder", "escalation", "evidence")
    return names + [p for p in parts if (table.get(p) or {}).get("verified") is not True]


def _numbers(table: Mapping[str, Any], faults: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for place, (least, most) in NUMBERS.items():
        part, _, name = place.partition(".")
        section = table.get(part)
        value = section.get(name) if isinstance(section, dict) else None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            faults.append(f"{place}: got {value!r}, expected a number from {least} to {most}")
            continue
        found[place] = value
    return found


def _escalation(raw: Any, faults: list[str]) -> tuple[int, ...]:
    days = (raw or {}).get("workdays_after") if isinstance(raw, dict) else None
    if not isinstance(days, list) or not days or not all(isinstance(d, int) and 0 <= d <= 60 for d in days):
        faults.append(f"escalation.workdays_after: got {days!r}, expected whole numbers from 0 to 60")
        return ()
    if sorted(set(days)) != days:
        faults.append(f"escalation.workdays_after: got {days!r}, expected them rising")
    return tuple(days)


def _evidence(raw: Any, faults: list[str]) -> frozenset[str]:
    kinds = raw.get("kinds") if isinstance(raw, dict) else None
    if not isinstance(kinds, list) or not set(map(str, kinds)) <= set(KINDS):
        faults.append(f"evidence.kinds: got {kinds!r}, expected a list of {', '.join(KINDS)}")
        return frozenset()
    return frozenset(map(str, kinds))


def _cues(raw: Any, faults: list[str]) -> dict[str, re.Pattern[str]]:
    table = raw if isinstance(raw, dict) else {}
    faults += [f"cues.{name}: missing; add it" for name in sorted(CUES - table.keys())]
    faults += [f"cues.{name}: unknown; remove it" for name in sorted(table.keys() - CUES)]
    return {str(name): _pattern(text, f"cues.{name}", faults) for name, text in table.items()}


def _pattern(raw: Any, place: str, faults: list[str]) -> re.Pattern[str]:
    try:
        return re.compile(str(raw or "(?!)"))
    except re.error as fault:
        faults.append(f"{place}: no regular expression ({fault}); mend it")
        return re.compile("(?!)")
