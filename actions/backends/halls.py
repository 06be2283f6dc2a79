"""Service halls and their extended-hours sessions, read from data/halls.yml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Literal, cast

import yaml

from actions.backends.clock import is_holiday, is_workday
from actions.backends.ports import Hall

DATA = Path(__file__).resolve().parent.parent / "data" / "halls.yml"
Session = Literal["noon", "evening", "weekend"]


@dataclass(frozen=True, slots=True)
class SessionRule:
    """When a session runs: on working days, or on ordinary weekend days that are not holidays."""

    session: Session
    days: Literal["workday", "weekend"]
    start: time
    end: time
    slot_minutes: int
    capacity: int


@dataclass(frozen=True, slots=True)
class HallPlan:
    """All halls, their sessions (hall id -> rules), and how many days ahead one can book."""

    horizon_days: int
    halls: tuple[Hall, ...]
    rules: dict[str, tuple[SessionRule, ...]]

    def slots(self, hall_id: str, day: date) -> Iterator[tuple[Session, time, time, int]]:
        """Yield (session, start, end, capacity) of every slot that the rules open on `day`."""
        for rule in self.rules[hall_id]:
            if rule.days == "workday" and not is_workday(day):
                continue
            if rule.days == "weekend" and (is_workday(day) or is_holiday(day)):
                continue
            at = datetime.combine(day, rule.start)
            step = timedelta(minutes=rule.slot_minutes)
            while at + step <= datetime.combine(day, rule.end):
                yield rule.session, at.time(), (at + step).time(), rule.capacity
                at += step


def load(path: Path = DATA) -> HallPlan:
    """Read the plan. Raises ValueError that names every fault of the file at once."""
    raw = yaml.safe_load(path.read_text("utf-8"))
    faults: list[str] = []
    halls: list[Hall] = []
    rules: dict[str, tuple[SessionRule, ...]] = {}
    seen: set[str] = set()
    for entry in raw["halls"]:
        names = tuple(entry.get("names", []))
        for name in (entry["name"], *names):
            if name in seen:
                faults.append(f"{path.name}: hall name {name!r} appears twice")
            seen.add(name)
        halls.append(
            Hall(
                id=entry["id"],
                name=entry["name"],
                names=names,
                district=entry["district"],
                address=entry.get("address", ""),
                address_verified=bool(entry.get("address_verified", False)),
            )
        )
        kind = entry.get("sessions", "district")
        if kind not in raw["sessions"]:
            faults.append(f"{path.name}: hall {entry['id']} has unknown sessions {kind!r}")
            continue
        rules[entry["id"]] = tuple(_rule(r) for r in raw["sessions"][kind])
    if faults:
        raise ValueError("; ".join(faults))
    return HallPlan(int(raw["horizon_days"]), tuple(halls), rules)


def _rule(raw: dict[str, object]) -> SessionRule:
    return SessionRule(
        session=cast(Session, raw["session"]),
        days=cast(Literal["workday", "weekend"], raw["days"]),
        start=time.fromisoformat(str(raw["start"])),
        end=time.fromisoformat(str(raw["end"])),
        slot_minutes=int(str(raw["slot_minutes"])),
        capacity=int(str(raw["capacity"])),
    )
