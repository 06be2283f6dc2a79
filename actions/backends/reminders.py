"""Reminders of a booking, put into the outbox when it is made: each is told once, at its own time."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection

from actions.backends.booking_rows import Desk
from actions.backends.clock import SHANGHAI
from actions.backends.notices import post, withdraw
from actions.backends.ports import Booking
from actions.backends.slot_plan import ReminderRule

KIND = "booking_reminder"
WEEKDAYS = "一二三四五六日"


def plan_reminders(desk: Desk, db: Connection, booked: Booking) -> None:
    """Post those whose time is still to come; a booking made later than that has none."""
    now, begins = desk.store.clock(), _begins(booked)
    for rule in desk.plan.policy.reminders:
        due = rule.due(begins)
        if due > now:
            payload = {
                "booking_no": booked.booking_no,
                "item": booked.item,
                "hall": booked.hall.name,
                "when": when(booked.day, f"{booked.start:%H:%M}"),
            }
            key = _key(booked, rule)
            post(db, key=key, owner=booked.owner, kind=KIND, payload=payload, due_at=due)


def withdraw_reminders(desk: Desk, db: Connection, booked: Booking) -> None:
    """Take back those that nobody was told yet."""
    for rule in desk.plan.policy.reminders:
        withdraw(db, _key(booked, rule))


def day_words(day: date) -> str:
    """11月28日（周六）"""
    return f"{day.month}月{day.day}日（周{WEEKDAYS[day.weekday()]}）"


def when(day: date, start: str) -> str:
    """11月28日（周六）09:00"""
    return day_words(day) + start


def _key(booked: Booking, rule: ReminderRule) -> str:
    return f"reminder:{booked.booking_no}:{rule.kind}:{_begins(booked):%Y-%m-%dT%H:%M}"


def _begins(booked: Booking) -> datetime:
    return datetime.combine(booked.day, booked.start, SHANGHAI)
