"""One row of a list -> the raw value of a guide, or what is wrong with the row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from knowledge.importing.mapping import NEEDED, ColumnMapping
from knowledge.parse import ITEM_TYPES, SUMMARY_LIMIT, parse_value
from knowledge.wording import phrase

NAME_LIMIT = 200
TEXT_LIMIT = 2000
_CODE = re.compile(r"[^0-9a-z]+")
_PERSON = re.compile("自然人|个人|公民")
_BODY = re.compile("法人|企业|组织|机关|单位")


def item_value(row: Mapping[str, Any], mapping: ColumnMapping, day: str) -> tuple[dict[str, Any], list[str]]:
    """The guide's raw value and the faults of the row.

    Args:
        row: column -> cell.
        mapping: which column is what.
        day: ISO date of the import, the guide's date and version.

    """
    get = {target: mapping.cell(row, target) for target in (*mapping.columns, *mapping.constants)}
    faults = [
        f"{target}: is empty ({'/'.join(mapping.columns.get(target, ()))})"
        for target in NEEDED
        if not get.get(target)
    ]
    faults += [
        f"{target}: has {len(text)} characters, expected at most {limit}"
        for target, texts in get.items()
        for text in texts
        if len(text) > (limit := NAME_LIMIT if target in NEEDED else TEXT_LIMIT)
    ]
    count = _one(get, "visits")
    if count and not re.fullmatch(r"\d{1,2}(\.0)?", count):
        faults.append(f"visits: got {count!r}, expected a whole number")
    if faults:
        return {}, faults
    value = _value(get, day)
    _, problems = parse_value(value, "row")
    return value, [problem.removeprefix("row: ") for problem in problems]


def _value(get: Mapping[str, list[str]], day: str) -> dict[str, Any]:
    name, department, area = get["name"][0], get["department"][0], _one(get, "area")
    kind = _one(get, "item_type")
    basis = _one(get, "basis")
    conditions = [_fact(text) for text in get.get("conditions", [])]
    if basis:
        conditions.append({"text": phrase("import.basis", text=_trimmed(basis)), "basis": ["list"]})
    visits = _one(get, "visits")
    return {
        "id": f"item-{_CODE.sub('-', get['code'][0].lower()).strip('-')}",
        "kind": "guide",
        "imported": True,
        "name": name,
        "department": department,
        "item_type": kind if kind in ITEM_TYPES else "其他",
        "applicant": _applicant(get.get("applicant", [])),
        "summary": _summary(name, department, area),
        "aliases": [text for text in dict.fromkeys(get.get("alias", [])) if text != name],
        "questions": [],
        "situations": [],
        "outcomes": [],
        "conditions": conditions,
        "materials": [{"name": text, "form": "原件", "verified": False} for text in get.get("materials", [])],
        "steps": {
            "online": [_fact(text) for text in get.get("steps_online", [])],
            "window": [_fact(text) for text in get.get("steps", [])] or [_missing("steps")],
        },
        "time_limit": {"statutory": _maybe(get, "statutory"), "promised": _maybe(get, "promised")},
        "fee": {
            "summary": _one(get, "fee")[:20] or phrase("import.unknown"),
            "amount_yuan": None,
            "facts": [_maybe(get, "fee") or _missing("fee")],
        },
        "where": {
            "place": _maybe(get, "place") or _missing("place"),
            "hours": _maybe(get, "hours"),
            "phone": _maybe(get, "phone"),
            "online": [_fact(text) for text in get.get("online", [])],
        },
        "visits": {"count": int(float(visits)) if visits else None, "note": "", "verified": False},
        "proxy": _maybe(get, "proxy"),
        "post": _maybe(get, "post"),
        "cross_region": _maybe(get, "cross_region"),
        "result": _maybe(get, "result") or _missing("result"),
        "validity": _maybe(get, "validity"),
        "faq": [],
        "basis": [{"key": "list", "title": _trimmed(basis)[:80], "checked": False}] if basis else [],
        "related": [],
        "effective_on": day,
        "expires_on": None,
        "reviewed_on": day,
        "version": day,
    }


def _one(get: Mapping[str, list[str]], target: str) -> str:
    return next(iter(get.get(target, ())), "")


def _maybe(get: Mapping[str, list[str]], target: str) -> dict[str, Any] | None:
    texts = get.get(target, [])
    return _fact("；".join(texts)) if texts else None


def _fact(text: str) -> dict[str, Any]:
    return {"text": f"{_trimmed(text)}。", "verified": False}


def _missing(part: str) -> dict[str, Any]:
    return {"text": phrase(f"import.missing.{part}"), "verified": False}


def _trimmed(text: str) -> str:
    return text.rstrip("。；; ")


def _applicant(texts: list[str]) -> str:
    joined = "".join(texts)
    person, body = bool(_PERSON.search(joined)), bool(_BODY.search(joined))
    return "个人和法人" if person == body else "个人" if person else "法人"


def _summary(name: str, department: str, area: str) -> str:
    text = phrase("import.summary", name=name, department=department, area=area)
    return (
        text
        if len(text) <= SUMMARY_LIMIT
        else phrase("import.summary_short", department=department)[:SUMMARY_LIMIT]
    )
