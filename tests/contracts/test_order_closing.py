"""How work orders end: evidence, one reopening, the supervisor's list, followers, the rating passed on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import event, select, text

from actions.backends.order_ratings import is_result, order_of
from actions.backends.ports import (
    AlreadyRated,
    Attachment,
    EvidenceMissing,
    IllegalTransition,
    OrderRefused,
)
from actions.backends.retention import load as load_privacy
from actions.backends.retention import purge
from actions.backends.tables import audit_log, notices, order_attachments, ratings, work_orders

A = {"actor": "张三"}
PROOF = Attachment("proof-0001", "image/jpeg", 30_000, "c" * 64)
MORE = Attachment("proof-0002", "application/pdf", 30_000, "d" * 64)


def file(systems, key="k", owner="c-1", kind="complaint", phone="13800138000", **how):
    return systems.work_orders.create(
        kind=kind, text="丰和大道路灯坏了没人修", contact="王小明", phone=phone, owner=owner, key=key, **how
    )


def answer(systems, no, key="1", evidence=(PROOF,), department="城管局"):
    desk = systems.work_orders
    desk.transfer(no, department=department, reason="", key=key, **A)
    desk.start(no, key=key, **A)
    return desk.answer(no, answer=f"第{key}次修好", evidence=evidence, key=key, **A)


def rate(systems, no, level=5, owner="c-1", key="m1", subject=""):
    return systems.ratings.rate(
        subject=subject or f"work_order:{no}", level=level, reasons=[], comment="", channel="portal",
        owner=owner, key=key,
    )  # fmt: skip


def called_back(systems, no, satisfied=True, key="1"):
    return systems.work_orders.call_back(no, reached=True, satisfied=satisfied, key=key, **A)


# ---- evidence


def test_a_complaint_is_closed_with_evidence_only_and_a_question_without(systems):
    desk = systems.work_orders
    for kind, needs in (("complaint", True), ("report", True), ("consultation", False)):
        no = file(systems, key=kind, kind=kind).order_no
        answer(systems, no, evidence=())
        called_back(systems, no)
        if needs:
            with pytest.raises(EvidenceMissing):
                desk.finish(no, key="z", **A)
            assert desk.add_evidence(no, evidence=(PROOF,), key="e", **A).evidence == (PROOF,)
        assert desk.finish(no, key="z", **A).state == "closed"


def test_evidence_is_kept_apart_from_the_citizens_files_and_each_file_once(systems):
    desk, photo = systems.work_orders, Attachment("photo-0001", "image/jpeg", 9, "a" * 64)
    no = file(systems, attachments=(photo,)).order_no
    with pytest.raises(IllegalTransition):
        desk.add_evidence(no, evidence=(PROOF,), key="e", **A)  # nothing is answered yet
    answer(systems, no)
    for _ in range(2):  # the same key adds once
        seen = desk.add_evidence(no, evidence=(MORE,), key="e", **A)
    assert (seen.attachments, seen.evidence) == ((photo,), (PROOF, MORE))
    for wrong in ((), (PROOF,), (photo,), (Attachment("x", "image/jpeg", 9, "a" * 64),)):
        with pytest.raises(OrderRefused):
            desk.add_evidence(no, evidence=wrong, key="other", **A)
    with pytest.raises(OrderRefused):  # was a broken constraint: an outage for the citizen
        desk.add(no, owner="c-1", text="又一张", key="m9", attachments=(photo,))
    assert desk.find(no, owner="c-1").evidence == (PROOF, MORE)
    assert "evidence" not in [s.step for s in desk.timeline(no, owner="c-1")]


# ---- reopening


def test_who_is_not_satisfied_gets_it_reopened_once_with_a_new_deadline(stand, clock):
    systems, desk = stand.systems, stand.systems.work_orders
    no = file(systems).order_no
    answer(systems, no)
    clock.set("2026-12-03T10:00")
    again = called_back(systems, no, satisfied=False)
    assert (again.state, again.round, again.due_on) == ("returned", 2, date(2026, 12, 10))
    assert (again.answer, again.answered_at, again.evidence, again.reopened) == ("", None, (), True)
    assert again.department == "城管局" and again.confirmed_by == "张三"
    assert called_back(systems, no, satisfied=False) == again, "the same key does it once"
    told = [n for n in systems.notices.due() if n.kind == "order_reopened"]
    (notice,) = told
    said = notice.payload
    assert (notice.owner, said["due"], said["department"]) == ("c-1", "12月10日", "城管局")
    reopened = next(s for s in desk.history(no, **A) if s.step == "reopen")
    assert (reopened.note, reopened.reason, reopened.actor) == ("第1次修好", "not_satisfied", "张三")
    assert list(desk.overdue(**A)) == []
    clock.set("2026-12-09T10:00")
    assert desk.tick() == 1, "reminded of the new deadline"


def test_the_second_time_it_goes_to_the_supervisor(systems):
    desk, no = systems.work_orders, file(systems).order_no
    answer(systems, no)
    called_back(systems, no, satisfied=False)
    answer(systems, no, key="2", evidence=(MORE,), department="")
    assert called_back(systems, no, satisfied=False, key="2").state == "called_back"
    assert [(a.order_no, a.kind, a.state) for a in desk.overdue(**A)] == [(no, "unresolved", "called_back")]
    with pytest.raises(OrderRefused, match="note"):
        desk.finish(no, key="z", **A)
    assert desk.finish(no, key="z", note="已当面说明，转住建局立项", **A).state == "closed"
    assert list(desk.overdue(**A)) == []
    assert [s.step for s in desk.history(no, **A)].count("reopen") == 1


def test_the_database_itself_refuses_a_second_reopening(stand):
    no = file(stand.systems).order_no
    mine = work_orders.c.order_no == no
    with pytest.raises(Exception, match="(?i)check|reopened"), stand.store.engine.begin() as db:
        db.execute(work_orders.update().where(mine).values(reopens=2))


def test_evidence_of_the_first_round_does_not_prove_the_second(systems):
    desk, no = systems.work_orders, file(systems).order_no
    answer(systems, no)
    called_back(systems, no, satisfied=False)
    answer(systems, no, key="2", evidence=(), department="")
    called_back(systems, no, key="2")
    with pytest.raises(EvidenceMissing):
        desk.finish(no, key="z", **A)


def test_nobody_who_was_not_reached_has_an_opinion(systems):
    desk, no = systems.work_orders, file(systems).order_no
    answer(systems, no)
    for opinion in (True, False):
        with pytest.raises(OrderRefused, match="satisfied"):
            desk.call_back(no, reached=False, satisfied=opinion, key="c", **A)
    assert desk.call_back(no, reached=False, key="c", **A).state == "called_back"


def test_who_follows_a_reopened_order_waits_with_it_and_is_told(systems):
    desk = systems.work_orders
    main, other = (file(systems, key=f"k{i}", owner=f"c-{i}").order_no for i in (1, 2))
    desk.merge(other, into=main, reason="同一盏灯", key="m", **A)
    answer(systems, main)
    called_back(systems, main, satisfied=False)
    seen = desk.find(other, owner="c-2")
    assert (seen.answer, seen.answered_at, seen.main_state) == ("", None, "returned")
    assert ("c-2", "order_reopened") in {(n.owner, n.kind) for n in systems.notices.due()}


# ---- followers end with their main order


@pytest.mark.parametrize("ending", ["closed", "refused"])
def test_merged_orders_end_with_the_one_they_follow(stand, clock, ending):
    """They stayed merged for ever: never purged, and erasure was refused."""
    systems, desk = stand.systems, stand.systems.work_orders
    main, other = (file(systems, key=f"k{i}", owner=f"c-{i}").order_no for i in (1, 2))
    desk.merge(other, into=main, reason="同一盏灯", key="m", **A)
    if ending == "closed":
        answer(systems, main)
        called_back(systems, main)
        desk.finish(main, key="z", **A)
    else:
        desk.refuse(main, reason="已经起诉", alternative="请等判决", key="z", **A)
    seen, followed = desk.find(other, owner="c-2"), desk.find(main, owner="c-1")
    assert (seen.state, seen.answer, seen.department) == (ending, followed.answer, followed.department)
    assert seen.answer
    told = [n.kind for n in systems.notices.due() if n.owner == "c-2"]
    assert told.count(f"order_{ending}") == 1
    clock.move(days=800)
    purge(stand.store, load_privacy())
    with stand.store.engine.connect() as db:
        assert set(db.execute(select(work_orders.c.text)).scalars()) == {""}


def test_a_split_order_has_a_deadline_that_can_still_be_met(systems, clock):
    desk = systems.work_orders
    main, other = (file(systems, key=f"k{i}", owner=f"c-{i}").order_no for i in (1, 2))
    desk.merge(other, into=main, reason="同一盏灯", key="m", **A)
    clock.set("2026-12-15T10:00")
    desk.withdraw(main, owner="c-1", reason="")
    assert desk.find(other, owner="c-2").due_on == date(2026, 12, 22)


# ---- ratings are passed on


def test_a_rating_before_the_call_back_waits_for_it(systems):
    desk, no = systems.work_orders, file(systems).order_no
    answer(systems, no)
    rate(systems, no, level=4)
    assert desk.find(no, owner="c-1").level is None
    after = called_back(systems, no)
    assert (after.state, after.level) == ("rated", 4)
    assert desk.finish(no, key="z", **A).state == "closed"
    assert [s.step for s in desk.history(no, **A)][-3:] == ["call_back", "rate", "close"]


def test_a_rating_after_the_call_back_or_the_end_is_passed_on_at_once_and_once(systems):
    desk, no = systems.work_orders, file(systems).order_no
    answer(systems, no)
    called_back(systems, no)
    for _ in range(2):  # the same message twice
        rate(systems, no, level=2)
    with pytest.raises(AlreadyRated):
        rate(systems, no, level=5, key="m2")
    seen = desk.find(no, owner="c-1")
    assert (seen.state, seen.level) == ("rated", 2)
    late = file(systems, key="late").order_no
    answer(systems, late)
    called_back(systems, late)
    desk.finish(late, key="z", **A)
    rate(systems, late, level=5, key="m3")
    assert (desk.find(late, owner="c-1").state, desk.find(late, owner="c-1").level) == ("closed", 5)
    rows = {(r.by, r.name): r for r in desk.figures(start=date(2026, 11, 1), end=date(2026, 12, 1))}
    assert (rows["department", "城管局"].rated, rows["department", "城管局"].satisfied) == (2, 1)


def test_many_ratings_and_a_call_back_at_once_leave_one_step(systems):
    desk, no = systems.work_orders, file(systems).order_no
    answer(systems, no)

    def act(n):
        try:
            return called_back(systems, no, key="c") if n == 3 else rate(systems, no, level=3, key="m")
        except AlreadyRated:
            return None

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(act, range(6)))
    assert [s.step for s in desk.history(no, **A)].count("rate") == 1
    assert desk.find(no, owner="c-1").level == 3


def test_a_crash_between_rating_and_order_loses_neither_and_doubles_neither(stand):
    systems, no = stand.systems, file(stand.systems).order_no
    answer(systems, no)
    called_back(systems, no)

    def crash(_c, _cursor, statement, *_rest):
        if statement.startswith("UPDATE work_orders"):
            raise KeyboardInterrupt  # nothing catches it, as nothing catches a kill

    if "http" in type(systems.ratings).__module__:
        pytest.skip("the crash would be the test's own server")
    event.listen(stand.store.engine, "before_cursor_execute", crash)
    with pytest.raises(KeyboardInterrupt):
        rate(systems, no, level=1)
    event.remove(stand.store.engine, "before_cursor_execute", crash)
    assert systems.ratings.rating(f"work_order:{no}") is None, "all of it or nothing"
    rate(systems, no, level=1)
    assert systems.work_orders.find(no, owner="c-1").level == 1


def test_how_it_was_taken_in_is_rated_apart_from_what_became_of_it(systems):
    desk, no = systems.work_orders, file(systems).order_no
    rate(systems, no, level=5, subject=f"work_order:{no}:filing")
    answer(systems, no)
    assert called_back(systems, no).state == "called_back"
    assert systems.ratings.rating(f"work_order:{no}:filing").department == ""
    rate(systems, no, level=1, key="m2")
    assert desk.find(no, owner="c-1").level == 1
    bad = systems.ratings.rectification(f"work_order:{no}")
    assert (bad.state, bad.department) == ("opened", "城管局")


def test_a_long_name_of_a_department_does_not_lose_the_rating(systems):
    no = file(systems).order_no
    answer(systems, no, department="局" * 60)
    rate(systems, no, level=1)
    assert systems.ratings.rating(f"work_order:{no}").department == "局" * 40


def test_a_rating_of_an_order_that_is_kept_elsewhere_stands_alone(systems):
    assert rate(systems, "GD000", level=3).level == 3


def test_the_rating_of_an_anonymous_order_names_no_conversation(stand):
    systems, no = stand.systems, file(stand.systems, anonymous=True, owner="c-secret").order_no
    answer(systems, no)
    systems.work_orders.finish(no, key="z", **A)
    for _ in range(2):
        given = rate(systems, no, level=1, owner="c-secret", key="c-secret:7")
    assert given.level == 1 and "c-secret" not in given.owner
    kept = systems.ratings.explain(f"work_order:{no}", reasons=["答复敷衍"], comment="", owner="c-secret")
    assert kept.reasons == ("答复敷衍",)
    assert systems.ratings.explain(f"work_order:{no}", reasons=[], comment="x", owner="c-other") is None
    with stand.store.engine.connect() as db:
        tables = ("ratings", "rectifications", "rectification_steps", "order_steps", "notices", "audit_log")
        whole = str([db.execute(text(f"SELECT * FROM {table}")).all() for table in tables])
        assert "c-secret" not in whole
        assert db.execute(select(notices.c.owner)).all() == []
        assert "anonymous" in set(db.execute(select(audit_log.c.actor)).scalars())
        assert db.execute(select(ratings.c.owner)).scalar_one().startswith("anon:")
        assert db.execute(select(order_attachments.c.round)).scalar_one() == 1


@pytest.mark.parametrize(
    ("subject", "number", "result"),
    [
        ("work_order:GD1", "GD1", True), ("work_order:GD1:filing", "GD1", False), ("work_order:", "", False),
        ("booking:YY1", "", False), ("work_order:GD\0", "", False), ("", "", False),
    ],
)  # fmt: skip
def test_subjects_of_work_orders(subject, number, result):
    assert (order_of(subject), is_result(subject)) == (number, result)
