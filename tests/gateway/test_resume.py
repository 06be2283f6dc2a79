"""Reconnecting and several tabs: no event is missing, none comes twice."""

from __future__ import annotations

import pytest

from tests.fakes_gateway import Held, ScriptedDialogue
from tests.gateway.clients import Citizen, Gateway
from tests.gateway.conftest import Start


@pytest.mark.parametrize("after", range(6))
def test_resume_gives_exactly_what_is_missing(gateway: Gateway, after: int) -> None:
    first = Citizen(gateway)
    for text in ("甲", "乙"):
        first.ask(text)
    first.quiet()
    back = Citizen(gateway, first.cookie, after)
    assert [e["seq"] for e in back.events()] == list(range(after + 1, 6))
    assert back.events() == [e for e in first.events() if e["seq"] > after]
    assert back.first_state["last_seq"] == 5
    back.ask("丙")
    back.quiet()
    assert [e["seq"] for e in back.events()] == list(range(after + 1, 8))


def test_what_came_while_away_is_given_on_return(start: Start) -> None:
    held = Held("慢慢来的回答")
    gateway = start(ScriptedDialogue(held))
    citizen = Citizen(gateway)
    citizen.say("甲")
    citizen.event("citizen_said")
    assert held.asked.wait(5)
    citizen.close()
    held.release()
    back = Citizen(gateway, citizen.cookie, after=2)
    answer = back.events() or [back.event("bot_said")]
    assert answer[0]["payload"]["messages"][0]["text"] == "慢慢来的回答"
    assert [e["seq"] for e in back.events()] == [3]


def test_a_reconnected_tab_sees_that_the_bot_is_still_working(start: Start) -> None:
    held = Held("好")
    gateway = start(ScriptedDialogue(held))
    citizen = Citizen(gateway)
    citizen.say("甲")
    citizen.state(thinking=True)
    back = Citizen(gateway, citizen.cookie, after=2)
    assert back.first_state["thinking"] is True and back.first_state["last_seq"] == 2
    held.release()
    assert back.event("bot_said")["seq"] == 3


@pytest.mark.parametrize("after", ["99", str(10**30), "-5"])
def test_an_impossible_position_is_put_right(gateway: Gateway, after: str) -> None:
    first = Citizen(gateway)
    back = Citizen(gateway, first.cookie, after)  # type: ignore[arg-type]
    assert back.first_state["last_seq"] == 1
    assert back.ask("你好")[0]["text"] == "听到了：你好"


def test_two_tabs_see_the_same(gateway: Gateway) -> None:
    one = Citizen(gateway)
    two = Citizen(gateway, one.cookie)
    one.ask("从第一个标签页")
    two.ask("从第二个标签页")
    two.event("bot_said")
    one.quiet(), two.quiet()
    assert one.events() == two.events()
    assert [e["seq"] for e in two.events()] == [1, 2, 3, 4, 5]


def test_a_resent_frame_is_not_shown_twice_in_another_tab(gateway: Gateway) -> None:
    one = Citizen(gateway)
    two = Citizen(gateway, one.cookie)
    one.say("你好", "c-1")
    one.event("bot_said")
    one.say("你好", "c-1")
    assert one.until(lambda f: f.get("ref") == "c-1")["seq"] == 2
    two.quiet()
    assert [e["seq"] for e in two.events()] == [1, 2, 3]


def test_a_frame_resent_after_a_lost_connection_is_acknowledged_on_the_new_one(gateway: Gateway) -> None:
    one = Citizen(gateway)
    one.say("你好", "c-1")
    one.event("bot_said")
    one.close()
    back = Citizen(gateway, one.cookie, after=3)
    back.say("你好", "c-1")
    assert back.until(lambda f: f.get("ref") == "c-1")["seq"] == 2
    assert gateway.kinds(one.id) == ["bot_said", "citizen_said", "bot_said"]


def test_the_browsers_conversation_is_found_again_by_its_cookie(gateway: Gateway) -> None:
    citizen = Citizen(gateway)
    found, set_cookie = gateway.post("/api/conversations", {}, citizen.cookie)
    assert (found, set_cookie) == ({"conversation_id": citizen.id, "last_seq": 1}, "")
    fresh, set_cookie = gateway.post("/api/conversations", {"fresh": True}, citizen.cookie)
    assert fresh["conversation_id"] != citizen.id and set_cookie.startswith("nczf_citizen=")
    lost, _ = gateway.post("/api/conversations", {}, f"nczf_citizen={citizen.id}.wrong")
    assert lost["conversation_id"] != citizen.id
