"""`orders`: 12345 work orders: list, show, every step of staff, what is overdue, figures."""

from __future__ import annotations

import argparse
import secrets
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from actions.admin.order_files import references
from actions.backends.local_work_orders import LocalWorkOrders
from actions.backends.order_export import HEAD, export, lines
from actions.backends.ports import WorkOrder
from actions.backends.store import Store

SHOWN = (
    "order_no",
    "kind",
    "urgency",
    "state",
    "department",
    "due_on",
    "created_at",
    "urged",
    "round",
    "main",
)
MORE = (
    "channel",
    "text",
    "place",
    "contact",
    "phone",
    "answer",
    "anonymous",
    "confidential",
    "proposed_department",
    "proposed_confidence",
    "confirmed_by",
    "topic",
    "district",
    "level",
    "emergency_number",
    "main_state",
    "reopened",
    "attachments",
    "evidence",
)


def register(groups: Any) -> None:
    """Add the group."""
    parser = groups.add_parser("orders", help="12345 工单：查看、转办、答复、督办、统计")
    leaves = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listed = _leaf(leaves, "list", _list, "按工单号列出工单")
    listed.add_argument("--state")
    listed.add_argument("--department")
    listed.add_argument("--limit", type=int, default=50)
    listed.add_argument("--after", help="从这个工单号之后列起")
    for name, run, text in (
        ("show", _show, "一个工单和它的经过（记入审计）"),
        ("duplicates", _duplicates, "可能是同一件事的工单"),
    ):
        _leaf(leaves, name, run, text).add_argument("order_no")
    _steps(leaves)
    _leaf(leaves, "overdue", _overdue, "快到期、已超期和紧急转介的工单").add_argument(
        "--limit", type=int, default=200
    )
    counted = _leaf(leaves, "figures", _figures, "统计：按承办单位、事项类别、区县")
    period = counted.add_mutually_exclusive_group(required=True)
    period.add_argument("--month", help="如 2026-11")
    period.add_argument("--year", help="如 2026")
    counted.add_argument("--out", type=Path, help="导出到 .csv 或 .xlsx 文件")
    _leaf(leaves, "tick", _tick, "现在到点的提醒和督办各做一次")


def _steps(leaves: Any) -> None:
    _step(leaves, "confirm", "confirm_department", "确认承办单位", "department")
    sent = _step(leaves, "transfer", "transfer", "转办")
    sent.add_argument("--department", default="", help="不写就转给已确认的单位")
    sent.add_argument("--reason", default="")
    _step(leaves, "start", "start", "开始办理")
    for parser in (
        _step(leaves, "answer", "answer", "答复", "answer"),
        _step(leaves, "evidence", "add_evidence", "补登答复的证据：照片、文件"),
    ):
        parser.add_argument(
            "--attach", dest="evidence", type=Path, action="append", default=[], metavar="FILE",
            help="证据文件，可以写多个；只登记摘要值，文件留在原处",
        )  # fmt: skip
    _step(leaves, "return", "give_back", "退回", "reason")
    later = _step(leaves, "extend", "extend", "延期（只有一次）", "reason")
    later.add_argument("--until", type=date.fromisoformat, required=True)
    _step(leaves, "refuse", "refuse", "不予受理", "reason", "alternative")
    _step(leaves, "take-up", "take_up", "紧急转介的改为受理", "reason")
    called = _step(leaves, "callback", "call_back", "回访")
    called.add_argument("--reached", action="store_true", help="联系上了")
    called.add_argument("--satisfied", choices=("yes", "no"), help="no：没解决或不满意，第一次会退回重办")
    called.add_argument("--note", default="")
    closed = _step(leaves, "close", "finish", "办结（投诉、举报要先有证据）")
    closed.add_argument("--note", default="", help="市民第二次说没解决的，要写明怎么处理")
    _step(leaves, "merge", "merge", "并案", "into", "reason")
    seen = _step(leaves, "reveal", "reveal", "查看是谁提交的（记入审计）", "reason", keyed=False)
    seen.add_argument("--role", choices=("operator", "case_officer"), required=True)


def _leaf(leaves: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = leaves.add_parser(name, help=text)
    parser.set_defaults(run=run)
    return parser


def _step(
    leaves: Any, name: str, method: str, text: str, *needed: str, keyed: bool = True
) -> argparse.ArgumentParser:
    parser = _leaf(leaves, name, _take, text)
    parser.add_argument("order_no")
    for word in needed:
        parser.add_argument(f"--{word}", required=True)
    if keyed:
        parser.add_argument("--key", default=None, help="同一个键只做一次；不写就每次新建")
    parser.set_defaults(method=method)
    return parser


ARGUMENTS = (
    "department",
    "reason",
    "answer",
    "until",
    "alternative",
    "into",
    "reached",
    "satisfied",
    "role",
    "key",
    "note",
    "evidence",
)


def _take(args: argparse.Namespace, store: Store) -> object:
    given = {name: getattr(args, name) for name in ARGUMENTS if hasattr(args, name)}
    if "key" in given:
        given["key"] = given["key"] or f"admin-{secrets.token_hex(8)}"
    if "evidence" in given:
        given["evidence"] = references(given["evidence"])
    if "satisfied" in given:
        given["satisfied"] = None if given["satisfied"] is None else given["satisfied"] == "yes"
    result = getattr(LocalWorkOrders(store), args.method)(args.order_no, actor=args.actor, **given)
    return _line(result) if isinstance(result, WorkOrder) else asdict(result)


def _list(args: argparse.Namespace, store: Store) -> object:
    found = LocalWorkOrders(store).listing(
        actor=args.actor, state=args.state, department=args.department, limit=args.limit, after=args.after
    )
    return [_line(order) for order in found]


def _show(args: argparse.Namespace, store: Store) -> object:
    desk = LocalWorkOrders(store)
    order = desk.show(args.order_no, actor=args.actor)
    steps = [_told(asdict(step)) for step in desk.history(args.order_no, actor=args.actor)]
    told = {name: getattr(order, name) for name in MORE}
    for name in ("attachments", "evidence"):
        told[name] = [asdict(file) for file in told[name]]
    return {**_line(order), **told, "steps": steps}


def _duplicates(args: argparse.Namespace, store: Store) -> object:
    found = LocalWorkOrders(store).duplicates(args.order_no, actor=args.actor)
    return [_told(asdict(one)) for one in found]


def _overdue(args: argparse.Namespace, store: Store) -> object:
    found = LocalWorkOrders(store).overdue(actor=args.actor, limit=args.limit)
    return [_told(asdict(one)) for one in found]


def _figures(args: argparse.Namespace, store: Store) -> object:
    start, end = period_of(args.month, args.year)
    rows = LocalWorkOrders(store).figures(start=start, end=end)
    if args.out:
        export(rows, args.out)
    return [dict(zip(HEAD, line, strict=True)) for line in lines(rows)]


def _tick(_args: argparse.Namespace, store: Store) -> object:
    return {"done": LocalWorkOrders(store).tick()}


def period_of(month: str | None, year: str | None) -> tuple[date, date]:
    """(first day, day after the last). Raises ValueError for what is no month 2026-11 or year 2026."""
    if month:
        start = date.fromisoformat(f"{month}-01")
        return start, date(start.year + start.month // 12, start.month % 12 + 1, 1)
    start = date.fromisoformat(f"{year}-01-01")
    return start, date(start.year + 1, 1, 1)


def _line(order: WorkOrder) -> dict[str, Any]:
    return _told({name: getattr(order, name) for name in SHOWN})


def _told(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
