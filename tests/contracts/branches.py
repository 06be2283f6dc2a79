"""Every branch of every action as a list of turns; test_bot_messages.py and test_phrases.py walk it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import yaml
from rasa_sdk import Action

from actions.backends import seed
from actions.backends.booking_closures import add_closure, remove_closure
from actions.backends.local_bookings import LocalBookings
from actions.backends.no_shows import mark_no_show
from actions.backends.ports import Attachment
from actions.booking import Book
from actions.identity import Vouched
from actions.notice_routes import DATA, worded
from actions.own_cases import MINE, listed
from actions.phrases import Phrases
from actions.server import Systems, build_actions
from actions.turn import Turn
from knowledge.answerer import Answer
from tests.contracts.implementations import KNOWN
from tests.fakes import EXTENDED, RESIDENCE, HeldClock, ScriptedAnswerer, answered, turn

NOTICES = Phrases.load(DATA)

DEMO = yaml.safe_load(seed.DATA.read_text("utf-8"))["cases"]
SATURDAY = date(2026, 11, 28)
OPTION = {"guide_id": "a", "name": "居住证申领", "department": "公安", "summary": "好办。"}
STUB = {"name": "婚姻登记", "handled_by": "由民政部门办理。", "reach": "可以拨打 12345。"}
READY = {
    "booking_item": {"id": RESIDENCE.id, "name": RESIDENCE.name},
    "booking_hall": "honggutan",
    "booking_day": "2026-11-28",
    "booking_slot": "honggutan-20261128-0930",
    "booking_name": "王小明",
    "booking_phone": "13800138000",
}
IDENTITY = "360102199003070014"
MESSAGE = {
    "message_kind": "complaint",
    "message_text": f"大厅周六没有开门，我是{IDENTITY}，电话13800138000",
    "message_phone": "13800138000",
}
STUCK = {"form_failures": 2}


@dataclass
class World:
    """The actions with their systems, a script for the guides, and a clock."""

    actions: dict[str, Action]
    systems: Systems
    answerer: ScriptedAnswerer
    clock: HeldClock

    def act(self, name: str, said: Turn) -> list[dict[str, Any]]:
        """The messages of one action."""
        result = self.actions[name].act(said)  # type: ignore[attr-defined]
        return list(result.messages)


def world(systems: Systems, phrases: Phrases, clock: HeldClock) -> World:
    """All actions, wired as the server wires them."""
    answerer = ScriptedAnswerer()
    built = build_actions(  # type: ignore[arg-type]
        systems, answerer, phrases, clock, identities=TwoSignedIn()
    )
    systems.bookings.free_slots("honggutan", SATURDAY)
    return World({a.name(): a for a in built}, systems, answerer, clock)


class TwoSignedIn:
    """`actions.identity.Identities`: ticket `owner` has the demo cases, `stranger` has none."""

    def person(self, ticket: str, conversation_id: str) -> Vouched | None:
        """See `Identities.person`."""
        numbers = {"owner": "DEMO-IDENTITY-0001", "stranger": "DEMO-IDENTITY-9999"}
        return Vouched("王小明", "13800138000", numbers[ticket]) if ticket in numbers else None


Walk = Iterator[tuple[str, list[dict[str, Any]]]]


def guides(w: World) -> Walk:
    """Answers of every status, structured turns, and misses."""
    name = "action_answer_guide"
    script = [
        answered(),
        answered(field="fee", followup=True),
        Answer("clarify", options=[OPTION]),
        Answer("clarify", lead="请问您问的是哪件事？", field="fee"),
        Answer("not_handled_here", stub=STUB),
        Answer("unanswerable_no_guide"),
    ]
    for answer in script:
        w.answerer.script.append(answer)
        yield name, w.act(name, turn("居住证", "ask_service"))
    yield name, w.act(name, turn("嗯", "ask_service", slots={"misses": 1}))
    yield name, w.act(name, turn("天气", "out_of_scope"))
    yield name, w.act(name, turn("", "open_guide", args={"guide_id": RESIDENCE.id}))
    yield name, w.act(name, turn("", "open_guide", args={"guide_id": "gone"}))
    fact = {"guide_id": RESIDENCE.id, "key": "age", "value": "adult"}
    yield name, w.act(name, turn("", "set_fact", args=fact))


def cases(w: World) -> Walk:
    """Number, digits, found, not found, locked."""
    validate = "validate_case_form"
    for said in (
        turn("", "case_status", case_no=KNOWN.case_no, phone_last4="2468"),
        turn("NC2026110300", "inform", wanted="case_no"),
        turn("246", "inform", wanted="case_phone"),
        turn("怎么查", "ask_service", wanted="case_no"),
        turn("算了", "cancel", wanted="case_no"),
    ):
        yield validate, w.act(validate, said)
    for slot in ("case_no", "case_phone"):
        for slots in ({}, STUCK, {"known_phone": "13800138000"}):
            name = f"action_ask_case_form_{slot}"
            yield name, w.act(name, turn(slots=slots))
    name = "action_case_status"
    found = {"case_no": KNOWN.case_no, "case_phone": KNOWN.phone_last4}
    for case in DEMO:  # with a holder, paused, and with a result of each kind
        yield name, w.act(name, turn(slots={"case_no": case["case_no"], "case_phone": case["phone_last4"]}))
    for _ in range(6):
        yield name, w.act(name, turn(slots={**found, "case_phone": "0000"}))
    yield from own_cases(w)


def own_cases(w: World) -> Walk:
    """Asked to sign in, and again; cases of who is signed in, none, and more than are shown."""
    form, name = "action_ask_case_form_case_no", "action_case_status"
    mine = turn("我的办件", "case_status", slots={"case_no": MINE, "case_phone": MINE})
    for ticket, text in (("", "我的办件"), ("over", "我的办件"), ("", "查办件进度"), ("", "用办件编号查")):
        yield form, w.act(form, replace(mine, text=text, ticket=ticket, may_sign_in=True))
    for ticket in ("owner", "stranger", "over"):
        yield name, w.act(name, replace(mine, ticket=ticket, may_sign_in=True))
    one = w.systems.cases.mine("DEMO-IDENTITY-0001", client="c-1")[0]
    lookup: Any = w.actions[name]
    yield name, listed([replace(one, case_no=f"NC{n:015}") for n in range(5)], lookup.phrases)


def booking(w: World) -> Walk:
    """Notes, questions, the read-back, a place, the same place again, no place."""
    validate = "validate_booking_form"
    hall = {"booking_hall": "honggutan"}
    chosen = {**hall, "booking_day": "2026-11-28"}

    def says(*args: Any, **how: Any) -> tuple[str, list[dict[str, Any]]]:
        return validate, w.act(validate, turn(*args, **how))

    yield says("约周六", "book", day="2026-11-28", hall="honggutan")
    yield says("约延时服务", "book", guide_hint=EXTENDED.name, slots={"guide_id": RESIDENCE.id})
    yield says("昨天", "inform", wanted="booking_day", time_problem="past")
    yield says("周六或者周日", "inform", wanted="booking_day", time_problem="ambiguous", day="2026-11-28")
    yield says("明年", "inform", wanted="booking_day", slots=hall, day="2027-01-20")
    yield says("上周", "inform", wanted="booking_day", slots=hall, day="2026-11-20")
    yield says("晚上", "inform", wanted="booking_slot", slots=chosen, time='{"start": "20:00"}')
    yield says("1380013", "inform", wanted="booking_phone", slots=chosen)
    yield says("不对", "deny", wanted="booking_confirm", slots=READY)
    yield says("对", "affirm", wanted="booking_confirm", slots=READY)
    yield says("要钱吗", "ask_followup", wanted="booking_confirm", slots=READY)
    for slot in ("item", "hall", "day", "slot", "name", "phone", "confirm"):
        for slots in (READY, {**READY, **STUCK}):
            name = f"action_ask_booking_form_booking_{slot}"
            yield name, w.act(name, turn(slots=slots))
    yield "action_list_bookings", w.act("action_list_bookings", turn("我的预约", "list_bookings"))
    yield "action_waitlist", w.act("action_waitlist", turn("我排到第几了", "waitlist"))
    for message_id in ("c-1:4", "c-1:5"):  # booked, then a duplicate
        yield "action_book", w.act("action_book", turn(slots=READY, message_id=message_id))
    yield "action_list_bookings", w.act("action_list_bookings", turn("我的预约", "list_bookings"))
    fill(w, "09:30")
    yield says("第二个", "inform", wanted="booking_slot", slots=chosen, number=2)
    ask = "action_ask_booking_form_booking_slot"
    yield ask, w.act(ask, turn(slots=chosen))
    late = {**READY, "booking_phone": "13900139000"}
    yield "action_book", w.act("action_book", turn(slots=late, conversation="c-2"))
    fill(w, None)
    yield says("周六", "inform", wanted="booking_day", slots=hall, day="2026-11-28")
    w.clock.set("2026-09-28T10:00")
    yield says("国庆", "inform", wanted="booking_day", slots=hall, day="2026-10-01")
    w.clock.set("2026-11-28T10:00")
    confirm = "action_ask_booking_form_booking_confirm"
    yield confirm, w.act(confirm, turn(slots=READY))


def fill(w: World, start: str | None) -> None:
    """Take every place of the Saturday, or of one start."""
    for slot in w.systems.bookings.free_slots("honggutan", SATURDAY):
        for i in range(slot.free if start in (None, f"{slot.start:%H:%M}") else 0):
            phone = f"13{slot.start:%H%M}{i:05}"
            w.systems.bookings.book(
                slot.id, item_id="a", item="a", name="李", phone=phone, owner="x", key=f"{slot.id}{i}"
            )


def policies(w: World) -> Walk:
    """What policy refuses of a booking, each with its sentence, and a hall that takes few services."""
    book = "action_book"
    yield book, w.act(book, turn(slots={**READY, "booking_name": "王" * 41}))
    desk = w.systems.bookings.desk  # type: ignore[attr-defined]
    narrow = replace(desk.plan, halls=tuple(replace(h, items=("x",)) for h in desk.plan.halls))
    phrases = w.actions[book].phrases  # type: ignore[attr-defined]
    yield book, list(Book(phrases, LocalBookings(desk.store, narrow)).act(turn(slots=READY)).messages)
    made = []
    for n, day in enumerate((SATURDAY, date(2026, 11, 29), date(2026, 12, 5), date(2026, 12, 6))):
        slot = w.systems.bookings.free_slots("honggutan", day)[1]
        ready = {**READY, "booking_day": day.isoformat(), "booking_slot": slot.id}
        made.append(w.act(book, turn(slots=ready, message_id=f"m{n}")))
        yield book, made[-1]
    again = {**READY, "booking_slot": "honggutan-20261128-1000"}
    yield book, w.act(book, turn(slots=again, message_id="again"))
    w.clock.set("2026-11-28T09:05")
    late = {**READY, "booking_phone": "13900139000"}
    yield book, w.act(book, turn(slots=late))
    w.clock.set("2026-12-05T12:00")
    mine = "action_list_bookings"
    for said in made[:3]:
        mark_no_show(desk, said[0]["bookings"][0]["booking_no"], actor="staff")
        yield mine, w.act(mine, turn("我的预约", "list_bookings"))
    yield from _notices(w)
    yield book, w.act(book, turn(slots=ready, message_id="closed"))


def line(w: World) -> Walk:
    """The line for full slots: joined, offered, taken, left; a closure; every notice."""
    book, mine, ask = "action_book", "action_list_bookings", "action_ask_booking_form_booking_confirm"
    validate, hall = "validate_booking_form", {"booking_hall": "honggutan"}
    fill(w, None)
    for slots in (hall, {**hall, "booking_moves": "YY1"}):
        said = turn("周六", "inform", wanted="booking_day", slots=slots, day="2026-11-28")
        yield validate, w.act(validate, said)
    for what in ("", "noon", "evening", "weekend"):
        yield ask, w.act(ask, turn(slots={**READY, "booking_slot": f"wait:{what}"}))
    for text in ("不排了", "我要这个空位"):
        yield mine, w.act(mine, turn(text, "list_bookings"))
    waiting = {**READY, "booking_slot": "wait:"}
    for message_id in ("m1", "m2"):
        yield book, w.act(book, turn(slots=waiting, message_id=message_id))
    yield mine, w.act(mine, turn("我的预约", "list_bookings"))
    lost = w.systems.bookings.bookings("x")
    w.systems.bookings.cancel(lost[0].booking_no, owner="x")
    yield mine, w.act(mine, turn("我的预约", "list_bookings"))
    yield from _notices(w)
    yield mine, w.act(mine, turn("我要这个空位", "list_bookings"))
    for n, day in enumerate(("2026-11-29", "2026-12-05", "2026-12-06", "2026-12-12")):
        for slot in w.systems.bookings.free_slots("honggutan", date.fromisoformat(day)):
            for i in range(slot.free):
                w.systems.bookings.book(
                    slot.id, item_id="a", item="a", name="李", phone=f"15{n}{slot.start:%H%M}{i:04}",
                    owner="y", key=f"{slot.id}{i}",
                )  # fmt: skip
        ready = {**waiting, "booking_day": day, "booking_phone": "13600136000"}
        yield book, w.act(book, turn(slots=ready, message_id=day, conversation="c-3"))
    yield mine, w.act(mine, turn("不排了", "list_bookings", conversation="c-3"))
    yield from _ran_out(w, waiting)
    desk = w.systems.bookings.desk  # type: ignore[attr-defined]
    days = {"first_day": SATURDAY, "last_day": SATURDAY}
    closed, _ = add_closure(desk, hall_id="honggutan", reason="设备检修", actor="staff", **days)
    said = turn("周六", "inform", wanted="booking_day", slots=hall, day="2026-11-28")
    yield validate, w.act(validate, said)
    yield mine, w.act(mine, turn("我的预约", "list_bookings"))
    for lost in w.systems.bookings.bookings("c-1"):
        own = {"change_no": lost.booking_no, "change_phone": "own", "cancel_no": lost.booking_no}
        for name in ("action_begin_change", "action_ask_cancel_form_cancel_confirm"):
            yield name, w.act(name, turn(slots=own))
    remove_closure(desk, closed.id, actor="staff")
    for text in ("我的预约", "我要这个空位"):
        yield mine, w.act(mine, turn(text, "list_bookings"))
    w.clock.set("2026-11-28T18:00")
    yield from _notices(w)


def _ran_out(w: World, waiting: dict[str, Any]) -> Walk:
    """Two offers at once, neither taken in time, and the line joined again; a booking from elsewhere."""
    book, mine, owner = "action_book", "action_list_bookings", {"conversation": "c-4"}
    for day, whose in (("2026-11-28", "x"), ("2026-11-29", "y")):
        ready = {**waiting, "booking_day": day, "booking_phone": "13500135000"}
        w.act(book, turn(slots=ready, message_id=f"again {day}", **owner))
        theirs = w.systems.bookings.bookings(whose)
        lost = next(b for b in theirs if b.day.isoformat() == day)
        w.systems.bookings.cancel(lost.booking_no, owner=whose)
    for text in ("我的预约", "我要这个空位"):
        yield mine, w.act(mine, turn(text, "list_bookings", **owner))
    w.clock.move(minutes=31)
    w.systems.bookings.tick()
    for text in ("不要这个空位", "我的预约", "继续排队"):
        yield mine, w.act(mine, turn(text, "list_bookings", **owner))
    elsewhere = {"booking_no": lost.booking_no, "phone": "13800138000"}
    yield mine, w.act(mine, turn("我的预约", "list_bookings", **elsewhere))


def _notices(w: World) -> Walk:
    """What the gateway is given to tell."""
    due = w.systems.notices.due(1000)
    yield "notices", [worded(notice, NOTICES) for notice in due]
    w.systems.notices.told([notice.id for notice in due])


def cancelling(w: World) -> Walk:
    """Number, proof, yes; found and not found."""
    validate = "validate_cancel_form"
    slot = w.systems.bookings.free_slots("donghu", SATURDAY)[0]
    mine = w.systems.bookings.book(
        slot.id, item_id="a", item="居住证申领", name="王小明", phone="13800138000", owner="c-1", key="k"
    )
    wrong = replace(turn("YY26112800019", "inform"), doubtful=frozenset({"booking_no"}))
    for said in (turn("取消预约", "cancel_booking"), wrong, turn("算了", "cancel", wanted="cancel_no")):
        yield validate, w.act(validate, said)
    for part in ("no", "phone", "confirm"):
        for slots in ({"cancel_no": mine.booking_no}, {"cancel_no": "YY1", **STUCK}):
            name = f"action_ask_cancel_form_cancel_{part}"
            yield name, w.act(name, turn(slots=slots))
    name = "action_cancel_booking"
    yield name, w.act(name, turn(slots={"cancel_no": "YY1", "cancel_phone": "0000"}))
    yield name, w.act(name, turn(slots={"cancel_no": mine.booking_no, "cancel_confirm": False}))
    yield name, w.act(name, turn(slots={"cancel_no": mine.booking_no, "cancel_phone": "own"}))


def message(w: World) -> Walk:
    """Too short, a broken phone, both questions, the order."""
    validate = "validate_message_form"
    for said in (
        turn("我要投诉", "complaint"),
        turn("我要投诉小区的路灯坏了没人修", "complaint", slots={"known_phone": "13800138000"}),
        turn("喂", "inform", wanted="message_text", slots=MESSAGE),
        turn("1380013", "inform", wanted="message_phone", slots=MESSAGE),
        turn("转人工", "human", wanted="message_text", slots=MESSAGE),
    ):
        yield validate, w.act(validate, said)
    for part in ("text", "phone", "confirm"):
        for slots in (MESSAGE, {**MESSAGE, "message_kind": "call_back", **STUCK}):
            name = f"action_ask_message_form_message_{part}"
            yield name, w.act(name, turn(slots=slots))
    yield "action_leave_message", w.act("action_leave_message", turn(slots=MESSAGE))
    for text in ("我要匿名举报", "请给我保密"):
        yield validate, w.act(validate, turn(text, "complaint"))
    ask, phone = "action_ask_message_form_message_phone", "action_ask_message_form_message_confirm"
    nameless = {**MESSAGE, "message_kind": "anonymous", "message_phone": "-"}
    yield ask, w.act(ask, turn(slots={"message_kind": "complaint"}))
    yield phone, w.act(phone, turn(slots=nameless))
    yield "action_leave_message", w.act("action_leave_message", turn(slots=nameless, message_id="c-1:8"))
    danger = turn(slots={**MESSAGE, "message_text": "快来人，楼下有人拿刀砍人"}, message_id="c-1:7")
    yield "action_leave_message", w.act("action_leave_message", danger)
    (referred,) = [o for o in w.systems.work_orders.orders("c-1") if o.state == "referred"]
    known = {"order_no": referred.order_no, "order_phone": "own", "order_task": "status"}
    yield "action_work_order", w.act("action_work_order", turn(slots=known))
    yield phone, w.act(phone, turn(slots=MESSAGE))  # sounds like the order that was just filed
    added = turn(slots={**MESSAGE, "message_confirm": "add"}, message_id="c-1:9")
    yield "action_leave_message", w.act("action_leave_message", added)


def rating(w: World) -> Walk:
    """Nothing to rate, each kind of service, good, bad, twice."""
    name = "action_rate"
    yield name, w.act(name, turn("评价", "rate_service"))
    for kind in ("booking:1", "case:1", "work_order:1", "work_order:1:filing", "handoff:1", "guide:1"):
        yield name, w.act(name, turn("评价", "rate_service", slots={"last_service": kind}))
    for n, (subject, level) in enumerate((("booking:1", 5), ("booking:1", 5), ("case:1", 1))):
        said = turn("", "rate_service", args={"subject": subject, "level": level}, message_id=f"c-1:{n}")
        yield name, w.act(name, said)


def changing(w: World) -> Walk:
    """A booking moved: found by number, by being the only one, refused; then into the booking form."""
    validate, begin = "validate_change_form", "action_begin_change"
    first, second = w.systems.bookings.free_slots("donghu", SATURDAY)[:2]
    mine = w.systems.bookings.book(
        first.id, item_id="a", item="居住证申领", name="王小明", phone="13800138000", owner="c-1", key="k"
    )
    wrong = replace(turn("YY26112800019", "inform"), doubtful=frozenset({"booking_no"}))
    for said in (
        turn("换到周日", "change_booking", day="2026-11-29"),
        wrong,
        turn("算了", "cancel", wanted="change_no"),
        turn("上一步", "go_back", wanted="change_phone", slots={"change_no": mine.booking_no}),
        turn("上一步", "go_back", wanted="change_no"),
    ):
        yield validate, w.act(validate, said)
    for part in ("no", "phone"):
        for slots in ({}, STUCK):
            name = f"action_ask_change_form_change_{part}"
            yield name, w.act(name, turn(slots=slots))
    yield begin, w.act(begin, turn(slots={"change_no": "YY1", "change_phone": "0000"}))
    yield begin, w.act(begin, turn(slots={"change_no": mine.booking_no, "change_phone": "own"}))
    for _ in range(6):
        guess = turn(slots={"change_no": mine.booking_no, "change_phone": "0000"}, conversation="c-9")
        yield begin, w.act(begin, guess)
    moving = {**READY, "booking_hall": "donghu", "booking_slot": second.id}
    moving["booking_moves"] = mine.booking_no
    confirm = "action_ask_booking_form_booking_confirm"
    yield confirm, w.act(confirm, turn(slots=moving))
    yield "action_book", w.act("action_book", turn(slots=moving))
    yield "action_book", w.act("action_book", turn(slots={**moving, "booking_moves": "YY1"}))
    known = {"known_name": "王小明", "known_phone": "13800138000"}
    form = "validate_booking_form"
    for slots in (known, {"known_name": "王小明"}, {"known_phone": "13800138000"}):
        yield form, w.act(form, turn("约周六", "book", slots=slots))
    yield form, w.act(form, turn("给我妈约", "book", relation="母亲", slots=known))
    yield form, w.act(form, turn("我们两个人去", "inform", wanted="booking_day", slots=READY))
    yield form, w.act(form, turn("有没有近一点的", "inform", wanted="booking_day", slots=READY))
    yield form, w.act(form, turn("上一步", "go_back", wanted="booking_day", slots=READY))
    name = "action_ask_booking_form_booking_name"
    yield name, w.act(name, turn(slots={"booking_for": "母亲"}))


def orders(w: World) -> Walk:
    """A work order asked for, urged, taken back; a wrong number; nobody's."""
    validate, handle = "validate_order_form", "action_work_order"
    file = w.systems.work_orders.create
    order = file(kind="complaint", text="路灯不亮", contact="", phone="13800138000", owner="c-1", key="k")
    wrong = replace(turn("GD261124000019", "inform"), doubtful=frozenset({"work_order_no"}))
    for said in (turn("催一下", "urge_work_order"), wrong, turn("算了", "cancel", wanted="order_no")):
        yield validate, w.act(validate, said)
    for part in ("no", "phone", "confirm"):
        for slots in ({"order_no": order.order_no}, STUCK):
            name = f"action_ask_order_form_order_{part}"
            yield name, w.act(name, turn(slots=slots))
    known = {"order_no": order.order_no, "order_phone": "own"}
    for task in ("status", "urge", "status", "withdraw", "status", "urge"):
        yield handle, w.act(handle, turn(slots={**known, "order_task": task}))
    yield handle, w.act(handle, turn(slots={"order_no": "GD1", "order_phone": "0000"}))
    yield handle, w.act(handle, turn(slots={**known, "order_confirm": False}))
    adding = {**known, "order_task": "add"}
    yield validate, w.act(validate, turn("嗯", "inform", wanted="order_confirm", slots=adding))
    name = "action_ask_order_form_order_confirm"
    yield name, w.act(name, turn(slots=adding))
    yield handle, w.act(handle, turn(slots={**adding, "order_confirm": "灯杆023"}))  # withdrawn above
    yield from order_states(w)
    guess = turn(slots={"order_no": order.order_no, "order_phone": "0000"}, conversation="c-3")
    for _ in range(6):
        yield handle, w.act(handle, guess)


def order_states(w: World) -> Walk:
    """An order asked about in each of its states."""
    handle, desk = "action_work_order", w.systems.work_orders
    how = {"kind": "complaint", "contact": "", "phone": "13800138000", "owner": "c-1"}

    def asked(order: Any, task: str = "status") -> tuple[str, list[dict[str, Any]]]:
        slots = {"order_no": order.order_no, "order_phone": "own", "order_task": task}
        return handle, w.act(handle, turn(slots={**slots, "order_confirm": task == "withdraw" or "灯杆023"}))

    a, b, c = (desk.create(text="井盖坏了", key=f"s{i}", **how) for i in range(3))
    send = {"actor": "员工", "reason": "", "department": "城管局"}
    step = {"actor": "员工", "key": "1"}
    desk.transfer(a.order_no, key="1", **send)
    yield asked(a)
    desk.give_back(a.order_no, reason="不归我们", **step)
    yield asked(a)
    desk.transfer(a.order_no, key="2", **send)
    desk.start(a.order_no, **step)
    yield asked(a)
    yield asked(a, "add")
    desk.merge(b.order_no, into=a.order_no, reason="同一件事", **step)
    proof = (Attachment("proof-0001", "image/jpeg", 1, "a" * 64),)
    desk.answer(a.order_no, answer="已经修好", evidence=proof, **step)
    yield asked(a)
    yield asked(b)
    yield asked(a, "withdraw")
    desk.call_back(a.order_no, reached=True, satisfied=False, **step)
    yield asked(a)
    desk.transfer(a.order_no, reason="", key="3", actor="张三")
    desk.start(a.order_no, key="3", actor="张三")
    again = (Attachment("proof-0002", "image/jpeg", 1, "a" * 64),)
    desk.answer(a.order_no, answer="又修了一次", evidence=again, key="3", actor="张三")
    desk.call_back(a.order_no, reached=True, key="3", actor="张三")
    yield asked(a)
    desk.rate(a.order_no, owner="c-1", level=5, key="1")
    yield asked(a)
    desk.finish(a.order_no, **step)
    yield asked(a)
    yield asked(a, "add")
    desk.refuse(c.order_no, reason="已经起诉", alternative="请等判决", **step)
    yield asked(c)


def reasons(w: World) -> Walk:
    """Why the rating was bad: words, a button, nothing, and nothing to explain."""
    yield "action_rate", w.act("action_rate", turn("差", args={"subject": "case:9", "level": 1}))
    yield "action_ask_reason_form_reason_text", w.act("action_ask_reason_form_reason_text", turn())
    validate, keep = "validate_reason_form", "action_rate_reason"
    told = [("排了一上午", "rate_reason"), ("不想说", "deny"), ("怎么办居住证", "ask_service")]
    for said in (turn(text, intent) for text, intent in told):
        yield validate, w.act(validate, replace(said, requested_slot="reason_text"))
    for text in ("排了一上午", "等得太久", "-"):
        slots = {"reason_subject": "case:9", "reason_text": text}
        yield keep, w.act(keep, turn(slots=slots))
    yield keep, w.act(keep, turn(slots={"reason_text": "慢"}))


def safety(w: World) -> Walk:
    """Danger of each kind, topics that are not ours, say it again, one step back, the elder look."""
    for key in sorted(w.actions["action_say"].phrases.keys()):
        if key.startswith("urgent_"):
            kind = key.removeprefix("urgent_")
            found = {} if kind == "any" else {"danger": kind}
            yield "action_urgent", w.act("action_urgent", turn("救命", "urgent", **found))
        if key.startswith("topic_"):
            said = turn("话", "out_of_scope", topic=key.removeprefix("topic_"))
            yield "action_answer_guide", w.act("action_answer_guide", said)
    yield "action_repeat", w.act("action_repeat", turn("再说一遍", "repeat"))
    yield "action_say", w.act("action_say", turn("换回标准版", "elder_mode"))
    yield "action_go_back", w.act("action_go_back", turn("上一个", "go_back"))
    recent = {"guide_recent": ["extended-hours", RESIDENCE.id], "guide_id": "extended-hours"}
    yield "action_go_back", w.act("action_go_back", turn("上一个", "go_back", slots=recent))


def talk(w: World) -> Walk:
    """Small talk in and out of a form, leaving, starting over, a person."""
    keys: set[str] = w.actions["action_say"].phrases.keys()
    intents = sorted(key.removeprefix("say_") for key in keys if key.startswith("say_"))
    for intent in (*intents, "nlu_fallback"):
        for form in (None, "case_form"):
            yield "action_say", w.act("action_say", turn("话", intent, form=form))
    yield "action_leave_form", w.act("action_leave_form", turn("算了", "cancel"))
    yield "action_start_over", w.act("action_start_over", turn("重来", "restart_task"))
    yield "action_handoff", w.act("action_handoff", turn("转人工", "human"))
    known = {"guide_id": RESIDENCE.id, "guide_facts": {"age": "adult"}, "case_no": KNOWN.case_no, **READY}
    yield "action_handoff", w.act("action_handoff", turn("？", "nlu_fallback", slots=known))


AREAS: dict[str, Callable[[World], Walk]] = {
    f.__name__: f
    for f in (
        guides, cases, booking, policies, line, cancelling, changing, message, orders, rating, reasons,
        safety, talk,
    )
}


def walk(make: Callable[[], World]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(action, message) of every branch; each area begins in a fresh world."""
    for area in AREAS.values():
        for name, said in area(make()):
            for one in said:
                yield name, one
