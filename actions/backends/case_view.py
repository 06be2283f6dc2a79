"""From a stored case and its events to what the citizen sees. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping

from actions.backends.clock import SHANGHAI, add_workdays
from actions.backends.ports import CasePause, CaseStatus, CaseStep
from actions.backends.vault import Vault


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of the feed, as far as the course of the case shows it."""

    event_id: str
    version: int
    at: datetime
    title: str
    note: str
    paused: str
    statutory_on: date | None = None
    promised_on: date | None = None

    @property
    def order(self) -> tuple[int, datetime, str]:
        """Which of two events is newer, whatever the order of their arrival: version, time, id."""
        return self.version, self.at, self.event_id


def view(row: RowMapping, events: Sequence[Happened], vault: Vault, now: datetime) -> CaseStatus:
    """The case as of its last report, or of `now` if the source says nothing about that."""
    after = [e for e in events if row["base_at"] is None or e.at >= row["base_at"]]
    after.sort(key=lambda e: e.order)
    stood = pauses(row["pauses"], after)
    stands = bool(stood) and stood[-1].until is None

    def due(days: int | None, given: date | None) -> date | None:
        if stands:
            return None
        return given if given or days is None else deadline(row["submitted_on"], days, stood)

    stated = (
        [e.statutory_on for e in after if e.statutory_on],
        [e.promised_on for e in after if e.promised_on],
    )
    statutory = due(row["statutory_days"], [row["statutory_on"], *stated[0]][-1])
    promised = due(row["promised_days"], [row["promised_on"], *stated[1]][-1])
    return CaseStatus(
        case_no=row["case_no"],
        item=row["item"],
        applicant=masked(vault.open("cases.applicant", row["applicant"])),
        department=row["department"],
        status=row["status"],
        submitted_on=row["submitted_on"],
        due_on=promised or statutory,
        steps=timeline(row["steps"], events, row["state_event"]),
        next_step=row["next_step"],
        citizen_must=row["citizen_must"],
        as_of=row["updated_at"] or now,
        source=row["source"],
        demo=row["demo"],
        holder_department=row["holder_department"] or row["department"],
        holder=vault.open("cases.holder", row["holder"]),
        statutory_days=row["statutory_days"],
        statutory_due=statutory,
        promised_days=row["promised_days"],
        promised_due=promised,
        pauses=stood,
        materials=tuple(json.loads(row["materials"])),
        result=row["result"],
        result_way=row["result_way"],
        result_where=row["result_where"],
    )


def masked(name: str) -> str:
    """王小明 -> 王*明, 王明 -> 王*; a name that comes masked stays as it is."""
    if "*" in name or not name:
        return name
    return name[0] + "*" if len(name) <= 2 else name[0] + "*" * (len(name) - 2) + name[-1]


def deadline(submitted: date, days: int, stood: Sequence[CasePause]) -> date:
    """The last of `days` working days after `submitted`; days of a closed pause count for nothing.

    A pause lasts from the day after `since` to the day `until`, both in working days.
    """
    due = submitted
    left = days
    while left > 0:
        due = add_workdays(due, 1)
        if not any(p.since < due <= (p.until or date.max) for p in stood):
            left -= 1
    return due


def pauses(stored: str, events: Sequence[Happened]) -> tuple[CasePause, ...]:
    """The pauses that the source named, continued by the events: a pause lasts until one that names none."""
    found = [
        CasePause(
            p["reason"],
            date.fromisoformat(p["since"]),
            date.fromisoformat(p["until"]) if p["until"] else None,
        )
        for p in json.loads(stored)
    ]
    for event in sorted(events, key=lambda e: e.order):
        day = event.at.astimezone(SHANGHAI).date()
        last = found[-1] if found else None
        if last and last.until is None and last.reason != event.paused:
            found[-1] = last = replace(last, until=max(day, last.since))
        if event.paused and (last is None or last.until is not None):
            found.append(CasePause(event.paused, day, None))
    return tuple(found)


def timeline(stored: str, events: Sequence[Happened], current: str) -> tuple[CaseStep, ...]:
    """The steps of the source and the events among them, by time; then what is still to come.

    The event `current` is the current step, else the source's own; a step that was reached is not to come.
    """
    base = [_step(s) for s in json.loads(stored)]
    if not events:
        return tuple(base)
    reached = [replace(s, state="done") if current else s for s in base if s.state != "next"]
    for event in sorted(events, key=lambda e: e.order):
        state = "current" if event.event_id == current else "done"
        reached.append(CaseStep(event.title, event.at, event.note, state))  # type: ignore[arg-type]
    early = datetime.min.replace(tzinfo=SHANGHAI) + timedelta(days=1)
    reached.sort(key=lambda s: s.at or early)
    names = {s.title for s in reached}
    return (*reached, *(s for s in base if s.state == "next" and s.title not in names))


def _step(stored: dict[str, Any]) -> CaseStep:
    at = datetime.fromisoformat(stored["at"]) if stored["at"] else None
    return CaseStep(title=stored["title"], at=at, note=stored.get("note", ""), state=stored["state"])
