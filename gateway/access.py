"""Who may do what: the one table, and the one pure function that decides by it.

An action is a route (`GET /api/desk/me`), a frame (`desk.say`, `citizen.say`) or a look or deed inside
(`talk.read`, `talk.write`). What is not in the table is forbidden to everybody, and a test that walks all
routes and frames fails until it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Relation = Literal["bot", "waiting", "held", "held_by_other", "ended", "ended_by_other"]
"""How a conversation stands to who asks. `bot`: no person was ever in it; `ended`: the bot has it again."""
Reason = Literal["", "unknown_action", "not_signed_in", "wrong_role", "must_first", "not_yours"]

CITIZEN = "citizen"
"""Who holds a conversation's cookie; everything of theirs is about that one conversation."""
AGENT, OFFICER, EDITOR = "agent", "officer", "editor"
"""12345 agent, desk officer, knowledge editor."""
SUPERVISOR, OPERATOR = "supervisor", "operator"
STAFF_ROLES = (AGENT, OFFICER, EDITOR, SUPERVISOR, OPERATOR)
ROLES = (CITIZEN, *STAFF_ROLES)
CHANGE_PASSWORD, ENROL = "password", "totp"
"""What an account may have to do before anything else."""

_ALL_STAFF = frozenset(STAFF_ROLES)
_TALKERS = frozenset({AGENT, OFFICER})
_DESK = _TALKERS | {SUPERVISOR}
_READERS = _TALKERS | {EDITOR, SUPERVISOR}
_MINE: frozenset[Relation] = frozenset({"waiting", "held", "ended"})
_HELD: frozenset[Relation] = frozenset({"held"})
_WITH_PEOPLE: frozenset[Relation] = _MINE | {"held_by_other", "ended_by_other"}


class Person(Protocol):
    """Who asks. `gateway.officer.Officer` is one."""

    @property
    def role(self) -> str: ...  # noqa: D102
    @property
    def must(self) -> tuple[str, ...]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Citizen:
    """Who holds a conversation's cookie."""

    role: str = CITIZEN
    must: tuple[str, ...] = ()


CITIZEN_HERE = Citizen()


@dataclass(frozen=True, slots=True)
class Rule:
    """What one action asks for."""

    roles: frozenset[str] | None = None
    """None: anybody, signed in or not."""
    by_key: bool = False
    """The route itself checks a key that its caller holds: a token, a signature, a secret name."""
    unfinished: bool = False
    """Also while a password has to be changed or codes enrolled."""
    things: Mapping[str, frozenset[Relation]] | None = None
    """Role -> relations in which a conversation may be touched; None: no conversation is asked for."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`reason` is empty when it is allowed."""

    allowed: bool
    reason: Reason = ""
    must: str = ""
    """What has to be done first."""

    def __bool__(self) -> bool:
        return self.allowed


def _staff(roles: frozenset[str], unfinished: bool = False) -> Rule:
    return Rule(roles, unfinished=unfinished)


def _talk(relations: Mapping[str, frozenset[Relation]]) -> Rule:
    return Rule(frozenset(relations), things=relations)


ANYBODY, BY_KEY, OF_CITIZEN = Rule(), Rule(by_key=True), Rule(frozenset({CITIZEN}))
OWN_ACCOUNT = _staff(_ALL_STAFF, unfinished=True)
RULES: Mapping[str, Rule] = {
    # pages and probes
    "GET /": ANYBODY,
    "GET /desk": ANYBODY,
    "GET /assets": ANYBODY,
    "GET /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
    "GET /metrics": BY_KEY,
    "GET /api/health": ANYBODY,
    "GET /api/home": ANYBODY,
    # citizens
    "POST /api/conversations": ANYBODY,
    "POST /api/conversations/code": BY_KEY,
    "POST /api/conversations/join": BY_KEY,  # the code
    "POST /api/conversations/revoke": BY_KEY,
    "POST /api/conversations/mine": BY_KEY,
    "GET /api/vouchers/{name}": BY_KEY,
    "GET /api/citizen/me": BY_KEY,  # the conversation's cookie, here and below
    "POST /api/citizen/sign-in": BY_KEY,
    "GET /api/citizen/back": BY_KEY,
    "POST /api/citizen/sign-out": BY_KEY,
    "WS /ws/citizen": OF_CITIZEN,
    "citizen.say": OF_CITIZEN,
    "citizen.act": OF_CITIZEN,
    "citizen.typing": OF_CITIZEN,
    "citizen.ping": OF_CITIZEN,
    # other systems
    "POST /api/feeds/cases": BY_KEY,
    "POST /internal/identity": BY_KEY,
    "POST /api/app/session": BY_KEY,  # the ticket
    # every member of staff: signing in and the own account
    "GET /api/desk/sign-in": ANYBODY,
    "POST /api/desk/login": ANYBODY,
    "GET /api/desk/oidc/start": ANYBODY,
    "GET /api/desk/oidc/back": ANYBODY,
    "GET /api/desk/me": OWN_ACCOUNT,
    "POST /api/desk/logout": Rule(),  # ending a session that is none does no harm
    "POST /api/desk/password": OWN_ACCOUNT,
    "POST /api/desk/totp/begin": OWN_ACCOUNT,
    "POST /api/desk/totp/confirm": OWN_ACCOUNT,
    "GET /api/desk/sessions": _staff(_ALL_STAFF),
    "POST /api/desk/sessions/revoke": _staff(_ALL_STAFF),
    # operators: who is signed in where
    "GET /api/desk/staff/sessions": _staff(frozenset({OPERATOR})),
    # the desk
    "GET /api/desk/phrases": _staff(_DESK),
    "GET /api/desk/guides": _staff(_READERS),
    "GET /api/desk/guides/{guide_id}": _staff(_READERS),
    "WS /ws/desk": _staff(_DESK),
    "desk.ping": _staff(_DESK),
    "desk.open": _staff(_DESK),
    "desk.accept": _staff(_TALKERS),
    "desk.say": _staff(_TALKERS),
    "desk.typing": _staff(_TALKERS),
    "desk.dismiss": _staff(_TALKERS),
    "desk.close": _staff(_TALKERS),
    "desk.note": _staff(_TALKERS),
    "desk.transfer": _staff(_TALKERS),
    "desk.check": _staff(_TALKERS),
    # inside
    "talk.take": _staff(_TALKERS),
    "talk.read": _talk({AGENT: _MINE, OFFICER: _MINE, SUPERVISOR: _WITH_PEOPLE}),
    "talk.write": _talk({AGENT: _HELD, OFFICER: _HELD}),
    "figures.read": _staff(frozenset({SUPERVISOR, OPERATOR})),
}
AUDITED = frozenset({SUPERVISOR})
"""Roles whose every look at a conversation is kept in the trail: it was not theirs to begin with."""


def allowed(who: Person | None, action: str, thing: Relation | None = None) -> Decision:
    """Decide. Pure: nothing is looked up.

    Args:
        who: who asks; None: nobody is signed in.
        action: a key of RULES.
        thing: how the conversation stands to `who`, for actions on one.

    """
    rule = RULES.get(action)
    if rule is None:
        return Decision(False, "unknown_action")
    if rule.roles is None:
        return Decision(True)
    if who is None:
        return Decision(False, "not_signed_in")
    if who.role not in rule.roles:
        return Decision(False, "wrong_role")
    if who.must and not rule.unfinished:
        return Decision(False, "must_first", who.must[0])
    if rule.things is not None and (thing is None or thing not in rule.things[who.role]):
        return Decision(False, "not_yours")
    return Decision(True)


def relation(mode: str, agent_id: str | None, username: str, ended_by: str | None = None) -> Relation:
    """How a conversation stands to `username`.

    Args:
        mode: of `gateway.conversation.Mode`.
        agent_id: who holds it now.
        username: who asks.
        ended_by: who ended a talk with people in it, if it is with the bot again: `username` for one's own.

    """
    if mode == "waiting":
        return "waiting"
    if mode == "agent":
        return "held" if agent_id == username else "held_by_other"
    if ended_by is None:
        return "bot"
    return "ended" if ended_by == username else "ended_by_other"
