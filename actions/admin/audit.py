"""`audit`: verify the trail, print its head, list what was done to one subject."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from sqlalchemy import select

from actions.admin.keys import retired_file
from actions.admin.place import Place
from actions.backends import audit
from actions.backends.audit_anchor import NAME, Anchor
from actions.backends.retired_keys import AuditVault, read_retired
from actions.backends.store import Store
from actions.backends.tables import audit_log

FAULT = 1


def register(groups: Any) -> None:
    """Add the group."""
    parser = groups.add_parser("audit", help="审计记录：核验、摘要、查询")
    leaves = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    checked = leaves.add_parser("verify", help="核验审计链和数据文件夹里留存的摘要；有问题时退出码为 1")
    checked.add_argument("--head", default="", help="以前记下的“编号:摘要”，能发现末尾被截掉")
    checked.set_defaults(run=_verify, bare=True)
    leaves.add_parser("head", help="最后一条的编号和摘要，请另行保存").set_defaults(run=_head)
    listed = leaves.add_parser("list", help="对一个对象做过什么")
    listed.add_argument("--subject", required=True, help="如 booking:YY…、person:…")
    listed.add_argument("--limit", type=int, default=200)
    listed.set_defaults(run=_list)


def _verify(args: argparse.Namespace, place: Place) -> object:
    engine = place.engine()
    try:
        vault = AuditVault(place.keys(), read_retired(retired_file(place)))
        store = Store(engine, vault, place.clock)
        heads = [_kept(args.head)] if args.head else []
        anchor = Anchor(place.settings.data_dir / NAME)
        count, faults = audit.verify(store)
        faults += audit.head_faults(store, heads) + anchor.faults(store)
    finally:
        engine.dispose()
    if faults:
        for fault in faults:
            sys.stderr.write(f"{fault}\n")
        raise SystemExit(FAULT)
    return {"记录": count, "核对过的留存摘要": len(heads) + len(anchor.heads()), "结果": "完整"}


def _kept(head: str) -> tuple[int, str]:
    """A head that was kept elsewhere."""
    number, _, chain = head.partition(":")
    if not number.isdecimal() or len(number) > 18:
        raise ValueError(f"--head {head[:80]!r}：应当是“编号:摘要”，见 audit head")
    return int(number), chain


def _head(args: argparse.Namespace, store: Store) -> object:
    number, chain = audit.head(store)
    return {"摘要": f"{number}:{chain}"}


def _list(args: argparse.Namespace, store: Store) -> object:
    with store.begin() as db:
        rows = db.execute(
            select(audit_log)
            .where(audit_log.c.subject == args.subject)
            .order_by(audit_log.c.id.desc())
            .limit(args.limit)
        ).mappings()
        found = [
            {
                "编号": row["id"],
                "时间": row["at"].isoformat(timespec="seconds"),
                "操作人": row["actor"],
                "操作": row["action"],
                "说明": row["detail"],
            }
            for row in rows
        ]
        audit.record(
            db, store.vault, at=store.clock(), actor=args.actor, action="audit.list", subject=args.subject
        )
    return found
