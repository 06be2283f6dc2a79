"""When people answer in the chat: sessions of a day, public holidays, make-up workdays, single days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
import yaml

PLACE = ZoneInfo("Asia/Shanghai")
CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")
MIDNIGHT = 24 * 60
AHEAD_DAYS = 40
"""How far the next session is looked for; longer than any run of holidays."""
FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""(month, day) of 元旦, 劳动节, 国庆节: the same each year."""
WEEKDAYS = "一二三四五六日"
Session = tuple[int, int]
"""Minutes of the day, from and to (not included)."""


class BadHours(Exception):
    """The file cannot be used; names every fault."""


def is_workday(day: date) -> bool:
    """Whether offices work that day; in a year not yet announced, Monday to Friday but fixed holidays."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5 and (day.month, day.day) not in FIXED_HOLIDAYS


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """All sessions, by kind of day and for single days."""

    workday: tuple[Session, ...]
    restday: tuple[Session, ...]
    days: Mapping[date, tuple[Session, ...]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> OpeningHours:
        """Read the file. Raises BadHours naming every fault."""
        return cls.read(yaml.safe_load(path.read_text("utf-8")), path.name)

    @classmethod
    def read(cls, data: Any, name: str = "hours") -> OpeningHours:
        """Check and take the data of an hours file. Raises BadHours naming every fault."""
        faults: list[str] = []
        if not isinstance(data, dict):
            raise BadHours(f"{name}: got {type(data).__name__}, expected workday, restday and days")
        for key in sorted(set(data) - {"workday", "restday", "days"}, key=str):
            faults.append(f"{key}: not a key; expected workday, restday, days")
        kinds = {kind: _sessions(data.get(kind), kind, faults) for kind in ("workday", "restday")}
        days = {}
        for key, sessions in (data.get("days") or {}).items():
            if type(key) is not date:
                faults.append(f"days.{key}: expected a date such as 2027-02-05")
                continue
            days[key] = _sessions(sessions, f"days.{key}", faults)
        if faults:
            raise BadHours(f"{name}: " + "; ".join(faults))
        return cls(kinds["workday"], kinds["restday"], days)

    def sessions(self, day: date) -> tuple[Session, ...]:
        """The sessions of a day, in order."""
        if day in self.days:
            return self.days[day]
        return self.workday if is_workday(day) else self.restday

    def open_at(self, now: datetime) -> bool:
        """Whether somebody should be there.

        Args:
            now: with a time zone.

        """
        here = now.astimezone(PLACE)
        minute = here.hour * 60 + here.minute
        return any(start <= minute < end for start, end in self.sessions(here.date()))

    def next_opening(self, now: datetime) -> datetime | None:
        """When the next session begins after `now`; None if there is none in the next weeks."""
        here = now.astimezone(PLACE)
        for ahead in range(AHEAD_DAYS):
            day = here.date() + timedelta(days=ahead)
            for start, _ in self.sessions(day):
                begins = datetime.combine(day, time(), PLACE) + timedelta(minutes=start)
                if begins > here:
                    return begins
        return None


def in_words(opening: datetime, now: datetime) -> str:
    """今天13:30, 明天8:30, 11月30日（星期一）8:30."""
    day, today = opening.astimezone(PLACE).date(), now.astimezone(PLACE).date()
    clock = f"{opening.hour}:{opening.minute:02d}"
    near = {0: "今天", 1: "明天"}.get((day - today).days)
    if near:
        return f"{near}{clock}"
    return f"{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）{clock}"


def _sessions(value: Any, where: str, faults: list[str]) -> tuple[Session, ...]:
    if not isinstance(value, list):
        faults.append(f"{where}: got {value!r}, expected a list of [from, to]; [] is closed")
        return ()
    found: list[Session] = []
    for pair in value:
        minutes = [_minutes(clock) for clock in pair] if isinstance(pair, list) and len(pair) == 2 else []
        if len(minutes) != 2 or None in minutes:
            faults.append(f'{where}: got {pair!r}, expected ["HH:MM", "HH:MM"] from 00:00 to 24:00')
            continue
        start, end = int(minutes[0] or 0), int(minutes[1] or 0)
        if start >= end:
            faults.append(f"{where}: {pair[0]} is not before {pair[1]}")
        elif found and start < found[-1][1]:
            faults.append(f"{where}: {pair[0]} begins before the session before it ends")
        found.append((start, end))
    return tuple(found)


def _minutes(clock: Any) -> int | None:
    fits = CLOCK.fullmatch(clock) if isinstance(clock, str) else None
    minutes = int(fits[1]) * 60 + int(fits[2]) if fits else MIDNIGHT + 1
    return minutes if minutes <= MIDNIGHT else None
