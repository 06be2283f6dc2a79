"""What a stopped or killed gateway finds again on the same file."""

from __future__ import annotations

from tests.fakes_gateway import Held, ScriptedDialogue
from tests.gateway.clients import Citizen, Officer
from tests.gateway.conftest import Start


def test_waiting_citizens_keep_their_place(start: Start) -> None:
    gateway = start()
    citizens = [Citizen(gateway) for _ in range(3)]
    for citizen in citizens:
        citizen.wait_for_person()
    gateway.stop()
    again = start()
    places = [Citizen(again, c.cookie).first_state["queue"]["place"] for c in citizens]
    assert places == [1, 2, 3]
    officer = Officer(again)
    assert [e["conversation_id"] for e in officer.queue["waiting"]] == [c.id for c in citizens]
    assert len(officer.accept(citizens[0])["events"]) == 4


def test_the_wait_goes_on_counting_over_a_restart(start: Start) -> None:
    gateway = start()
    citizen = Citizen(gateway)
    citizen.wait_for_person()
    citizen.quiet(0.3)
    gateway.stop()
    again = start(wait_limit_s=0.2)
    back = Citizen(again, citizen.cookie, after=3)
    ended = [e for e in back.events() if e["payload"]["kind"] == "handoff_ended"] or [
        back.event("handoff_ended")
    ]
    assert ended[0]["payload"]["outcome"] == "expired"


def test_an_unanswered_message_is_owned_up_to_once(start: Start) -> None:
    gateway = start(ScriptedDialogue(Held("nie")), dialogue_deadline_s=0.1)
    citizen = Citizen(gateway)
    citizen.say("居住证怎么办")
    citizen.state(thinking=True)
    gateway.stop()
    assert gateway.kinds(citizen.id) == ["bot_said", "citizen_said"]
    for _ in range(2):
        again = start()
        back = Citizen(again, citizen.cookie, after=2)
        assert [e["seq"] for e in back.events()] == [3]
        payload = back.events()[0]["payload"]
        assert payload["reply_to"] == 2
        assert (payload["messages"][0]["kind"], payload["messages"][0]["status"]) == (
            "failure",
            "error_interrupted",
        )
        assert payload["messages"][0]["replies"][0]["action"] == "handoff"
        assert back.first_state["thinking"] is False
        again.stop()


def test_a_running_turn_is_finished_before_the_gateway_stops(start: Start) -> None:
    held = Held("doch noch")
    gateway = start(ScriptedDialogue(held))
    citizen = Citizen(gateway)
    citizen.say("居住证怎么办")
    assert held.asked.wait(5)
    held.release()
    gateway.stop()
    assert gateway.kinds(citizen.id) == ["bot_said", "citizen_said", "bot_said"]


def test_a_frame_resent_after_the_restart_is_not_stored_or_answered_again(start: Start) -> None:
    gateway = start()
    citizen = Citizen(gateway)
    citizen.say("居住证", "c-9")
    citizen.event("bot_said")
    gateway.stop()
    again = start()
    back = Citizen(again, citizen.cookie, after=3)
    back.say("居住证", "c-9")
    assert back.until(lambda f: f.get("ref") == "c-9")["seq"] == 2
    back.quiet()
    assert again.kinds(citizen.id) == ["bot_said", "citizen_said", "bot_said"]
    assert again.dialogue.heard == []


def test_an_officers_talk_survives_if_they_come_back_in_time(start: Start) -> None:
    gateway = start()
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    gateway.stop()
    again = start(agent_grace_s=0.4)
    back = Citizen(again, citizen.cookie, after=4)
    assert back.first_state["mode"] == "agent"
    returned = Officer(again, cookie=officer.cookie)
    back.quiet(0.6)
    returned.command("say", citizen.id, text="我在")
    assert back.event("agent_said")["payload"]["text"] == "我在"
    assert "handoff_ended" not in again.kinds(citizen.id)


def test_an_officers_talk_goes_back_to_the_queue_if_they_do_not(start: Start) -> None:
    gateway = start()
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    gateway.stop()
    again = start(agent_grace_s=0.1)
    back = Citizen(again, citizen.cookie)
    back.state(mode="waiting") if back.first_state["mode"] == "agent" else None
    assert again.kinds(citizen.id)[-1] == "handoff_ended"
    assert Officer(again, "desk02").accept(back)["state"]["mode"] == "agent"
