"""Citizens who are signed in: who they are lies here sealed, only as long as the session lasts.

A session belongs to one browser (its cookie) and one conversation. What leaves the gateway towards Rasa is a
ticket: a sealed name of the session with an end, which only the gateway can open again.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Engine, delete, insert, or_, select, update

from gateway.citizen import Person
from gateway.log import digest
from gateway.schema_sql import citizen_sessions as sessions
from gateway.schema_sql import citizen_talks as talks
from gateway.sealed_box import SealBroken, SealedBox

TICKET_S = 120.0
"""A turn may wait for others before it runs; the deadline of its answer is far below this."""
TOUCH_S = 30.0
"""How exactly the last deed is known: one write in this time at most."""
PERSON, TICKET, SUBJECT, ID_TOKEN = "citizen", "citizen ticket", "citizen subject", "citizen id token"


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Times in seconds."""

    session_s: float = 1800.0
    idle_s: float = 600.0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What the page may know of a session."""

    name: str
    """王*明"""
    until: float
    """UTC seconds."""


class CitizenSessions:
    """Synchronous; run it in the database thread."""

    def __init__(
        self,
        engine: Engine,
        box: SealedBox,
        limits: SessionLimits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._engine = engine
        self._box = box
        self.limits = limits or SessionLimits()
        self._clock = clock

    def begin(self, conversation_id: str, person: Person, how: str, id_token: str = "") -> str:
        """Sign somebody in; returns the token for the browser's cookie.

        Args:
            conversation_id: theirs from now on; ask `is_another_s` first.
            person: whom the provider vouches for.
            how: `oidc` or `app`.
            id_token: for signing out at the provider.

        """
        token, now = secrets.token_urlsafe(32), self._clock()
        known, kept = json.dumps(asdict(person), ensure_ascii=False), digest(token)
        subject = self._box.digest(person.subject, SUBJECT)
        with self._engine.begin() as db:
            db.execute(delete(sessions).where(self._over(now)))
            db.execute(
                insert(sessions).values(
                    token_hash=kept,
                    conversation_id=conversation_id,
                    person=self._box.seal(known, _bound(PERSON, kept)),
                    id_token=self._box.seal(id_token, _bound(ID_TOKEN, kept)) if id_token else None,
                    how=how,
                    created_at=now,
                    seen_at=now,
                    expires_at=now + self.limits.session_s,
                )
            )
            db.execute(delete(talks).where(talks.c.conversation_id == conversation_id))
            db.execute(insert(talks).values(conversation_id=conversation_id, subject_hash=subject, at=now))
        return token

    def is_another_s(self, conversation_id: str, person: Person) -> bool:
        """True if somebody else has signed in to this conversation before: what it shows is theirs."""
        with self._engine.begin() as db:
            found = db.execute(
                select(talks.c.subject_hash).where(talks.c.conversation_id == conversation_id)
            ).scalar()
        return found is not None and found not in self._box.digests(person.subject, SUBJECT)

    def talk_of(self, person: Person, but: str = "") -> str | None:
        """The latest conversation that this person signed in to, other than `but`."""
        mine = talks.c.subject_hash.in_(self._box.digests(person.subject, SUBJECT))
        query = select(talks.c.conversation_id).where(mine, talks.c.conversation_id != but)
        with self._engine.begin() as db:
            return db.execute(query.order_by(talks.c.at.desc()).limit(1)).scalar()

    def person(self, token_hash: str, conversation_id: str) -> Person | None:
        """Who this is, or None where the session is over; it counts as used."""
        now = self._clock()
        mine = (sessions.c.token_hash == token_hash) & (sessions.c.conversation_id == conversation_id)
        with self._engine.begin() as db:
            row = db.execute(select(sessions).where(mine, ~self._over(now))).first()
            if row is not None and now - row.seen_at >= TOUCH_S:
                db.execute(update(sessions).where(mine).values(seen_at=now))
        if row is None:
            return None
        try:
            return Person(**json.loads(self._box.open(row.person, _bound(PERSON, token_hash))))
        except SealBroken:
            return None  # its key is gone: they sign in again

    def signed_in(self, token: str, conversation_id: str) -> SignedIn | None:
        """What the page shows of this session; looking at it is no deed."""
        now = self._clock()
        mine = (sessions.c.token_hash == digest(token)) & (sessions.c.conversation_id == conversation_id)
        with self._engine.begin() as db:
            row = db.execute(select(sessions).where(mine, ~self._over(now))).first()
        if row is None:
            return None
        try:
            person = Person(**json.loads(self._box.open(row.person, _bound(PERSON, row.token_hash))))
        except SealBroken:
            return None
        return SignedIn(person.shown, min(row.expires_at, row.seen_at + self.limits.idle_s))

    def end(self, token: str) -> tuple[bool, str]:
        """Sign out: (was it alive, token for signing out at the provider)."""
        mine = sessions.c.token_hash == digest(token)
        with self._engine.begin() as db:
            row = db.execute(select(sessions.c.id_token).where(mine)).first()
            gone = db.execute(delete(sessions).where(mine)).rowcount
        if row is None or not gone:
            return False, ""
        try:
            return True, self._box.open(row.id_token, _bound(ID_TOKEN, digest(token))) if row.id_token else ""
        except SealBroken:
            return True, ""

    def purge(self) -> int:
        """Delete what is over; how many."""
        with self._engine.begin() as db:
            return db.execute(delete(sessions).where(self._over(self._clock()))).rowcount

    def ticket(self, token: str, conversation_id: str) -> str:
        """What Rasa may carry: nothing of the person, of use to nobody but the gateway, and not for long."""
        kept = [digest(token), conversation_id, self._clock() + TICKET_S]
        return self._box.seal(json.dumps(kept), TICKET)

    def redeem(self, ticket: str, conversation_id: str) -> Person | None:
        """Who the ticket stands for; None if it is not ours, too old, of another talk, or signed out."""
        try:
            token_hash, of, until = json.loads(self._box.open(ticket, TICKET))
        except SealBroken:
            return None
        if of != conversation_id or self._clock() > until:
            return None
        return self.person(token_hash, of)

    def _over(self, now: float) -> ColumnElement[bool]:
        return or_(sessions.c.expires_at <= now, sessions.c.seen_at <= now - self.limits.idle_s)


def _bound(purpose: str, token_hash: str) -> str:
    """Sealed for this very row: moved to another one it does not open."""
    return f"{purpose} {token_hash}"
