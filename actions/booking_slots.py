"""Choosing among a hall's slots: by clock time, part of day, or position in the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any

from actions.backends.ports import BookingSystem, Slot

PARTS: Mapping[str, tuple[time, time]] = {
    "morning": (time(0, 0), time(12, 0)),
    "noon": (time(11, 30), time(14, 0)),
    "afternoon": (time(12, 0), time(17, 0)),
    "evening": (time(17, 0), time(23, 59)),
}
"""Part of day -> [first start, last start)."""
WEEKDAYS = "一二三四五六日"


def day_label(day: date) -> str:
    """2026-11-28 -> 11月28日（周六）"""
    return f"{day.month}月{day.day}日（周{WEEKDAYS[day.weekday()]}）"


def slot_label(slot: Slot) -> str:
    """09:00-09:30"""
    return f"{slot.start:%H:%M}-{slot.end:%H:%M}"


def matching(slots: Sequence[Slot], wish: Mapping[str, Any]) -> list[Slot]:
    """Keep the slots that fit a `time` wish {"start", "end", "part"}; an empty wish keeps all."""
    start, end, part = wish.get("start"), wish.get("end"), wish.get("part")
    if start and end:
        low, high = time.fromisoformat(start), time.fromisoformat(end)
        return [s for s in slots if low <= s.start < high]
    if start:
        at = time.fromisoformat(start)
        return [s for s in slots if s.start <= at < s.end]
    if part is not None and part in PARTS:
        low, high = PARTS[part]
        return [s for s in slots if low <= s.start < high]
    return list(slots)


def open_days(
    system: BookingSystem, hall_id: str, today: date, *, count: int, horizon: int
) -> list[tuple[date, int]]:
    """Return up to `count` (day, places left) from today on that still have a place."""
    found: list[tuple[date, int]] = []
    for ahead in range(horizon + 1):
        day = today + timedelta(days=ahead)
        free = sum(s.free for s in system.free_slots(hall_id, day))
        if free:
            found.append((day, free))
        if len(found) == count:
            break
    return found
