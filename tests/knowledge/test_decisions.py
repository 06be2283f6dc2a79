"""Decision tables and boundaries: of small cases, and of every guide that ships."""

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.bounds import Bounds, edges, partition_faults, probes
from knowledge.guide import Guide
from knowledge.library import GuideLibrary, check_folder
from knowledge.outcome import fitting, otherwise, outcome_sentence
from knowledge.quantities import number, quantity_said
from knowledge.settings import KnowledgeSettings
from knowledge.situations import applies, facts_in_words

SIDE = 0.01


@pytest.fixture(scope="module")
def guides() -> dict[str, Guide]:
    return check_folder(KnowledgeSettings().guides_dir, date.today()).guides


@given(st.lists(st.integers(1, 100), min_size=1, max_size=4, unique=True), st.floats(0, 200))
def test_ranges_cut_at_any_numbers_hold_every_number_once(cuts: list[int], value: float) -> None:
    ends = [0, *sorted(cuts), float("inf")]
    ranges = [Bounds(low, high) for low, high in zip(ends, ends[1:], strict=False)]
    assert partition_faults(ranges) == []
    assert sum(r.holds(value) for r in ranges) == 1


@pytest.mark.parametrize(
    ("ranges", "fault"),
    [
        ([Bounds(0, 16), Bounds(17)], "16 lies in 0 options"),
        ([Bounds(0, 16, high_in=True), Bounds(16)], "16 lies in 2 options"),
        ([Bounds(1, 16), Bounds(16)], "0 lies in 0 options"),
        ([Bounds(0, 16)], "33 lies in 0 options"),
    ],
)
def test_gaps_and_overlaps_are_found(ranges: list[Bounds], fault: str) -> None:
    assert any(fault in line for line in partition_faults(ranges))


def test_each_side_of_every_boundary_of_every_guide_has_exactly_one_option(guides: dict[str, Guide]) -> None:
    walked = 0
    for guide in guides.values():
        for situation in guide.situations:
            ranges = [o.bounds for o in situation.options if o.bounds]
            for edge in edges(ranges):
                for value in (edge - SIDE, edge, edge + SIDE):
                    holders = [o for o in situation.options if o.bounds and o.bounds.holds(value)]
                    assert len(holders) == 1, (guide.id, situation.key, value)
                    assert situation.option_of(value) is holders[0]
                below, above = situation.option_of(edge - SIDE), situation.option_of(edge + SIDE)
                assert below is not above, (guide.id, situation.key, edge)
                walked += 1
    assert walked >= 50


def test_every_boundary_changes_what_the_citizen_is_told(guides: dict[str, Guide]) -> None:
    """On the two sides of a boundary the outcome or some part differs, whatever else is known."""
    for guide in guides.values():
        for situation in guide.situations:
            others = [s for s in guide.situations if s is not situation]
            ranges = [o.bounds for o in situation.options if o.bounds]
            for edge in edges(ranges):
                sides = [situation.option_of(edge - SIDE), situation.option_of(edge + SIDE)]
                seen = []
                for option in sides:
                    rows = []
                    for values in product(*([o.value for o in s.options] for s in others)):
                        facts = {
                            situation.key: option.value,
                            **dict(zip([s.key for s in others], values, strict=True)),
                        }
                        rows.append([p for p in guide.parts() if applies(p.when, facts)])
                    seen.append(rows)
                assert seen[0] != seen[1], (guide.id, situation.key, edge)


def test_every_combination_of_every_guide_has_one_outcome(guides: dict[str, Guide]) -> None:
    combined = 0
    for guide in guides.values():
        for values in product(*([o.value for o in s.options] for s in guide.situations)):
            facts = dict(zip([s.key for s in guide.situations], values, strict=True))
            rows = [row for row in guide.outcomes if applies(row.when, facts)]
            assert len(rows) == (1 if guide.situations else 0), (guide.id, facts)
            if guide.situations:
                assert fitting(guide, facts) is rows[0]
                assert rows[0].text.rstrip("。") in outcome_sentence(guide, facts)
            combined += 1
    assert combined > 500


def test_the_outcome_is_told_with_its_reason_and_what_would_change_it(library: GuideLibrary) -> None:
    guide = library.guides["id-card-replace"]
    said = outcome_sentence(guide, {"age": "adult", "hukou": "local"})
    assert said == (
        "适用于您，因为您的情况是“满16周岁、户口在本省”：本人到任一派出所申请。"
        "如果是“未满16周岁、户口在外省”，则不同。"
    )
    assert outcome_sentence(guide, {"age": "adult"}) == "" and outcome_sentence(guide, {}) == ""
    assert otherwise(guide, {"age": "minor"}) == []
    unverified = outcome_sentence(guide, {"age": "adult", "hukou": "away"})
    assert "还没有核实" in unverified


def test_numbers_in_words() -> None:
    assert [number(t) for t in ("8", "三百二十", "十六", "二〇", "1.5", "一千零五")] == [
        8,
        320,
        16,
        20,
        1.5,
        1005,
    ]


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("交了8个月", "个月", 8),
        ("一年半", "个月", 12),
        ("半年", "个月", 6),
        ("两年", "个月", 24),
        ("18个月", "年", 1.5),
        ("三万元", "元", 30000),
        ("140平", "平方米", 140),
        ("不到一年", "年", 0.99),
        ("超过30天", "日", 30.01),
        ("没超过十年", "年", 10),
        ("两年多", "年", 2.01),
        ("3个月还是5个月", "个月", None),
        ("要多少钱", "元", None),
    ],
)
def test_quantities_in_words(text: str, unit: str, value: float | None) -> None:
    found = quantity_said(text, unit)
    assert found == (value if value is None else pytest.approx(value))


def test_a_number_in_a_long_sentence_decides_nothing(guides: dict[str, Guide]) -> None:
    guide = next(
        g for g in guides.values() if any(s.unit == "个月" for s in g.situations) and len(g.situations) == 1
    )
    key = guide.situations[0].key
    assert key in facts_in_words(guide, "交了2个月")
    assert key not in facts_in_words(guide, "我三月份跟老板吵架以后在家待了2个月没有上班")


def test_probes_reach_beyond_the_last_boundary() -> None:
    assert probes([Bounds(0, 16), Bounds(16)])[-1] > 16
