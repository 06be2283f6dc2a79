"""Who the citizen of a turn is: asked at the gateway, which alone can open the ticket that Rasa carried.

Nothing of a person is ever put into a slot, a message to Rasa or a log: it is asked anew where it is needed.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from typing import Protocol

from actions.backends.http.connection import Connection, Limits, Trouble
from actions.turn import Turn

log = logging.getLogger(__name__)
PATH = "/internal/identity"
LIMITS = Limits(deadline_s=2.0, connect_s=1.0, read_s=2.0, body_bytes=16 * 1024)
VALUES = ("name", "phone", "id_no")


@dataclass(frozen=True, slots=True)
class Vouched:
    """A person whom the login vouches for. `phone` may be empty."""

    name: str
    phone: str
    id_no: str

    def __repr__(self) -> str:
        return "Vouched(…)"


class IdentityUnavailable(Exception):
    """The gateway did not say; nobody is taken for signed in."""


class Identities(Protocol):
    """Where tickets are redeemed."""

    def person(self, ticket: str, conversation_id: str) -> Vouched | None:
        """Who it stands for; None: nobody (any more). Raises IdentityUnavailable."""
        ...


class NoIdentities:
    """Where no citizen signs in."""

    def person(self, ticket: str, conversation_id: str) -> Vouched | None:
        """See `Identities.person`."""
        return None


class GatewayIdentities:
    """`Identities` at the gateway. Safe to use from several threads."""

    def __init__(self, url: str, secret: str) -> None:
        """`secret`: NCZF_IDENTITY_SECRET. Raises ValueError for a URL or secret that cannot be used."""
        self._connection = Connection(url, secret, LIMITS)

    def person(self, ticket: str, conversation_id: str) -> Vouched | None:
        """See `Identities.person`."""
        body = json.dumps({"ticket": ticket, "conversation_id": conversation_id}).encode()
        try:
            reply = self._connection.post(PATH, body, {}, time.monotonic() + LIMITS.deadline_s)
        except Trouble as trouble:
            raise IdentityUnavailable(trouble.reason) from None
        if reply.status == 410:
            return None
        if reply.status != 200:
            raise IdentityUnavailable(f"HTTP {reply.status}")
        try:
            found = json.loads(reply.body)
            values = [found[name] for name in VALUES]
        except (ValueError, KeyError, TypeError):
            raise IdentityUnavailable("no person in the answer") from None
        if not all(isinstance(value, str) for value in values):
            raise IdentityUnavailable("no person in the answer")
        return Vouched(*values)


def identities_of(url: str, secret: str) -> Identities:
    """By the settings; without a secret nobody signs in."""
    return GatewayIdentities(url, secret) if secret else NoIdentities()


def vouched(turn: Turn, identities: Identities) -> Vouched | None:
    """Who is signed in in this turn; also None where the gateway does not say."""
    if not turn.ticket:
        return None
    try:
        return identities.person(turn.ticket, turn.conversation_id)
    except IdentityUnavailable as away:
        log.error("conversation=%s identity not known: %s", turn.conversation_id, away)
        return None
