"""A small plan, and what must be true of the tables of bookings at every moment."""

from __future__ import annotations

from collections import Counter
from datetime import date, time

from sqlalchemy import func, select

from actions.backends.booking_rows import Desk, starts
from actions.backends.ports import Hall
from actions.backends.slot_plan import HallPlan, OfferHours, Policy, ReminderRule, SessionRule
from actions.backends.slot_rows import bookable
from actions.backends.tables import bookings, notices, slots, waits
from actions.backends.wait_rows import wants

SATURDAY, SUNDAY = date(2026, 11, 28), date(2026, 11, 29)
REMINDERS = (ReminderRule("evening", 1, time(18)), ReminderRule("soon", minutes_before=120))
POLICY = Policy(
    cut_off_minutes=30,
    active_per_phone=2,
    per_item_and_day=1,
    waits_per_phone=2,
    offer_minutes=30,
    no_shows=2,
    no_show_days=90,
    suspension_days=30,
    reminders=REMINDERS,
    offer_hours=OfferHours(time(7, 30), time(21)),
)
HALL = Hall("h", "某厅", (), "某区", "", False)
RULE = SessionRule("weekend", "weekend", time(9), time(10), 30, windows=2, per_window=1)
PLAN = HallPlan(30, (HALL,), {"h": (RULE,)}, POLICY)
"""One hall, two slots of two places on a weekend day."""


def rows(desk, table):
    """All rows of a table."""
    with desk.store.engine.connect() as db:
        return db.execute(select(table)).mappings().all()


def check_places(desk):
    """taken == bookings that hold a place + offers that are held <= capacity; no phone twice in a slot."""
    held = Counter(b["slot_id"] for b in rows(desk, bookings) if b["status"] in ("booked", "no_show"))
    held.update(w["offered_slot"] for w in rows(desk, waits) if w["state"] == "offered")
    for slot in rows(desk, slots):
        assert slot["taken"] == held[slot["id"]] <= slot["capacity"], slot["id"]
    booked = [b for b in rows(desk, bookings) if b["status"] == "booked"]
    opened = desk.store.vault.open
    once = Counter((b["slot_id"], opened("bookings.phone", b["phone"])) for b in booked)
    assert not once or max(once.values()) == 1
    lost = {b["booking_no"] for b in rows(desk, bookings) if b["status"] == "displaced"}
    turns = [w["booking_no"] for w in rows(desk, waits) if w["state"] in ("waiting", "offered")]
    moving = [no for no in turns if no]
    assert set(moving) <= lost and len(moving) == len(set(moving)), "turns are of bookings that lack a place"


def passed_over(desk, offered):
    """Turns that wait before one of the turns `offered` and want its place, with no place there already."""
    turns = {w["id"]: w for w in rows(desk, waits)}
    there = {(b["slot_id"], b["phone_digest"]) for b in rows(desk, bookings) if b["status"] == "booked"}
    found = []
    for wait_id in offered:
        slot = next(s for s in rows(desk, slots) if s["id"] == turns[wait_id]["offered_slot"])
        found += [
            w["id"]
            for w in turns.values()
            if w["state"] == "waiting" and _rank(w) < _rank(turns[wait_id]) and _wants(w, slot, there)
        ]
    return found


def idle_places(desk):
    """Slots with a free place that somebody waits for."""
    now = desk.store.clock()
    there = {(b["slot_id"], b["phone_digest"]) for b in rows(desk, bookings) if b["status"] == "booked"}
    queue = [w for w in rows(desk, waits) if w["state"] == "waiting"]
    return [
        s["id"]
        for s in rows(desk, slots)
        if s["taken"] < s["capacity"] and bookable(desk, s, now) and any(_wants(w, s, there) for w in queue)
    ]


def _rank(wait):
    """Turns of displaced bookings come first."""
    return wait["booking_no"] is None, wait["id"]


def _wants(wait, slot, there):
    same_day = (wait["hall_id"], wait["day"]) == (slot["hall_id"], slot["day"])
    return same_day and wants(wait, slot) and (slot["id"], wait["phone_digest"]) not in there


def check_reminders(desk):
    """Reminders that are not told yet are those of bookings as they stand, each once."""
    by_id = {s["id"]: s for s in rows(desk, slots)}
    may = set()
    for b in rows(desk, bookings):
        if b["status"] in ("booked", "no_show"):
            at = starts(by_id[b["slot_id"]])
            may |= {f"reminder:{b['booking_no']}:{r.kind}:{at:%Y-%m-%dT%H:%M}" for r in REMINDERS}
    posted = [n["key"] for n in rows(desk, notices) if n["kind"] == "booking_reminder"]
    untold = {
        n["key"] for n in rows(desk, notices) if n["kind"] == "booking_reminder" and n["told_at"] is None
    }
    assert len(posted) == len(set(posted)) and untold <= may


def taken(desk, slot_id):
    """(taken, bookings) of a slot."""
    with desk.store.engine.connect() as db:
        one = db.execute(select(slots.c.taken).where(slots.c.id == slot_id)).scalar_one()
        many = select(func.count()).where(bookings.c.slot_id == slot_id, bookings.c.status == "booked")
        return one, db.execute(many).scalar_one()


def small_desk(store):
    """The small plan on a store."""
    return Desk(store, PLAN)
