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
   A client that had the number right before ("follower") is exempt from 2 and 3 and spends nothing of the
   budget, since it has nothing left to guess; so is the look-up by login, and a person at the counter.
   An owner in a fresh conversation who is locked by a spent budget is told when the next place is free, 4
   hours off at most. Whoever goes on guessing can take that place first, and each one after it, and so keep
   such an owner out for as long as he pays a guess every 4 hours. No limit on guesses is without that: with
   number and digits alone we cannot tell the owner from him. The ways that stay open are those above, and
   the sentence of the lock offers a person.

Guessing at all numbers instead of one gains nothing: a case number has six random digits a day, so a pair of
number and digits is right about once in ten billion, divided by the cases of that day.

Unknown numbers have the same limits, and what was typed and by whom is kept as keyed hashes: a table of
failures tells nobody which numbers exist, nor what a citizen typed in a number's place. During a change of
keys those under every key count. A success forgives the failures of this client on this number, nothing else:
one's own case is no way to go on guessing at another's.

A clock that ran ahead for a while and was set back leaves failures and budgets in the future. They lock
nobody: what lies beyond anything that the limits can make is not looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from actions.backends.database import hold, insert_new
from actions.backends.ports import TooManyAttempts
from actions.backends.tables import case_followers, lookup_budgets, lookup_failures
from actions.backends.vault import Vault

WINDOW = timedelta(minutes=15)
CLIENT_TRIES = HOT_AFTER = 5
HOT_TRIES = 2
BUDGET = 20
REFILL = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Try:
    """One look-up: the number as it was tried, and by whom, hashed under every key, the current one first."""

    subjects: tuple[str, ...]
    clients: tuple[str, ...]

    @classmethod
    def of(cls, vault: Vault, number: str, client: str, kind: str = "case") -> Try:
        """Any text will do, also what no database would store. `kind`: what has such numbers."""
        numbers = vault.digests("lookup_subject", _plain(number))
        clients = vault.digests("lookup_client", _plain(client))
        return cls(tuple(f"{kind}:{digest}" for digest in numbers), clients)

    @property
    def subject(self) -> str:
        """What a failure is kept under, and what the audit trail may say of a number that does not exist."""
        return self.subjects[0]

    def alone(self, db: Connection) -> None:
        """Wait until no other look-up of this number or this client is under way."""
        hold(db, f"lookup:{self.subject}", f"lookup:client:{self.clients[0]}")

    def refuse_if_locked(self, db: Connection, now: datetime, *, case_no: str, follower: str) -> bool:
        """True if this client had the number right before.

        Raises TooManyAttempts with the longest of the locks that stand; counts nothing.
        """
        by_me = lookup_failures.c.client.in_(self.clients)
        ends = [_full(_failures(db, now, by_me), CLIENT_TRIES)]
        follows = db.execute(
            select(case_followers.c.owner).where(
                case_followers.c.case_no == case_no, case_followers.c.owner == follower
            )
        ).first()
        on_number = lookup_failures.c.subject.in_(self.subjects)
        mine = _failures(db, now, on_number & by_me)
        hot = _full(_failures(db, now, on_number), HOT_AFTER)
        spent = self._spent(db, now)
        if follows is None:
            twice = _full(mine, HOT_TRIES)
            if hot is not None and twice is not None:
                ends.append(min(hot, twice))
            ends.append(spent - (BUDGET - 1) * REFILL)
        free_at = max((end for end in ends if end is not None), default=now)
        if free_at > now:
            raise TooManyAttempts(-(-(free_at - now) // timedelta(seconds=1)))
        return follows is not None

    def failed(self, db: Connection, now: datetime, *, follows: bool = False) -> None:
        """Count one failure; whoever `follows` spends nothing of the number's budget."""
        row = {"subject": self.subject, "client": self.clients[0], "at": now}
        db.execute(insert(lookup_failures).values(**row))
        if follows:
            return
        until = self._spent(db, now) + REFILL
        if insert_new(db, lookup_budgets, [{"subject": self.subject, "spent_until": until}]) == 0:
            mine = lookup_budgets.c.subject == self.subject
            db.execute(update(lookup_budgets).where(mine).values(spent_until=until))

    def succeeded(self, db: Connection) -> None:
        """Forgive this client what it did wrong on this number."""
        f = lookup_failures.c
        db.execute(delete(lookup_failures).where(f.subject.in_(self.subjects), f.client.in_(self.clients)))

    def _spent(self, db: Connection, now: datetime) -> datetime:
        """Until when the budget of this number is spent; `now` if nothing is."""
        found: Sequence[datetime] = (
            db.execute(
                select(lookup_budgets.c.spent_until).where(lookup_budgets.c.subject.in_(self.subjects))
            )
            .scalars()
            .all()
        )
        return max([now, *(until for until in found if until <= now + BUDGET * REFILL)])


def prune(db: Connection, now: datetime) -> int:
    """Delete what no limit looks at any more; return how many rows."""
    old = db.execute(delete(lookup_failures).where(lookup_failures.c.at <= now - WINDOW)).rowcount
    return old + db.execute(delete(lookup_budgets).where(lookup_budgets.c.spent_until <= now)).rowcount


def _failures(db: Connection, now: datetime, where: ColumnElement[bool]) -> list[datetime]:
    """When the last failures were, the newest first; more are never needed."""
    at = lookup_failures.c.at
    rows = db.execute(
        select(at).where(where, at > now - WINDOW, at <= now + WINDOW).order_by(at.desc()).limit(CLIENT_TRIES)
    )
    return list(rows.scalars())


def _full(failures: list[datetime], tries: int) -> datetime | None:
    """When a limit that is full has a place again."""
    return failures[tries - 1] + WINDOW if len(failures) >= tries else None


def _plain(text: str) -> str:
    """Of one length and fit for a keyed hash, whatever was typed."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
