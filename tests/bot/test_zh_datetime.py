"""bot/zh_datetime.py against the table of what citizens say, and against every day of two years."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.zh_datetime import parse
from bot.zh_day import RECENT_DAYS
from bot.zh_number import to_chinese
from bot.zh_parts import WINDOWS
from bot.zh_workdays import is_working_day, next_working_day

CASES = yaml.safe_load((Path(__file__).parent / "data/booking_times.yaml").read_text("utf-8"))
NOW = datetime(2026, 11, 24, 10, 0)
FIELDS = ("day", "until", "start", "end", "part", "problem")
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


def expected(case: dict) -> dict:
    """The six fields of a row; a part without a start stands for its window."""
    row = {field: case.get(field) for field in FIELDS}
    if row["part"] and not row["start"]:
        row["start"], row["end"] = WINDOWS[row["part"]]
    return row


@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{case['say']}" for i, case in enumerate(CASES)])
def test_what_citizens_say(case: dict) -> None:
    now = case.get("now", NOW)
    found = parse(case["say"], datetime.fromisoformat(now) if isinstance(now, str) else now)
    assert {field: getattr(found, field) for field in FIELDS} == expected(case)


def test_enough_cases() -> None:
    assert len(CASES) >= 400
    assert len({(case["say"], str(case.get("now"))) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("ahead", range(366 - RECENT_DAYS - 1))
def test_every_coming_day_survives_as_month_and_day(ahead: int) -> None:
    day = NOW.date() + timedelta(days=ahead)
    assert parse(f"{day.month}月{day.day}号", NOW).day == day
    assert parse(f"{to_chinese(day.month)}月{to_chinese(day.day)}日上午", NOW).day == day


@given(DAYS, st.integers(0, 400))
def test_full_dates_survive_and_say_past(today: date, ahead: int) -> None:
    day = today + timedelta(days=ahead - 30)
    found = parse(f"{day.year}年{day.month}月{day.day}日", datetime(today.year, today.month, today.day, 9))
    assert found.day == day
    assert (found.problem == "past") == (day < today)


@given(DAYS, st.integers(0, 6), st.integers(0, 23), st.sampled_from(["", "上午", "下午三点", "晚上", "中午"]))
def test_bare_weekdays_are_never_past(today: date, weekday: int, hour: int, rest: str) -> None:
    now = datetime(today.year, today.month, today.day, hour, 1)
    found = parse(f"周{'一二三四五六日'[weekday]}{rest}", now)
    assert found.problem is None
    assert found.day.weekday() == weekday
    assert today <= found.day <= today + timedelta(days=7)
    if found.day == today:
        assert (found.end or found.start or "23:59") > f"{now:%H:%M}"


@given(DAYS, st.integers(0, 6))
def test_next_week_is_next_calendar_week(today: date, weekday: int) -> None:
    found = parse(f"下周{'一二三四五六日'[weekday]}", datetime(today.year, today.month, today.day, 9))
    monday = today - timedelta(days=today.weekday()) + timedelta(days=7)
    assert found.day == monday + timedelta(days=weekday)


@given(DAYS, st.integers(1, 31))
def test_bare_day_of_month_is_ahead(today: date, number: int) -> None:
    found = parse(f"{number}号", datetime(today.year, today.month, today.day, 9))
    assert found.day >= today
    assert found.day.day == number


@given(st.integers(0, 23), st.integers(0, 59))
def test_clock_figures_survive(hour: int, minute: int) -> None:
    found = parse(f"明天{hour:02d}:{minute:02d}", NOW)
    assert found.start == f"{hour:02d}:{minute:02d}"


@given(st.text(max_size=40), st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1)))
def test_any_text_is_read_without_failing(text: str, now: datetime) -> None:
    found = parse(text, now)
    if found.day and found.day < now.date():
        assert found.problem in ("past", "ambiguous")
    for span in filter(None, (found.day_span, found.time_span)):
        assert 0 <= span[0] < span[1] <= len(text)


@given(
    st.lists(
        st.sampled_from(
            [
                "下周",
                "三",
                "月",
                "号",
                "点",
                "半",
                "到",
                "之前",
                "十",
                "2",
                "5",
                "后",
                "天",
                "周末",
                "元旦",
                "前",
                "上午",
                "晚",
                "明",
                "分",
                "差",
                "一刻",
                "不是",
                "是",
                ",",
                "30",
                ":",
                "小时",
                "年",
            ]
        ),
        max_size=9,
    )
)
def test_scrambled_time_words_are_read_without_failing(words: list[str]) -> None:
    found = parse("".join(words), NOW)
    assert found.day is None or found.day >= NOW.date() or found.problem in ("past", "ambiguous")


def test_spans_point_into_the_original_text() -> None:
    text = "我 想 １２月６号 下午三点半 去"
    found = parse(text, NOW)
    assert text[slice(*found.day_span)] == "１２月６号"
    assert text[slice(*found.time_span)] == "下午三点半"


WEEKS = {"这": 0, "下": 1, "下下": 2}
PART_OF_HOUR = {8: "上午", 9: "上午", 11: "早上", 12: "中午", 14: "下午", 17: "下午", 19: "晚上", 20: "晚上"}
MINUTES = {0: "", 15: "一刻", 30: "半", 45: "三刻", 20: "二十"}


@given(
    DAYS,
    st.sampled_from(sorted(WEEKS)),
    st.integers(0, 6),
    st.sampled_from(sorted(PART_OF_HOUR)),
    st.sampled_from(sorted(MINUTES)),
)
def test_a_spoken_weekday_and_hour_come_back(
    today: date, week: str, weekday: int, hour: int, minute: int
) -> None:
    spoken_hour = to_chinese(hour if hour <= 12 else hour - 12)
    text = f"{week}周{'一二三四五六日'[weekday]}{PART_OF_HOUR[hour]}{spoken_hour}点{MINUTES[minute]}"
    found = parse(text, datetime(today.year, today.month, today.day, 0, 1))
    monday = today - timedelta(days=today.weekday())
    assert found.day == monday + timedelta(days=7 * WEEKS[week] + weekday)
    assert found.start == f"{hour:02d}:{minute:02d}"
    assert found.problem == ("past" if found.day < today else None)


FILLERS = [
    "",
    "嗯",
    "呃那个",
    "你好，",
    "麻烦帮我约一下",
    "我想",
    "喂你好我想预约",
    "吧",
    "可以吗",
    "行不行",
    "，谢谢",
    "哈",
]
PHRASES = [
    "下周三下午三点半",
    "后天上午",
    "12月6号",
    "周六",
    "月底",
    "两点一刻",
    "元旦前一天",
    "昨天",
    "周六或者周日",
]


@given(st.sampled_from(FILLERS), st.sampled_from(PHRASES), st.sampled_from(FILLERS))
def test_fillers_around_change_nothing(before: str, phrase: str, after: str) -> None:
    bare, found = parse(phrase, NOW), parse(before + phrase + after, NOW)
    assert {f: getattr(found, f) for f in FIELDS} == {f: getattr(bare, f) for f in FIELDS}


@given(
    DAYS,
    st.integers(1, 60),
    st.integers(1, 60),
    st.sampled_from(["，不对，", "，哦不，", "……说错了，是", "，改成"]),
)
def test_the_corrected_day_counts_and_the_hour_stays(today: date, first: int, second: int, slip: str) -> None:
    days = [today + timedelta(days=ahead) for ahead in (first, second)]
    said = [f"{day.month}月{day.day}号" for day in days]
    found = parse(f"{said[0]}上午九点{slip}{said[1]}", datetime(today.year, today.month, today.day, 9))
    assert (found.day, found.start, found.problem) == (days[1], "09:00", None)


@given(DAYS, st.integers(1, 60), st.integers(1, 60), st.sampled_from(["或者", "还是", "、", "要么"]))
def test_different_days_at_choice_are_ambiguous(today: date, first: int, second: int, word: str) -> None:
    days = [today + timedelta(days=ahead) for ahead in (first, second)]
    text = word.join(f"{day.month}月{day.day}号" for day in days)
    found = parse(text, datetime(today.year, today.month, today.day, 9))
    assert (found.day, found.until) == (days[0], None)
    assert found.problem == (None if first == second else "ambiguous")


@given(DAYS)
def test_the_next_working_day_is_one(today: date) -> None:
    day = next_working_day(today)
    assert day > today
    assert is_working_day(day)
    assert not any(is_working_day(today + timedelta(days=n)) for n in range(1, (day - today).days))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 1, 4), True),
        (date(2026, 2, 14), True),
        (date(2026, 2, 23), False),
        (date(2026, 10, 7), False),
        (date(2026, 10, 10), True),
        (date(2027, 1, 1), False),
        (date(2027, 1, 4), True),
    ],
)
@pytest.mark.parametrize("library", [True, False])
def test_breaks_and_made_up_weekends(
    day: date, works: bool, library: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not library:
        monkeypatch.setattr("bot.zh_workdays.chinese_calendar", None)
    assert is_working_day(day) == works
