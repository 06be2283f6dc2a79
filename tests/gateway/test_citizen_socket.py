"""What a citizen's socket takes and gives back."""

from __future__ import annotations

import json

import pytest

from tests.fakes_gateway import ScriptedDialogue
from tests.gateway.clients import Citizen, Gateway, Tab
from tests.gateway.conftest import Start


def test_the_first_thing_a_citizen_sees_is_the_greeting(gateway: Gateway) -> None:
    citizen = Citizen(gateway)
    first = citizen.events()[0]
    assert (first["seq"], first["payload"]["kind"]) == (1, "bot_said")
    assert "AI" in first["payload"]["messages"][0]["text"]
    assert citizen.first_state["mode"] == "bot" and citizen.first_state["last_seq"] == 1


def test_a_message_is_acknowledged_by_its_id_and_the_answer_names_it(gateway: Gateway) -> None:
    citizen = Citizen(gateway)
    citizen.say("身份证丢了怎么补", "c-1")
    own = citizen.until(lambda f: f.get("ref") == "c-1")
    answer = citizen.event("bot_said")
    assert own["payload"] == {"kind": "citizen_said", "text": "身份证丢了怎么补"}
    assert answer["payload"]["reply_to"] == own["seq"]
    heard = gateway.dialogue.heard[0]
    assert (heard.conversation_id, heard.text, heard.channel) == (citizen.id, "身份证丢了怎么补", "portal")
    assert heard.message_id == f"{citizen.id}:{own['seq']}"


def test_thinking_is_shown_while_the_bot_works_and_its_frames_count_right(gateway: Gateway) -> None:
    citizen = Citizen(gateway)
    citizen.say("你好", "c-1")
    own = citizen.until(lambda f: f.get("ref") == "c-1")
    assert citizen.state(thinking=True)["last_seq"] == own["seq"]
    answer = citizen.event("bot_said")
    assert citizen.state(thinking=False)["last_seq"] == answer["seq"]


def test_the_same_frame_again_is_stored_once_and_acknowledged_again(gateway: Gateway) -> None:
    citizen = Citizen(gateway)
    citizen.say("你好", "c-1")
    first = citizen.until(lambda f: f.get("ref") == "c-1")
    citizen.event("bot_said")
    citizen.say("你好", "c-1")
    again = citizen.until(lambda f: f.get("ref") == "c-1")
    assert again["seq"] == first["seq"]
    citizen.quiet()
    assert gateway.kinds(citizen.id) == ["bot_said", "citizen_said", "bot_said"]
    assert gateway.dialogue.texts == ["你好"]


def test_a_button_sent_twice_acts_once(gateway: Gateway) -> None:
    citizen = Citizen(gateway)
    for _ in range(2):
        citizen.send(type="act", id="a-1", action="handoff", args={}, label="转人工")
    citizen.event("handoff_requested")
    citizen.quiet()
    assert gateway.kinds(citizen.id) == ["bot_said", "citizen_said", "handoff_requested"]


DEEP = (
    '{"v":1,"type":"act","id":"d","action":"rate","label":"x","args":{"a":' + "[" * 7000 + "]" * 7000 + "}}"
)
BAD: list[tuple[str, str | bytes, str, str | None]] = [
    ("not JSON", "{", "bad_frame", None),
    ("empty", "", "bad_frame", None),
    ("a list", "[1]", "bad_frame", None),
    ("a number", "7", "bad_frame", None),
    ("null", "null", "bad_frame", None),
    ("a string", '"say"', "bad_frame", None),
    ("a huge number", '{"v":' + "9" * 5000 + "}", "bad_frame", None),
    ("deep", "[" * 8000, "bad_frame", None),
    ("deep inside", DEEP, "bad_frame", None),
    ("no type", '{"v":1,"id":"x1","text":"a"}', "unknown_type", "x1"),
    ("unknown type", '{"v":1,"type":"shout","id":"x1"}', "unknown_type", "x1"),
    ("type is a list", '{"v":1,"type":["say"],"id":"x1"}', "unknown_type", "x1"),
    ("type is null", '{"v":1,"type":null,"id":"x1"}', "unknown_type", "x1"),
    ("a desk frame", '{"v":1,"type":"accept","id":"x1","conversation_id":"y"}', "unknown_type", "x1"),
    ("unknown field", '{"v":1,"type":"say","id":"x1","text":"a","admin":true}', "bad_frame", "x1"),
    ("wrong version", '{"v":2,"type":"say","id":"x1","text":"a"}', "bad_frame", "x1"),
    ("no id", '{"v":1,"type":"say","text":"a"}', "bad_frame", None),
    ("odd id", '{"v":1,"type":"say","id":"a b/c","text":"a"}', "bad_frame", "a b/c"),
    ("id is a number", '{"v":1,"type":"say","id":7,"text":"a"}', "bad_frame", None),
    ("no text", '{"v":1,"type":"say","id":"x1"}', "bad_frame", "x1"),
    ("text is a list", '{"v":1,"type":"say","id":"x1","text":["a"]}', "bad_frame", "x1"),
    ("unknown action", '{"v":1,"type":"act","id":"x1","action":"drop","label":"x"}', "bad_frame", "x1"),
    ("no text at all", '{"v":1,"type":"say","id":"x1","text":""}', "text_empty", "x1"),
    ("white space", '{"v":1,"type":"say","id":"x1","text":" \\n\\t　 "}', "text_empty", "x1"),
    ("only invisible", '{"v":1,"type":"say","id":"x1","text":"\\u200b\\u2060\\ufeff"}', "text_empty", "x1"),
    (
        "501 characters",
        json.dumps({"v": 1, "type": "say", "id": "x1", "text": "办" * 501}),
        "text_too_long",
        "x1",
    ),
    (
        "100 kB",
        json.dumps({"v": 1, "type": "say", "id": "x1", "text": "a" * 100_000}),
        "frame_too_large",
        None,
    ),
    ("binary", b"\x00\x01\x02", "bad_frame", None),
    ("half a character as id", '{"v":1,"type":"say","id":"\\ud800","text":"a"}', "bad_frame", None),
    ("half a character as a key", '{"v":1,"type":"say","id":"x1","text":"a","\\udfff":1}', "bad_frame", "x1"),
]


@pytest.mark.parametrize(("frame", "code", "ref"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_a_bad_frame_gets_a_clear_error_and_the_socket_goes_on(
    standing: Gateway, frame: str | bytes, code: str, ref: str | None
) -> None:
    citizen = Citizen(standing)
    citizen.raw(frame)
    error = citizen.error()
    assert (error["code"], error["ref"]) == (code, ref)
    assert error["message"].endswith("。")
    assert citizen.ask("还在吗")[0]["text"] == "听到了：还在吗"
    assert standing.kinds(citizen.id) == ["bot_said", "citizen_said", "bot_said"]
    citizen.close()


def test_an_error_names_the_field_but_never_repeats_the_value(standing: Gateway) -> None:
    citizen = Citizen(standing)
    citizen.raw('{"v":1,"type":"say","id":"x1","text":["13812345678"]}')
    error = citizen.error()
    assert "text" in error["field"] and "13812345678" not in json.dumps(error)


def test_exactly_500_characters_are_taken(gateway: Gateway) -> None:
    citizen = Citizen(gateway)
    citizen.say("办" * 500)
    assert citizen.event("citizen_said")["payload"]["text"] == "办" * 500


def test_control_and_zero_width_characters_are_gone_before_anything_is_stored(gateway: Gateway) -> None:
    citizen = Citizen(gateway)
    citizen.ask("身\u200b份\u0000证\u202e丢了\u0007\n怎么\ufeff办")
    assert gateway.stored(citizen.id)[1]["text"] == "身份证丢了\n怎么办"
    assert gateway.dialogue.texts == ["身份证丢了\n怎么办"]


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        "／restart",
        "//restart",
        " /restart",
        "\n/restart",
        "/ /restart",
        "／ ／restart",
        "\u200b/restart",
        "/\u200b/restart",
        "/\u2028/restart",
        "\u2028/restart",
        "/\u1680/restart",
        "/\u2029／restart",
    ],
)
def test_a_citizen_cannot_give_rasa_a_command(standing: Gateway, text: str) -> None:
    citizen = Citizen(standing)
    citizen.ask(text)
    assert standing.dialogue.texts[-1] == "restart"
    citizen.close()


def test_only_slashes_get_a_question_back_and_never_reach_the_bot(gateway: Gateway) -> None:
    citizen = Citizen(gateway)
    messages = citizen.ask("///")
    assert messages[0]["status"] == "nothing_said"
    assert gateway.dialogue.heard == []


def test_structured_acts_reach_the_bot_as_their_intent_with_args(gateway: Gateway) -> None:
    citizen = Citizen(gateway)
    citizen.act("open_guide", "居住证", guide_id="residence-permit")
    citizen.event("bot_said")
    assert (gateway.dialogue.heard[0].text, gateway.dialogue.heard[0].args) == (
        "/open_guide",
        {"guide_id": "residence-permit"},
    )
    assert gateway.stored(citizen.id)[1] == {"kind": "citizen_said", "text": "居住证"}


def test_answers_come_in_the_order_of_the_questions(start: Start) -> None:
    gateway = start(ScriptedDialogue("一", "二", "三"))
    citizen = Citizen(gateway)
    for text in "甲乙丙":
        citizen.say(text)
    answers = [citizen.event("bot_said")["payload"] for _ in range(3)]
    assert [a["messages"][0]["text"] for a in answers] == ["一", "二", "三"]
    asked = [e["seq"] for e in citizen.events() if e["payload"]["kind"] == "citizen_said"]
    assert [a["reply_to"] for a in answers] == asked
    assert gateway.dialogue.texts == ["甲", "乙", "丙"]


def test_too_many_messages_are_refused_and_nothing_else_is_lost(start: Start) -> None:
    gateway = start(messages_per_minute=9)  # a burst of three
    citizen = Citizen(gateway)
    ids = [citizen.say(f"第{n}句") for n in range(5)]
    refused = [citizen.error(), citizen.error()]
    assert [(e["code"], e["ref"]) for e in refused] == [("rate_limited", i) for i in ids[3:]]
    citizen.quiet()
    assert gateway.kinds(citizen.id).count("citizen_said") == 3


def test_a_new_socket_does_not_give_a_new_allowance(start: Start) -> None:
    gateway = start(messages_per_minute=9)
    citizen = Citizen(gateway)
    for n in range(3):
        citizen.say(f"第{n}句")
    citizen.quiet()
    citizen.close()
    again = Citizen(gateway, citizen.cookie)
    again.say("第四句")
    assert again.error()["code"] == "rate_limited"
    other = Citizen(gateway)
    assert other.ask("别人的第一句")


def test_typing_does_not_use_up_the_allowance_for_messages(start: Start) -> None:
    gateway = start(messages_per_minute=9)
    citizen = Citizen(gateway)
    for n in range(20):
        citizen.send(type="typing", draft="我想" * n)
    assert citizen.ask("我想办居住证")[0]["text"] == "听到了：我想办居住证"


@pytest.mark.parametrize(
    "cookie", ["", "nczf_citizen=", "nczf_citizen=abc", "nczf_citizen=abc.def", "other=1"]
)
def test_without_the_right_cookie_the_socket_is_closed(gateway: Gateway, cookie: str) -> None:
    assert Tab(gateway, "/ws/citizen", cookie).close_code() == 4401


def test_one_conversations_secret_opens_no_other(gateway: Gateway) -> None:
    mine, other = Citizen(gateway), Citizen(gateway)
    secret = mine.cookie.split(".", 1)[1]
    assert Tab(gateway, "/ws/citizen", f"nczf_citizen={other.id}.{secret}").close_code() == 4401


@pytest.mark.parametrize("path", ["/ws/citizen", "/ws/desk"])
@pytest.mark.parametrize("origin", ["https://evil.example", "http://testserver.evil.example", "null"])
def test_pages_of_other_sites_may_not_connect(gateway: Gateway, path: str, origin: str) -> None:
    cookie = Citizen(gateway).cookie if path == "/ws/citizen" else gateway.sign_in("desk01")
    assert Tab(gateway, path, cookie, origin=origin).close_code() == 4403


def test_our_own_pages_and_listed_ones_may_connect(start: Start) -> None:
    gateway = start(allowed_origins="https://zhifu.example, https://desk.example")
    cookie = Citizen(gateway).cookie
    for origin in ("http://testserver", "https://zhifu.example", "https://desk.example"):
        tab = Tab(gateway, "/ws/citizen", cookie, origin=origin)
        assert tab.state(mode="bot")
