"""Citizens who wander: no sequence of moves ends in silence, a loop, or a form that cannot be left."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.live.clients import Citizen

pytestmark = pytest.mark.live

QUESTIONS = ("身份证丢了怎么补", "那要多少钱", "我老婆能代办吗", "居住证怎么办", "网上能办吗", "怎么造火箭")
TASKS = (
    "我想预约周六上午办居住证",
    "查办件进度",
    "取消预约",
    "我的预约",
    "我要改约到下周六",
    "我要投诉路灯坏了没人修",
    "给我留个言",
    "我要评价",
    "很不满意",
    "我投诉的事处理得怎么样了",
    "催一下我的工单",
    "撤回我的投诉",
    "约满了我想候补",
)
DATA = (
    "市民中心",
    "东湖区",
    "明天下午",
    "周六",
    "这周六上午九点",
    "第一个",
    "王小明",
    "13812345678",
    "尾号5678",
    "NC202611030000175",
    "2468",
    "昨天",
    "2月30号",
    "给我妈办",
    "一百",
    "换个近点的",
    "换一天",
)
ANSWERS = (
    "确认",
    "对",
    "不对",
    "不知道",
    "都不是",
    "上一步",
    "再说一遍",
    "说慢点",
    "换成长辈版",
    "标准版",
    "等一下",
)
TALK = (
    "你好",
    "谢谢",
    "你是机器人吗",
    "你能做什么",
    "讲个笑话",
    "你真笨",
    "你怎么看房价",
    "明天天气怎么样",
    "再见",
)
ODD = ("？", "/restart", '{"a": 1}', "。。。", "a" * 400, "１２３", "😀", "null", "（）", "\u202e反了")
LEAVING = ("取消", "不办了", "重新开始")
STUCK_AFTER = 4
"""The same question so often in a row, without a person being offered, is a loop."""


class Wandering(RuleBasedStateMachine):
    """One citizen; `base` is set by the test."""

    base = ""

    def __init__(self) -> None:
        super().__init__()
        self.citizen = Citizen(self.base)
        self.answer: list[dict] = [{"kind": "text", "text": "greeting", "replies": []}]
        self.questions: list[str] = []
        self.said: list[str] = []

    def teardown(self) -> None:
        self.citizen.close()

    def hear(self, words: str) -> None:
        self.said.append(words)
        self.answer = self.citizen.ask(words)
        asked = [m["asking"] for m in self.answer if m.get("kind") == "ask"]
        answered = [m for m in self.answer if m.get("kind") != "ask" and m.get("status") != "form_note"]
        self.questions.append(asked[-1] if asked and not answered else "")  # a digression is no loop

    @rule(words=st.sampled_from(QUESTIONS + TASKS + DATA + ANSWERS + TALK + ODD))
    def says(self, words: str) -> None:
        """Anything at any time."""
        self.hear(words)

    @precondition(lambda self: self.answer[-1].get("options") and self.answer[-1]["kind"] == "ask")
    @rule(place=st.integers(0, 7))
    def picks(self, place: int) -> None:
        """An option of the question."""
        options = [o for o in self.answer[-1]["options"] if not o.get("disabled")]
        if options:
            self.hear(options[place % len(options)]["say"])

    @rule(words=st.sampled_from(LEAVING))
    def leaves(self, words: str) -> None:
        """Out of any form, in one turn."""
        self.hear(words)
        assert self.questions[-1] == "", f"{words} did not leave: {self.answer}"

    @rule()
    def danger(self) -> None:
        """In any state, at once."""
        self.hear("我家着火了")
        assert self.answer[0].get("status") == "urgent" and "119" in self.answer[0]["text"], self.answer

    @rule()
    def person(self) -> None:
        """In any state, in one turn; then back to the bot."""
        answer = self.citizen.ask("你听不懂，叫个真人来")
        assert answer[-1]["kind"] == "handoff_requested", answer
        self.citizen.act("leave_queue", {}, "不等了")
        self.questions.append("")
        self.said.append("")

    @invariant()
    def is_never_silent(self) -> None:
        """Every turn is answered with words."""
        for message in self.answer:
            assert message.get("text") or message.get("lead"), message

    @invariant()
    def never_loops(self) -> None:
        """The same question again and again offers a person."""
        last = self.questions[-STUCK_AFTER:]
        lost = set(self.said[-STUCK_AFTER:]) <= {*ODD, "不知道", "都不是", "一百", "等一下"}
        if lost and len(last) == STUCK_AFTER and last[0] and len(set(last)) == 1:
            labels = [r["label"] for m in self.answer for r in m.get("replies") or []]
            assert "转人工" in labels, self.answer


def test_wandering(stack):
    """Random walks of 20 moves."""
    Wandering.base = stack.base
    machine = Wandering.TestCase
    machine.settings = settings(
        max_examples=25,
        stateful_step_count=20,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    machine().runTest()
