"""Signing in members of staff: lockout, one-time codes, a provider's word; and their own account."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.access import STAFF_ROLES
from gateway.accounts import USERNAME, Accounts, BadAccount, BadPassword, clean_name, is_account, subject_of
from gateway.officer import Officer, StaffPolicy
from gateway.passwords import NO_PASSWORD, fault, fits, hashed, made_password, unknown_password
from gateway.schema_sql import staff
from gateway.sealed_box import SealedBox
from gateway.staff_codes import OneTimeCodes
from gateway.staff_limits import AddressLimits, SignInLocked
from gateway.staff_sessions import Place, StaffSessions
from gateway.staff_trail import StaffTrail

__all__ = ["Officer", "Place", "SignInLocked", "SignInRefused", "Staff", "StaffPolicy", "add_demo_staff"]
DEMO_STAFF = (("desk01", "06号"), ("desk02", "07号"))
"""Two demo officers (username, name); their passwords are made at first start and kept in the data folder."""


class SignInRefused(Exception):
    """Wrong name or password, or a disabled account; they are not told apart."""


class CodeNeeded(Exception):
    """The password is right; the account wants a one-time code besides."""


class CodeRefused(Exception):
    """The password is right, the one-time code is not, or it was used before."""


class Staff:
    """Accounts in the gateway's database. Synchronous; run it in the database thread."""

    def __init__(
        self,
        engine: Engine,
        box: SealedBox,
        policy: StaffPolicy | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Args:
            engine: of `gateway.database.open_database`.
            box: seals one-time secrets, keys the trail.
            policy: times and limits; None: the usual ones.
            clock: UTC seconds.

        """
        self._engine = engine
        self._clock = clock
        self.policy = policy or StaffPolicy()
        self.sessions = StaffSessions(engine, box, self.policy, clock)
        self.codes = OneTimeCodes(engine, box, clock)
        self.trail = StaffTrail(engine, box, clock)
        self._addresses = AddressLimits(engine, box, self.policy, clock)
        self.accounts = Accounts(engine, self.sessions, self.codes, self.trail)

    # ---- signing in

    def sign_in(
        self, username: str, password: str, code: str = "", place: Place | None = None
    ) -> tuple[Officer, str]:
        """Return the officer and the token of a new session.

        Raises SignInRefused, SignInLocked, CodeNeeded, CodeRefused.
        """
        place = place or Place()
        self._addresses.check(place.address)
        row = self._row(username)
        if row is not None and row["locked_until"] > self._clock():
            raise SignInLocked(row["locked_until"] - self._clock())
        # Outside any transaction: argon2 is slow on purpose.
        right = fits(row["password_hash"] if row is not None else unknown_password(), password)
        if row is None or not right or row["state"] != "active" or row["source"] != "local":
            self._failed(username, place)
            raise SignInRefused
        how = "password"
        if row["totp_on"]:
            if not code.strip():
                raise CodeNeeded
            used = self.codes.use(username, code)
            if not used:
                self._failed(username, place)
                raise CodeRefused
            how = f"password+{used}"
        return self._let_in(row, place, how)

    def _let_in(self, row: RowMapping, place: Place, how: str) -> tuple[Officer, str]:
        with self._engine.begin() as db:
            db.execute(update(staff).where(is_account(row["username"])).values(failures=0, locked_until=0))
            token = self.sessions.begin(db, row["username"], place)
            self.trail.record(db, row["username"], "signed_in", subject_of(row["username"]), how=how)
        self._addresses.forget(place.address)
        officer = self.sessions.officer(token)
        if officer is None:  # disabled in this very moment
            raise SignInRefused
        return officer, token

    def _failed(self, username: str, place: Place) -> None:
        now = self._clock()
        with self._engine.begin() as db:
            self._addresses.count(db, place.address)
            db.execute(update(staff).where(is_account(username)).values(failures=staff.c.failures + 1))
            failures = db.execute(select(staff.c.failures).where(is_account(username))).scalar()
            if failures is not None and failures >= self.policy.lock_after:
                until = now + self.policy.lock_s
                db.execute(update(staff).where(is_account(username)).values(failures=0, locked_until=until))
                self.trail.record(db, username, "sign_in_locked", subject_of(username))

    def sign_in_vouched(
        self, *, username: str, name: str, role: str, subject_hash: str, place: Place, id_token: str
    ) -> tuple[Officer, str, list[str]]:
        """Let in whom the provider vouches for; their account is made or brought up to date.

        Returns the officer, the token, and the hashes of sessions that ended because the role changed.
        Raises SignInRefused when the account is disabled, or the name is somebody else's.
        """
        if not USERNAME.fullmatch(username) or role not in STAFF_ROLES:
            raise SignInRefused
        name = clean_name(name) or username
        try:
            return self._vouched(username, name, role, subject_hash, place, id_token)
        except IntegrityError:  # two first sign-ins at once: the account is there now
            return self._vouched(username, name, role, subject_hash, place, id_token)

    def _vouched(
        self, username: str, name: str, role: str, subject_hash: str, place: Place, id_token: str
    ) -> tuple[Officer, str, list[str]]:
        with self._engine.begin() as db:
            row = db.execute(select(staff).where(is_account(username))).mappings().first()
            ended: list[str] = []
            if row is None:
                values = {"username": username, "name": name, "role": role, "password_hash": NO_PASSWORD}
                db.execute(insert(staff).values(**values, source="oidc", subject_hash=subject_hash))
                self.trail.record(db, username, "staff.added", subject_of(username), role=role, source="oidc")
            elif (row["source"], row["subject_hash"], row["state"]) != ("oidc", subject_hash, "active"):
                raise SignInRefused
            else:
                db.execute(update(staff).where(is_account(username)).values(name=name, role=role))
                if row["role"] != role:
                    ended = self.sessions.revoke(db, username)
                    self.trail.record(db, username, "staff.role", subject_of(username), role=role)
            token = self.sessions.begin(db, username, place, how="oidc", id_token=id_token)
            self.trail.record(db, username, "signed_in", subject_of(username), how="oidc")
        return Officer(username, name, role), token, ended

    # ---- the own account

    def change_password(self, officer: Officer, old: str, new: str, place: Place) -> tuple[str, list[str]]:
        """A new password; all sessions end, and a new one begins: (its token, the hashes of those ended).

        Raises SignInRefused for a wrong old password, SignInLocked, BadPassword.
        """
        self.check_password(officer, old, place)
        wrong = "password_same" if old == new else fault(new, officer.username)
        if wrong:
            raise BadPassword(wrong)
        made = hashed(new)
        with self._engine.begin() as db:
            values = {"password_hash": made, "must_change": 0, "demo": 0, "failures": 0}
            db.execute(update(staff).where(is_account(officer.username)).values(**values))
            return self._anew(db, officer.username, place, "staff.password_changed")

    def check_password(self, officer: Officer, password: str, place: Place) -> None:
        """Who sits there is who signed in. Raises SignInRefused, SignInLocked."""
        row = self._row(officer.username)
        if row is None or row["source"] != "local":
            raise SignInRefused
        if row["locked_until"] > self._clock():
            raise SignInLocked(row["locked_until"] - self._clock())
        if not fits(row["password_hash"], password):
            self._failed(officer.username, place)
            raise SignInRefused

    def confirm_codes(
        self, officer: Officer, code: str, place: Place
    ) -> tuple[list[str], str, list[str]]:
        """Turn one-time codes on: (recovery codes, token of a new session, hashes of those ended).

        Raises CodeRefused, SignInLocked, `gateway.staff_codes.NoEnrolment`.
        """
        row = self._row(officer.username)
        if row is not None and row["locked_until"] > self._clock():
            raise SignInLocked(row["locked_until"] - self._clock())
        with self._engine.begin() as db:
            codes = self.codes.confirm(db, officer.username, code)
            if codes is not None:
                return codes, *self._anew(db, officer.username, place, "staff.totp_on")
        self._failed(officer.username, place)
        raise CodeRefused

    def _anew(self, db: Connection, username: str, place: Place, action: str) -> tuple[str, list[str]]:
        ended = self.sessions.revoke(db, username)
        token = self.sessions.begin(db, username, place)
        self.trail.record(db, username, action, subject_of(username))
        return token, ended

    def _row(self, username: str) -> RowMapping | None:
        with self._engine.begin() as db:
            return db.execute(select(staff).where(is_account(username))).mappings().first()


def add_demo_staff(people: Staff, data_dir: Path) -> Path:
    """Create the demo officers, each once and never again; returns the file (0600) with their passwords."""
    path = data_dir / "demo-logins.txt"
    lines = []
    for username, name in DEMO_STAFF:
        if people.trail.has("demo.made", subject_of(username)):
            continue
        if not people.accounts.exists(username):
            password = made_password()
            with contextlib.suppress(BadAccount):  # another gateway, starting at the same time, was faster
                people.accounts.add(username, name, "officer", password, demo=True)
                lines.append(f"{username} {password}\n")
        people.trail.note("start", "demo.made", subject_of(username))
    if lines:
        made = {line.split()[0] for line in lines}
        kept = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
        path.touch(mode=0o600)
        path.write_text("".join([k for k in kept if k.split()[0] not in made] + lines), "utf-8")
    return path
