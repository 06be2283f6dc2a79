"""Survive: reload, bad frames, slashes, long text, a dead or frozen Rasa, kill -9 of the gateway."""

import json
import os
import signal
import time

import pytest

from tests.live.clients import Citizen

pytestmark = pytest.mark.live


def pid(stack, name: str) -> int:
    """Process id of one child."""
    return int(json.loads((stack.data / "pids.json").read_text("utf-8"))[name])


def until_answering(stack, seconds: float = 60) -> None:
    """Wait until a question is answered again."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            probe = Citizen(stack.base)
            (message,) = probe.ask("身份证丢了怎么补", timeout=12)
            probe.close()
            if message["kind"] == "answer":
                return
        except (OSError, AssertionError, ValueError):
            pass
        time.sleep(0.5)
    raise AssertionError(f"no answer again within {seconds} s")


def test_reload_in_mid_form_shows_everything_once_and_goes_on(stack):
    first = Citizen(stack.base)
    first.ask("查办件进度")
    seen = [f["seq"] for f in first.seen if f["type"] == "event"]
    first.close()
    again = Citizen(stack.base, cookie=first.cookie)
    replayed = [f["seq"] for f in again.seen if f["type"] == "event"]
    assert replayed == sorted(set(replayed)) == sorted(set(seen))
    (digits,) = again.ask("NC202611030000175")
    assert digits["asking"] == "phone_last4", "the form is where it was"
    again.close()


@pytest.mark.parametrize(
    "text", ["/restart", '/intent{"a": 1}', "／restart", " /session_start", "/", "//greet"]
)
def test_a_leading_slash_is_never_a_command(stack, text):
    citizen = Citizen(stack.base)
    citizen.ask("查办件进度")
    messages = citizen.ask(text)
    assert messages, "a normal answer, not silence"
    (digits,) = citizen.ask("NC202611030000175")
    assert digits["asking"] == "phone_last4", "the form survived: no command was executed"
    citizen.close()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("{not json", "bad_frame"),
        ("[]", "bad_frame"),
        ('{"v":1}', "unknown_type"),
        ('{"v":1,"type":"sudo"}', "unknown_type"),
        ('{"v":2,"type":"say","id":"x","text":"hi"}', "bad_frame"),
        ('{"v":1,"type":"say","id":"x","text":"   "}', "text_empty"),
        (json.dumps({"v": 1, "type": "say", "id": "x", "text": "长" * 501}), "text_too_long"),
        (json.dumps({"v": 1, "type": "say", "id": "x", "text": "a" * 100_000}), "frame_too_large"),
    ],
)
def test_bad_frames_get_a_clear_error_and_the_talk_goes_on(stack, raw, code):
    citizen = Citizen(stack.base)
    citizen.send_raw(raw)
    error = citizen.until(lambda f: f["type"] == "error")
    assert error["code"] == code and error["message"]
    (message,) = citizen.ask("你好")
    assert message["kind"] == "text"
    citizen.close()


def test_a_dead_rasa_means_a_plain_sentence_and_a_person_not_silence(stack):
    citizen = Citizen(stack.base)
    os.kill(pid(stack, "rasa"), signal.SIGKILL)
    answer, note = citizen.ask("身份证丢了怎么补")
    assert (answer["kind"], note["status"]) == ("answer", "answered_directly"), "the guides speak alone"
    assert answer["card"]["guide_id"] == "id-card-replace"
    (failed,) = citizen.ask("好的好的那就这样吧")
    assert failed["kind"] == "failure"
    assert [r["action"] for r in failed["replies"]] == ["handoff"]
    (queued,) = citizen.act("handoff", {}, "转人工")
    assert queued["kind"] == "handoff_requested"
    citizen.act("leave_queue", {}, "离开排队")
    citizen.close()
    until_answering(stack)


def test_a_frozen_rasa_meets_the_deadline(stack):
    citizen = Citizen(stack.base)
    frozen = pid(stack, "rasa")
    os.kill(frozen, signal.SIGSTOP)
    try:
        began = time.monotonic()
        answer, note = citizen.ask("居住证怎么办", timeout=12)
        assert note["status"] == "answered_directly" and time.monotonic() - began < 11
        (queued,) = citizen.ask("转人工")
        assert queued["kind"] == "handoff_requested", "a person is reached without Rasa"
    finally:
        os.kill(frozen, signal.SIGCONT)
    citizen.act("leave_queue", {}, "离开排队")
    citizen.close()
    until_answering(stack)


def test_kill_9_of_the_gateway_loses_and_doubles_nothing(stack):
    citizen = Citizen(stack.base)
    citizen.ask("身份证丢了怎么补")
    before = [(f["seq"], f["payload"]) for f in citizen.seen if f["type"] == "event"]
    os.kill(pid(stack, "gateway"), signal.SIGKILL)
    until_answering(stack)
    again = Citizen(stack.base, cookie=citizen.cookie)
    after = [(f["seq"], f["payload"]) for f in again.seen if f["type"] == "event"]
    assert after == before
    client_id = again.tell("要多少钱", client_id="resend-1")
    own = again.until(lambda f: f.get("ref") == client_id)
    again.event("bot_said")
    again.tell("要多少钱", client_id="resend-1")
    assert again.until(lambda f: f.get("ref") == client_id)["seq"] == own["seq"]
    assert not [f for f in again.quiet(1.0) if f["type"] == "event" and f["payload"]["kind"] == "bot_said"]
    again.close()


def test_no_log_holds_a_citizen_s_words(stack):
    citizen = Citizen(stack.base)
    words = ["紫色的长颈鹿要办居住证", "我的电话是13698765432", "身份证号360102199003070019"]
    for text in words:
        citizen.ask(text)
    citizen.close()
    logs = "".join(p.read_text("utf-8", "replace") for p in (stack.data / "logs").glob("*.log"))
    assert logs, "there are logs"
    for secret in ("紫色的长颈鹿", "13698765432", "360102199003070019"):
        assert secret not in logs
