"""Which of several days or times is meant: the corrected one, the one that is asked for, or several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bot.zh_clause import Clause
from bot.zh_correction import link

T = TypeVar("T")


@dataclass(frozen=True)
class Mention(Generic[T]):
    """A day or a time in the text with the clause that it stands in."""

    start: int
    end: int
    value: T
    clause: Clause


@dataclass
class Choice(Generic[T]):
    """What was chosen: one mention or several alternatives, and those it takes the place of."""

    chosen: list[Mention[T]]
    replaced: list[Mention[T]] = field(default_factory=list)


def usable(
    mentions: Sequence[Mention[T]], is_past: Callable[[T], bool], is_vague: Callable[[T], bool]
) -> list[Mention[T]]:
    """Without statements of other facts, then (as long as others are left) without vague and past ones."""
    kept = [m for m in mentions if not m.clause.fact]
    for unwanted in (is_vague, is_past):
        wanted = [m for m in kept if not unwanted(m.value)]
        kept = wanted or kept
    return kept


def choose(
    mentions: Sequence[Mention[T]], text: str, merge: Callable[[T, T], T | None], join: Callable[[T, T], T]
) -> Choice[T]:
    """Choose among mentions in their order.

    Args:
        mentions: at least one.
        text: the text with every time blanked.
        merge: both in one where they do not contradict, else None.
        join: what a correction leaves standing of the first is added to the second.
    """
    choice = Choice([mentions[0]])
    fixed = False
    for before, now in zip(mentions, mentions[1:], strict=False):
        last = choice.chosen[-1]
        together = merge(last.value, now.value)
        if together is not None:
            choice.chosen[-1] = Mention(last.start, now.end, together, _livelier(last.clause, now.clause))
            continue
        if any(merge(m.value, now.value) is not None for m in choice.chosen):
            continue
        how = link(text[before.end : now.start], text[now.end :])
        if how == "fix" and fixed and any(merge(m.value, now.value) is not None for m in choice.replaced):
            how = "plain"
        if how == "alt" or (how == "list" and not fixed and now.clause.cue >= last.clause.cue):
            choice.chosen.append(now)
        elif how == "fix":
            fixed = True
            _replace(choice, now, join)
        elif _prefers(now, last, fixed):
            _replace(choice, now, join if how == "fix" else _second)
    return choice


def _prefers(now: Mention[T], last: Mention[T], fixed: bool) -> bool:
    """Without a word of correction the one that is asked for counts, else the later one."""
    if fixed:
        return now.clause.cue and not last.clause.cue
    return now.clause.cue or not last.clause.cue


def _replace(choice: Choice[T], now: Mention[T], join: Callable[[T, T], T]) -> None:
    value = join(choice.chosen[-1].value, now.value)
    choice.replaced += choice.chosen
    choice.chosen = [Mention(now.start, now.end, value, now.clause)]


def _second(first: T, second: T) -> T:
    return second


def _livelier(first: Clause, second: Clause) -> Clause:
    return second if second.cue or not first.cue else first
