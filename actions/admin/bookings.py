"""Bookings, for the hall's staff: the list of a day, and who did not come."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any

from actions.backends.booking_rows import Desk, booking, joined
from actions.backends.halls import load
from actions.backends.local_bookings import LocalBookings
from actions.backends.no_shows import mark_no_show
from actions.backends.ports import Booking
from actions.backends.store import Store
from actions.backends.tables import bookings, slots
from actions.masking import mask_name, mask_phone


def register(groups: Any) -> None:
    """Add the group."""
    commands = groups.add_parser("bookings", help="预约").add_subparsers(required=True)
    listed = commands.add_parser("list", help="某大厅某天的预约，姓名手机号打码")
    listed.add_argument("hall")
    listed.add_argument("day", type=date.fromisoformat, help="YYYY-MM-DD")
    listed.set_defaults(run=_list)
    missed = commands.add_parser("no-show", help="记下没有来的预约")
    missed.add_argument("number")
    missed.add_argument("--undo", action="store_true", help="记错了，改回来")
    missed.set_defaults(run=_no_show)
    commands.add_parser("tick", help="处理到期的候补，平时由服务自动做").set_defaults(run=_tick)


def _list(args: argparse.Namespace, store: Store) -> object:
    desk = Desk(store, load())
    with store.begin() as db:
        asked = joined().where(slots.c.hall_id == args.hall, slots.c.day == args.day)
        rows = db.execute(asked.order_by(slots.c.start, bookings.c.booking_no)).mappings().all()
        found = [_row(booking(desk, row)) for row in rows]
        desk.note(db, args.actor, "booking.listed", f"hall:{args.hall}:{args.day}", n=str(len(found)))
    return found


def _no_show(args: argparse.Namespace, store: Store) -> object:
    return _row(mark_no_show(Desk(store, load()), args.number, actor=args.actor, came=args.undo))


def _tick(args: argparse.Namespace, store: Store) -> object:
    return {"done": LocalBookings(store, load()).tick()}


def _row(one: Booking) -> dict[str, str]:
    return {
        "booking_no": one.booking_no,
        "day": one.day.isoformat(),
        "start": f"{one.start:%H:%M}",
        "item": one.item,
        "name": mask_name(one.name),
        "phone": mask_phone(one.phone),
        "status": one.status,
    }
