"""Passwords of staff: how they are hashed, and which ones are refused."""

from __future__ import annotations

import functools
import re
import secrets
from pathlib import Path

import yaml
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

DATA = Path(__file__).resolve().parent / "data"
LENGTH_MIN, LENGTH_MAX = 12, 200
DISTINCT_MIN = 5
"""Different characters: aaaaaaaaaaaa and abababababab are no passwords."""
NO_PASSWORD = "!"  # noqa: S105
"""Stands where an account has none: no password fits."""


@functools.cache
def make_hasher() -> PasswordHasher:
    """Argon2 with OWASP's second profile."""
    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


@functools.cache
def unknown_password() -> str:
    """A hash that no password fits: with it, unknown names cost as much time as known ones."""
    return make_hasher().hash(secrets.token_urlsafe(16))


def hashed(password: str) -> str:
    """The argon2 hash."""
    return make_hasher().hash(password)


def fits(password_hash: str, password: str) -> bool:
    """True if the password is the one of the hash; takes its time either way."""
    try:
        return make_hasher().verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def made_password() -> str:
    """A password to hand over once: 16 characters without look-alikes, in groups."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def fault(password: str, username: str) -> str:
    """Why this password is refused: a key of the phrases; empty when it is not."""
    if len(password) < LENGTH_MIN or len(password) > LENGTH_MAX:
        return "password_length"
    plain = re.sub(r"[^a-z0-9\u4e00-\u9fff]", "", _unmasked(password.casefold()))
    if username.casefold() in password.casefold():
        return "password_has_name"
    if len(set(plain)) < DISTINCT_MIN:
        return "password_common"
    rest = plain
    for word in common_words():
        rest = rest.replace(word, "")
    # What is left beside common words, years and counting has to carry a password by itself.
    rest = re.sub(r"(19|20)\d\d|012|123|234|345|456|567|678|789|890|987|654|321", "", rest)
    return "password_common" if len(rest) < LENGTH_MIN // 2 else ""


def _unmasked(text: str) -> str:
    """p@ssw0rd is password."""
    text = text.translate(str.maketrans("@$", "as"))
    text = re.sub("(?<=[a-z])0(?=[a-z])", "o", text)
    return re.sub("(?<=[a-z])[!1](?=[a-z])", "i", text)


@functools.cache
def common_words() -> tuple[str, ...]:
    """Words of the blocklist, longest first."""
    words = yaml.safe_load((DATA / "common_passwords.yml").read_text("utf-8"))
    return tuple(sorted({str(word).casefold() for word in words}, key=len, reverse=True))
