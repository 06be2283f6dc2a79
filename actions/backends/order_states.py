"""The life of a work order, as a pure machine: which step leads where, and which happens only once.

受理 accepted → 转办 transferred → 办理 handling → 反馈 answered → 回访 called_back → 评价 rated →
办结 closed, with 退回 returned (a new round), 不予受理 refused, 撤回 withdrawn, 并案 merged, and
`referred` for what is the police's, the firefighters' or the ambulance's.
延期 is a step that changes the deadline, not the state. 退回重办 (reopen) leads back from the call-back,
once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from actions.backends.ports.errors import IllegalTransition

BEFORE_TRANSFER = ("accepted", "returned")
WITH_DEPARTMENT = ("transferred", "handling")
UNANSWERED = (*BEFORE_TRANSFER, *WITH_DEPARTMENT)
"""States in which a deadline runs."""
FINISHED = ("closed", "withdrawn", "refused")
STATES = (*UNANSWERED, "answered", "called_back", "rated", "merged", "referred", *FINISHED)
ADDABLE = (*UNANSWERED, "answered", "called_back", "rated", "merged", "referred")


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of step: from which states, to which (None: it stays), how often."""

    before: tuple[str, ...]
    after: str | None
    once_per: str = ""
    """"round": once in each round; "order": once in its life; "": as often as it is said."""
    opens_round: bool = False


STEPS: Mapping[str, Step] = {
    "confirm": Step(BEFORE_TRANSFER, None),
    "transfer": Step(BEFORE_TRANSFER, "transferred", "round"),
    "start": Step(("transferred",), "handling", "round"),
    "return": Step(WITH_DEPARTMENT, "returned", "", opens_round=True),
    "reopen": Step(("called_back",), "returned", "order", opens_round=True),
    "extend": Step(UNANSWERED, None, "order"),
    "answer": Step(("handling",), "answered", "round"),
    "evidence": Step(("answered", "called_back", "rated"), None),
    "call_back": Step(("answered",), "called_back", "round"),
    "rate": Step(("called_back",), "rated", "order"),
    "close": Step(("called_back", "rated"), "closed", "order"),
    "refuse": Step(BEFORE_TRANSFER, "refused", "order"),
    "withdraw": Step((*UNANSWERED, "merged", "referred"), "withdrawn", "order"),
    "merge": Step(UNANSWERED, "merged", "round"),
    "follow": Step(("merged",), "merged"),
    "split": Step(("merged",), "accepted", "", opens_round=True),
    "closed_with": Step(("merged",), "closed", "order"),
    "refused_with": Step(("merged",), "refused", "order"),
    "take_up": Step(("referred",), "accepted", "order"),
    "urge": Step((*UNANSWERED, "merged"), None),
    "add": Step(ADDABLE, None),
}


def allowed(state: str, *, anonymous: bool = False, rated: bool = False) -> tuple[str, ...]:
    """The steps that may follow in `state`. An anonymous order is closed without a call-back: nobody to call.

    A closed order that was never rated may still be rated; it stays closed.
    """
    steps = [name for name, step in STEPS.items() if state in step.before]
    if state == "answered" and anonymous:
        steps = [name for name in steps if name != "call_back"] + ["close"]
    if state == "closed" and not rated:
        steps.append("rate")
    return tuple(steps)


def after(state: str, step: str, *, anonymous: bool = False, rated: bool = False) -> str:
    """The state that `step` leads to. Raises IllegalTransition with what is allowed instead."""
    may = allowed(state, anonymous=anonymous, rated=rated)
    if step not in may:
        raise IllegalTransition(state, step, may)
    target = STEPS[step].after
    return state if target is None or state == "closed" else target


def once(order_no: str, step: str, round_: int) -> str | None:
    """The unique mark that lets the database refuse a second such step; None where repeats are fine."""
    per = STEPS[step].once_per
    if not per:
        return None
    return f"{order_no}:{step}" if per == "order" else f"{order_no}:{step}:{round_}"
