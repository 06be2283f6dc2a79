"""Check digits: identity cards, credit codes, and our own case, booking and work-order numbers."""

from __future__ import annotations

from datetime import date

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def ours(digits: str) -> str:
    """Check digit of our own numbers: weights 3, 1, 3, 1 …; the sum with it is a multiple of ten.

    The weights start so that NC20261103000017 (14 digits) weighs its first digit 3.
    """
    total = sum(int(digit) * (3 if i % 2 == 0 else 1) for i, digit in enumerate(digits))
    return str(-total % 10)


def ours_valid(digits: str) -> bool:
    """Whether the last digit is the check digit of the ones before it."""
    return len(digits) > 1 and ours(digits[:-1]) == digits[-1]


def id_card_check(first17: str) -> str:
    """Check character (0-9 or X) of an 18-character identity number, GB 11643."""
    return _ID_CHECKS[sum(int(d) * w for d, w in zip(first17, _ID_WEIGHTS, strict=True)) % 11]


def id_card_valid(number: str, today: date | None = None) -> bool:
    """Whether an identity number has a real birthday and, with 18 characters, the right last one."""
    if len(number) == 15 and number.isdecimal():
        return number[0] in "12345689" and _birthday("19" + number[6:12], today)
    if len(number) != 18 or not number[:17].isdecimal() or number[0] not in "12345689":
        return False
    return _birthday(number[6:14], today) and id_card_check(number[:17]) == number[17].upper()


def _birthday(text: str, today: date | None) -> bool:
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return day.year >= 1900 and (today is None or day <= today)


def uscc_check(first17: str) -> str:
    """Check character of an 18-character unified social credit code, GB 32100."""
    total = sum(_USCC_ALPHABET.index(c) * w for c, w in zip(first17, _USCC_WEIGHTS, strict=True))
    return _USCC_ALPHABET[-total % 31]


def uscc_valid(code: str) -> bool:
    """Whether an 18-character unified social credit code has the right check character, GB 32100."""
    if len(code) != 18 or any(char not in _USCC_ALPHABET for char in code):
        return False
    return uscc_check(code[:17]) == code[17]
