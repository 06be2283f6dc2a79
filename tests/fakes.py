"""Scripted and interrogated stand-ins, and builders of what tests hand to the actions. No patching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from actions.backends.clock import SHANGHAI
from actions.phrases import Phrases
from actions.turn import Turn
from knowledge.answerer import Answer
from knowledge.card import build_card
from knowledge.guide import Fact, Fee, Guide, Material, Option, Situation, Steps, TimeLimit, Visits, Where
from knowledge.library import GuideLibrary
from knowledge.passages import Hit
from knowledge.suggest import Suggestion


class HeldClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: str = "2026-11-24T10:00:00") -> None:
        self.now = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """`move(minutes=15)`, as for timedelta."""
        self.now += timedelta(**by)

    def set(self, at: str) -> None:
        """Jump to a local ISO date-time."""
        self.now = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)


class NotingPhrases(Phrases):
    """The real phrases; `used` holds every key that was asked for."""

    def __init__(self, table: dict[str, Any]) -> None:
        super().__init__(table)
        self.used: set[str] = set()

    def say(self, key: str, **values: Any) -> str:
        self.used.add(key)
        return super().say(key, **values)

    def replies(self, key: str) -> list[dict[str, Any]]:
        self.used.add(key)
        return super().replies(key)

    def words(self, key: str) -> list[str]:
        self.used.add(key)
        return super().words(key)


def made_guide(
    guide_id: str, name: str, department: str = "公安", situations: Sequence[Situation] = ()
) -> Guide:
    """A small complete guide."""
    fact = Fact("带身份证件到窗口办理。", basis=("law",), verified=True)
    return Guide(
        id=guide_id,
        name=name,
        department=department,
        item_type="公共服务",
        applicant="个人",
        summary=f"{name}可以在窗口办理。",
        aliases=(),
        questions=(),
        situations=tuple(situations),
        outcomes=(),
        conditions=(fact,),
        materials=(Material("居民身份证", "原件", when={"age": ("adult",)} if situations else {}),),
        steps=Steps(window=(fact,)),
        time_limit=TimeLimit(statutory=(Fact("20个工作日内办结。"),)),
        fee=Fee("不收费", 0, (Fact("不收费。"),)),
        where=Where((Fact("任一窗口都可以办。"),)),
        visits=Visits(1),
        proxy=(Fact("可以委托他人办理。"),),
        post=(),
        cross_region=(),
        result=(Fact("发给证件。"),),
        validity=(),
        faq=(),
        basis=(),
        related=(),
        effective_on=date(2026, 1, 1),
        expires_on=None,
        reviewed_on=date(2026, 11, 24),
        version="2026-11-24",
    )


AGE = Situation(
    "age", "请问办证的人满16周岁了吗？", (Option("adult", "满16周岁"), Option("minor", "未满16周岁"))
)
RESIDENCE = made_guide("residence-permit", "居住证申领", situations=[AGE])
PASSPORT = made_guide("passport", "普通护照首次申领", "公安（出入境）")
EXTENDED = made_guide("extended-hours", "延时错时预约服务", "政数")
HOTLINE = made_guide("hotline-12345", "12345热线诉求", "12345热线办")


class ScriptedAnswerer:
    """Answers from a script, in order; builds cards as the real one does; remembers what it was asked."""

    def __init__(self, *script: Answer | Exception, items: Mapping[str, Guide] | None = None) -> None:
        guides = (RESIDENCE, PASSPORT, EXTENDED, HOTLINE)
        self.library = GuideLibrary({g.id: g for g in guides}, {}, "test")
        self.script = list(script)
        self.items = dict(items or {g.name: g for g in guides})
        self.asked: list[tuple[str, str | None, dict[str, str]]] = []

    snapshot = "scripted"

    @property
    def current(self) -> ScriptedAnswerer:
        return self

    def answer(
        self,
        question: str,
        guide_id: str | None = None,
        facts: Mapping[str, str] | None = None,
        today: date | None = None,
        recent: Sequence[str] = (),
        asked: Sequence[str] = (),
        pending: str = "",
    ) -> Answer:
        self.asked.append((question, guide_id, dict(facts or {})))
        turn = self.script.pop(0) if self.script else Answer("unanswerable_no_guide")
        if isinstance(turn, Exception):
            raise turn
        return turn

    def card(self, guide_id: str, facts: Mapping[str, str], field: str = "") -> tuple[str, dict[str, Any]]:
        return build_card(self.library.require(guide_id), facts, field)

    def find_item(self, text: str) -> Hit | None:
        """The longest known name that stands in `text`."""
        named = max((name for name in self.items if name in text), key=len, default=None)
        return None if named is None else hit(self.items[named])

    def suggest(
        self, text: str, guide_id: str | None = None, facts: Mapping[str, str] | None = None, k: int = 3
    ) -> list[Suggestion]:
        self.asked.append((text, guide_id, dict(facts or {})))
        found = Suggestion("residence-permit", "fee", "不收费。", "居住证申领 · 2026-11-24 版", "", "high")
        return [found][:k]


def hit(guide: Guide, score: float = 0.9) -> Hit:
    """What the search found."""
    return Hit(guide.id, guide.name, guide.department, guide.summary, score, 0.9, guide.name)


def answered(
    guide: Guide = RESIDENCE, field: str = "", *, followup: bool = False, **facts: str
) -> Answer:
    """The answer of a search that found `guide`."""
    lead, card = build_card(guide, facts, field)
    return Answer("answered", guide.id, field, followup, dict(facts), lead, card, hits=[hit(guide)])


def turn(
    text: str = "",
    intent: str = "",
    *,
    slots: Mapping[str, Any] | None = None,
    wanted: str | None = None,
    form: str | None = None,
    confidence: float = 0.9,
    resumed: bool = False,
    args: Mapping[str, Any] | None = None,
    conversation: str = "c-1",
    message_id: str = "c-1:4",
    **entities: Any,
) -> Turn:
    """One turn; further keywords are entities (a list gives several values)."""
    values = {k: tuple(v) if isinstance(v, list) else (v,) for k, v in entities.items()}
    return Turn(
        conversation_id=conversation,
        channel="portal",
        text=text,
        intent=intent,
        confidence=confidence,
        entities=values,
        slots=dict(slots or {}),
        requested_slot=wanted,
        active_form=form,
        resumed=resumed,
        message_id=message_id,
        args=dict(args or {}),
    )


def set_slots(events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Slot events as a dict; the last one of a slot wins."""
    return {e["name"]: e["value"] for e in events if e["event"] == "slot"}
