"""Proof that a booking is theirs: the conversation that made it, or its number and digits of the phone.

Numbers of one day differ in four digits and can be found by trying. So guesses are counted as they are for
cases (`case_locks`): by number and by client; an unknown number and a wrong phone do the same work, are
counted alike and refused alike. The conversation that made the booking needs no proof and is never locked.
"""

from __future__ import annotations

import hmac
import re

from actions.backends.booking_rows import Desk, row_of
from actions.backends.case_locks import Try
from actions.backends.ports import BookingNotFound
from actions.backends.tables import bookings

NUMBER = re.compile(r"[A-Z0-9]{1,16}")
LAST4 = re.compile(r"[0-9]{4}")
WHOLE = re.compile(r"[0-9]{5,20}")


class Proof:
    """Asked before each call for a booking, in a transaction of its own: a refusal must be counted."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._decoy = desk.store.vault.seal("bookings.phone", "-" * 11)

    def last4(self, booking_no: str, told: str | None, owner: str) -> None:
        """The owner, or the last four digits. Raises BookingNotFound, TooManyAttempts."""
        self._check(booking_no, told or "", owner, last4=True)

    def phone(self, booking_no: str, told: str, owner: str) -> None:
        """The whole phone in digits, from its owner as well. Raises BookingNotFound, TooManyAttempts."""
        self._check(booking_no, told, owner, last4=False)

    def _check(self, booking_no: str, told: str, owner: str, *, last4: bool) -> None:
        desk, now = self._desk, self._desk.store.clock()
        number = booking_no if NUMBER.fullmatch(booking_no) else ""
        attempt = Try.of(desk.store.vault, booking_no, owner, "booking")
        with desk.store.begin() as db:
            row = row_of(db, bookings.c.booking_no == number)
            if last4 and row is not None and owner and row["owner"] == owner:
                return
            attempt.alone(db)
            attempt.refuse_if_locked(db, now, case_no="", follower="")
            stored = desk.store.vault.open("bookings.phone", row["phone"] if row else self._decoy)
            given = told.encode("utf-8", "surrogatepass")
            same = hmac.compare_digest((stored[-4:] if last4 else stored).encode(), given)
            right = same and (LAST4 if last4 else WHOLE).fullmatch(told) and row is not None
            if right:
                attempt.succeeded(db)
            else:
                attempt.failed(db, now, follows=False)
                desk.note(db, storable(owner) or "anonymous", "booking.refused", f"booking:{number}")
        # Raised outside the transaction: inside, the exception would roll the counted failure back.
        if not right:
            raise BookingNotFound


def storable(text: str) -> str:
    """The text if a database can hold it, else ""."""
    return text if re.fullmatch(r"[^\x00\ud800-\udfff]*", text) else ""
