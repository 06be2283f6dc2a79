"""好差评: ask for a rating, take it once per service."""

from __future__ import annotations

import logging
import re
from typing import Any

from rasa_sdk.events import FollowupAction, SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.order_ratings import KIND, is_result, order_of
from actions.backends.ports import AlreadyRated, BackendError, RatingSystem, WorkOrderSystem
from actions.phrases import Phrases
from actions.rating_reasons import LONGEST, reasons
from actions.turn import Turn

COMMENT_LIMIT = 200
MOBILE = re.compile(r"1[3-9][0-9]{9}")
log = logging.getLogger(__name__)


class Rate(TurnAction):
    """`action_rate`: with a level store it, without one show the five choices."""

    def __init__(
        self, phrases: Phrases, ratings: RatingSystem, orders: WorkOrderSystem | None = None
    ) -> None:
        super().__init__("action_rate", phrases)
        self._ratings = ratings
        self._orders = orders

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`. Structured ratings come as args, typed ones as `rating_level`."""
        subject = str(turn.args.get("subject") or turn.slots.get("last_service") or "")
        level = turn.args.get("level", turn.first("rating_level"))
        if not self._may_rate(turn, subject):
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
                key=f"{turn.message_id}|{subject}" if turn.message_id else "",
            )
        except AlreadyRated:
            self._hand_on(turn, subject)
            return Result([messages.text(self.phrases.say("already_rated"), status="already_rated")])
        self._hand_on(turn, subject, rating.level)
        bad = rating.rectify_by is not None
        message = messages.rated(
            self.phrases.say("rated_bad" if bad else "rated"), subject=subject, level=rating.level
        )
        events: list[dict[str, Any]] = [SlotSet("last_service", None)]
        if bad and not why and not comment and "reasons" not in turn.args:
            # Typed, without a why: ask for it once. The rating stands whatever comes of that.
            events += [SlotSet("reason_subject", subject), FollowupAction("reason_form")]
        return Result([message], events)

    def _may_rate(self, turn: Turn, subject: str) -> bool:
        """A rating of a work order moves that order, so its number alone is not enough to give one.

        It must be what this conversation was just shown (after proof), or an order that it filed.
        """
        kind = subject.split(":")[0]
        if f"service_{kind}" not in self.phrases.keys() or ":" not in subject:
            return False
        if kind != KIND or subject == turn.slots.get("last_service"):
            return True
        mine = self._orders.orders(turn.conversation_id) if self._orders else ()
        return any(order.order_no == order_of(subject) for order in mine)

    def _hand_on(self, turn: Turn, subject: str, level: int | None = None) -> None:
        """Tell the order, in case it is kept in another system than the ratings; it takes a rating once.

        Where both are embedded this was done with the rating itself, and the order refuses a second one.
        """
        if self._orders is None or not is_result(subject):
            return
        try:
            if level is None and (given := self._ratings.rating(subject)):
                level = given.level
            if level is not None:
                number = order_of(subject)
                self._orders.rate(number, owner=turn.conversation_id, level=level, key="rating")
        except BackendError as refusal:  # the rating stands; not yet, once already, or not reachable
            log.info("rating not handed on: %s", type(refusal).__name__)

    @staticmethod
    def contact(turn: Turn) -> str:
        """The phone that the citizen left for a call-back; "" if none, or if it is no mobile number."""
        phone = str(turn.args.get("phone") or "")
        return phone if MOBILE.fullmatch(phone) else ""

    def ask(self, subject: str, channel: str) -> messages.Message:
        """The five choices for one service, with the reasons that fit it."""
        kind = subject.split(":", 1)[0]
        service = self.phrases.say("service_work_order_result" if is_result(subject) else f"service_{kind}")
        return messages.rating(
            self.phrases.say("ask_rating", service=service),
            subject=subject,
            levels=self.phrases.words("rating_levels"),
            good=reasons(kind, channel, "good"),
            bad=reasons(kind, channel, "bad"),
        )
