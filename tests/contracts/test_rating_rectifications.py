"""Bad ratings are put right: owner, clock, evidence, call-back, escalation, closing."""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import select

from actions.backends.ports import (
    AlreadyRated,
    EvidenceMissing,
    IllegalRectification,
    RectificationNotFound,
)
from actions.backends.tables import audit_log, ratings
from actions.notice_routes import DATA, worded
from actions.phrases import Phrases

SUBJECT = "booking:YY1"
PROOF = hashlib.sha256(b"photo").hexdigest()


@pytest.fixture
def desk(systems):
    return Desk(systems.ratings)


class Desk:
    """Short words for the steps; every call with a key of its own unless it is given."""

    def __init__(self, system):
        self.system = system
        self.count = 0

    def rate(self, level=1, subject=SUBJECT, **more):
        values = {"reasons": ["等得太久"], "comment": "排了一上午", "channel": "portal", "owner": "c-1"}
        return self.system.rate(subject=subject, level=level, **values | more)

    def __call__(self, step, subject=SUBJECT, **more):
        self.count += 1
        values = {"actor": "officer1", "key": f"k{self.count}"} | more
        if step == "assign":
            return self.system.assign(
                subject, **{"department": "政数局", "officer": "li", "reason": "归口", **values}
            )
        if step == "evidence":
            return self.system.add_evidence(
                subject, **{"text": "已加开窗口", "attachments": [PROOF], **values}
            )
        return self.system.advance(subject, **{"to": step, "reason": "核过", **values})

    def state(self, subject=SUBJECT):
        return self.system.rectification(subject).state


def test_a_bad_rating_opens_its_rectification_and_tells_the_citizen(systems, desk, clock):
    given = desk.rate(2)
    opened = systems.ratings.rectification(SUBJECT)
    assert (opened.state, opened.named, opened.level) == ("opened", False, 2)
    assert opened.opened_at == clock.now and opened.due_at == given.rectify_by
    (told,) = systems.notices.due()
    assert (told.kind, told.owner, told.payload["level"]) == ("rating_received", "c-1", "2")
    assert told.payload["rectify_by"] == "2026-11-25T10:00+08:00"
    message = worded(told, Phrases.load(DATA))
    assert message["status"] == "notice_rating_received" and "11月25日 10:00" in message["text"]


@pytest.mark.parametrize("level", [3, 4, 5])
def test_a_good_one_opens_none(systems, desk, level):
    desk.rate(level)
    with pytest.raises(RectificationNotFound):
        systems.ratings.rectification(SUBJECT)
    assert list(systems.notices.due()) == [] and systems.ratings.tick() == 0


def test_the_whole_way_of_an_anonymous_one(systems, desk, clock):
    desk.rate()
    for step in ("assign", "evidence", "verified", "rectified"):
        clock.move(minutes=10)
        desk(step)
    done = systems.ratings.rectification(SUBJECT)
    assert (done.state, done.verdict, done.done_at, done.evidence) == ("rectified", "founded", clock.now, 1)
    with pytest.raises(IllegalRectification) as refused:
        desk("called_back")
    assert (refused.value.state, refused.value.wanted) == ("rectified", "called_back")
    assert refused.value.allowed == ("evidence", "closed")
    assert desk("closed").closed_at == clock.now
    kinds = [n.kind for n in systems.notices.due()]
    assert kinds == ["rating_received", "rating_rectified"]
    steps = systems.ratings.rectification_steps(SUBJECT, actor="officer1")
    assert [s.what for s in steps] == ["opened", "assigned", "evidence", "verified", "rectified", "closed"]
    assert (steps[1].department, steps[1].officer, steps[1].note) == ("政数局", "li", "归口")
    assert (steps[2].attachments, steps[2].note, steps[2].actor) == ((PROOF,), "已加开窗口", "officer1")
    assert all(s.at and s.actor for s in steps)


def test_a_named_one_is_called_back_exactly_once_before_closing(desk):
    assert desk.rate(phone="138-0013-8000").phone == "13800138000"
    for step in ("assign", "evidence", "verified", "rectified"):
        desk(step)
    with pytest.raises(IllegalRectification) as early:
        desk("closed")
    assert early.value.allowed == ("evidence", "called_back")
    assert desk("called_back").called_back_at is not None
    with pytest.raises(IllegalRectification):
        desk("called_back")
    assert desk("closed").state == "closed"


def test_an_unfounded_one_needs_evidence_and_counts_against_nobody(systems, desk):
    desk.rate()
    desk("assign")
    with pytest.raises(EvidenceMissing):
        desk("unfounded")
    assert desk.state() == "assigned"
    desk("evidence")
    assert desk("unfounded").verdict == "unfounded"
    assert [n.kind for n in systems.notices.due()] == ["rating_received", "rating_unfounded"]
    desk("closed")
    (figure,) = systems.ratings.figures(by="channel", since=date(2026, 11, 1), until=date(2026, 11, 30))
    assert (figure.count, figure.bad, figure.unfounded, figure.satisfied) == (1, 1, 1, None)


def test_without_evidence_nothing_is_put_right(desk):
    desk.rate()
    desk("assign")
    desk("verified")
    with pytest.raises(EvidenceMissing):
        desk("rectified")
    with pytest.raises(EvidenceMissing):
        desk("evidence", text=" ", attachments=[])
    assert desk.state() == "verified"


@pytest.mark.parametrize("attachment", ["", "abc", "Z" * 64, PROOF.upper(), PROOF + "0"])
def test_an_attachment_is_named_by_its_sha256(desk, attachment):
    desk.rate()
    desk("assign")
    with pytest.raises(ValueError, match="SHA-256"):
        desk("evidence", attachments=[attachment])


def test_it_is_given_to_others_until_it_is_verified(systems, desk):
    desk.rate()
    desk("assign")
    assert desk("assign", department="公安", officer="wang").officer == "wang"
    desk("verified")
    with pytest.raises(IllegalRectification):
        desk("assign")
    with pytest.raises(ValueError, match="nobody"):
        desk("assign", department=" ", officer="")
    assert systems.ratings.rectification(SUBJECT).department == "公安"


def test_the_same_key_gives_the_first_result_whatever_came_between(desk, clock):
    desk.rate(phone="13800138000")
    first = desk("assign", key="a")
    proven = desk("evidence", key="b")
    clock.move(days=3)
    desk.system.tick()
    for step in ("verified", "rectified", "called_back", "closed"):
        desk(step)
    assert desk("assign", key="a", officer="other") == first
    assert desk("evidence", key="b", text="别的") == proven
    assert desk.system.rectification(SUBJECT).state == "closed"
    assert len(desk.system.rectification_steps(SUBJECT, actor="x")) == 8


def test_a_key_of_ours_cannot_be_taken(desk):
    """Our own steps have keys too ("opened"): a caller's key of the same words is another one."""
    desk.rate()
    assert desk("assign", key="opened").state == "assigned"


@pytest.mark.parametrize("more", [{"key": ""}, {"actor": ""}, {"reason": "\x00"}, {"reason": "长" * 2001}])
def test_odd_steps_are_refused(desk, more):
    desk.rate()
    with pytest.raises(ValueError):
        desk("assign", **more)
    assert desk.state() == "opened"


def test_no_rectification_no_steps(desk):
    for step in ("assign", "evidence", "closed"):
        with pytest.raises(RectificationNotFound):
            desk(step, subject="booking:none")
    with pytest.raises(RectificationNotFound):
        desk.system.rectification_steps("booking:none", actor="x")


def test_it_is_escalated_before_the_deadline_and_at_it_once_each(systems, desk, clock):
    desk.rate(2)
    assert systems.ratings.tick() == 0
    clock.set("2026-11-24T16:00")
    assert [r.subject for r in systems.ratings.rectifications(only="due_soon")] == [SUBJECT]
    assert (systems.ratings.tick(), systems.ratings.tick()) == (1, 0)
    assert systems.ratings.rectification(SUBJECT).stage == "due_soon"
    clock.set("2026-11-25T10:00:01")
    assert [r.subject for r in systems.ratings.rectifications(only="overdue")] == [SUBJECT]
    assert (systems.ratings.tick(), systems.ratings.tick()) == (1, 0)
    steps = [s.what for s in systems.ratings.rectification_steps(SUBJECT, actor="x")]
    assert steps == ["opened", "due_soon", "overdue"]


def test_what_is_put_right_is_not_escalated(systems, desk, clock):
    desk.rate()
    for step in ("assign", "evidence", "verified", "rectified"):
        desk(step)
    clock.move(days=5)
    assert systems.ratings.tick() == 0 and list(systems.ratings.rectifications(only="overdue")) == []
    assert [r.state for r in systems.ratings.rectifications()] == ["rectified"]


def test_many_tickers_and_callers_do_each_thing_once(systems, desk, clock):
    for n in range(6):
        desk.rate(subject=f"booking:{n}")
    clock.move(days=2)
    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(lambda _: systems.ratings.tick(), range(6))) == 6
        results = list(
            pool.map(
                lambda _: systems.ratings.assign(
                    "booking:0", department="d", officer="o", actor="a", reason="", key="same"
                ),
                range(6),
            )
        )
    assert len(set(results)) == 1
    assert len(systems.ratings.rectification_steps("booking:0", actor="x")) == 3


def test_only_one_of_many_ratings_at_once_stands(systems, desk):
    def one(n):
        try:
            return desk.rate(1 + n % 2, owner=f"c-{n}")
        except AlreadyRated:
            return None

    with ThreadPoolExecutor(6) as pool:
        assert sum(r is not None for r in pool.map(one, range(6))) == 1
    assert len(systems.ratings.rectifications(only="all")) == 1


def test_the_same_key_gives_the_first_rating(desk):
    first = desk.rate(1, key="m1")
    assert desk.rate(5, key="m1") == first
    assert desk.rate(5, subject="booking:YY2", key="m1") == first
    with pytest.raises(AlreadyRated):
        desk.rate(5, key="m2")
    with pytest.raises(AlreadyRated):
        desk.rate(1)


def test_words_and_phone_are_sealed_and_every_step_is_audited(stand, desk):
    desk.rate(phone="13800138000")
    desk("assign")
    stand.systems.ratings.rating(SUBJECT, actor="officer1")
    with stand.store.begin() as db:
        row = db.execute(select(ratings)).mappings().one()
        seen = db.execute(select(audit_log.c.actor, audit_log.c.action).order_by(audit_log.c.id)).all()
    assert not {"等得太久", "排了一上午", "13800138000"} & {str(v) for v in row.values()}
    assert [tuple(s) for s in seen][-3:] == [
        ("c-1", "rating.rate"),
        ("officer1", "rectification.assigned"),
        ("officer1", "rating.look_up"),
    ]


def test_figures_by_group_and_period(systems, desk, clock):
    desk.rate(5, "booking:1", channel="portal", department="公安")
    desk.rate(3, "booking:2", channel="kiosk", department="公安")
    desk.rate(1, "booking:3", channel="kiosk", department="人社")
    desk.rate(1, "booking:4", channel="kiosk", department="人社")
    for step in ("assign", "evidence", "verified", "rectified"):
        desk(step, "booking:3", **({"department": "人社"} if step == "assign" else {}))
    clock.move(days=7)
    desk.rate(4, "booking:5", channel="kiosk")

    def figures(by, since="2026-11-01", until="2026-11-24"):
        found = systems.ratings.figures(
            by=by, since=date.fromisoformat(since), until=date.fromisoformat(until)
        )
        return {f.group: (f.count, f.satisfied, f.bad, f.rectified_in_time) for f in found}

    assert figures("channel") == {"portal": (1, 1.0, 0, None), "kiosk": (3, 0.3333, 2, 0.5)}
    assert figures("department") == {"公安": (2, 1.0, 0, None), "人社": (2, 0.0, 2, 0.5)}
    assert figures("level")["1"] == (2, 0.0, 2, 0.5)
    assert figures("month", until="2026-12-31").keys() == {"2026-11", "2026-12"}
    assert figures("channel", "2026-11-25", "2026-11-30") == {}
    began = time.monotonic()
    assert figures("level", "0001-01-01", "9999-12-31").keys() == {"1", "3", "4", "5"}
    assert time.monotonic() - began < 2, "a period of ten thousand years holds up nobody"


def test_the_item_of_the_rated_record_is_counted(systems, desk):
    desk.rate(5, "case:NC202611030000175:c-1")
    rated = systems.ratings.rating("case:NC202611030000175:c-1")
    assert (rated.item, rated.department != "") == ("居住证申领", True)
    desk.rate(5, "guide:residence-permit:c-1")
    assert systems.ratings.rating("guide:residence-permit:c-1").item == "residence-permit"
