"""One-time codes of staff (TOTP, RFC 6238): enrolment, use once, and codes for the day the phone is lost."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import pyotp
import segno
from sqlalchemy import Connection, Engine, delete, insert, select, update

from gateway.schema_sql import staff, staff_recovery
from gateway.sealed_box import SealBroken, SealedBox

log = logging.getLogger(__name__)
STEP_S = 30
AROUND = 1
"""Steps before and after now whose code is taken: the phone's clock may be off by so much."""
RECOVERY_CODES, RECOVERY_LETTERS = 10, 12
ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
ISSUER = "南昌智服"
PURPOSE, RECOVERY_PURPOSE = "staff totp", "staff recovery"


class NoEnrolment(Exception):
    """There is nothing to confirm: begin first, or it is on already."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the authenticator app needs; shown once."""

    secret: str
    """Base32, to type in."""
    uri: str
    qr: str
    """The same as an SVG data URI."""


class OneTimeCodes:
    """Secrets lie sealed, recovery codes hashed. Synchronous; run it in the database thread."""

    def __init__(self, engine: Engine, box: SealedBox, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._box = box
        self._clock = clock

    def begin(self, username: str) -> Enrolment:
        """Make a new secret, which counts only once it is confirmed. Raises NoEnrolment if codes are on."""
        secret = pyotp.random_base32()
        with self._engine.begin() as db:
            mine = (staff.c.username == username) & (staff.c.totp_on == 0)
            sealed = self._box.seal(secret, f"{PURPOSE} {username}")
            if db.execute(update(staff).where(mine).values(totp_secret=sealed)).rowcount != 1:
                raise NoEnrolment(username)
        uri = pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=username, issuer_name=ISSUER)
        qr = segno.make(uri, error="m").svg_data_uri(scale=5, border=4, light="#fff")
        return Enrolment(secret, uri, qr)

    def confirm(self, db: Connection, username: str, code: str) -> list[str] | None:
        """Turn the codes on with the first one; returns the recovery codes, or None for a wrong code.

        Raises NoEnrolment.
        """
        row = db.execute(select(staff).where(staff.c.username == username)).first()
        if row is None or row.totp_on or not row.totp_secret:
            raise NoEnrolment(username)
        step = self._step(row.totp_secret, username, code)
        if step is None:
            return None
        mine = (staff.c.username == username) & (staff.c.totp_on == 0)
        if db.execute(update(staff).where(mine).values(totp_on=1, totp_step=step)).rowcount != 1:
            raise NoEnrolment(username)
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        db.execute(delete(staff_recovery).where(staff_recovery.c.username == username))
        db.execute(
            insert(staff_recovery),
            [{"username": username, "code_hash": self._hash(username, c)[0]} for c in codes],
        )
        return codes

    def use(self, username: str, code: str) -> str:
        """Use up a code: "totp", "recovery", or "" for one that does not fit or was used before."""
        with self._engine.begin() as db:
            row = db.execute(select(staff).where(staff.c.username == username)).first()
            if row is None or not row.totp_on or not row.totp_secret:
                return ""
            step = self._step(row.totp_secret, username, code)
            if step is not None:
                later = (staff.c.username == username) & (staff.c.totp_step < step)
                used = db.execute(update(staff).where(later).values(totp_step=step))
                return "totp" if used.rowcount == 1 else ""
            mine = (staff_recovery.c.username == username) & (
                staff_recovery.c.code_hash.in_(self._hash(username, code))
            )
            return "recovery" if db.execute(delete(staff_recovery).where(mine)).rowcount == 1 else ""

    def left(self, username: str) -> int:
        """Recovery codes that are left."""
        with self._engine.begin() as db:
            query = select(staff_recovery.c.code_hash).where(staff_recovery.c.username == username)
            return len(db.execute(query).all())

    def reset(self, db: Connection, username: str) -> None:
        """Turn them off; the account enrols anew."""
        db.execute(
            update(staff)
            .where(staff.c.username == username)
            .values(totp_secret=None, totp_on=0)  # the step stays: an old code never works again
        )
        db.execute(delete(staff_recovery).where(staff_recovery.c.username == username))

    def _step(self, sealed: str, username: str, code: str) -> int | None:
        """The step that the code is of, or None."""
        digits = "".join(code.split())
        if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
            return None
        try:
            secret = self._box.open(sealed, f"{PURPOSE} {username}")
        except SealBroken as broken:  # no code fits any more; an operator resets them
            log.error("one-time codes of an account cannot be opened: %s", broken)
            return None
        totp = pyotp.TOTP(secret, interval=STEP_S)
        now = int(self._clock()) // STEP_S
        fitting = [
            step
            for step in range(now - AROUND, now + AROUND + 1)
            if pyotp.utils.strings_equal(totp.at(step * STEP_S), digits)
        ]
        return fitting[-1] if fitting else None

    def _hash(self, username: str, code: str) -> list[str]:
        plain = "".join(c for c in code.upper() if c.isalnum())
        return self._box.digests(f"{username}\0{plain}", RECOVERY_PURPOSE)


def _recovery_code() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_LETTERS))
    return "-".join(letters[i : i + 4] for i in range(0, RECOVERY_LETTERS, 4))
