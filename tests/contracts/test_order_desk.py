"""The staff's side of work orders: steps, privacy, deadlines, duplicates, figures. Both databases."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date

import pytest
from sqlalchemy import select, text

from actions.backends.local_work_orders import LocalWorkOrders
from actions.backends.ports import (
    Attachment,
    DepartmentNotConfirmed,
    IllegalTransition,
    OrderRefused,
    RevealNotPermitted,
    TooManyAttempts,
    WorkOrderNotFound,
)
from actions.backends.tables import audit_log

A = {"actor": "张三"}
PHOTO = Attachment("photo-0001", "image/jpeg", 20_000, "a" * 64)
PROOF = Attachment("proof-0001", "image/jpeg", 30_000, "c" * 64)


def file(systems, key="k", words="红谷滩区丰和大道路灯坏了没人修", owner="c-1", phone="13800138000", **how):
    how = {"kind": "complaint", "contact": "王小明", **how}
    return systems.work_orders.create(text=words, phone=phone, owner=owner, key=key, **how)


def answered(systems, order, key="k"):
    desk = systems.work_orders
    desk.transfer(order.order_no, department="城管局", reason="", key=key, **A)
    desk.start(order.order_no, key=key, **A)
    return desk.answer(order.order_no, answer="已经修好", evidence=(PROOF,), key=key, **A)


def notices_of(stand):
    return [(n.owner, n.kind, n.payload["number"]) for n in stand.systems.notices.due()]


def test_the_whole_way_with_a_notice_for_each_visible_step(stand):
    desk, order = stand.systems.work_orders, file(stand.systems)
    assert answered(stand.systems, order).state == "answered"
    assert desk.call_back(order.order_no, reached=True, satisfied=True, key="k", **A).state == "called_back"
    assert desk.rate(order.order_no, owner="c-1", level=5, key="k").level == 5
    assert desk.finish(order.order_no, key="k", **A).state == "closed"
    steps = [(s.step, s.to_state) for s in desk.history(order.order_no, **A)]
    assert steps == [
        ("accept", "accepted"), ("transfer", "transferred"), ("start", "handling"), ("answer", "answered"),
        ("call_back", "called_back"), ("rate", "rated"), ("close", "closed"),
    ]
    kinds = ["order_transferred", "order_answered", "order_closed"]
    assert notices_of(stand) == [("c-1", kind, order.order_no) for kind in kinds]
    assert desk.find(order.order_no, owner="c-1").answer == "已经修好"


def test_a_step_is_taken_once_and_only_in_its_place(systems):
    desk, order = systems.work_orders, file(systems)
    with pytest.raises(IllegalTransition) as refusal:
        desk.answer(order.order_no, answer="x", key="k", **A)
    assert (refusal.value.from_state, refusal.value.to) == ("accepted", "answer")
    assert "transfer" in refusal.value.allowed
    answered(systems, order)
    assert answered(systems, order).state == "answered"  # the same keys again
    with pytest.raises(IllegalTransition):
        desk.transfer(order.order_no, department="住建局", reason="", key="other", **A)


def test_two_desks_at_once_transfer_once(systems):
    desk, order = systems.work_orders, file(systems)

    def send(i):
        try:
            return desk.transfer(order.order_no, department="城管局", reason="", key=f"k{i}", **A).state
        except IllegalTransition:
            return "refused"

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(send, range(6))) == ["refused"] * 5 + ["transferred"]


def test_a_return_opens_a_new_round_and_needs_a_new_department(systems):
    desk, order = systems.work_orders, file(systems)
    desk.transfer(order.order_no, department="城管局", reason="", key="k", **A)
    back = desk.give_back(order.order_no, reason="不归我局", key="k", **A)
    assert (back.state, back.round, back.department) == ("returned", 2, "")
    with pytest.raises(DepartmentNotConfirmed):
        desk.transfer(order.order_no, reason="", key="k2", **A)
    desk.confirm_department(order.order_no, department="住建局", key="c", **A)
    again = desk.transfer(order.order_no, reason="", key="k2", **A)
    assert (again.department, again.confirmed_by) == ("住建局", "张三")


def test_an_extension_is_given_once_within_the_policy(systems):
    desk, order = systems.work_orders, file(systems)
    for wrong in (order.due_on, date(2026, 12, 5), date(2027, 6, 1)):  # not later, a Saturday, too far
        with pytest.raises(OrderRefused, match="until"):
            desk.extend(order.order_no, reason="要采购灯具", until=wrong, key="k", **A)
    for _ in range(2):
        moved = desk.extend(order.order_no, reason="要采购灯具", until=date(2026, 12, 4), key="k", **A)
    assert moved.due_on == date(2026, 12, 4)
    with pytest.raises(IllegalTransition):
        desk.extend(order.order_no, reason="又要", until=date(2026, 12, 7), key="k2", **A)


def test_a_refusal_says_why_and_what_else_and_ends_it(systems):
    desk, order = systems.work_orders, file(systems)
    how = {"reason": "这件事法院已经立案", "alternative": "请联系承办法官"}
    desk.refuse(order.order_no, key="k", **how, **A)
    assert desk.find(order.order_no, owner="c-1").answer == "这件事法院已经立案\n请联系承办法官"
    with pytest.raises(IllegalTransition):
        desk.add(order.order_no, owner="c-1", text="还有", key="m")
    with pytest.raises(IllegalTransition):
        desk.withdraw(order.order_no, owner="c-1", reason="")
    with pytest.raises(OrderRefused, match="alternative"):
        desk.refuse(file(systems, key="b").order_no, reason="x", alternative="", key="k", **A)


def test_merged_orders_follow_and_everyone_is_told(stand):
    systems, desk = stand.systems, stand.systems.work_orders
    main, one, two = (file(systems, key=f"k{i}", owner=f"c-{i}", phone=f"1380013800{i}") for i in range(3))
    desk.merge(two.order_no, into=one.order_no, reason="同一盏灯", key="k", **A)
    desk.merge(one.order_no, into=main.order_no, reason="同一盏灯", key="k", **A)
    assert desk.find(two.order_no, owner="c-2").main == main.order_no
    answered(systems, main)
    for owner, order in (("c-1", one), ("c-2", two)):
        seen = desk.find(order.order_no, owner=owner)
        assert (seen.state, seen.main_state, seen.answer) == ("merged", "answered", "已经修好")
    told = notices_of(stand)
    for i, order in enumerate((main, one, two)):
        assert told.count((f"c-{i}", "order_answered", order.order_no)) == 1
    assert {(o, k) for o, k, _ in told} >= {("c-1", "order_merged"), ("c-2", "order_merged")}
    with pytest.raises(IllegalTransition):
        desk.merge(file(systems, key="x").order_no, into=two.order_no, reason="x", key="k", **A)


def test_who_followed_a_withdrawn_order_goes_on_alone(stand):
    systems, desk = stand.systems, stand.systems.work_orders
    main, one = (file(systems, key=f"k{i}", owner=f"c-{i}") for i in range(2))
    desk.merge(one.order_no, into=main.order_no, reason="同一盏灯", key="k", **A)
    desk.withdraw(main.order_no, owner="c-0", reason="")
    alone = desk.find(one.order_no, owner="c-1")
    assert (alone.state, alone.round, alone.main) == ("accepted", 2, "")
    assert ("c-1", "order_split", one.order_no) in notices_of(stand)


def test_an_anonymous_order_opens_by_its_code_alone(stand, clock):
    systems, desk = stand.systems, stand.systems.work_orders
    order = file(systems, anonymous=True)
    assert len(order.code) == 6 and (order.contact, order.phone, order.owner) == ("", "", "")
    assert file(systems, anonymous=True) == order
    assert list(desk.orders("c-1")) == []
    assert desk.find(order.order_no, owner="c-9", code=order.code).code == ""
    wrong = f"{(int(order.code) + 1) % 10**6:06}"
    for _ in range(5):
        with pytest.raises(WorkOrderNotFound):
            desk.find(order.order_no, owner="c-9", code=wrong)
    with pytest.raises(TooManyAttempts) as locked:
        desk.find(order.order_no, owner="c-8", code=order.code)
    assert 0 < locked.value.retry_after_s <= 900
    clock.move(minutes=16)
    answered(systems, order)
    assert desk.finish(order.order_no, key="k", **A).state == "closed"  # nobody to call back
    assert notices_of(stand) == []
    with stand.store.engine.connect() as db:
        whole = str([db.execute(text(f"SELECT * FROM {t}")).all() for t in ("work_orders", "order_steps")])
        actors = set(db.execute(select(audit_log.c.actor)).scalars())
    assert "c-1" not in whole and "13800138000" not in whole and "c-1" not in actors


def test_a_confidential_order_shows_its_citizen_to_the_case_officer_only(stand):
    desk, order = stand.systems.work_orders, file(stand.systems, confidential=True)
    for view in (order, desk.show(order.order_no, **A), *desk.listing(**A)):
        assert (view.contact, view.phone) == ("", "")
    with pytest.raises(RevealNotPermitted):
        desk.reveal(order.order_no, role="operator", reason="想看看", **A)
    assert desk.reveal(order.order_no, role="case_officer", reason="核实", **A).phone == "13800138000"
    with stand.store.engine.connect() as db:
        rows = db.execute(select(audit_log.c.action, audit_log.c.detail)).all()
    assert [a for a, _ in rows if "reveal" in a] == ["order.reveal_refused", "order.reveal"]
    assert "13800138000" not in str(rows)


def test_nothing_personal_lies_open_in_the_tables(stand):
    order = file(stand.systems)
    stand.systems.work_orders.add(order.order_no, owner="c-1", text="我叫王小明", key="m")
    with stand.store.engine.connect() as db:
        for table in ("work_orders", "order_steps", "notices", "audit_log"):
            whole = str(db.execute(text(f"SELECT * FROM {table}")).all())
            assert not any(secret in whole for secret in ("王小明", "13800138000", "丰和大道"))


@dataclass
class Guess:
    department: str | None = "chengguan"
    title: str = "城管局"
    confidence: float = 0.8
    emergency: str | None = None
    topic: str | None = "chengguan.lights"
    extra: dict = field(default_factory=dict)

    def as_json(self):
        return {"department": self.department, "confidence": self.confidence, "topic": self.topic}


def test_a_department_is_proposed_and_a_broken_proposer_loses_nothing(stand):
    desk = LocalWorkOrders(stand.store, propose=lambda _text: Guess())
    how = {"kind": "complaint", "contact": "", "phone": "13800138000", "owner": "c-1"}
    order = desk.create(text="路灯坏了", key="a", **how)
    assert (order.proposed_department, order.proposed_confidence, order.department) == ("chengguan", 0.8, "")
    with pytest.raises(DepartmentNotConfirmed) as unsure:
        desk.transfer(order.order_no, reason="", key="k", **A)
    assert unsure.value.proposed == "chengguan"
    broken = LocalWorkOrders(stand.store, propose=lambda _text: 1 / 0)
    assert broken.create(text="路灯坏了", key="b", **how).state == "accepted"


def test_an_emergency_is_recorded_and_can_be_taken_up(stand):
    desk = LocalWorkOrders(stand.store, propose=lambda _text: Guess(None, emergency="110", topic=None))
    order = desk.create(
        kind="complaint", text="楼下正在打人", contact="", phone="13800138000", owner="c-1", key="k"
    )
    assert (order.kind, order.state, order.emergency_number) == ("emergency_referral", "referred", "110")
    assert [(a.order_no, a.kind) for a in desk.overdue(**A)] == [(order.order_no, "referred")]
    with pytest.raises(IllegalTransition):
        desk.transfer(order.order_no, department="公安局", reason="", key="k", **A)
    taken = desk.take_up(order.order_no, reason="也要城管处理", key="k", **A)
    assert (taken.state, taken.due_on) == ("accepted", date(2026, 11, 25))


def test_reminders_and_escalations_come_once_and_end_with_the_answer(systems, clock):
    desk, order = systems.work_orders, file(systems)  # Tuesday, due on 1 December
    assert desk.tick() == 0
    for at, kinds in (
        ("2026-11-30T08:00", ["reminder"]),
        ("2026-12-02T08:00", ["overdue_1"]),
        ("2026-12-07T08:00", ["overdue_2"]),
    ):
        clock.set(at)
        assert desk.tick() == 1 and desk.tick() == 0
        assert [a.kind for a in desk.overdue(**A)] == kinds
    answered(systems, order)
    assert list(desk.overdue(**A)) == []


def test_an_extension_is_reminded_of_anew(systems, clock):
    desk, order = systems.work_orders, file(systems)
    clock.set("2026-11-30T08:00")
    assert desk.tick() == 1
    desk.extend(order.order_no, reason="要采购", until=date(2026, 12, 8), key="k", **A)
    assert list(desk.overdue(**A)) == []
    clock.set("2026-12-07T08:00")
    assert desk.tick() == 1


def test_candidates_for_a_merger_are_found_by_phone_and_by_place(systems):
    desk = systems.work_orders
    mine = file(systems, key="a")
    same = file(systems, key="b", words="丰和大道的路灯坏了好久没人修")
    place = file(systems, key="c", phone="13900139000", words="红谷滩区丰和大道路灯坏了，晚上看不见")
    file(systems, key="d", words="公交车总是不来")
    found = {c.order_no: c.because for c in desk.duplicates(mine.order_no, **A)}
    assert found == {same.order_no: "same_citizen", place.order_no: "same_place"}
    (own,) = desk.similar(owner="c-1", text="公交车总是不来啊")
    assert own.text == "公交车总是不来" and list(desk.similar(owner="c-2", text="公交车总是不来")) == []


def test_figures_count_by_department_and_district(systems, clock):
    desk = systems.work_orders
    on_time, late, open_ = (file(systems, key=f"k{i}") for i in range(3))
    clock.move(days=1)
    answered(systems, on_time)
    desk.call_back(on_time.order_no, reached=True, key="k", **A)
    desk.rate(on_time.order_no, owner="c-1", level=3, key="k")
    clock.set("2026-12-03T10:00")
    desk.transfer(late.order_no, department="住建局", reason="", key="a", **A)
    desk.give_back(late.order_no, reason="不归我局", key="a", **A)
    answered(systems, late)
    rows = {(r.by, r.name): r for r in desk.figures(start=date(2026, 11, 1), end=date(2026, 12, 1))}
    whole = rows["all", ""]
    assert (whole.count, whole.answered, whole.in_time, whole.overdue) == (3, 2, 1, 2)
    assert (whole.returned, whole.rated, whole.satisfied, whole.average_workdays) == (1, 1, 1, 4.0)
    assert rows["department", "城管局"].count == 2 and rows["district", "红谷滩区"].count == 3
    assert desk.figures(start=date(2026, 10, 1), end=date(2026, 11, 1))[0].count == 0
    began = time.monotonic()
    assert desk.figures(start=date.min, end=date.max)[0].count == 3
    assert time.monotonic() - began < 2, "a period of ten thousand years holds up nobody"
    with pytest.raises(OrderRefused):
        desk.figures(start=date(2026, 11, 1), end=date(2026, 11, 1))


@pytest.mark.parametrize(
    ("how", "field"),
    [
        ({"words": ""}, "text"),
        ({"words": "坏\0了"}, "text"),
        ({"words": "坏" * 4001}, "text"),
        ({"words": "坏\ud800"}, "text"),
        ({"kind": "emergency_referral"}, "kind"),
        ({"urgency": "very"}, "urgency"),
        ({"attachments": (Attachment("photo-0001", "text/html", 1, "a" * 64),)}, "attachments.media_type"),
        ({"attachments": (Attachment("../etc/passwd", "image/png", 1, "a" * 64),)}, "attachments.id"),
        ({"attachments": (Attachment("photo-0001", "image/png", 0, "a" * 64),)}, "attachments.size"),
        ({"attachments": (Attachment("photo-0001", "image/png", 1, "A"),)}, "attachments.sha256"),
        ({"attachments": (PHOTO, PHOTO)}, "attachments"),
    ],
)
def test_what_cannot_be_is_refused_and_files_nothing(stand, how, field):
    desk = LocalWorkOrders(stand.store)  # over HTTP the contract's types refuse some of these before
    words = how.get("words", "路灯坏了")
    rest = {"kind": "complaint", **{k: v for k, v in how.items() if k != "words"}}
    with pytest.raises(OrderRefused) as refusal:
        desk.create(text=words, contact="", phone="13800138000", owner="c-1", key="k", **rest)
    assert refusal.value.field == field and list(desk.orders("c-1")) == []


def test_adding_counts_once_and_keeps_the_references(systems):
    desk, order = systems.work_orders, file(systems, attachments=(PHOTO,))
    more = Attachment("photo-0002", "image/png", 5, "b" * 64)
    for _ in range(2):
        seen = desk.add(order.order_no, owner="c-1", text="灯杆023", key="m", attachments=(more,))
    assert seen.attachments == (PHOTO, more)
    steps = desk.timeline(order.order_no, owner="c-2", phone_last4="8000")
    assert [(s.step, s.note, s.actor) for s in steps] == [("accept", "", ""), ("add", "灯杆023", "")]


def test_a_strangers_number_is_not_found_by_staff_either(systems):
    for method in ("show", "history", "duplicates"):
        for number in ("GD2026112400000X", "GD\0"):
            with pytest.raises(WorkOrderNotFound):
                getattr(systems.work_orders, method)(number, **A)
    with pytest.raises(OrderRefused, match="actor"):
        systems.work_orders.show("GD1", actor="")
