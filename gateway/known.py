"""What the talk has already brought out, for the officer: nobody is asked twice."""

from __future__ import annotations

from collections.abc import Iterable

from gateway import wire
from gateway.conversation import StoredEvent
from gateway.phrases import Phrases


def known_facts(events: Iterable[StoredEvent], phrases: Phrases) -> dict[str, str]:
    """Return label -> masked value, read from what the bot has shown; later facts replace earlier ones."""
    known: dict[str, str] = {}
    for stored in events:
        if stored.kind != "bot_said":
            continue
        for message in wire.BotSaid.model_validate(stored.payload).messages:
            known.update(_facts(message, phrases))
    return known


def _facts(message: wire.BotMessage, phrases: Phrases) -> dict[str, str]:
    if isinstance(message, wire.AnswerMessage):
        found = {phrases.say("known_guide"): message.card.name}
        if message.card.fits:
            found[phrases.say("known_situation")] = message.card.fits
        return found
    if isinstance(message, wire.CaseMessage):
        case = message.case
        return {phrases.say("known_case"): f"{case.case_no}（{case.item}，{case.status}）"}
    if isinstance(message, wire.BookedMessage) and message.bookings:
        last = message.bookings[-1]
        return {phrases.say("known_booking"): f"{last.booking_no}（{last.item}，{last.day} {last.start}）"}
    if isinstance(message, wire.WorkOrderMessage):
        return {phrases.say("known_work_order"): message.order_no}
    if isinstance(message, wire.AskMessage) and message.rows:
        return {row.label: row.value for row in message.rows}
    return {}
