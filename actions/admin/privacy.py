"""`privacy`: purge by class, export and erase what is stored about one person."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from actions.backends.erasure import REASONS, erase_person
from actions.backends.person import Person
from actions.backends.person_export import export_person
from actions.backends.retention import load, purge
from actions.backends.retired_keys import write_private
from actions.backends.store import Store


def register(groups: Any) -> None:
    """Add the group."""
    parser = groups.add_parser("privacy", help="个人信息：到期清理、导出、删除")
    leaves = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    purged = leaves.add_parser("purge", help="按类别清理到期的个人信息")
    purged.add_argument("--dry-run", action="store_true", help="只数一数，不清理")
    purged.set_defaults(run=_purge)
    exported = leaves.add_parser("export", help="导出一个人的数据（个人信息保护法 第四十五条）")
    exported.add_argument("--out", type=Path, required=True, help="JSON 文件，只有本人可读")
    exported.set_defaults(run=_export)
    erased = leaves.add_parser("erase", help="删除一个人的数据（个人信息保护法 第四十七条）")
    erased.add_argument("--reason", required=True, choices=tuple(REASONS), help=_reasons())
    erased.set_defaults(run=_erase)
    for one in (exported, erased):
        one.add_argument("--phone", default="", help="手机号；写 - 从标准输入读，不留在命令历史里")
        one.add_argument("--id-no", default="", help="身份证件号码；写 - 从标准输入读")


def _reasons() -> str:
    return "；".join(f"{key}：{text}" for key, text in REASONS.items())


def _person(args: argparse.Namespace) -> Person:
    read = {"phone": args.phone, "id_no": args.id_no}
    for kind, value in read.items():
        if value == "-":
            read[kind] = sys.stdin.readline().strip()
    return Person(**read)


def _purge(args: argparse.Namespace, store: Store) -> object:
    done = purge(
        store,
        load(),
        dry_run=args.dry_run,
        actor=args.actor,
        progress=lambda name, rows: _say(f"{name}：{rows}"),
    )
    word = "到期" if args.dry_run else "已清理"
    return [{"类别": p.name, "早于": p.before.isoformat(), word: p.rows} for p in done]


def _export(args: argparse.Namespace, store: Store) -> object:
    found = export_person(store, load(), _person(args), actor=args.actor)
    write_private(args.out, [json.dumps(found, ensure_ascii=False, indent=2)])
    return {"文件": str(args.out), "记录": len(found["records"])}


def _erase(args: argparse.Namespace, store: Store) -> object:
    done = erase_person(store, load(), _person(args), reason=args.reason, actor=args.actor)
    tables = dict.fromkeys([*done.blanked, *done.deleted, *done.kept])
    return [
        {
            "表": name,
            "已抹去": done.blanked.get(name, 0),
            "已删除": done.deleted.get(name, 0),
            "保留": done.kept.get(name, ""),
        }
        for name in tables
    ]


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
