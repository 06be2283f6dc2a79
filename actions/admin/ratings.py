"""`ratings`: list, assign, put right and close the bad ones; figures."""

from __future__ import annotations

import argparse
import secrets
from datetime import date
from pathlib import Path
from typing import Any

from actions.admin.digest_file import sha256_of
from actions.admin.looked import looked
from actions.backends.local_ratings import LocalRatings
from actions.backends.ports import RatingFigure, Rectification
from actions.backends.store import Store

STATES = {
    "opened": "待分派",
    "assigned": "已分派",
    "verified": "已核实",
    "unfounded": "不实",
    "rectified": "已整改",
    "called_back": "已回访",
    "closed": "已办结",
}
STAGES = {"": "", "due_soon": "即将超期", "overdue": "已超期"}


def register(groups: Any) -> None:
    """Add the group."""
    parser = groups.add_parser("ratings", help="好差评：差评整改和统计")
    leaves = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listed = _leaf(leaves, "list", _list, "差评整改清单，期限近的在前")
    listed.add_argument("--only", choices=("open", "due_soon", "overdue", "closed", "all"), default="open")
    listed.add_argument("--limit", type=int, default=200)
    _leaf(leaves, "overdue", _overdue, "已超期、还没整改的差评")
    shown = _leaf(leaves, "show", _show, "一条差评的经过（记入审计）")
    shown.add_argument("subject")
    assigned = _step(leaves, "assign", _assign, "分派给部门和经办人")
    assigned.add_argument("--department", default="")
    assigned.add_argument("--officer", default="", help="工作人员登录名")
    for name, text in (
        ("verify", "核实属实"),
        ("unfounded", "核实不实（要先登记证据）"),
        ("rectify", "已整改（要先登记证据）"),
        ("call-back", "已回访（只有留了电话的）"),
        ("close", "办结"),
    ):
        _step(leaves, name, _advance, text)
    proven = _step(leaves, "evidence", _evidence, "登记整改证据：文字、附件")
    proven.add_argument("--attach", type=Path, action="append", default=[], help="附件文件，只记 SHA-256")
    counted = _leaf(leaves, "figures", _figures, "统计：评价数、满意率、差评数、按期整改率")
    counted.add_argument(
        "--by", choices=("channel", "department", "item", "level", "month"), default="channel"
    )
    counted.add_argument("--since", type=date.fromisoformat, required=True)
    counted.add_argument("--until", type=date.fromisoformat, required=True)
    _leaf(leaves, "tick", _tick, "现在到点的提醒和升级各做一次")


def _leaf(leaves: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = leaves.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    return parser


def _step(leaves: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser = _leaf(leaves, name, run, text)
    parser.add_argument("subject", help="评价的服务，如 booking:YY…")
    parser.add_argument("--reason", default="", help="说明；证据的文字也写在这里")
    parser.add_argument("--key", default="", help="同一个 key 重复执行只算一次")
    return parser


def _key(args: argparse.Namespace) -> str:
    return args.key or f"admin:{secrets.token_hex(8)}"


def _list(args: argparse.Namespace, store: Store) -> object:
    return _listed(store, args.actor, args.only, args.limit)


def _overdue(args: argparse.Namespace, store: Store) -> object:
    return _listed(store, args.actor, "overdue", 200)


def _listed(store: Store, actor: str, only: Any, limit: int) -> list[dict[str, object]]:
    rows = [_row(r) for r in LocalRatings(store).rectifications(only=only, limit=limit)]
    looked(store, actor, "rectification.list", "rectification:*", only=only, rows=str(len(rows)))
    return rows


def _show(args: argparse.Namespace, store: Store) -> object:
    return [
        {
            "时间": s.at.isoformat(timespec="minutes"),
            "环节": STATES.get(s.what) or STAGES.get(s.what) or "证据",
            "经办": s.actor,
            "说明": s.note,
            "附件": "、".join(a[:12] for a in s.attachments),
        }
        for s in LocalRatings(store).rectification_steps(args.subject, actor=args.actor)
    ]


def _assign(args: argparse.Namespace, store: Store) -> object:
    return _row(
        LocalRatings(store).assign(
            args.subject,
            department=args.department,
            officer=args.officer,
            actor=args.actor,
            reason=args.reason,
            key=_key(args),
        )
    )


def _advance(args: argparse.Namespace, store: Store) -> object:
    to: Any = {
        "verify": "verified",
        "rectify": "rectified",
        "call-back": "called_back",
        "close": "closed",
    }.get(args.command, args.command)
    ratings = LocalRatings(store)
    return _row(ratings.advance(args.subject, to=to, actor=args.actor, reason=args.reason, key=_key(args)))


def _evidence(args: argparse.Namespace, store: Store) -> object:
    attachments = [sha256_of(path) for path in args.attach]
    return _row(
        LocalRatings(store).add_evidence(
            args.subject, text=args.reason, attachments=attachments, actor=args.actor, key=_key(args)
        )
    )


def _figures(args: argparse.Namespace, store: Store) -> object:
    return [_figure(f) for f in LocalRatings(store).figures(by=args.by, since=args.since, until=args.until)]


def _tick(args: argparse.Namespace, store: Store) -> object:
    return {"已处理": LocalRatings(store).tick()}


def _row(r: Rectification) -> dict[str, object]:
    return {
        "服务": r.subject,
        "等级": r.level,
        "状态": STATES[r.state],
        "实名": "是" if r.named else "否",
        "部门": r.department,
        "经办": r.officer,
        "期限": r.due_at.isoformat(timespec="minutes"),
        "升级": STAGES[r.stage],
        "证据": r.evidence,
    }


def _figure(f: RatingFigure) -> dict[str, object]:
    return {
        "分组": f.group or "（未知）",
        "评价数": f.count,
        "满意率": _share(f.satisfied),
        "差评数": f.bad,
        "不实": f.unfounded,
        "按期整改率": _share(f.rectified_in_time),
    }


def _share(share: float | None) -> str:
    return "—" if share is None else f"{share:.1%}"
