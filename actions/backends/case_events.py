"""The events of the feed: from bytes to a checked event, or a refusal that names the field. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from actions.backends.clock import SHANGHAI
from actions.backends.ports import FeedMalformed, FeedUnsigned, ResultWay

WINDOW = timedelta(minutes=5)
BODY_LIMIT = 64 * 1024
"""Bytes."""
EARLIEST = datetime(2000, 1, 1, tzinfo=SHANGHAI)
WAYS = ("", "collect", "post", "electronic")
UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One change: the whole changeable state of a case from `at` on. What is left out is empty."""

    event_id: str
    case_no: str
    at: datetime
    version: int
    status: str
    step: str
    note: str
    paused: str
    holder_department: str
    holder: str
    next_step: str
    citizen_must: str
    materials: tuple[str, ...]
    result: str
    result_way: ResultWay
    result_where: str
    promised_on: date | None
    statutory_on: date | None


def check_signature(body: bytes, signature: str, timestamp: str, secret: str, now: datetime) -> None:
    """Raises FeedUnsigned unless the secret signed these bytes within five minutes of `now`.

    An empty secret signs nothing.
    """
    if not secret or not re.fullmatch(r"[0-9]{10}", timestamp):
        raise FeedUnsigned
    expected = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).hexdigest()
    given = signature.removeprefix("sha256=").lower().encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(expected.encode(), given):
        raise FeedUnsigned
    if abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
        raise FeedUnsigned


def read_event(body: bytes, now: datetime) -> CaseEvent:
    """Raises FeedMalformed for the first field that is not what it must be."""
    raw = _object(body)
    if unknown := sorted(raw.keys() - READERS.keys()):
        raise FeedMalformed(unknown[0][:64], f"one of {', '.join(READERS)}")
    values = {name: read(name, raw.get(name)) for name, read in READERS.items()}
    event = CaseEvent(**{**values, "step": values["step"] or values["status"]})
    if event.at > now + WINDOW:
        raise FeedMalformed("at", "a moment that is not in the future")
    return event


def content(event: CaseEvent) -> str:
    """The event as one text, the same for the same event."""
    return json.dumps([str(getattr(event, name)) for name in READERS], ensure_ascii=False)


def _object(body: bytes) -> dict[str, Any]:
    if len(body) > BODY_LIMIT:
        raise FeedMalformed("", f"at most {BODY_LIMIT} bytes")
    try:
        raw = json.loads(body.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise FeedMalformed("", "one JSON object in UTF-8, each key once") from None
    if not isinstance(raw, dict):
        raise FeedMalformed("", "one JSON object")
    return raw


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key appears twice")
    return dict(pairs)


def _text(limit: int, *, needed: bool = False, shape: str = "") -> Callable[[str, Any], str]:
    expected = f"a text of {'1' if needed else '0'} to {limit} characters" + (
        f" like {shape}" if shape else ""
    )

    def read(name: str, value: Any) -> str:
        text = "" if value is None else value
        if not isinstance(text, str) or len(text) > limit or UNFIT.search(text):
            raise FeedMalformed(name, expected)
        if (needed and not text.strip()) or (shape and not re.fullmatch(shape, text)):
            raise FeedMalformed(name, expected)
        return text

    return read


def _version(name: str, value: Any) -> int:
    version = 0 if value is None else value
    if type(version) is not int or not 0 <= version < 2**31:
        raise FeedMalformed(name, "a whole number from 0 to 2147483647")
    return version


def _moment(name: str, value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        if moment.tzinfo is None or moment < EARLIEST:
            raise ValueError
        return moment.astimezone(SHANGHAI)
    except (ValueError, OverflowError):
        raise FeedMalformed(name, "a moment with its zone, such as 2026-11-24T10:00:00+08:00") from None


def _day(name: str, value: Any) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise FeedMalformed(name, "a day such as 2026-11-24, or null") from None


def _list(name: str, value: Any) -> tuple[str, ...]:
    items = [] if value is None else value
    if not isinstance(items, list) or len(items) > 30:
        raise FeedMalformed(name, "a list of at most 30 texts")
    return tuple(_text(200, needed=True)(name, item) for item in items)


def _way(name: str, value: Any) -> ResultWay:
    if value is not None and (not isinstance(value, str) or value not in WAYS):
        raise FeedMalformed(name, "collect, post, electronic or nothing")
    return cast(ResultWay, value or "")


READERS: dict[str, Callable[[str, Any], Any]] = {
    "event_id": _text(64, needed=True, shape="[A-Za-z0-9_.:-]+"),
    "case_no": _text(24, needed=True, shape="[A-Z0-9-]+"),
    "at": _moment,
    "version": _version,
    "status": _text(40, needed=True),
    "step": _text(40),
    "note": _text(200),
    "paused": _text(40),
    "holder_department": _text(40),
    "holder": _text(40),
    "next_step": _text(400),
    "citizen_must": _text(400),
    "materials": _list,
    "result": _text(200),
    "result_way": _way,
    "result_where": _text(200),
    "promised_on": _day,
    "statutory_on": _day,
}
"""Every field of an event and how it is read; see docs/cases.md."""
