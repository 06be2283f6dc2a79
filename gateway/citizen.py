"""Who a citizen is, as a provider vouches for it: for a moment in memory, sealed at rest, never in a log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LIMIT = 64
"""Characters of each value."""


class NoIdentity(Exception):
    """The provider vouches for somebody, but does not say who: no usable ID number."""


@dataclass(frozen=True, slots=True)
class Person:
    """A citizen who has signed in. `phone` may be empty."""

    subject: str
    """The provider and its name for this account; never shown."""
    name: str
    phone: str
    id_no: str

    def __repr__(self) -> str:
        return "Person(…)"

    @property
    def shown(self) -> str:
        """The name as the page shows it: 王*明, 王*."""
        if len(self.name) < 2:
            return "*"
        return self.name[0] + "*" * max(1, len(self.name) - 2) + self.name[2:][-1:]


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Where claims say what we need; `a.b` looks into an object."""

    name: str = "name"
    phone: str = "phone_number"
    id_no: str = "id_number"


def person_of(subject: str, claim: Callable[[str], Any], names: ClaimNames) -> Person:
    """The person of these claims. Raises NoIdentity (and never says what stood there).

    Args:
        subject: provider and account.
        claim: value of a claim by its name, None if there is none.
        names: which claims.

    """
    name, phone, id_no = (_text(claim(each)) for each in (names.name, names.phone, names.id_no))
    if len(id_no) < 6 or not subject:
        raise NoIdentity
    return Person(subject, name, phone.removeprefix("+86"), id_no.upper())


def _text(value: Any) -> str:
    """Short printable text without spaces at its ends; anything else counts as missing."""
    text = value.strip() if isinstance(value, str) else ""
    return text if text.isprintable() and len(text) <= LIMIT else ""
