"""One row of an import: cells under Chinese titles become the values of a case, or faults by column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml

from actions.backends.clock import SHANGHAI
from actions.backends.numbers import CASE, check_digit

COLUMNS = Path(__file__).resolve().parent.parent / "data" / "case_columns.yml"
SKEW = timedelta(minutes=5)
"""How far the clock of a source may be ahead of ours."""
UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
STEP = re.compile(
    r"(?:(\d{4}-\d{1,2}-\d{1,2})(?:[ T](\d{1,2}:\d{2})(?::\d{2})?)?\s+)?([^：:]+)(?:[：:](.*))?"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell. `said` never quotes it: it may be a name or a number of a person."""

    row: int
    column: str
    said: str


@dataclass(frozen=True, slots=True)
class Titles:
    """Which titles mean which field, and which words mean which way."""

    source: str
    titles: Mapping[str, tuple[str, ...]]
    needed: frozenset[str]
    ways: Mapping[str, str]

    @classmethod
    def load(cls, path: Path = COLUMNS) -> Titles:
        """Raises ValueError for a field that does not exist, or a title that means two."""
        raw = yaml.safe_load(path.read_text("utf-8"))
        if not isinstance(raw, dict) or not isinstance(raw.get("columns"), dict):
            raise ValueError(
                f"{path.name}: 应有 columns: 字段 -> [列名, …]，见 actions/data/case_columns.yml"
            )
        titles = {str(k): tuple(map(str, v)) for k, v in raw["columns"].items()}
        needed = frozenset(map(str, raw.get("needed", ())))
        faults = [f"没有“{name}”这个字段" for name in sorted((titles.keys() | needed) - READERS.keys())]
        every = [title for names in titles.values() for title in names]
        faults += [f"列名“{t}”出现两次" for t in sorted({t for t in every if every.count(t) > 1})]
        faults += [f"必填字段“{n}”没有列名" for n in sorted(needed - titles.keys())]
        must = {"case_no", "phone_last4", "applicant", "item", "department", "status", "submitted_on"}
        faults += [f"字段“{n}”必须在 needed 里" for n in sorted(must - needed)]
        if faults:
            raise ValueError(f"{path.name}: " + "；".join(faults))
        ways = {str(w): str(k) for k, words in (raw.get("result_ways") or {}).items() for w in words}
        return cls(str(raw.get("source", "")), titles, needed, ways)

    def places(self, heads: Sequence[Any]) -> dict[str, int]:
        """Field -> place of its column. Raises ValueError naming what is missing, unknown or twice there."""
        names = {title: name for name, titles in self.titles.items() for title in titles}
        found: dict[str, int] = {}
        faults: list[str] = []
        for place, head in enumerate(heads):
            title = str(head or "").strip()
            name = names.get(title)
            if title and name is None:
                faults.append(f"不认识的列“{title[:20]}”")
            elif name in found:
                faults.append(f"列“{title}”和另一列意思相同")
            elif name:
                found[name] = place
        faults += [f"缺少列“{self.titles[n][0]}”" for n in READERS if n in self.needed and n not in found]
        if faults:
            raise ValueError("第1行：" + "；".join(faults))
        return found


Read = Callable[[str, Titles], Any]


def read_row(
    number: int, cells: Sequence[Any], places: Mapping[str, int], mapping: Titles, now: datetime
) -> tuple[dict[str, Any], list[Fault]]:
    """(values by field, faults). Values are of no use when there are faults."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, read in READERS.items():
        place = places.get(name)
        text = _text(cells[place]) if place is not None and place < len(cells) else ""
        title = mapping.titles[name][0] if name in mapping.titles else name
        try:
            if not text and name in mapping.needed:
                raise ValueError("不能为空")
            if UNFIT.search(text):
                raise ValueError("有不能用的控制字符")
            values[name] = read(text, mapping)
        except ValueError as fault:
            faults.append(Fault(number, title, str(fault)))
    if not faults:
        faults = [
            Fault(number, mapping.titles.get(name, (name,))[0], said)
            for name, said in (*_together(values), *_to_come(values, now))
        ]
    return values, faults


def _together(values: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """What two cells say against each other."""
    if bool(values["pause_reason"]) != bool(values["pause_since"]):
        yield "pause_since", "暂停原因和暂停开始要么都填，要么都不填"
    until = values["pause_until"]
    if until and (not values["pause_since"] or until < values["pause_since"]):
        yield "pause_until", "应不早于暂停开始"
    for name in ("statutory_on", "promised_on", "pause_since"):
        if values[name] and values[name] < values["submitted_on"]:
            yield name, "早于提交日期"


def _to_come(values: Mapping[str, Any], now: datetime) -> Iterable[tuple[str, str]]:
    """What cannot have happened yet. A slip in 数据时间 would otherwise hold off every later report."""
    latest = now + SKEW
    if values["submitted_on"] > latest.date():
        yield "submitted_on", "晚于今天"
    if values["as_of"] and values["as_of"] > latest:
        yield "as_of", "晚于现在"
    if any(step["at"] and datetime.fromisoformat(step["at"]) > latest for step in values["steps"]):
        yield "steps", "有的步骤晚于现在；还没到的步骤不写日期"


def _text(cell: Any) -> str:
    """A cell as text: Excel gives days as moments and whole numbers as floats."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds") if cell.time() != time.min else cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 10**15:
        return str(int(cell))
    return str(cell).strip()


def _words(limit: int) -> Read:
    def read(text: str, _: Titles) -> str:
        if len(text) > limit:
            raise ValueError(f"最多{limit}个字，现在有{len(text)}个")
        return text

    return read


def _case_no(text: str, _: Titles) -> str:
    if not re.fullmatch(r"[A-Z0-9-]{6,24}", text):
        raise ValueError("应为6到24位大写字母、数字或“-”")
    if text.startswith(CASE) and (not text[2:].isdigit() or check_digit(text[2:-1]) != text[-1]):
        raise ValueError("校验码不对")
    return text


def _phone(text: str, _: Titles) -> str:
    if not re.fullmatch(r"[0-9]{4}|1[0-9]{10}", text):
        raise ValueError("应为4位数字或11位手机号；单元格请设为文本，以免丢掉开头的0")
    return text[-4:]


def _identity(text: str, _: Titles) -> str:
    if text and not re.fullmatch(r"[0-9A-Za-z-]{6,64}", text):
        raise ValueError("应为证件号码或统一社会信用代码；单元格请设为文本，以免变成科学计数")
    return text.upper()


def _day(text: str, _: Titles) -> date | None:
    if not text:
        return None
    parts = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 0?0:00(?::00)?)?", text)
    try:
        if parts is None:
            raise ValueError
        day = date(int(parts[1]), int(parts[2]), int(parts[3]))
        if not 2000 <= day.year <= 2100:
            raise ValueError
        return day
    except ValueError:
        raise ValueError("应为日期，如 2026-11-24") from None


def _days(text: str, _: Titles) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise ValueError("应为0到999的整数（工作日）")
    return int(text)


def _moment(text: str, _: Titles) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise ValueError("应为时间，如 2026-11-24 10:00") from None
    moment = moment.replace(tzinfo=SHANGHAI) if moment.tzinfo is None else moment.astimezone(SHANGHAI)
    if not 2000 <= moment.year <= 2100:
        raise ValueError("应为时间，如 2026-11-24 10:00")
    return moment


def _list(text: str, _: Titles) -> list[str]:
    items = [item.strip() for item in re.split(r"[；;\n]", text) if item.strip()]
    if len(items) > 30 or any(len(item) > 200 for item in items):
        raise ValueError("最多30项，每项最多200个字，用“；”隔开")
    return items


def _way(text: str, mapping: Titles) -> str:
    if text and text not in mapping.ways:
        raise ValueError(f"应为{'、'.join(mapping.ways)}之一")
    return mapping.ways.get(text, "")


def _steps(text: str, mapping: Titles) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    for item in _list(text, mapping):
        parts = STEP.fullmatch(item)
        title = parts[3].strip() if parts else ""
        if parts is None or not 0 < len(title) <= 40 or re.match(r"\d{4}-", title):
            raise ValueError("每一步应为“2026-11-24 10:00 名称：说明”，还没到的步骤不写日期")
        at = (
            _moment(f"{_day(parts[1], mapping)} {(parts[2] or '0:00').zfill(5)}", mapping)
            if parts[1]
            else None
        )
        note = (parts[4] or "").strip()
        state = "done" if at else "next"
        steps.append({"title": title, "at": at and at.isoformat(), "note": note, "state": state})
    return steps


READERS: dict[str, Read] = {
    "case_no": _case_no,
    "phone_last4": _phone,
    "applicant": _words(40),
    "identity": _identity,
    "item": _words(80),
    "department": _words(40),
    "status": _words(40),
    "submitted_on": _day,
    "statutory_days": _days,
    "statutory_on": _day,
    "promised_days": _days,
    "promised_on": _day,
    "pause_reason": _words(40),
    "pause_since": _day,
    "pause_until": _day,
    "holder_department": _words(40),
    "holder": _words(40),
    "next_step": _words(400),
    "citizen_must": _words(400),
    "materials": _list,
    "result": _words(200),
    "result_way": _way,
    "result_where": _words(200),
    "steps": _steps,
    "as_of": _moment,
}
