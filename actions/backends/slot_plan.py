"""The plan of a city's extended hours: halls, sessions by rule, and every policy number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from actions.backends.clock import SHANGHAI, is_holiday, is_workday
from actions.backends.ports import Hall
from actions.backends.ports.bookings import Session

Days = Literal["workday", "weekend", "holiday"]
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


@dataclass(frozen=True, slots=True)
class SessionRule:
    """When a session runs: on working days, on weekend days that are not holidays, or on holidays."""

    session: Session
    days: Days
    start: time
    end: time
    slot_minutes: int
    windows: int
    per_window: int
    weekdays: tuple[int, ...] = EVERY_DAY
    """1 is Monday."""

    def runs(self, day: date) -> bool:
        """True when the rule opens on `day`."""
        if day.isoweekday() not in self.weekdays:
            return False
        if is_workday(day):
            return self.days == "workday"
        return self.days == ("holiday" if is_holiday(day) else "weekend")


@dataclass(frozen=True, slots=True)
class PlannedSlot:
    """A slot as the rules have it, before closures."""

    id: str
    session: Session
    start: time
    end: time
    windows: int
    per_window: int


@dataclass(frozen=True, slots=True)
class ReminderRule:
    """When to remind: `days_before` the day at `at`, or `minutes_before` the beginning."""

    kind: str
    days_before: int = 0
    at: time | None = None
    minutes_before: int = 0

    def due(self, starts: datetime) -> datetime:
        """The moment of the reminder for a slot that begins at `starts`."""
        if self.at is None:
            return starts - timedelta(minutes=self.minutes_before)
        return datetime.combine(starts.date() - timedelta(days=self.days_before), self.at, SHANGHAI)


@dataclass(frozen=True, slots=True)
class OfferHours:
    """When people are awake, [start, end) of every day: only these hours count for an offer."""

    start: time
    end: time

    def clock(self, now: datetime, minutes: int) -> tuple[datetime, datetime]:
        """(when to tell, when it ends) of an offer made now that stands for `minutes` of these hours."""
        begins = at = self._next(now)
        left = timedelta(minutes=minutes)
        while at + left > (closes := datetime.combine(at.date(), self.end, SHANGHAI)):
            left -= closes - at
            at = datetime.combine(at.date() + timedelta(days=1), self.start, SHANGHAI)
        return begins, at + left

    def _next(self, now: datetime) -> datetime:
        """Now, or when they begin again."""
        opens = datetime.combine(now.date(), self.start, SHANGHAI)
        if now < opens:
            return opens
        return now if now.timetz().replace(tzinfo=None) < self.end else opens + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers of data/halls.yml; see the comments there."""

    cut_off_minutes: int
    active_per_phone: int
    per_item_and_day: int
    waits_per_phone: int
    offer_minutes: int
    no_shows: int
    no_show_days: int
    suspension_days: int
    reminders: tuple[ReminderRule, ...]
    offer_hours: OfferHours

    def suspended_until(self, missed: list[date]) -> date | None:
        """Until when the days of bookings that nobody came to (newest first) close booking; None if not."""
        until = [
            last + timedelta(days=self.suspension_days)
            for last, first in zip(missed, missed[self.no_shows - 1 :], strict=False)
            if (last - first).days <= self.no_show_days
        ]
        return max(until, default=None)


@dataclass(frozen=True, slots=True)
class HallPlan:
    """All halls, their sessions (hall id -> rules), the policy, and how many days ahead one can book.

    `verified`: a city answers for it; else every booking is marked as a demonstration.
    """

    horizon_days: int
    halls: tuple[Hall, ...]
    rules: dict[str, tuple[SessionRule, ...]]
    policy: Policy
    verified: bool = False

    def slots(self, hall_id: str, day: date) -> Iterator[PlannedSlot]:
        """Every slot that the rules open on `day`, in no order."""
        for rule in self.rules[hall_id]:
            if not rule.runs(day):
                continue
            at = datetime.combine(day, rule.start)
            step = timedelta(minutes=rule.slot_minutes)
            while at + step <= datetime.combine(day, rule.end):
                yield PlannedSlot(
                    f"{hall_id}-{day:%Y%m%d}-{at:%H%M}",
                    rule.session,
                    at.time(),
                    (at + step).time(),
                    rule.windows,
                    rule.per_window,
                )
                at += step
