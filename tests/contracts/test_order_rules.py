"""The pure parts of work orders: states, policy, days, likeness, export."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from actions.backends import order_states
from actions.backends.order_deadlines import alerts_on, cutoffs, due_on, workdays_between
from actions.backends.order_export import HEAD, export
from actions.backends.order_figures import COUNTS, months, tally
from actions.backends.order_likeness import contradict, likenesses, overlap
from actions.backends.order_places import district_of, place_of, places_of
from actions.backends.order_policy import DATA, KINDS, URGENCIES, load_policy
from actions.backends.ports import IllegalTransition

POLICY = load_policy()


def test_the_usual_way_is_legal_and_nothing_else_leads_out_of_the_end():
    way = ("accepted", "transferred", "handling", "answered", "called_back", "rated", "closed")
    for here, there in pairwise(way):
        assert there in {order_states.after(here, step) for step in order_states.allowed(here)}
    assert order_states.allowed("closed", rated=True) == ()
    assert order_states.allowed("closed") == ("rate",) and order_states.after("closed", "rate") == "closed"
    assert order_states.allowed("withdrawn") == order_states.allowed("refused") == ()


@pytest.mark.parametrize("state", order_states.STATES)
@pytest.mark.parametrize("step", [*order_states.STEPS, "nonsense"])
def test_every_step_either_leads_to_a_known_state_or_names_what_is_allowed(state, step):
    may = order_states.allowed(state)
    if step in may:
        assert order_states.after(state, step) in order_states.STATES
    else:
        with pytest.raises(IllegalTransition) as refusal:
            order_states.after(state, step)
        assert (refusal.value.from_state, refusal.value.to, refusal.value.allowed) == (state, step, may)


def places(text):
    return places_of(POLICY, text)


def measured(half, least):
    """(duplicates found, other matters taken for one) of a half of the pairs."""
    pairs = yaml.safe_load((Path(__file__).parent / "order_pairs.yml").read_text("utf-8"))[half]
    return tuple(
        sum(likenesses(one, [other], places)[0] >= least for one, other in pairs[kind])
        for kind in ("same", "near")
    )


def test_duplicates_in_other_words_are_found():
    """Trigrams found none of the thirty. What is taken for one wrongly is alike in topic, place and words."""
    least = POLICY.numbers["duplicates.same_citizen"]
    for half in ("fit", "held"):
        found, wrong = measured(half, least)
        assert found >= 14 and wrong <= 7


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("丰和大道路灯坏了没人修", "洪都大道路灯坏了没人修"), ("小区3栋电梯坏了", "小区9栋电梯坏了"),
        ("210路公交总是不来", "18路公交总是不来"), ("家里停水两天了", "家里停电两天了"),
    ],
)  # fmt: skip
def test_the_same_words_about_another_place_or_thing_are_no_duplicate(one, other):
    assert likenesses(one, [other], places)[0] < 0.35
    assert likenesses(one, [one], places)[0] > 0.99


def test_without_the_model_the_words_alone_count():
    def broken(_texts):
        raise RuntimeError("no model here")

    same, other = likenesses("路灯坏了没人修", ["路灯坏了，没人修", "公交不来"], places, broken)
    assert same > 0.8 and other == 0 and likenesses("x", [], places) == []


def test_no_number_of_days_is_claimed_to_be_law():
    wanted = {f"deadlines.{kind}.{urgency}" for kind in KINDS for urgency in URGENCIES}
    assert wanted <= set(POLICY.unverified)


def broken(tmp_path, change):
    table = yaml.safe_load(DATA.read_text("utf-8"))
    change(table)
    path = tmp_path / "orders.yml"
    path.write_text(yaml.safe_dump(table, allow_unicode=True), "utf-8")
    return path


def test_every_fault_of_the_policy_is_named(tmp_path):
    def change(table):
        table["deadlines"][0]["workdays"] = -1
        table["deadlines"].append({"kind": "x", "urgency": "normal", "workdays": 1})
        table["proof"]["lock_minutes"] = "long"
        table["escalation"]["workdays_after"] = [3, 0]
        table["cues"]["adds"] = "("
        del table["cues"]["urgent"]

    with pytest.raises(ValueError) as faults:
        load_policy(broken(tmp_path, change))
    for fault in (
        "deadlines 1: workdays -1", "consultation normal is missing", "x normal is unknown",
        "proof.lock_minutes: got 'long'", "escalation.workdays_after", "cues.adds: no regular",
        "cues.urgent: missing",
    ):
        assert fault in str(faults.value)


@pytest.mark.parametrize("content", ["[]", "a", ""])
def test_a_policy_that_is_no_table_is_refused(tmp_path, content):
    path = tmp_path / "orders.yml"
    path.write_text(content, "utf-8")
    with pytest.raises(ValueError, match="expected a table"):
        load_policy(path)


def test_days_are_working_days():
    assert due_on(POLICY, "complaint", "urgent", date(2026, 9, 30)) == date(2026, 10, 8)
    assert due_on(POLICY, "emergency_referral", "normal", date(2026, 10, 3)) == date(2026, 10, 3)
    assert workdays_between(date(2026, 9, 30), date(2026, 10, 12)) == 4  # 8, 9, Saturday 10 at work, 12
    assert workdays_between(date(2026, 10, 12), date(2026, 9, 30)) == 0
    assert alerts_on(POLICY, date(2026, 10, 8), date(2026, 9, 30)) == ("reminder",)
    assert alerts_on(POLICY, date(2026, 10, 8), date(2026, 10, 8)) == ("reminder",)
    assert alerts_on(POLICY, date(2026, 10, 8), date(2026, 10, 9)) == ("reminder", "overdue_1")


@given(st.dates(date(2026, 1, 1), date(2027, 3, 1)), st.integers(-40, 40))
def test_the_latest_deadlines_say_the_same_as_each_deadline_alone(today, days):
    due = today + timedelta(days)
    alone = set(alerts_on(POLICY, due, today))
    assert {kind for kind, latest in cutoffs(POLICY, today).items() if due <= latest} == alone


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_symmetric_between_0_and_1_and_1_for_the_same(one, other):
    assert 0 <= overlap(one, other) == overlap(other, one) <= 1
    assert overlap(one, one) in (0.0, 1.0)
    assert contradict(one, other, places) == contradict(other, one, places)
    assert not contradict(one, one, places)


def test_places_and_districts_are_read_from_the_words():
    for words in ("红谷滩区丰和大道路灯坏了", "丰和大道的路灯不亮", "昨天晚上在丰和大道摔了一跤"):
        assert place_of(POLICY, words) == "丰和大道"
    assert place_of(POLICY, "八一大道上有个坑") == "八一大道"
    no_names = ("公交车总是不来", "坐210路要等很久", "孩子过马路危险", "邻居在楼道里充电", "楼下广场舞太吵")
    for words in (*no_names, "店主跑路了", "小区里没有灯"):
        assert place_of(POLICY, words) == ""
    assert district_of(POLICY, "我在青云谱，不在东湖区") == "青云谱区"
    assert district_of(POLICY, "某地") == ""


def test_figures_are_exported_in_both_forms_without_formulas(tmp_path):
    names = (("department", "=1+1"), ("topic", "fire.charging"), ("topic", ""), ("district", "东湖区"))
    one = dict.fromkeys(COUNTS, 1) | {"workdays": None}
    rows = tally([one | {"by": by, "name": name} for by, name in names * 2])
    export(rows, tmp_path / "f.csv")
    with (tmp_path / "f.csv").open(encoding="utf-8-sig", newline="") as file:
        read = list(csv.reader(file))
    assert ["事项类别", "电动车违规充电", "2"] in [line[:3] for line in read], "topics by their titles"
    assert read[0] == list(HEAD) and read[1][:3] == ["合计", "", "2"] and read[2][1] == "'=1+1"
    export(rows, tmp_path / "f.xlsx")
    sheet = load_workbook(tmp_path / "f.xlsx")["工单统计"]
    assert [c.value for c in sheet[1]] == list(HEAD) and sheet["B4"].value == "未填"
    with pytest.raises(ValueError, match="csv or .xlsx"):
        export(rows, tmp_path / "f.pdf")


def test_a_period_is_cut_into_months():
    assert list(months(date(2026, 11, 15), date(2027, 2, 1))) == [
        (date(2026, 11, 15), date(2026, 12, 1)),
        (date(2026, 12, 1), date(2027, 1, 1)),
        (date(2027, 1, 1), date(2027, 2, 1)),
    ]
    assert list(months(date(2026, 11, 3), date(2026, 11, 4))) == [(date(2026, 11, 3), date(2026, 11, 4))]
    assert list(months(date(2026, 11, 3), date(2026, 11, 3))) == []
