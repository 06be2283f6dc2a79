"""The bot's messages in their two forms: as the log keeps them, and as the citizen's own screen shows them.

Only what repeats somebody's words is touched; the words of a guide stay as they are.
"""

from __future__ import annotations

import re
from typing import Any

from gateway import wire
from gateway.masking import mask

CUT_NUMBER = re.compile(r"\d[\d -]{5,}$")
"""A number at the end of a hint, where the hint was cut off: too short by then for the mask to know it."""


def kept(message: wire.BotMessage) -> wire.BotMessage:
    """What the log keeps: everything masked, and no code that is told once."""
    return _form(message, places=True)


def shown(message: wire.BotMessage) -> wire.BotMessage:
    """What the citizen's screen shows, live: their own places stay, and the code is there."""
    return _form(message, places=False)


def _form(message: wire.BotMessage, *, places: bool) -> wire.BotMessage:
    if isinstance(message, wire.AskMessage) and (message.rows or message.options):
        rows = [wire.Row(label=row.label, value=mask(row.value, places=places)) for row in message.rows]
        options = [o.model_copy(update={"hint": _hint(o.hint, places)}) for o in message.options]
        return message.model_copy(update={"rows": rows, "options": options})
    if isinstance(message, wire.WorkOrderMessage):
        form: dict[str, Any] = {
            "text": mask(message.text, places=False),  # an officer's answer stands in it
            "summary": mask(message.summary, places=places),
        }
        if places and message.query_code:
            form |= {"query_code": "", "code_given": True}
        return message.model_copy(update=form)
    return message


def _hint(hint: str, places: bool) -> str:
    return CUT_NUMBER.sub("***", mask(hint, places=places))
