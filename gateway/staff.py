"""Officers: accounts, sign-in with lockout, sessions. Passwords are argon2 hashes."""

from __future__ import annotations

import functools
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Engine, delete, insert, select, update

from gateway.log import digest
from gateway.schema_sql import staff, staff_sessions

SESSION_S = 12 * 3600
LOCK_AFTER = 5
LOCK_S = 15 * 60
DEMO_STAFF = (("desk01", "06号"), ("desk02", "07号"))
"""Two demo officers (username, name); their passwords are made at first start and kept in the data folder."""


@dataclass(frozen=True, slots=True)
class Officer:
    """A signed-in member of staff."""

    username: str
    name: str
    role: str


class SignInRefused(Exception):
    """Wrong name or password; the two are not told apart."""


class SignInLocked(Exception):
    """Too many failures; try again after `retry_after_s`."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"locked for {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


def make_hasher() -> PasswordHasher:
    """Argon2 with OWASP's second profile."""
    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


@functools.cache
def unknown_password() -> str:
    """A hash that no password fits: with it, unknown names cost as much time as known ones."""
    return make_hasher().hash(secrets.token_urlsafe(16))


class Staff:
    """Accounts and sessions in the gateway's database. Synchronous; run it in the database thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._hasher = make_hasher()
        self._nobody = unknown_password()

    def add(self, username: str, name: str, role: str, password: str) -> None:
        """Create an account. Raises IntegrityError if the name is taken."""
        with self._engine.begin() as db:
            db.execute(
                insert(staff).values(
                    username=username, name=name, role=role, password_hash=self._hasher.hash(password)
                )
            )

    def exists(self, username: str) -> bool:
        """True if there is such an account."""
        with self._engine.begin() as db:
            found = db.execute(select(staff.c.username).where(staff.c.username == username))
            return found.first() is not None

    def sign_in(self, username: str, password: str) -> tuple[Officer, str]:
        """Return the officer and a session token. Raises SignInRefused, SignInLocked."""
        now = time.time()
        with self._engine.begin() as db:
            row = db.execute(select(staff).where(staff.c.username == username)).mappings().first()
            if row and row["locked_until"] > now:
                raise SignInLocked(row["locked_until"] - now)
            if self._matches(row["password_hash"] if row else self._nobody, password) and row:
                token = secrets.token_urlsafe(32)
                db.execute(
                    update(staff).where(staff.c.username == username).values(failures=0, locked_until=0)
                )
                db.execute(delete(staff_sessions).where(staff_sessions.c.expires_at < now))
                db.execute(
                    insert(staff_sessions).values(
                        token_hash=digest(token), username=username, expires_at=now + SESSION_S
                    )
                )
                return Officer(row["username"], row["name"], row["role"]), token
            if row:
                failures = row["failures"] + 1
                locked = now + LOCK_S if failures >= LOCK_AFTER else 0
                db.execute(
                    update(staff)
                    .where(staff.c.username == username)
                    .values(failures=0 if locked else failures, locked_until=locked)
                )
        # Outside the transaction: an exception inside would roll the counted failure back.
        raise SignInRefused

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    def officer(self, token: str) -> Officer | None:
        """Return who holds this session, or None."""
        with self._engine.begin() as db:
            row = (
                db.execute(
                    select(staff.c.username, staff.c.name, staff.c.role)
                    .join(staff_sessions, staff_sessions.c.username == staff.c.username)
                    .where(
                        staff_sessions.c.token_hash == digest(token),
                        staff_sessions.c.expires_at > time.time(),
                    )
                )
                .mappings()
                .first()
            )
        return Officer(**row) if row else None

    def sign_out(self, token: str) -> None:
        """End the session."""
        with self._engine.begin() as db:
            db.execute(delete(staff_sessions).where(staff_sessions.c.token_hash == digest(token)))


def add_demo_staff(people: Staff, data_dir: Path) -> Path:
    """Create the demo officers once; returns the file (mode 0600) that holds their passwords."""
    path = data_dir / "demo-logins.txt"
    lines = []
    for username, name in DEMO_STAFF:
        if people.exists(username):
            continue
        password = secrets.token_urlsafe(9)
        people.add(username, name, "officer", password)
        lines.append(f"{username} {password}\n")
    if lines:
        made = {line.split()[0] for line in lines}
        kept = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
        path.touch(mode=0o600)
        path.write_text("".join([k for k in kept if k.split()[0] not in made] + lines), "utf-8")
    return path
