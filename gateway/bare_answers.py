"""Answers that are secret only because of the question: a name alone, or the code of an anonymous order.

The mask knows numbers by their form. 王小明 and 482913 have none; that the bot has just asked for them tells.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import yaml

from gateway import wire
from gateway.conversation import StoredEvent

NAMES = Path(__file__).resolve().parents[1] / "nlu_data" / "names.yml"
"""Surnames and words that are no names; bot/person_names.py reads them too."""
_LISTS = yaml.safe_load(NAMES.read_text("utf-8"))
COMPOUND, SINGLE = "|".join(_LISTS["compound"]), "".join(_LISTS["single"])
NOT_NAMES = frozenset(_LISTS["not_names"].split())
LastSaid = Callable[[str], Awaitable[StoredEvent | None]]
"""conversation id -> the latest event of the bot, or None."""
FIGURE = "[0-9零〇幺一二三四五六七八九两]"
CODE = re.compile(rf"(?<![0-9A-Za-z])(?:{FIGURE}[ -]?){{5}}{FIGURE}(?![0-9A-Za-z])")
"""Six figures alone, as they are typed or said."""
NAMED_CODE = re.compile(rf"(查询码[^0-9]{{0,6}}?)(?:{FIGURE}[ -]?){{5}}{FIGURE}(?![0-9A-Za-z])")
ORDER = re.compile(r"GD[ -]?\d{8}", re.IGNORECASE)
"""A work order's number: six figures beside one are its code."""
HIDDEN = "******"
NAME = re.compile(
    r"(?P<lead>(?:您?好[,，]?)?(?:我?的?(?:姓名|名字|名)(?:是|叫|为)?[:：]?|我?叫|我是|本人叫?|预约人[:：]?)?\s*)"
    rf"(?P<name>(?:{COMPOUND})[一-鿿]{{1,2}}|[{SINGLE}][一-鿿]{{1,2}}|[一-鿿]{{2,8}}[·•・][一-鿿]{{2,8}})"
    r"(?P<end>\s*[。.!！,，]?)"
)


async def hide(text: str, conversation_id: str, last_said: LastSaid) -> str:
    """`text` without a code or a name that the bot has asked for; the log is read only if it may hold one."""
    text = NAMED_CODE.sub(rf"\g<1>{HIDDEN}", text)
    if ORDER.search(text):
        return CODE.sub(HIDDEN, text)
    name = NAME.fullmatch(text)
    if name is None and not CODE.search(text):
        return text
    asked = asked_for(await last_said(conversation_id))
    if asked in ("phone_last4", "work_order_no"):
        return CODE.sub(HIDDEN, text)
    if asked == "name" and name is not None and name["name"] not in NOT_NAMES:
        return f"{name['lead']}{name['name'][0]}**{name['end']}"
    return text


def asked_for(stored: StoredEvent | None) -> str:
    """What the bot's latest words ask for, as `gateway.wire.AskMessage.asking`; "" for nothing."""
    if stored is None or stored.kind != "bot_said":
        return ""
    asks = [m for m in wire.BotSaid.model_validate(stored.payload).messages if isinstance(m, wire.AskMessage)]
    return asks[-1].asking if asks else ""
