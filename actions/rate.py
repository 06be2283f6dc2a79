"""好差评: ask for a rating, take it once per service."""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk.events import FollowupAction, SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.ports import AlreadyRated, RatingSystem
from actions.phrases import Phrases
from actions.rating_reasons import LONGEST, reasons
from actions.turn import Turn

COMMENT_LIMIT = 200
MOBILE = re.compile(r"1[3-9][0-9]{9}")


class Rate(TurnAction):
    """`action_rate`: with a level store it, without one show the five choices."""

    def __init__(self, phrases: Phrases, ratings: RatingSystem) -> None:
        super().__init__("action_rate", phrases)
        self._ratings = ratings

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`. Structured ratings come as args, typed ones as `rating_level`."""
        subject = str(turn.args.get("subject") or turn.slots.get("last_service") or "")
        level = turn.args.get("level", turn.first("rating_level"))
        if f"service_{subject.split(':')[0]}" not in self.phrases.keys() or ":" not in subject:
            sentence = self.phrases.say("nothing_to_rate")
            replies = self.phrases.replies("replies_complaint")
            return Result([messages.text(sentence, status="nothing_to_rate", replies=replies)])
        if type(level) is not int or not 1 <= level <= 5:
            return Result([self.ask(subject, turn.channel)], [SlotSet("last_service", subject)])
        why = [str(r)[:LONGEST] for r in turn.args.get("reasons") or []][:8]
        comment = str(turn.args.get("comment") or "")[:COMMENT_LIMIT]
        try:
            rating = self._ratings.rate(
                subject=subject,
                level=level,
                reasons=why,
                comment=comment,
                channel=turn.channel,
                owner=turn.conversation_id,
                phone=self.contact(turn),
            )
        except AlreadyRated:
            return Result([messages.text(self.phrases.say("already_rated"), status="already_rated")])
        bad = rating.rectify_by is not None
        message = messages.rated(
            self.phrases.say("rated_bad" if bad else "rated"), subject=subject, level=rating.level
        )
        events: list[dict[str, Any]] = [SlotSet("last_service", None)]
        if bad and not why and not comment and "reasons" not in turn.args:
            # Typed, without a why: ask for it once. The rating stands whatever comes of that.
            events += [SlotSet("reason_subject", subject), FollowupAction("reason_form")]
        return Result([message], events)

    @staticmethod
    def contact(turn: Turn) -> str:
        """The phone that the citizen left for a call-back; "" if none, or if it is no mobile number."""
        phone = str(turn.args.get("phone") or "")
        return phone if MOBILE.fullmatch(phone) else ""

    def ask(self, subject: str, channel: str) -> messages.Message:
        """The five choices for one service, with the reasons that fit it."""
        kind = subject.split(":", 1)[0]
        return messages.rating(
            self.phrases.say("ask_rating", service=self.phrases.say(f"service_{kind}")),
            subject=subject,
            levels=self.phrases.words("rating_levels"),
            good=reasons(kind, channel, "good"),
            bad=reasons(kind, channel, "bad"),
        )
