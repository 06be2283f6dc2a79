"""Accounts of staff, as operators make, disable and reset them. Every change is in the trail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.access import STAFF_ROLES
from gateway.passwords import fault, hashed, made_password
from gateway.schema_sql import staff
from gateway.staff_codes import OneTimeCodes
from gateway.staff_sessions import StaffSessions
from gateway.staff_trail import StaffTrail

USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
NAME_LIMIT = 40


class BadPassword(Exception):
    """A new password that is refused; `phrase` is the key of the sentence that says why."""

    def __init__(self, phrase: str) -> None:
        super().__init__(phrase)
        self.phrase = phrase


class BadAccount(Exception):
    """A change to an account that cannot be made; names what, got, expected."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account, as operators see it."""

    username: str
    name: str
    role: str
    state: str
    source: str
    demo: bool
    must_change: bool
    totp: bool


class Accounts:
    """Changes by operators; each ends the account's sessions. Synchronous; run it in the database thread."""

    def __init__(
        self, engine: Engine, sessions: StaffSessions, codes: OneTimeCodes, trail: StaffTrail
    ) -> None:
        self._engine = engine
        self._sessions = sessions
        self._codes = codes
        self._trail = trail

    def add(
        self,
        username: str,
        name: str,
        role: str,
        password: str,
        *,
        by: str = "start",
        must_change: bool = False,
        demo: bool = False,
    ) -> None:
        """Create an account. Raises BadAccount, BadPassword."""
        if not USERNAME.fullmatch(username):
            raise BadAccount(f"username {username[:40]!r}: expected 1 to 32 of A-Z a-z 0-9 _ . -")
        if not clean_name(name):
            raise BadAccount(f"the name needs 1 to {NAME_LIMIT} characters")
        if role not in STAFF_ROLES:
            raise BadAccount(f"role {role[:40]!r}: expected one of {', '.join(STAFF_ROLES)}")
        if wrong := fault(password, username):
            raise BadPassword(wrong)
        values = {"username": username, "name": clean_name(name), "role": role}
        flags = {"must_change": int(must_change), "demo": int(demo)}
        try:
            with self._engine.begin() as db:
                db.execute(insert(staff).values(**values, **flags, password_hash=hashed(password)))
                self._trail.record(db, by, "staff.added", subject_of(username), role=role)
        except IntegrityError as error:
            raise BadAccount(f"there is an account {username!r} already") from error

    def exists(self, username: str) -> bool:
        """True if there is such an account."""
        return self.row(username) is not None

    def all(self) -> list[Account]:
        """All accounts by username."""
        return all_accounts(self._engine)

    def disable(self, username: str, *, by: str) -> list[str]:
        """Nobody signs in with it any more, and who is, is out. Returns the hashes of ended sessions."""
        return self._change(username, "staff.disabled", by, {"state": "disabled", "demo": 0})

    def enable(self, username: str, *, by: str) -> list[str]:
        """It works again, locks and failures forgotten."""
        values = {"state": "active", "failures": 0, "locked_until": 0}
        return self._change(username, "staff.enabled", by, values)

    def set_role(self, username: str, role: str, *, by: str) -> list[str]:
        """Another role; its owner signs in anew."""
        if role not in STAFF_ROLES:
            raise BadAccount(f"role {role[:40]!r}: expected one of {', '.join(STAFF_ROLES)}")
        return self._change(username, "staff.role", by, {"role": role}, role=role)

    def reset_password(self, username: str, *, by: str, password: str = "") -> tuple[str, list[str]]:
        """A password to hand over, to be changed at the next sign-in: (it, hashes of ended sessions)."""
        row = self.row(username)
        if row is not None and row["source"] != "local":
            raise BadAccount(f"{username!r} signs in at the identity provider and has no password here")
        password = password or made_password()
        if wrong := fault(password, username):
            raise BadPassword(wrong)
        values = {"password_hash": hashed(password), "must_change": 1, "demo": 0}
        values |= {"failures": 0, "locked_until": 0}
        return password, self._change(username, "staff.password_reset", by, values)

    def reset_codes(self, username: str, *, by: str) -> list[str]:
        """The phone is lost: one-time codes are off, its owner enrols anew."""
        return self._change(username, "staff.totp_reset", by, {"totp_secret": None, "totp_on": 0}, codes=True)

    def revoke(self, username: str, *, by: str, session_id: str = "") -> list[str]:
        """End its sessions, or the one of that id; returns the hashes of their tokens."""
        with self._engine.begin() as db:
            if not db.execute(select(staff.c.username).where(is_account(username))).first():
                raise BadAccount(f"no account {username[:40]!r}")
            ended = self._sessions.revoke(db, username, session_id)
            told = {"count": str(len(ended))}
            self._trail.record(db, by, "staff.sessions_revoked", subject_of(username), **told)
        return ended

    def _change(
        self, username: str, action: str, by: str, values: dict[str, Any], codes: bool = False, **told: str
    ) -> list[str]:
        with self._engine.begin() as db:
            if db.execute(update(staff).where(is_account(username)).values(**values)).rowcount != 1:
                raise BadAccount(f"no account {username[:40]!r}")
            if codes:
                self._codes.reset(db, username)
            ended = self._sessions.revoke(db, username)
            self._trail.record(db, by, action, subject_of(username), **told)
        return ended

    def row(self, username: str) -> RowMapping | None:
        """The account as it lies in the table, or None."""
        with self._engine.begin() as db:
            return db.execute(select(staff).where(is_account(username))).mappings().first()


def all_accounts(engine: Engine) -> list[Account]:
    """All accounts by username."""
    with engine.begin() as db:
        rows = db.execute(select(staff).order_by(staff.c.username)).mappings().all()
    return [_account(row) for row in rows]


def _account(row: RowMapping) -> Account:
    flags = (bool(row[name]) for name in ("demo", "must_change", "totp_on"))
    return Account(*(row[name] for name in ("username", "name", "role", "state", "source")), *flags)


def is_account(username: str) -> ColumnElement[bool]:
    """The row of this account."""
    return staff.c.username == username


def subject_of(username: str) -> str:
    """The account's name in the trail."""
    return f"staff:{username}"


def clean_name(name: str) -> str:
    """A display name of printable characters, cut to NAME_LIMIT."""
    return "".join(c for c in " ".join(name.split()) if c.isprintable())[:NAME_LIMIT]
