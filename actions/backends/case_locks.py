"""Guessing at cases: who may try a number now, and what a failure costs.

What is guarded is a number of four digits. Whoever knows a case number and opens a fresh conversation for
every few tries is, to us, no different from the owner; so three limits stand together:

1. A client fails 5 times in 15 minutes at most, over all numbers. It stops the honest mistake from becoming
   a habit, and a guesser from using one conversation.
2. A number that had 5 failures in 15 minutes is "hot": each client then has 2 tries instead of 5. Only
   clients that themselves failed on it are locked; the owner, in a new conversation, gets in, also after one
   slip of the finger.
3. A number has a budget: 20 failures at once, and one more for each 4 hours. A guesser with any number of
   conversations gets 20 + 6 a day: 26 of 10,000 on the first day (0.3 %), 200 in 30 days (2 %), when most
   cases are done; half the chance needs over two years. Five in 15 minutes, as it was, gave 480 a day.
   An owner who is locked by a spent budget waits 4 hours at most for the next place in it, and is never
   locked where it matters: a client that had the number right before ("follower") is exempt from 2 and 3,
   so is the look-up by login, and a person at the counter.

Guessing at all numbers instead of one gains nothing: a case number has six random digits a day, so a pair of
number and digits is right about once in ten billion, divided by the cases of that day.

Unknown numbers have the same limits, and numbers and clients are kept as hashes: a table of failures tells
nobody which numbers exist. A success forgives the failures of this client on this number, nothing else: one's
own case is no way to go on guessing at another's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from actions.backends.database import hold, insert_new
from actions.backends.ports import TooManyAttempts
from actions.backends.tables import case_followers, lookup_budgets, lookup_failures

WINDOW = timedelta(minutes=15)
CLIENT_TRIES = HOT_AFTER = 5
HOT_TRIES = 2
BUDGET = 20
REFILL = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Try:
    """One look-up: the number as it was tried, and by whom. Both are held as hashes."""

    subject: str
    client: str

    @classmethod
    def of(cls, case_no: str, client: str) -> Try:
        """Any text will do, also what no database would store."""
        return cls(f"case:{_hash(case_no)}", _hash(client))

    def alone(self, db: Connection) -> None:
        """Wait until no other look-up of this number or this client is under way."""
        hold(db, f"lookup:{self.subject}", f"lookup:client:{self.client}")

    def refuse_if_locked(self, db: Connection, now: datetime, *, case_no: str, follower: str) -> None:
        """Raises TooManyAttempts with the longest of the locks that stand; counts nothing."""
        since = now - WINDOW
        ends = [_full(_failures(db, since, lookup_failures.c.client == self.client), CLIENT_TRIES)]
        follows = db.execute(
            select(case_followers.c.owner).where(
                case_followers.c.case_no == case_no, case_followers.c.owner == follower
            )
        ).first()
        on_number = lookup_failures.c.subject == self.subject
        mine = _failures(db, since, on_number & (lookup_failures.c.client == self.client))
        hot = _full(_failures(db, since, on_number), HOT_AFTER)
        spent = db.execute(
            select(lookup_budgets.c.spent_until).where(lookup_budgets.c.subject == self.subject)
        ).scalar()
        if follows is None:
            twice = _full(mine, HOT_TRIES)
            if hot is not None and twice is not None:
                ends.append(min(hot, twice))
            if spent is not None:
                ends.append(spent - (BUDGET - 1) * REFILL)
        free_at = max((end for end in ends if end is not None), default=now)
        if free_at > now:
            raise TooManyAttempts(-(-(free_at - now) // timedelta(seconds=1)))

    def failed(self, db: Connection, now: datetime) -> None:
        """Count one failure."""
        db.execute(insert(lookup_failures).values(subject=self.subject, client=self.client, at=now))
        mine = lookup_budgets.c.subject == self.subject
        spent = db.execute(select(lookup_budgets.c.spent_until).where(mine)).scalar()
        until = max(spent or now, now) + REFILL
        if insert_new(db, lookup_budgets, [{"subject": self.subject, "spent_until": until}]) == 0:
            db.execute(update(lookup_budgets).where(mine).values(spent_until=until))

    def succeeded(self, db: Connection) -> None:
        """Forgive this client what it did wrong on this number."""
        db.execute(
            delete(lookup_failures).where(
                lookup_failures.c.subject == self.subject, lookup_failures.c.client == self.client
            )
        )


def prune(db: Connection, now: datetime) -> int:
    """Delete what no limit looks at any more; return how many rows."""
    old = db.execute(delete(lookup_failures).where(lookup_failures.c.at <= now - WINDOW)).rowcount
    return old + db.execute(delete(lookup_budgets).where(lookup_budgets.c.spent_until <= now)).rowcount


def _failures(db: Connection, since: datetime, where: object) -> list[datetime]:
    """When the last failures were, the newest first; more are never needed."""
    rows = db.execute(
        select(lookup_failures.c.at)
        .where(where, lookup_failures.c.at > since)  # type: ignore[arg-type]
        .order_by(lookup_failures.c.at.desc())
        .limit(CLIENT_TRIES)
    )
    return list(rows.scalars())


def _full(failures: list[datetime], tries: int) -> datetime | None:
    """When a limit that is full has a place again."""
    return failures[tries - 1] + WINDOW if len(failures) >= tries else None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
