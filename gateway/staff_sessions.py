"""Sessions of staff: begun at sign-in, ended by time, by idling, by their owner or by an operator."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, insert, or_, select, update

from gateway.log import digest
from gateway.officer import Officer, StaffPolicy
from gateway.schema_sql import staff, staff_sessions
from gateway.sealed_box import SealBroken, SealedBox

TOUCH_S = 30.0
"""How exactly the last deed is known: one write in this time at most."""
PURPOSE = "staff id token"


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody signs in from."""

    address: str = ""
    browser: str = ""


@dataclass(frozen=True, slots=True)
class SessionView:
    """One session, for the list of who is signed in where. Times are UTC seconds."""

    id: str
    """First characters of the token's hash: names the session and opens nothing."""
    username: str
    role: str
    how: str
    address: str
    browser: str
    created_at: float
    seen_at: float
    expires_at: float


class StaffSessions:
    """Only hashes of tokens are kept. Synchronous; run it in the database thread."""

    def __init__(
        self,
        engine: Engine,
        box: SealedBox,
        policy: StaffPolicy | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._engine = engine
        self._box = box
        self.policy = policy or StaffPolicy()
        self._clock = clock

    def begin(
        self, db: Connection, username: str, place: Place, *, how: str = "password", id_token: str = ""
    ) -> str:
        """Make a session in the caller's transaction; returns its token."""
        now = self._clock()
        token = secrets.token_urlsafe(32)
        db.execute(delete(staff_sessions).where(or_(*self._over(now))))
        db.execute(
            insert(staff_sessions).values(
                token_hash=digest(token),
                username=username,
                expires_at=now + self.policy.session_s,
                created_at=now,
                seen_at=now,
                how=how,
                address=place.address[:64],
                browser="".join(c for c in place.browser if c.isprintable())[:120],
                id_token=self._box.seal(id_token, PURPOSE) if id_token else None,
            )
        )
        return token

    def officer(self, token: str, deed: bool = False) -> Officer | None:
        """Who holds this session, or None; with `deed` it counts as used now."""
        columns = [staff.c[n] for n in ("username", "name", "role", "must_change", "totp_on", "source")]
        with self._engine.begin() as db:
            row = db.execute(
                select(*columns)
                .join(staff_sessions, staff_sessions.c.username == staff.c.username)
                .where(staff_sessions.c.token_hash == digest(token), self._valid())
            ).first()
            if deed and row is not None:
                self._touch(db, token)
        if row is None:
            return None
        must = self.policy.must(
            role=row.role,
            must_change=bool(row.must_change),
            totp_on=bool(row.totp_on),
            local=row.source == "local",
        )
        return Officer(row.username, row.name, row.role, must)

    def touch(self, token: str) -> None:
        """Its owner did something."""
        with self._engine.begin() as db:
            self._touch(db, token)

    def _touch(self, db: Connection, token: str) -> None:
        now = self._clock()
        mine = (staff_sessions.c.token_hash == digest(token)) & (staff_sessions.c.seen_at < now - TOUCH_S)
        db.execute(update(staff_sessions).where(mine).values(seen_at=now))

    def alive(self, hashes: Iterable[str]) -> set[str]:
        """Which of these sessions still hold."""
        wanted = list(hashes)
        if not wanted:
            return set()
        with self._engine.begin() as db:
            rows = db.execute(
                select(staff_sessions.c.token_hash)
                .join(staff, staff.c.username == staff_sessions.c.username)
                .where(staff_sessions.c.token_hash.in_(wanted), self._valid())
            )
            return {row[0] for row in rows}

    def end(self, token: str) -> tuple[str, str]:
        """End one session; returns (username, its id token at the provider), each "" if there is none."""
        mine = staff_sessions.c.token_hash == digest(token)
        with self._engine.begin() as db:
            row = db.execute(select(staff_sessions.c.username, staff_sessions.c.id_token).where(mine)).first()
            db.execute(delete(staff_sessions).where(mine))
        if row is None:
            return "", ""
        try:
            return row.username, self._box.open(row.id_token, PURPOSE) if row.id_token else ""
        except SealBroken:
            return row.username, ""  # sealed with a key that is gone: only the sign-out there is missing

    def revoke(self, db: Connection, username: str, session_id: str = "") -> list[str]:
        """End all sessions of an account, or the one with that id; returns the hashes of their tokens."""
        mine: ColumnElement[bool] = staff_sessions.c.username == username
        if session_id:
            mine = mine & (staff_sessions.c.token_hash.startswith(session_id, autoescape=True))
        hashes = [row[0] for row in db.execute(select(staff_sessions.c.token_hash).where(mine))]
        db.execute(delete(staff_sessions).where(mine))
        return hashes

    def all(self, username: str = "") -> list[SessionView]:
        """Who is signed in where, latest deed first."""
        names = ("how", "address", "browser", "created_at", "seen_at", "expires_at")
        query = (
            select(
                staff_sessions.c.token_hash,
                staff_sessions.c.username,
                staff.c.role,
                *(staff_sessions.c[n] for n in names),
            )
            .join(staff, staff.c.username == staff_sessions.c.username)
            .where(self._valid())
            .order_by(staff_sessions.c.seen_at.desc())
        )
        if username:
            query = query.where(staff.c.username == username)
        with self._engine.begin() as db:
            return [SessionView(session_name(row[0]), *row[1:]) for row in db.execute(query)]

    def _valid(self) -> ColumnElement[bool]:
        return and_(staff.c.state == "active", *(~over for over in self._over(self._clock())))

    def _over(self, now: float) -> tuple[Any, Any]:
        return (staff_sessions.c.expires_at <= now, staff_sessions.c.seen_at <= now - self.policy.idle_s)


def session_name(token_hash: str) -> str:
    """The short name of a session."""
    return token_hash[:12]
