"""The embedded 好差评: one rating per service; a bad one gets its rectification and deadline at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Literal

from sqlalchemy import Connection, RowMapping, insert, or_, select, update

from actions.backends import audit, order_ratings, rating_figures
from actions.backends.database import hold
from actions.backends.order_book import OrderBook
from actions.backends.order_policy import shared_policy
from actions.backends.ports import (
    AlreadyRated,
    Rating,
    RatingFigure,
    Rectification,
    RectificationStep,
    WorkOrderNotFound,
)
from actions.backends.ports.ratings import Advance
from actions.backends.rated_service import rated_service
from actions.backends.rectification_clock import rectify_by
from actions.backends.rectifications import Rectifications, clean
from actions.backends.store import Store
from actions.backends.tables import ratings


class LocalRatings:
    """Ratings in the services database. See `RatingSystem`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rectifications = Rectifications(store)
        self._orders = OrderBook(store, shared_policy())

    def rate(
        self,
        *,
        subject: str,
        level: int,
        reasons: Sequence[str],
        comment: str,
        channel: str,
        owner: str,
        phone: str = "",
        department: str = "",
        item: str = "",
        key: str = "",
    ) -> Rating:
        """See `RatingSystem.rate`."""
        if not 1 <= level <= 5:
            raise ValueError(f"rating level {level}: expected 1 (非常不满意) to 5 (非常满意)")
        clean(subject, *reasons, comment, channel, owner, phone, department, item, key)
        digits = "".join(c for c in phone if c.isdecimal())
        now, vault = self._store.clock(), self._store.vault
        with self._store.begin() as db:
            # The key first: two calls with one key may name different subjects.
            order_no = order_ratings.order_of(subject)
            names = [f"rating:{subject}", *([f"rating-key:{key}"] if key else [])]
            hold(db, *names, *([f"order:{order_no}"] if order_no else []))
            hidden = order_ratings.is_anonymous(db, subject)
            keys = self._kept(key, hidden) if key else ()
            first = self._first(db, subject, keys)
            if first is not None:
                if first["key"] in keys:
                    return self._rating(first)
                raise AlreadyRated(subject)
            found = rated_service(db, subject)
            values = {
                "subject": subject,
                "key": keys[0] if keys else None,
                "level": level,
                "reasons": self._seal_reasons(reasons),
                "comment": vault.seal("ratings.comment", comment),
                "phone": vault.seal("ratings.phone", digits),
                "phone_digest": vault.digest("phone", digits) if digits else "",
                "channel": channel,
                "department": department or found.department,
                "item": item or found.item,
                "owner": self._kept(owner, hidden)[0],
                "created_at": now,
                "rectify_by": rectify_by(now) if level <= 2 else None,
            }
            db.execute(insert(ratings).values(**values))
            if values["rectify_by"] is not None:
                self._rectifications.open(db, values, named=bool(digits))
            given = self._row(db, subject)
            if order_ratings.is_result(subject):
                self._pass_on(db, order_no)
            audit.record(
                db, vault, at=now, actor=order_ratings.NOBODY if hidden else owner,
                action="rating.rate", subject=subject,
                detail={"level": str(level), "channel": channel},
            )  # fmt: skip
        assert given is not None, f"rating of {subject} vanished inside its own transaction"
        return self._rating(given)

    def explain(self, subject: str, *, reasons: Sequence[str], comment: str, owner: str) -> Rating | None:
        """See `RatingSystem.explain`."""
        clean(subject, *reasons, comment, owner)
        with self._store.begin() as db:
            hold(db, f"rating:{subject}")
            row = self._row(db, subject)
            hidden = order_ratings.is_anonymous(db, subject)
            if row is None or row["owner"] not in self._kept(owner, hidden):
                return None
            if row["reasons"] or row["comment"]:
                return self._rating(row)
            sealed = self._store.vault.seal("ratings.comment", comment)
            db.execute(
                update(ratings)
                .where(ratings.c.subject == subject)
                .values(reasons=self._seal_reasons(reasons), comment=sealed)
            )
            found = self._row(db, subject)
            audit.record(
                db, self._store.vault, at=self._store.clock(),
                actor=order_ratings.NOBODY if hidden else owner, action="rating.explain", subject=subject,
            )  # fmt: skip
        return self._rating(found) if found is not None else None

    def rating(self, subject: str, *, actor: str = "system") -> Rating | None:
        """See `RatingSystem.rating`."""
        with self._store.begin() as db:
            row = self._row(db, subject)
            if row is None:
                return None
            audit.record(
                db, self._store.vault, at=self._store.clock(), actor=actor, action="rating.look_up",
                subject=subject,
            )  # fmt: skip
        return self._rating(row)

    def rectification(self, subject: str) -> Rectification:
        """See `RatingSystem.rectification`."""
        return self._rectifications.one(subject)

    def rectification_steps(self, subject: str, *, actor: str) -> Sequence[RectificationStep]:
        """See `RatingSystem.rectification_steps`."""
        return self._rectifications.steps(subject, actor=actor)

    def rectifications(
        self, *, only: Literal["open", "due_soon", "overdue", "closed", "all"] = "open", limit: int = 200
    ) -> Sequence[Rectification]:
        """See `RatingSystem.rectifications`."""
        return self._rectifications.many(only, limit)

    def assign(
        self, subject: str, *, department: str, officer: str, actor: str, reason: str, key: str
    ) -> Rectification:
        """See `RatingSystem.assign`."""
        return self._rectifications.assign(
            subject, department=department, officer=officer, actor=actor, reason=reason, key=key
        )

    def add_evidence(
        self, subject: str, *, text: str, attachments: Sequence[str], actor: str, key: str
    ) -> Rectification:
        """See `RatingSystem.add_evidence`."""
        return self._rectifications.add_evidence(
            subject, text=text, attachments=attachments, actor=actor, key=key
        )

    def advance(self, subject: str, *, to: Advance, actor: str, reason: str, key: str) -> Rectification:
        """See `RatingSystem.advance`."""
        return self._rectifications.advance(subject, to=to, actor=actor, reason=reason, key=key)

    def figures(
        self,
        *,
        by: Literal["channel", "department", "item", "level", "month"],
        since: date,
        until: date,
    ) -> Sequence[RatingFigure]:
        """See `RatingSystem.figures`."""
        return rating_figures.figures(self._store, by=by, since=since, until=until)

    def tick(self) -> int:
        """See `RatingSystem.tick`."""
        return self._rectifications.tick()

    def _kept(self, text: str, hidden: bool) -> tuple[str, ...]:
        """A conversation or key as it is stored: of an anonymous order only its keyed hash."""
        return order_ratings.veiled(self._store.vault, text) if hidden else (text,)

    def _pass_on(self, db: Connection, order_no: str) -> None:
        """The order takes its rating in this transaction, if it is one of ours and far enough."""
        try:
            order = self._orders.row(db, order_no)
        except WorkOrderNotFound:
            return  # kept in another system, to which the action hands it on
        order_ratings.pass_on(db, self._orders, order)

    @staticmethod
    def _row(db: Connection, subject: str) -> RowMapping | None:
        return db.execute(select(ratings).where(ratings.c.subject == subject)).mappings().first()

    @staticmethod
    def _first(db: Connection, subject: str, keys: Sequence[str]) -> RowMapping | None:
        """What stands in the way of a new rating: the one of this key before the one of this subject."""
        mine = ratings.c.subject == subject
        if keys:
            mine = or_(mine, ratings.c.key.in_(keys))
        rows = db.execute(select(ratings).where(mine)).mappings()
        found = sorted(rows, key=lambda row: row["key"] not in keys)
        return found[0] if found else None

    def _seal_reasons(self, reasons: Sequence[str]) -> str:
        text = json.dumps(list(reasons), ensure_ascii=False) if reasons else ""
        return self._store.vault.seal("ratings.reasons", text)

    def _rating(self, row: RowMapping) -> Rating:
        vault = self._store.vault
        return Rating(
            subject=row["subject"],
            level=row["level"],
            reasons=tuple(json.loads(vault.open("ratings.reasons", row["reasons"]) or "[]")),
            comment=vault.open("ratings.comment", row["comment"]),
            channel=row["channel"],
            owner=row["owner"],
            created_at=row["created_at"],
            rectify_by=row["rectify_by"],
            phone=vault.open("ratings.phone", row["phone"]),
            department=row["department"],
            item=row["item"],
        )
