"""Slots: what is open on a day, and another number of windows for one of them."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any

from actions.backends.booking_closures import set_windows
from actions.backends.booking_rows import Desk
from actions.backends.halls import load
from actions.backends.slot_rows import open_day, within_horizon
from actions.backends.store import Store


def register(groups: Any) -> None:
    """Add the group."""
    commands = groups.add_parser("slots", help="时段与窗口数").add_subparsers(required=True)
    listed = commands.add_parser("list", help="某大厅某天的时段")
    listed.add_argument("hall")
    listed.add_argument("day", type=date.fromisoformat, help="YYYY-MM-DD")
    listed.set_defaults(run=_list)
    windows = commands.add_parser("windows", help="改一个时段的窗口数；放不下的预约会收到通知")
    windows.add_argument("slot")
    windows.add_argument("windows", type=int)
    windows.set_defaults(run=_windows)


def _list(args: argparse.Namespace, store: Store) -> object:
    desk = Desk(store, load())
    if not within_horizon(desk, args.hall, args.day):
        raise ValueError(f"{args.hall} {args.day}：没有这个大厅，或不在可预约的日期内")
    with store.begin() as db:
        rows = open_day(desk, db, args.hall, args.day)
        names = ("id", "session", "start", "end", "windows", "per_window", "capacity", "taken")
        return [{name: row[name] for name in names} for row in rows]


def _windows(args: argparse.Namespace, store: Store) -> object:
    lost = set_windows(Desk(store, load()), args.slot, args.windows, actor=args.actor)
    return {"slot": args.slot, "windows": args.windows, "displaced": lost}
