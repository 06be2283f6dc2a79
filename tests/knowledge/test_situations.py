"""Situations: no combination without an outcome, and what the words tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.ages import age_matches, age_said
from knowledge.card import build_card, kept
from knowledge.guide import Fact, Guide
from knowledge.library import GuideLibrary
from knowledge.situations import (
    applies,
    contradicted,
    facts_in_words,
    known,
    open_question,
    unknown_keys,
    when_text,
)

VALUES = {"age": ["adult", "minor"], "hukou": ["local", "away"], "handler": ["self", "agent", "post"]}
facts_strategy = st.dictionaries(st.sampled_from(sorted(VALUES)), st.just(""), max_size=3).flatmap(
    lambda keys: st.fixed_dictionaries({key: st.sampled_from(VALUES[key]) for key in keys})
)
when_strategy = st.dictionaries(st.sampled_from(sorted(VALUES)), st.just(""), max_size=3).flatmap(
    lambda keys: st.fixed_dictionaries(
        {
            key: st.lists(st.sampled_from(VALUES[key]), min_size=1, max_size=2, unique=True).map(tuple)
            for key in keys
        }
    )
)


@pytest.fixture(scope="module")
def guide(library: GuideLibrary) -> Guide:
    return library.guides["id-card-replace"]


@given(when_strategy, facts_strategy)
def test_a_part_is_dropped_certain_or_open_and_never_two_of_them(when: dict, facts: dict) -> None:
    states = [contradicted(when, facts), applies(when, facts)]
    still_open = not contradicted(when, facts) and bool(unknown_keys(when, facts))
    assert sum(states) + still_open == 1


@given(when_strategy, facts_strategy, st.data())
def test_learning_a_fact_never_brings_a_dropped_part_back(
    when: dict, facts: dict, data: st.DataObject
) -> None:
    unknown = [key for key in VALUES if key not in facts]
    if not unknown:
        return
    key = data.draw(st.sampled_from(unknown))
    more = {**facts, key: data.draw(st.sampled_from(VALUES[key]))}
    if contradicted(when, facts):
        assert contradicted(when, more)
    if applies(when, facts):
        assert applies(when, more)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "age": st.sampled_from(["adult", "minor", "nonsense"]),
            "hukou": st.sampled_from(["local", "away"]),
            "other": st.just("x"),
        },
    )
)
def test_every_combination_has_an_outcome(facts: dict) -> None:
    guide = _guide()
    lead, card = build_card(guide, facts)
    keys = {section["key"] for section in card["sections"]}
    assert lead and {"materials", "steps"} <= keys
    texts = {item["text"] for section in card["sections"] for item in section["items"]}
    now = known(guide, facts)
    for part in guide.steps.window:
        assert (part.text in texts) == (not contradicted(part.when, now))
    conditional = [item for section in card["sections"] for item in section["items"] if item["when"]]
    assert bool(conditional) == (card["question"] is not None)
    if now.keys() >= {"age", "hukou"}:
        assert card["question"] is None


def _guide() -> Guide:
    from tests.knowledge.conftest import DATA

    global _LOADED
    if _LOADED is None:
        _LOADED = GuideLibrary.load(DATA / "guides").guides["id-card-replace"]
    return _LOADED


_LOADED: Guide | None = None


def test_only_questions_that_still_change_something_are_open(guide: Guide) -> None:
    assert open_question(guide, {}).key == "age"
    assert open_question(guide, {"age": "adult"}).key == "hukou"
    assert open_question(guide, {"age": "adult", "hukou": "away"}) is None
    only_adults = Fact("甲", when={"hukou": ("away",), "age": ("adult",)})
    assert kept([only_adults], {"age": "minor"}) == []


def test_unknown_conditions_are_put_into_words(guide: Guide) -> None:
    assert when_text(guide, {"age": ("minor",)}, {}) == "如果未满16周岁"
    assert when_text(guide, {"hukou": ("away",), "age": ("adult",)}, {"age": "adult"}) == "如果是户口在外省"
    assert when_text(guide, {"age": ("minor", "adult")}, {}) == "如果未满16周岁或满16周岁"
    assert when_text(guide, {"age": ("minor",)}, {"age": "minor"}) == ""


@pytest.mark.parametrize(
    ("words", "facts"),
    [
        ("没满16岁", {"age": "minor"}),
        ("他已经满16周岁了", {"age": "adult"}),
        ("我儿子今年12岁，外地户口", {"age": "minor", "hukou": "away"}),
        ("我34了，刚满三十四岁", {"age": "adult"}),
        ("未满16周岁", {"age": "minor"}),
        ("十五岁", {"age": "minor"}),
        ("十六周岁", {"age": "adult"}),
        ("不到16岁", {"age": "minor"}),
        ("大人小孩都要办", {}),
        ("要多少钱", {}),
    ],
)
def test_facts_are_read_from_words(guide: Guide, words: str, facts: dict[str, str]) -> None:
    assert facts_in_words(guide, words) == facts


@pytest.mark.parametrize(
    ("label", "age", "fits"),
    [
        ("16周岁至25周岁", 25, True),
        ("16周岁至25周岁", 26, False),
        ("满46周岁", 46, True),
        ("未满16周岁", 15.5, True),
        ("未满16周岁", 16, False),
        ("60周岁以上", 60, True),
        ("本人", 30, False),
    ],
)
def test_ages_against_labels(label: str, age: float, fits: bool) -> None:
    assert age_matches(label, age) is fits


def test_ages_in_words() -> None:
    assert age_said("我今年六十五岁") == 65
    assert age_said("不满二十周岁") == 19.5
    assert age_said("要带什么") is None
