"""Looking up one's own case: number plus the phone's last four digits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.ports import CaseNotFound, CaseStatus, CaseSystem, TooManyAttempts
from actions.forms import asked, goes_back, interrupts, leaves, outcome, within
from actions.identity import Identities, NoIdentities
from actions.masking import mask_phone
from actions.own_cases import MINE, asks_for_own, card, listed, own, sign_in_option, step_up, wants_number
from actions.phrases import Phrases
from actions.turn import Turn

FORM_SLOTS = ("case_no", "case_phone")


def clear(events: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Events that empty the case form."""
    return [*(events or []), *(SlotSet(n, None) for n in FORM_SLOTS), SlotSet("form_failures", 0)]


class ValidateCase(TurnAction):
    """`validate_case_form`: number and digits, in any order, also in one sentence."""

    def __init__(self, phrases: Phrases, cases: CaseSystem, identities: Identities | None = None) -> None:
        super().__init__("validate_case_form", phrases)
        self._cases = cases
        self._identities = identities or NoIdentities()

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`. An empty result hands the message to another rule."""
        if turn.resumed:
            return Result(events=outcome(turn, {}))
        turn = within(turn, FORM_SLOTS)
        if leaves(turn):
            return Result()
        if wants_number(turn, self.phrases):
            return Result(events=[SlotSet("form_failures", 0)])
        back = goes_back(turn, FORM_SLOTS, self.phrases)
        if back is not None:
            return back
        filled: dict[str, Any] = {}
        notes: list[str] = []
        if turn.first("case_no"):
            filled["case_no"] = str(turn.first("case_no"))
        elif "case_no" in turn.doubtful or (turn.requested_slot == "case_no" and _long_number(turn.text)):
            notes.append("case_no_invalid")
        if turn.first("phone_last4"):
            filled["case_phone"] = str(turn.first("phone_last4"))
        elif turn.first("phone"):
            filled["case_phone"] = str(turn.first("phone"))[-4:]
        elif turn.requested_slot == "case_phone" and turn.text.isdigit():
            notes.append("phone_last4_invalid")
        filled |= {} if notes else self._proven(turn, filled)
        if not filled and not notes and interrupts(turn, "case_status"):
            return Result()
        result = Result(events=outcome(turn, filled))
        result.messages = [messages.text(self.phrases.say(n), status="form_note") for n in notes]
        return result

    def _proven(self, turn: Turn, filled: Mapping[str, Any]) -> dict[str, Any]:
        """What the login makes needless: the number of 我的办件, the digits of a case of one's own."""
        number = filled.get("case_no") or turn.slots.get("case_no")
        if not turn.ticket or filled.get("case_phone") or (number and not filled.get("case_no")):
            return {}
        if not number and turn.intent != "case_status" and not asks_for_own(turn):
            return {}
        mine = own(turn, self._identities, self._cases)
        if mine is None:
            return {}
        if not number:
            return {"case_no": MINE, "case_phone": MINE}
        return {"case_phone": MINE} if any(case.case_no == number for case in mine) else {}


def _long_number(text: str) -> bool:
    return sum(c.isdigit() for c in text) >= 6


class AskCase(TurnAction):
    """`action_ask_case_form_<slot>`."""

    def __init__(self, slot: str, phrases: Phrases) -> None:
        super().__init__(f"action_ask_case_form_{slot}", phrases)
        self._slot = slot

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        if self._slot == "case_no" and turn.may_sign_in and self._needs_login(turn):
            return Result([step_up(turn, self.phrases)])
        sentence, replies = asked(turn, self.phrases, self.phrases.say(f"ask_{self._slot}"))
        asking = "phone_last4" if self._slot == "case_phone" else self._slot
        options: list[dict[str, Any]] = []
        known = str(turn.slots.get("known_phone") or "")
        if self._slot == "case_phone" and known:  # not used by itself: a case may hang on another number
            label = self.phrases.say("use_known_phone", phone=mask_phone(known))
            options = [{"label": label, "say": f"{self.phrases.say('last4_is')}{known[-4:]}"}]
        if self._slot == "case_no" and turn.may_sign_in and not turn.ticket:
            options = [sign_in_option(self.phrases)]
        return Result([messages.ask(sentence, asking=asking, options=options, replies=replies)])

    def _needs_login(self, turn: Turn) -> bool:
        """True when all of one's own cases are asked for; the form knows by now that nobody is signed in."""
        own_wanted = turn.intent == "case_status" and turn.text.startswith("/")
        return not turn.resumed and (asks_for_own(turn) or own_wanted)


class CaseLookup(TurnAction):
    """`action_case_status`: show the case, or one and the same refusal for every wrong pair.

    Who is signed in sees all cases of their own, or the one whose number was said.
    """

    def __init__(self, phrases: Phrases, cases: CaseSystem, identities: Identities | None = None) -> None:
        super().__init__("action_case_status", phrases)
        self._cases = cases
        self._identities = identities or NoIdentities()

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        if turn.slots["case_phone"] == MINE:
            return self._own(turn)
        try:
            case = self._cases.status(
                turn.slots["case_no"], phone_last4=turn.slots["case_phone"], client=turn.conversation_id
            )
        except CaseNotFound:
            sentence = self.phrases.say("case_not_found")
            replies = self.phrases.replies("replies_case_retry")
            return Result([messages.text(sentence, status="case_not_found", replies=replies)], clear())
        except TooManyAttempts as locked:
            sentence = self.phrases.say("case_locked", minutes=-(-locked.retry_after_s // 60))
            replies = self.phrases.replies("replies_person")
            return Result([messages.text(sentence, status="case_locked", replies=replies)], clear())
        return self._one(turn, case)

    def _own(self, turn: Turn) -> Result:
        found = own(turn, self._identities, self._cases)
        if found is None:  # signed out between the form and here
            return Result([step_up(turn, self.phrases)], clear())
        number = turn.slots["case_no"]
        named = [case for case in found if case.case_no == number]
        if named:
            return self._one(turn, named[0])
        if number == MINE and len(found) == 1:
            return self._one(turn, found[0])
        return Result(listed(found, self.phrases), clear())

    def _one(self, turn: Turn, case: CaseStatus) -> Result:
        lead = self.phrases.say("case_found", item=case.item, status=case.status)
        return Result(
            [card(case, lead, self.phrases)],
            clear([SlotSet("last_service", f"case:{case.case_no}:{turn.conversation_id}")]),
        )
