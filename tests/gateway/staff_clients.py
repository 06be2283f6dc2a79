"""Members of staff of every role for tests: made with one known password, signed in without a detour."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, insert, update

from gateway.database import open_database
from gateway.officer import StaffPolicy
from gateway.passwords import hashed
from gateway.schema_sql import staff
from gateway.sealed_box import SealedBox
from gateway.staff import Place, Staff
from tests.fakes import HeldClock
from tests.gateway.clients import Gateway

PASSWORD = "kranich-zwirn-52-polder"
KEYS = "k1:" + "A" * 43 + "="


@cache
def password_hash() -> str:
    """argon2 is slow on purpose."""
    return hashed(PASSWORD)


def people(database: Any, clock: HeldClock | None = None, **policy: Any) -> Staff:
    """Staff over a database file or URL, with a clock that stands still if one is given."""
    ticks = (lambda: clock().timestamp()) if clock else None
    engine = open_database(database if isinstance(database, Path) else str(database))
    box = SealedBox.load(KEYS, Path())
    return Staff(engine, box, StaffPolicy(**policy), *([ticks] if ticks else []))


def put(found: Staff, username: str, role: str = "officer", **values: Any) -> str:
    """An account with PASSWORD, without hashing anew; its username."""
    with found._engine.begin() as db:
        row = {"username": username, "name": f"{username}号", "role": role, "password_hash": password_hash()}
        db.execute(insert(staff).values(**row, **values))
    return username


def change(found: Staff, username: str, **values: Any) -> None:
    """Set columns of an account."""
    with found._engine.begin() as db:
        db.execute(update(staff).where(staff.c.username == username).values(**values))


def session_of(gateway: Gateway, role: str, username: str = "", **values: Any) -> str:
    """The cookie of a signed-in member of staff of this role; the account is made when there is none."""
    found: Staff = gateway.app.state.people
    username = username or f"{role}01"
    if not found.accounts.exists(username):
        put(found, username, role, **{"totp_on": 1, **values})
    with found._engine.begin() as db:
        token = found.sessions.begin(db, username, Place("192.0.2.7", "Test"))
    return f"nczf_staff={token}"


def tables(path: Path) -> Any:
    """An engine that looks at the file as it is."""
    return create_engine(f"sqlite:///{path}")
