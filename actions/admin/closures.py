"""Closures of halls, sessions and windows."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import date
from typing import Any

from actions.backends.booking_closures import Closure, add_closure, list_closures, remove_closure
from actions.backends.booking_rows import Desk
from actions.backends.halls import load
from actions.backends.store import Store


def register(groups: Any) -> None:
    """Add the group."""
    commands = groups.add_parser("closures", help="停办：大厅、时段或窗口").add_subparsers(required=True)
    added = commands.add_parser("add", help="停办；已约的人会收到通知，可以改到别的时间")
    added.add_argument("hall")
    added.add_argument("first_day", type=date.fromisoformat, help="YYYY-MM-DD")
    added.add_argument("last_day", type=date.fromisoformat, nargs="?", help="默认同一天")
    added.add_argument("--session", default="", help="noon、evening、weekend；默认全部")
    added.add_argument("--windows", type=int, default=0, help="停几个窗口；0 为全部")
    added.add_argument("--reason", required=True, help="告诉市民的原因")
    added.set_defaults(run=_add)
    removed = commands.add_parser("remove", help="恢复办理")
    removed.add_argument("id", type=int)
    removed.set_defaults(run=_remove)
    commands.add_parser("list", help="今天及以后的停办").set_defaults(run=_list)


def _add(args: argparse.Namespace, store: Store) -> object:
    closed, lost = add_closure(
        Desk(store, load()),
        hall_id=args.hall,
        first_day=args.first_day,
        last_day=args.last_day or args.first_day,
        session=args.session,
        windows=args.windows,
        reason=args.reason,
        actor=args.actor,
    )
    return {**_row(closed), "displaced": lost}


def _remove(args: argparse.Namespace, store: Store) -> object:
    return _row(remove_closure(Desk(store, load()), args.id, actor=args.actor))


def _list(args: argparse.Namespace, store: Store) -> object:
    return [_row(closed) for closed in list_closures(Desk(store, load()))]


def _row(closed: Closure) -> dict[str, object]:
    days = {"first_day": closed.first_day.isoformat(), "last_day": closed.last_day.isoformat()}
    return {**asdict(closed), **days}
