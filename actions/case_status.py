"""Looking up one's own case: number plus the phone's last four digits."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.ports import CaseNotFound, CaseSystem, TooManyAttempts
from actions.case_words import holder, in_words, result
from actions.forms import asked, goes_back, interrupts, leaves, outcome, within
from actions.masking import mask_phone
from actions.phrases import Phrases
from actions.turn import Turn

FORM_SLOTS = ("case_no", "case_phone")


def clear(events: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Events that empty the case form."""
    return [*(events or []), *(SlotSet(n, None) for n in FORM_SLOTS), SlotSet("form_failures", 0)]


class ValidateCase(TurnAction):
    """`validate_case_form`: number and digits, in any order, also in one sentence."""

    def __init__(self, phrases: Phrases) -> None:
        super().__init__("validate_case_form", phrases)

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`. An empty result hands the message to another rule."""
        if turn.resumed:
            return Result(events=outcome(turn, {}))
        turn = within(turn, FORM_SLOTS)
        if leaves(turn):
            return Result()
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
        if not filled and not notes and interrupts(turn, "case_status"):
            return Result()
        result = Result(events=outcome(turn, filled))
        result.messages = [messages.text(self.phrases.say(n), status="form_note") for n in notes]
        return result


def _long_number(text: str) -> bool:
    return sum(c.isdigit() for c in text) >= 6


class AskCase(TurnAction):
    """`action_ask_case_form_<slot>`."""

    def __init__(self, slot: str, phrases: Phrases) -> None:
        super().__init__(f"action_ask_case_form_{slot}", phrases)
        self._slot = slot

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        sentence, replies = asked(turn, self.phrases, self.phrases.say(f"ask_{self._slot}"))
        asking = "phone_last4" if self._slot == "case_phone" else self._slot
        options: list[dict[str, Any]] = []
        known = str(turn.slots.get("known_phone") or "")
        if self._slot == "case_phone" and known:  # not used by itself: a case may hang on another number
            label = self.phrases.say("use_known_phone", phone=mask_phone(known))
            options = [{"label": label, "say": f"{self.phrases.say('last4_is')}{known[-4:]}"}]
        return Result([messages.ask(sentence, asking=asking, options=options, replies=replies)])


class CaseLookup(TurnAction):
    """`action_case_status`: show the case, or one and the same refusal for every wrong pair."""

    def __init__(self, phrases: Phrases, cases: CaseSystem) -> None:
        super().__init__("action_case_status", phrases)
        self._cases = cases

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
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
        lead = self.phrases.say("case_found", item=case.item, status=case.status)
        shown = messages.case_status(
            lead,
            in_words(case, self.phrases),
            self.phrases.replies("replies_case"),
            holder=holder(case, self.phrases),
            result=result(case, self.phrases),
        )
        return Result(
            [shown],
            clear([SlotSet("last_service", f"case:{case.case_no}:{turn.conversation_id}")]),
        )
