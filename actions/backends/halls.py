"""Reads data/halls.yml into a `HallPlan`. A file with faults is refused, and every fault is named at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any, cast, get_args

import yaml

from actions.backends.ports import Hall
from actions.backends.ports.bookings import Session
from actions.backends.slot_plan import (
    EVERY_DAY,
    Days,
    HallPlan,
    OfferHours,
    Policy,
    ReminderRule,
    SessionRule,
)

DATA = Path(__file__).resolve().parent.parent / "data" / "halls.yml"
NUMBERS = {
    "cut_off_minutes": (0, 1440),
    "active_per_phone": (1, 100),
    "per_item_and_day": (1, 100),
    "waits_per_phone": (1, 100),
    "offer_minutes": (1, 1440),
    "no_shows": (1, 100),
    "no_show_days": (1, 3650),
    "suspension_days": (1, 3650),
}
"""Policy number -> [least, most]."""


class Reading:
    """Takes values out of raw YAML and collects what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[str] = []

    def fault(self, where: str, got: object, expected: str) -> None:
        """Note one fault."""
        self.faults.append(f"{self.file}: {where} is {got!r}, expected {expected}")

    def number(self, raw: Mapping[str, Any], name: str, where: str, least: int, most: int) -> int:
        """A whole number from `least` to `most`."""
        value = raw.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.fault(f"{where} {name}", value, f"a whole number from {least} to {most}")
        return least

    def clock(self, raw: Mapping[str, Any], name: str, where: str) -> time:
        """A time of day such as "09:00"."""
        try:
            return time.fromisoformat(str(raw.get(name)))
        except ValueError:
            self.fault(f"{where} {name}", raw.get(name), 'a time of day such as "09:00"')
            return time()

    def one_of(self, raw: Mapping[str, Any], name: str, where: str, allowed: tuple[str, ...]) -> str:
        """One of the allowed words."""
        value = raw.get(name)
        if value in allowed:
            return str(value)
        self.fault(f"{where} {name}", value, f"one of {', '.join(allowed)}")
        return allowed[0]

    def word(self, raw: Mapping[str, Any], name: str, where: str) -> str:
        """Text that is not empty."""
        value = raw.get(name)
        if isinstance(value, str) and value.strip():
            return value
        self.fault(f"{where} {name}", value, "text")
        return ""

    def known(self, raw: Mapping[str, Any], where: str, allowed: set[str]) -> None:
        """Nothing but the allowed keys."""
        for key in sorted(set(map(str, raw)) - allowed):
            self.fault(f"{where} key", key, f"one of {', '.join(sorted(allowed))}")


def load(path: Path = DATA) -> HallPlan:
    """Read the plan. Raises ValueError that names every fault of the file at once."""
    raw = yaml.safe_load(path.read_text("utf-8"))
    read = Reading(path.name)
    if not isinstance(raw, dict):
        raise ValueError(f"{path.name}: expected horizon_days, policy, sessions and halls")
    read.known(raw, "file", {"verified", "horizon_days", "policy", "sessions", "halls"})
    if not isinstance(raw.get("verified", False), bool):
        read.fault("file verified", raw["verified"], "true or false")
    horizon = read.number(raw, "horizon_days", "file", 1, 365)
    policy = _policy(read, raw.get("policy") or {})
    kinds = {
        str(kind): _rules(read, str(kind), rules or []) for kind, rules in (raw.get("sessions") or {}).items()
    }
    halls, rules = _halls(read, raw.get("halls") or [], kinds)
    if read.faults:
        raise ValueError("; ".join(read.faults))
    return HallPlan(horizon, halls, rules, policy, verified=raw.get("verified") is True)


def _policy(read: Reading, raw: dict[str, Any]) -> Policy:
    read.known(raw, "policy", {*NUMBERS, "reminders", "offer_from", "offer_to"})
    numbers = {name: read.number(raw, name, "policy", *span) for name, span in NUMBERS.items()}
    reminders = []
    for at, entry in enumerate(raw.get("reminders") or [], 1):
        where = f"reminder {at}"
        read.known(entry, where, {"kind", "days_before", "at", "minutes_before"})
        kind = read.word(entry, "kind", where)
        if "at" in entry:
            days = read.number(entry, "days_before", where, 0, 30)
            reminders.append(ReminderRule(kind, days, read.clock(entry, "at", where)))
        else:
            minutes = read.number(entry, "minutes_before", where, 1, 43200)
            reminders.append(ReminderRule(kind, minutes_before=minutes))
    names = [r.kind for r in reminders]
    for kind in sorted({k for k in names if names.count(k) > 1}):
        read.fault("policy reminders", kind, "each kind once")
    awake = OfferHours(read.clock(raw, "offer_from", "policy"), read.clock(raw, "offer_to", "policy"))
    if awake.start >= awake.end and not read.faults:  # a time that cannot be read is named already
        read.fault("policy offer_to", f"{awake.end:%H:%M}", f"after offer_from {awake.start:%H:%M}")
    return Policy(**numbers, reminders=tuple(reminders), offer_hours=awake)


RULE_KEYS = {"session", "days", "weekdays", "start", "end", "slot_minutes", "windows", "per_window"}


def _rules(read: Reading, kind: str, entries: list[dict[str, Any]]) -> tuple[SessionRule, ...]:
    found = tuple(_rule(read, f"sessions {kind} {at}", raw) for at, raw in enumerate(entries, 1))
    for at, one in enumerate(found):
        for other in found[:at]:
            meet = set(one.weekdays) & set(other.weekdays) and one.days == other.days
            if meet and one.start < other.end and other.start < one.end:
                read.fault(f"sessions {kind} {at + 1}", f"{one.start:%H:%M}", "no overlap with another rule")
    return found


def _rule(read: Reading, where: str, raw: dict[str, Any]) -> SessionRule:
    read.known(raw, where, RULE_KEYS)
    weekdays = raw.get("weekdays", list(EVERY_DAY))
    if not isinstance(weekdays, list) or not weekdays or not set(weekdays) <= set(EVERY_DAY):
        read.fault(f"{where} weekdays", weekdays, "a list of 1 (Monday) to 7")
        weekdays = list(EVERY_DAY)
    rule = SessionRule(
        session=cast(Session, read.one_of(raw, "session", where, get_args(Session))),
        days=cast(Days, read.one_of(raw, "days", where, get_args(Days))),
        start=read.clock(raw, "start", where),
        end=read.clock(raw, "end", where),
        slot_minutes=read.number(raw, "slot_minutes", where, 5, 720),
        windows=read.number(raw, "windows", where, 1, 500),
        per_window=read.number(raw, "per_window", where, 1, 500),
        weekdays=tuple(weekdays),
    )
    length = (rule.end.hour - rule.start.hour) * 60 + rule.end.minute - rule.start.minute
    if length < rule.slot_minutes or length % rule.slot_minutes:
        read.fault(f"{where} end", f"{rule.end:%H:%M}", f"a whole number of slots after {rule.start:%H:%M}")
    return rule


HALL_KEYS = {"id", "name", "names", "district", "address", "address_verified", "sessions", "items"}


def _halls(
    read: Reading, entries: list[dict[str, Any]], kinds: dict[str, tuple[SessionRule, ...]]
) -> tuple[tuple[Hall, ...], dict[str, tuple[SessionRule, ...]]]:
    halls: list[Hall] = []
    rules: dict[str, tuple[SessionRule, ...]] = {}
    seen: set[str] = set()
    for at, entry in enumerate(entries, 1):
        where = f"hall {entry.get('id', at)}"
        read.known(entry, where, HALL_KEYS)
        hall_id = read.word(entry, "id", where)
        if len(hall_id) > 24 or hall_id in rules:  # the column's width
            read.fault(f"{where} id", hall_id, "24 characters at most, each id once")
        names = tuple(entry.get("names", []))
        for name in (read.word(entry, "name", where), *names):
            if name in seen:
                read.faults.append(f"{read.file}: hall name {name!r} appears twice")
            seen.add(name)
        halls.append(
            Hall(
                id=hall_id,
                name=str(entry.get("name", "")),
                names=names,
                district=read.word(entry, "district", where),
                address=entry.get("address", ""),
                address_verified=bool(entry.get("address_verified", False)),
                items=tuple(map(str, entry.get("items") or [])),
            )
        )
        kind = entry.get("sessions", "district")
        if kind not in kinds:
            read.faults.append(f"{read.file}: {where} has unknown sessions {kind!r}")
        rules[hall_id] = kinds.get(kind, ())
    if not halls:
        read.fault("halls", [], "at least one hall")
    return tuple(halls), rules
