"""好差评: ask for a rating, take it once per service."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import FollowupAction, SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.ports import AlreadyRated, RatingSystem
from actions.phrases import Phrases
from actions.turn import Turn

COMMENT_LIMIT = 200


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
            return Result([self.ask(subject)], [SlotSet("last_service", subject)])
        reasons = [str(r)[:40] for r in turn.args.get("reasons") or []][:8]
        comment = str(turn.args.get("comment") or "")[:COMMENT_LIMIT]
        try:
            rating = self._ratings.rate(
                subject=subject,
                level=level,
                reasons=reasons,
                comment=comment,
                channel=turn.channel,
                owner=turn.conversation_id,
            )
        except AlreadyRated:
            return Result([messages.text(self.phrases.say("already_rated"), status="already_rated")])
        bad = rating.rectify_by is not None
        message = messages.rated(
            self.phrases.say("rated_bad" if bad else "rated"), subject=subject, level=rating.level
        )
        events: list[dict[str, Any]] = [SlotSet("last_service", None)]
        if bad and not reasons and not comment and "reasons" not in turn.args:
            # Typed, without a why: ask for it once. The rating stands whatever comes of that.
            events += [SlotSet("reason_subject", subject), FollowupAction("reason_form")]
        return Result([message], events)

    def ask(self, subject: str) -> messages.Message:
        """The five choices for one service."""
        kind = subject.split(":", 1)[0]
        return messages.rating(
            self.phrases.say("ask_rating", service=self.phrases.say(f"service_{kind}")),
            subject=subject,
            levels=self.phrases.words("rating_levels"),
            good=self.phrases.words("rating_reasons_good"),
            bad=self.phrases.words("rating_reasons_bad"),
        )
