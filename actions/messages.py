"""Builders of the bot messages (`gateway.wire.BotMessage`, as dicts): one place for their shapes.

actions/ may not import gateway/; tests/contracts/test_bot_messages.py parses everything that these
build with the gateway's models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from actions.backends.ports import Booking, CaseStatus, WorkOrder
from actions.masking import mask_name, mask_phone

Message = dict[str, Any]
Reply = dict[str, Any]


def text(sentence: str, *, status: str = "", replies: Sequence[Reply] = (), effect: str = "") -> Message:
    """`effect`: what the citizen's page shall do beside showing it; see `gateway.wire.TextMessage`."""
    return {
        "kind": "text",
        "text": sentence,
        "status": status,
        "effect": effect,
        "replies": list(replies),
    }


def repeat() -> Message:
    """For the gateway, which holds the transcript: say the bot's last words again."""
    return {"kind": "repeat"}


def failure(sentence: str, *, status: str, replies: Sequence[Reply] = ()) -> Message:
    return {"kind": "failure", "text": sentence, "status": status, "replies": list(replies)}


def answer(
    lead: str, card: Mapping[str, Any], *, field: str, compact: bool, replies: Sequence[Reply]
) -> Message:
    return {
        "kind": "answer",
        "lead": lead,
        "field": field,
        "card": dict(card),
        "compact": compact,
        "replies": list(replies),
    }


def clarify(sentence: str, options: Sequence[Mapping[str, Any]], replies: Sequence[Reply]) -> Message:
    return {
        "kind": "clarify",
        "text": sentence,
        "options": [dict(o) for o in options],
        "replies": list(replies),
    }


def ask(
    sentence: str,
    *,
    asking: str,
    options: Sequence[Reply] = (),
    rows: Sequence[tuple[str, str]] = (),
    title: str = "",
    replies: Sequence[Reply] = (),
) -> Message:
    return {
        "kind": "ask",
        "text": sentence,
        "asking": asking,
        "options": list(options),
        "rows": [{"label": label, "value": value} for label, value in rows],
        "title": title,
        "replies": list(replies),
    }


def case_status(
    sentence: str, case: CaseStatus, replies: Sequence[Reply], *, holder: str = "", result: str = ""
) -> Message:
    """`holder`: who has it now, in words; `result`: what came of it and how it is collected, in words."""
    return {
        "kind": "case_status",
        "text": sentence,
        "case": {
            "case_no": case.case_no,
            "item": case.item,
            "applicant": case.applicant,
            "department": case.department,
            "status": case.status,
            "submitted_on": case.submitted_on.isoformat(),
            "due_on": case.due_on.isoformat() if case.due_on else None,
            "steps": [_step(s.title, s.at, s.note, s.state) for s in case.steps],
            "next_step": case.next_step,
            "citizen_must": case.citizen_must,
            "must_items": list(case.materials),
            "holder": holder,
            "statutory_due": case.statutory_due.isoformat() if case.statutory_due else None,
            "result": result,
            "as_of": case.as_of.isoformat(timespec="seconds"),
            "source": case.source,
            "demo": case.demo,
        },
        "replies": list(replies),
    }


def _step(title: str, at: datetime | None, note: str, state: str) -> dict[str, Any]:
    return {"title": title, "at": at.isoformat() if at else None, "note": note, "state": state}


def bookings(
    sentence: str,
    found: Sequence[Booking],
    replies: Sequence[Reply],
    *,
    notes: Mapping[str, str] | None = None,
) -> Message:
    """`notes`: booking number -> what its state means and what to do next, in words."""
    return {
        "kind": "bookings",
        "text": sentence,
        "bookings": [
            {
                "booking_no": b.booking_no,
                "item": b.item,
                "hall": b.hall.name,
                "address": b.hall.address,
                "address_verified": b.hall.address_verified,
                "day": b.day.isoformat(),
                "start": f"{b.start:%H:%M}",
                "end": f"{b.end:%H:%M}",
                "name": mask_name(b.name),
                "phone": mask_phone(b.phone),
                "status": b.status,
                "note": (notes or {}).get(b.booking_no, ""),
                "demo": b.demo,
                "calendar": f"/api/vouchers/{b.voucher}.ics" if b.voucher else "",
                "qr": f"/api/vouchers/{b.voucher}.svg" if b.voucher else "",
            }
            for b in found
        ],
        "replies": list(replies),
    }


def day_text(day: date) -> str:
    """2026-11-28 -> 11月28日"""
    return f"{day.month}月{day.day}日"


def work_order(
    sentence: str,
    order: WorkOrder,
    replies: Sequence[Reply],
    *,
    status: str = "",
    steps: Sequence[tuple[str, datetime]] = (),
) -> Message:
    """`status`: its state in words, empty for a new one; `steps`: what has happened, and when."""
    return {
        "kind": "work_order",
        "text": sentence,
        "order_no": order.order_no,
        "summary": order.text,
        "due_on": order.due_on.isoformat(),
        "status": status,
        "department": order.department,
        "steps": [_step(title, at, "", "done") for title, at in steps],
        "query_code": order.code,
        "replies": list(replies),
    }


def rating(
    sentence: str,
    *,
    subject: str,
    levels: Sequence[str],
    good: Sequence[str],
    bad: Sequence[str],
) -> Message:
    """`levels`: five labels, best first."""
    return {
        "kind": "rating",
        "text": sentence,
        "subject": subject,
        "levels": [
            {"label": label, "action": "rate", "args": {"subject": subject, "level": 5 - i}}
            for i, label in enumerate(levels)
        ],
        "reasons_good": list(good),
        "reasons_bad": list(bad),
        "replies": [],
    }


def rated(sentence: str, *, subject: str, level: int) -> Message:
    return {"kind": "rated", "text": sentence, "subject": subject, "level": level, "replies": []}


def handoff(reason: str, summary: Mapping[str, str]) -> Message:
    return {"kind": "handoff", "reason": reason, "summary": dict(summary)}
