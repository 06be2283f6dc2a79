"""Cases at rest and under load: what is sealed, what a refusal costs, which indexes are used."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import event, select, text

from actions.backends.case_locks import BUDGET
from actions.backends.case_view import Happened, deadline, masked, pauses, timeline
from actions.backends.local_cases import LocalCases
from actions.backends.ports import CaseNotFound, CasePause, TooManyAttempts
from actions.backends.tables import audit_log, cases
from tests.contracts.implementations import KNOWN, OTHER
from tests.fakes import HeldClock


def test_names_digits_and_identities_are_sealed(stand):
    with stand.store.begin() as db:
        stored = str(db.execute(select(cases)).all())
    for secret in ("王小明", "李示例", "'2468'", "DEMO-IDENTITY", "证照制作岗"):
        assert secret not in stored


def test_every_look_up_is_on_the_trail_without_what_was_said(stand):
    look = stand.systems.cases.status
    look(KNOWN.case_no, phone_last4=KNOWN.phone_last4, client="c-1")
    with pytest.raises(CaseNotFound):
        look("我叫王小明\x00", phone_last4="2468", client="c-2")
    stand.systems.cases.mine("DEMO-IDENTITY-0001", client="c-3")
    with stand.store.begin() as db:
        rows = db.execute(select(audit_log.c.actor, audit_log.c.action, audit_log.c.subject)).all()
    assert [tuple(r)[:2] for r in rows] == [
        ("c-1", "case.look"), ("c-2", "case.refused"), ("c-3", "case.mine"),
    ]
    assert "王小明" not in str(rows) and "DEMO" not in str(rows)


def test_wrong_number_and_wrong_digits_do_the_same_work(stand):
    done: list[str] = []
    listener = lambda c, cursor, statement, *rest: done.append(statement)  # noqa: E731
    event.listen(stand.store.engine, "before_cursor_execute", listener)
    works = []
    pairs = [
        (KNOWN.case_no, "0000"), ("NC202611030000999", "0000"), ("一\x00" * 90, "0"), (OTHER.case_no, ""),
        ("NC\ud800", "\ud800"),
    ]
    system = LocalCases(stand.store)
    for i, (number, last4) in enumerate(pairs):
        done.clear()
        with pytest.raises(CaseNotFound):
            system.status(number, phone_last4=last4, client=f"c-{i}")
        works.append(list(done))
    assert len(works[0]) > 4 and all(work == works[0] for work in works)


def test_many_at_once_do_not_get_past_the_budget(stand):
    def guess(i):
        try:
            stand.systems.cases.status(KNOWN.case_no, phone_last4=f"{i:04}", client=f"c-{i}")
        except (CaseNotFound, TooManyAttempts) as refusal:
            return type(refusal)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(guess, range(40)))
    assert results.count(CaseNotFound) == BUDGET and results.count(TooManyAttempts) == 40 - BUDGET


FAILURES = "SELECT at FROM lookup_failures WHERE"


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("SELECT * FROM cases WHERE case_no = 'x'", "cases"),
        ("SELECT * FROM cases WHERE identity_digest IN ('x', 'y')", "ix_cases_identity_digest"),
        ("SELECT * FROM case_events WHERE case_no = 'x'", "case_events_by_case"),
        (f"{FAILURES} client = 'x' AND at > '2026-01-01'", "lookup_failures_by_client"),
        (f"{FAILURES} subject = 'x' AND at > '2026-01-01'", "lookup_failures_by_subject"),
    ],
)
def test_no_look_up_reads_a_whole_table(stand, statement, index):
    sqlite = stand.store.engine.dialect.name == "sqlite"
    with stand.store.begin() as db:
        if not sqlite:
            db.execute(text("SET LOCAL enable_seqscan = off"))  # the tables are small here
        plan = str(db.execute(text(("EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN ") + statement)).all())
    assert index in plan and ("SEARCH" if sqlite else "Index") in plan and "Seq Scan" not in plan


@pytest.mark.parametrize(
    ("name", "shown"),
    [("王小明", "王*明"), ("王明", "王*"), ("王", "王*"), ("欧阳小明", "欧**明"), ("李**", "李**"), ("", "")],
)
def test_names_are_masked(name, shown):
    assert masked(name) == shown


@pytest.mark.parametrize(
    ("submitted", "days", "stood", "due"),
    [
        ("2026-11-03", 15, [], "2026-11-24"),
        ("2026-09-29", 3, [], "2026-10-09"),  # over the National Day week
        ("2026-11-07", 1, [], "2026-11-09"),  # submitted on a Saturday
        ("2026-11-03", 0, [], "2026-11-03"),
        ("2026-11-09", 5, [("2026-11-10", "2026-11-12")], "2026-11-18"),
        ("2026-11-09", 5, [("2026-11-14", "2026-11-15")], "2026-11-16"),  # a weekend costs nothing
        ("2026-11-09", 2, [("2026-11-20", "2026-11-30")], "2026-11-11"),  # after the end
    ],
)
def test_deadlines_count_working_days_without_pauses(submitted, days, stood, due):
    rests = [CasePause("补正", date.fromisoformat(a), date.fromisoformat(b)) for a, b in stood]
    assert deadline(date.fromisoformat(submitted), days, rests).isoformat() == due


def happened(number, day, paused=""):
    at = HeldClock(f"2026-11-{day:02}T10:00:00").now
    return Happened(f"e{number}", number, at, f"第{number}步", "", paused)


def test_a_pause_lasts_until_an_event_that_names_none():
    events = [happened(1, 3, "补正材料"), happened(2, 5, "补正材料"), happened(3, 9)]
    events.append(happened(4, 10, "专家评审"))
    found = [(p.reason, p.since.day, p.until and p.until.day) for p in pauses("[]", events[::-1])]
    assert found == [("补正材料", 3, 9), ("专家评审", 10, None)]


def test_the_course_holds_late_events_in_their_place():
    stored = json.dumps([
        {"title": "已提交", "at": "2026-11-01T09:00:00+08:00", "note": "", "state": "done"},
        {"title": "已受理", "at": "2026-11-02T09:00:00+08:00", "note": "", "state": "current"},
        {"title": "第2步", "at": None, "note": "", "state": "next"},
        {"title": "发证", "at": None, "note": "", "state": "next"},
    ])
    steps = timeline(stored, [happened(2, 9), happened(1, 5)], "e2")
    assert [(s.title, s.state) for s in steps] == [
        ("已提交", "done"), ("已受理", "done"), ("第1步", "done"), ("第2步", "current"), ("发证", "next"),
    ]
