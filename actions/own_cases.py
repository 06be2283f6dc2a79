"""我的办件: the cases of who is signed in, and asking to sign in where a look at them needs it (step-up)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from actions import messages
from actions.backends.ports import CaseStatus, CaseSystem
from actions.case_words import holder, in_words, result
from actions.identity import Identities, vouched
from actions.phrases import Phrases
from actions.turn import Turn

MINE = "mine"
"""Stands in the form for what the login proves: no number, no digits, nothing of the person."""
OWN_CASES = re.compile(
    r"我(?:的|有哪些|都有哪些|有什么|名下)[^，。?？]{0,6}办件|(?:我|本人)名下|名下[^，。]{0,4}办件"
    r"|身份证[^，。]{0,4}查[^，。]{0,4}办件"
)
SHOWN = 3
"""Cards at once; the others are told by number."""
SIGN_IN = "sign_in"


def asks_for_own(turn: Turn) -> bool:
    """True for 我的办件 and the like, and for what the page goes on with after a sign-in."""
    return OWN_CASES.search(turn.text) is not None


def wants_number(turn: Turn, phrases: Phrases) -> bool:
    """True for the button beside the sign-in."""
    return turn.text == phrases.say("case_by_number")


def own(turn: Turn, identities: Identities, cases: CaseSystem) -> Sequence[CaseStatus] | None:
    """The cases of who is signed in, newest first; None: nobody is."""
    person = vouched(turn, identities)
    return cases.mine(person.id_no, client=turn.conversation_id) if person else None


def sign_in_option(phrases: Phrases) -> dict[str, Any]:
    """The button that signs in for this; the page takes it, Rasa never hears it."""
    return {"label": phrases.say("case_sign_in"), "action": SIGN_IN, "args": {"task": "cases"}}


def step_up(turn: Turn, phrases: Phrases) -> messages.Message:
    """Ask to sign in, with the reason, and offer the other way."""
    key = "case_sign_in_again" if turn.ticket else "case_sign_in_why"
    by_number = phrases.say("case_by_number")
    options = [sign_in_option(phrases), {"label": by_number, "say": by_number}]
    return messages.ask(
        phrases.say(key), asking="case_no", options=options, replies=phrases.replies("replies_cancel")
    )


def card(case: CaseStatus, sentence: str, phrases: Phrases, *, last: bool = True) -> messages.Message:
    """One case as its card; buttons only under the last one."""
    return messages.case_status(
        sentence,
        in_words(case, phrases),
        phrases.replies("replies_case") if last else [],
        holder=holder(case, phrases),
        result=result(case, phrases),
    )


def listed(found: Sequence[CaseStatus], phrases: Phrases) -> list[messages.Message]:
    """All of them: the newest as cards, the others by number."""
    if not found:
        by_number = phrases.say("case_by_number")
        replies = [{"label": by_number, "say": by_number}, *phrases.replies("replies_person")[:1]]
        return [messages.text(phrases.say("cases_none"), status="cases_none", replies=replies)]
    shown, others = found[:SHOWN], found[SHOWN:]
    said = [messages.text(phrases.say("cases_mine", n=len(found)), status="cases_mine")]
    for one in shown:
        sentence = phrases.say("case_found", item=one.item, status=one.status)
        said.append(card(one, sentence, phrases, last=one is shown[-1] and not others))
    if others:
        replies = [{"label": one.case_no, "say": one.case_no, "hint": one.item} for one in others]
        said.append(messages.text(phrases.say("cases_more"), status="cases_more", replies=replies))
    return said
