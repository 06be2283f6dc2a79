"""Numbers that citizens read out: prefix, date, random digits, check digit.

Check rule (shared with bot/identifiers.py by the examples table in tests/contracts): the digits are
weighted 3, 1, 3, 1 ... from the left; the weighted sum plus the check digit is a multiple of 10.
"""

from __future__ import annotations

import secrets
from datetime import date

CASE, BOOKING, WORK_ORDER = "NC", "YY", "GD"


def check_digit(digits: str) -> str:
    """Return the check digit for a string of decimal digits.

    >>> check_digit("20261103000017")
    '5'
    """
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(digits))
    return str(-total % 10)


def new_number(prefix: str, day: date) -> str:
    """Return a fresh number. Random digits, not a sequence: numbers cannot be guessed from one another.

    Uniqueness is the database's job; callers try again on a collision.
    """
    stamp, width = {
        CASE: (f"{day:%Y%m%d}", 6),
        BOOKING: (f"{day:%y%m%d}", 4),
        WORK_ORDER: (f"{day:%Y%m%d}", 5),
    }[prefix]
    digits = stamp + "".join(secrets.choice("0123456789") for _ in range(width))
    return prefix + digits + check_digit(digits)
