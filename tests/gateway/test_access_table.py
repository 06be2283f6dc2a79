"""Every role x every route x every frame: the table decides, and nothing passes it by."""

from __future__ import annotations

import json
import re
import typing

import pytest
from starlette.routing import Mount

from gateway import wire
from gateway.access import AUDITED, ROLES, RULES, STAFF_ROLES, Citizen, allowed, relation
from gateway.app import create_app
from gateway.officer import Officer as Person
from gateway.settings import GatewaySettings
from tests.fakes_gateway import SUGGESTION, ScriptedKnowledge
from tests.gateway.clients import Citizen as CitizenTab
from tests.gateway.clients import Gateway, Officer, Tab
from tests.gateway.conftest import Start
from tests.gateway.staff_clients import session_of

TALK = {"agent", "officer"}
DESK, READ = TALK | {"supervisor"}, TALK | {"editor", "supervisor"}
STAFF = set(STAFF_ROLES)
# What a route is for, said once more and independently of the table: None is anybody.
ROUTES: dict[str, set[str] | None] = {
    "GET /": None, "GET /desk": None, "GET /assets": None, "GET /healthz": None,
    "GET /readyz": None, "GET /metrics": None,
    "GET /api/health": None, "GET /api/home": None, "POST /api/conversations": None,
    "GET /api/vouchers/{name}": None, "POST /api/feeds/cases": None,
    "GET /api/desk/sign-in": None, "POST /api/desk/login": None, "POST /api/desk/logout": None,
    "GET /api/desk/oidc/start": None, "GET /api/desk/oidc/back": None,
    "GET /api/desk/me": STAFF, "POST /api/desk/password": STAFF, "POST /api/desk/totp/begin": STAFF,
    "POST /api/desk/totp/confirm": STAFF, "GET /api/desk/sessions": STAFF,
    "POST /api/desk/sessions/revoke": STAFF, "GET /api/desk/staff/sessions": {"operator"},
    "GET /api/desk/phrases": DESK, "GET /api/desk/guides": READ, "GET /api/desk/guides/{guide_id}": READ,
    "WS /ws/citizen": {"citizen"}, "WS /ws/desk": DESK,
}
PAGES = {"GET /", "GET /desk", "GET /assets"}
"""Files that are not built for these tests."""
UNFINISHED = {"GET /api/desk/me", "POST /api/desk/password", "POST /api/desk/totp/begin",
              "POST /api/desk/totp/confirm"}
"""What is open while a password has to be changed."""


def routes() -> list[str]:
    """Every route of the app as it is built, by its key in the table."""
    found, left = [], list(create_app(GatewaySettings(_env_file=None)).routes)
    while left:
        route = left.pop(0)
        if hasattr(route, "original_router"):  # an included router that is resolved later
            left += route.original_router.routes
        elif isinstance(route, Mount):
            found.append(f"GET {route.path}")
        elif getattr(route, "methods", None):
            found += [f"{method} {route.path}" for method in sorted(route.methods - {"HEAD"})]
        else:
            found.append(f"WS {route.path}")
    return sorted(set(found) - {"GET /openapi.json"})


def purpose(action: str) -> set[str] | None:
    """Whom a route is for. What is for members of staff has to be said in ROUTES as well."""
    if action in ROUTES:
        return ROUTES[action]
    roles = RULES[action].roles
    assert roles is None or not roles & STAFF, f"{action}: say in ROUTES whom it is for"
    return None if roles is None else set(roles)


def frames(union: object, side: str) -> list[str]:
    """Every frame of a union of the wire, by its key in the table."""
    models = typing.get_args(typing.get_args(union)[0])
    return [f"{side}.{typing.get_args(m.model_fields['type'].annotation)[0]}" for m in models]


DESK_FRAMES, CITIZEN_FRAMES = frames(wire.DeskFrame, "desk"), frames(wire.CitizenFrame, "citizen")


def test_every_route_and_every_frame_is_in_the_table_and_nothing_else_is() -> None:
    walked = set(routes()) | set(DESK_FRAMES) | set(CITIZEN_FRAMES)
    assert len(routes()) > 20 and "desk.accept" in walked
    assert sorted(walked - set(RULES)) == [], "new routes and frames need a rule in gateway/access.py"
    inside = {"GET /assets", "talk.take", "talk.read", "talk.write", "figures.read"}
    assert sorted(set(RULES) - walked - inside) == []


@pytest.mark.parametrize("action", sorted(RULES))
def test_every_role_and_every_action_as_this_test_says_it(action: str) -> None:
    if " " in action:
        expected = purpose(action)
    elif action in CITIZEN_FRAMES:
        expected = {"citizen"}
    elif action in ("desk.open", "desk.ping", "talk.read"):
        expected = DESK
    elif action in DESK_FRAMES or action in ("talk.take", "talk.write"):
        expected = TALK
    else:
        expected = {"figures.read": {"supervisor", "operator"}}[action]
    thing = "held" if action.startswith("talk.") else None
    if action == "talk.read":
        thing = "waiting"
    for role in ROLES:
        who = Citizen() if role == "citizen" else Person("x", "X", role)
        assert bool(allowed(who, action, thing)) == (expected is None or role in expected), role
    assert bool(allowed(None, action, thing)) == (expected is None)
    assert not allowed(Person("x", "X", "king"), action, thing) or expected is None


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_every_role_reads_and_writes_as_far_as_its_conversations_go(role: str) -> None:
    who = Person("x", "X", role)
    stands = ("bot", "waiting", "held", "held_by_other", "ended", "ended_by_other", None)
    read = {"agent": "waiting held ended", "officer": "waiting held ended", "editor": "", "operator": "",
            "supervisor": "waiting held held_by_other ended ended_by_other"}[role].split()
    assert [s for s in stands if allowed(who, "talk.read", s)] == [s for s in stands if s in read]
    assert [s for s in stands if allowed(who, "talk.write", s)] == (["held"] if role in TALK else [])


@pytest.mark.parametrize("action", sorted(RULES))
def test_with_a_password_to_change_nothing_else_is_open(action: str) -> None:
    who = Person("x", "X", "officer", ("password",))
    thing = "held" if action.startswith("talk.") else None
    decision = allowed(who, action, thing)
    open_to_all = RULES[action].roles is None
    assert bool(decision) == (open_to_all or action in UNFINISHED)
    if decision.reason == "must_first":
        assert decision.must == "password"


def test_what_is_not_in_the_table_is_nobodys() -> None:
    for role in ROLES:
        assert allowed(Person("x", "X", role), "GET /api/new").reason == "unknown_action"


@pytest.mark.parametrize(
    ("mode", "holder", "ended_by", "stands"),
    [("bot", None, None, "bot"), ("waiting", None, "me", "waiting"), ("agent", "me", None, "held"),
     ("agent", "other", "me", "held_by_other"), ("bot", None, "me", "ended"),
     ("bot", None, "other", "ended_by_other"), ("closed", None, None, "bot")],
)
def test_how_a_conversation_stands(mode, holder, ended_by, stands) -> None:
    assert relation(mode, holder, "me", ended_by) == stands


# ---- the running app asks the table


def test_a_route_without_a_rule_is_open_to_nobody(start: Start) -> None:
    app = create_app(GatewaySettings(_env_file=None))

    @app.get("/api/forgotten")
    async def forgotten() -> dict[str, str]:
        return {}

    gateway = start()
    route = next(r for r in app.router.routes if getattr(r, "path", "") == "/api/forgotten")
    gateway.app.router.routes.append(route)
    assert gateway.get("/api/forgotten", gateway.session("desk01")).status_code == 403


@pytest.fixture(scope="module")
def cookies(standing: Gateway) -> dict[str, str]:
    """Role -> cookie; "" is nobody."""
    made = {role: session_of(standing, role) for role in STAFF_ROLES}
    return made | {"citizen": CitizenTab(standing).cookie, "": "", "wrong": "nczf_staff=wrong"}


@pytest.mark.parametrize("action", [r for r in routes() if not r.startswith("WS ") and r not in PAGES])
def test_every_route_lets_in_whom_it_is_for(standing: Gateway, cookies: dict[str, str], action: str) -> None:
    method, path = action.split(" ", 1)
    path = re.sub(r"\{\w+\}", "x", path)
    if action == "POST /api/desk/logout":
        return  # ends the sessions that the other cases use; tests/gateway/test_staff.py has it
    expected = purpose(action)
    for role, cookie in cookies.items():
        body = {"json": {}} if method == "POST" else {}
        standing.client.cookies.clear()
        headers = {"cookie": cookie}
        reply = standing.client.request(method, path, headers=headers, follow_redirects=False, **body)
        standing.client.cookies.clear()
        if expected is None or role in expected:
            assert reply.status_code not in (401, 403), (role, reply.text)
        elif role in STAFF_ROLES:
            assert (reply.status_code, reply.json()["error"]["code"]) == (403, "forbidden"), role
        else:
            assert (reply.status_code, reply.json()["error"]["code"]) == (401, "not_signed_in"), role


@pytest.mark.parametrize("role", ["citizen", "", "wrong", *STAFF_ROLES])
def test_the_desks_socket_lets_in_whom_it_is_for(standing: Gateway, cookies, role: str) -> None:
    tab = Tab(standing, "/ws/desk", cookies[role])
    if role in DESK:
        tab.answers_ping()
        tab.close()
    else:
        assert tab.close_code() == (4405 if role in STAFF_ROLES else 4401)


FIELDS = {
    "say": {"text": "您好"}, "dismiss": {"suggestion_id": "s"}, "note": {"text": "x"},
    "transfer": {"to": "", "note": "x"}, "check": {"text": "x"},
}


def test_a_supervisor_does_nothing_in_a_talk_whatever_the_frame(standing: Gateway, cookies) -> None:
    citizen, officer = CitizenTab(standing), Officer(standing)
    citizen.wait_for_person()
    tab = Officer(standing, "supervisor01", cookies["supervisor"])
    for frame in DESK_FRAMES:
        kind = frame.removeprefix("desk.")
        if kind in ("ping", "open"):
            continue
        sent = {"type": kind, "conversation_id": citizen.id, **FIELDS.get(kind, {})}
        if "id" not in next(m for m in typing.get_args(typing.get_args(wire.DeskFrame)[0])
                            if typing.get_args(m.model_fields["type"].annotation)[0] == kind).model_fields:
            tab.raw(json.dumps({"v": 1, **sent}))
        else:
            tab.send(**sent)
        error = tab.error()
        assert error["code"] == "forbidden", (kind, error)
        assert "权限" in error["message"]
    assert standing.kinds(citizen.id)[-1] == "handoff_requested"
    tab.close(), officer.close(), citizen.close()


# ---- supervisors


def test_a_supervisor_reads_talks_with_people_and_each_look_is_in_the_trail(start: Start) -> None:
    gateway = start(knowledge=ScriptedKnowledge({"身份证": [SUGGESTION]}))
    trail = gateway.app.state.people.trail
    citizen, officer = CitizenTab(gateway), Officer(gateway)
    watcher = Officer(gateway, "chief", session_of(gateway, "supervisor", "chief"))
    ref = watcher.command("open", citizen.id)
    assert watcher.error()["code"] == "not_yours"  # with the bot alone: no business of anybody's
    assert trail.latest(f"conversation:{citizen.id}") == []
    citizen.wait_for_person()
    officer.accept(citizen)
    ref = watcher.command("open", citizen.id)
    watcher.until(lambda f: f["type"] == "transcript" and f["ref"] == ref)
    [look] = trail.latest(f"conversation:{citizen.id}")
    assert (look.actor, look.action) == ("chief", "talk.read")
    citizen.say("这句班长也看得到")
    assert watcher.event("citizen_said")["payload"]["text"] == "这句班长也看得到"
    ref = watcher.send(type="say", conversation_id=citizen.id, text="x")
    assert watcher.until(lambda f: f.get("ref") == ref)["code"] == "forbidden"
    officer.command("close", citizen.id)
    ended = citizen.event("handoff_ended")
    citizen.ask("这句只跟小洪说")
    ref = watcher.command("open", citizen.id)
    transcript = watcher.until(lambda f: f["type"] == "transcript" and f["ref"] == ref)
    assert transcript["events"][-1]["seq"] == ended["seq"] and "只跟小洪" not in str(watcher.seen)
    assert len(trail.latest(f"conversation:{citizen.id}")) == 2 and trail.verify()[1] == []
    assert AUDITED == {"supervisor"}


def test_an_officers_look_at_what_is_theirs_leaves_no_trace(gateway: Gateway) -> None:
    citizen, officer = CitizenTab(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    ref = officer.command("open", citizen.id)
    officer.until(lambda f: f["type"] == "transcript" and f["ref"] == ref)
    assert gateway.app.state.people.trail.latest(f"conversation:{citizen.id}") == []


def test_a_supervisor_who_watches_is_nobody_whom_a_citizen_could_reach(gateway: Gateway) -> None:
    watcher = Officer(gateway, "chief", session_of(gateway, "supervisor", "chief"))
    assert not gateway.app.state.hub.live.presence.anyone
    watcher.close()
    officer = Officer(gateway)
    assert gateway.app.state.hub.live.presence.anyone
    officer.answers_ping()
