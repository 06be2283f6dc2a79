"""Which booking is meant, when one is cancelled or moved, and the proof that it is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actions.backends.ports import Booking
from actions.booking_slots import day_label
from actions.forms import place_in_list
from actions.turn import Turn

OWN = "own"
"""Stands for the phone's digits when the booking was made in this very conversation: no proof needed."""


def movable(found: Sequence[Booking]) -> list[Booking]:
    """Those that can still be moved or given back."""
    return [one for one in found if one.status in ("booked", "displaced")]


def last4(turn: Turn) -> str | None:
    """The phone's last four digits, as told or from a whole number; None without either."""
    return turn.first("phone_last4") or (str(turn.first("phone") or "")[-4:] or None)


def booking_number(turn: Turn, mine: Sequence[Booking], slot: str) -> dict[str, Any]:
    """{slot: number} if the message, the button or the list of one's own bookings tells it; else {}."""
    if turn.first("booking_no"):
        return {slot: str(turn.first("booking_no"))}
    if "booking_no" in turn.doubtful:
        return {}
    at = place_in_list(turn, len(mine)) if turn.requested_slot == slot else None
    if at is not None:
        return {slot: mine[at].booking_no}
    if not turn.slots.get(slot) and turn.args.get("booking_no"):
        return {slot: str(turn.args["booking_no"])}
    if not turn.slots.get(slot) and len(mine) == 1:
        return {slot: mine[0].booking_no}
    return {}


def booking_options(mine: Sequence[Booking]) -> list[dict[str, Any]]:
    """One option per booking."""
    return [
        {"label": b.booking_no, "say": b.booking_no, "hint": f"{b.item} {day_label(b.day)}"} for b in mine
    ]
