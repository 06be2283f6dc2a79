"""The embedded 好差评: one rating per service; a bad one gets its one-working-day deadline at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from actions.backends.clock import add_workdays
from actions.backends.ports import AlreadyRated, Rating
from actions.backends.store import Store
from actions.backends.tables import ratings


class LocalRatings:
    """Ratings in the services database. See `RatingSystem`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def rate(
        self,
        *,
        subject: str,
        level: int,
        reasons: Sequence[str],
        comment: str,
        channel: str,
        owner: str,
    ) -> Rating:
        """See `RatingSystem.rate`."""
        if not 1 <= level <= 5:
            raise ValueError(f"rating level {level}: expected 1 (非常不满意) to 5 (非常满意)")
        now = self._store.clock()
        due = datetime.combine(add_workdays(now.date(), 1), now.timetz()) if level <= 2 else None
        rating = Rating(subject, level, tuple(reasons), comment, channel, owner, now, due)
        try:
            with self._store.begin() as db:
                db.execute(
                    insert(ratings).values(
                        subject=subject,
                        level=level,
                        reasons=json.dumps(list(reasons), ensure_ascii=False),
                        comment=comment,
                        channel=channel,
                        owner=owner,
                        created_at=now.isoformat(),
                        rectify_by=due.isoformat() if due else None,
                    )
                )
        except IntegrityError as clash:
            raise AlreadyRated(subject) from clash
        return rating

    def explain(self, subject: str, *, reasons: Sequence[str], comment: str, owner: str) -> Rating | None:
        """See `RatingSystem.explain`."""
        with self._store.begin() as db:
            db.execute(
                update(ratings)
                .where(
                    ratings.c.subject == subject,
                    ratings.c.owner == owner,
                    ratings.c.reasons == "[]",
                    ratings.c.comment == "",
                )
                .values(reasons=json.dumps(list(reasons), ensure_ascii=False), comment=comment)
            )
        found = self.rating(subject)
        return found if found is not None and found.owner == owner else None

    def rating(self, subject: str) -> Rating | None:
        """See `RatingSystem.rating`."""
        with self._store.begin() as db:
            row = db.execute(select(ratings).where(ratings.c.subject == subject)).mappings().first()
        if row is None:
            return None
        return Rating(
            subject=row["subject"],
            level=row["level"],
            reasons=tuple(json.loads(row["reasons"])),
            comment=row["comment"],
            channel=row["channel"],
            owner=row["owner"],
            created_at=datetime.fromisoformat(row["created_at"]),
            rectify_by=datetime.fromisoformat(row["rectify_by"]) if row["rectify_by"] else None,
        )
