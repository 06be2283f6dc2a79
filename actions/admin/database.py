"""Commands on the services database itself: its revision, its steps, its soundness."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from actions.admin.keys import retired_file
from actions.admin.place import Place
from actions.backends import audit
from actions.backends.migrations import HEAD, migrate, revision
from actions.backends.retired_keys import AuditVault, read_retired
from actions.backends.soundness import check, newest
from actions.backends.store import Store
from actions.backends.vault import Vault


def register(groups: Any) -> None:
    """Add the group."""
    parser = groups.add_parser("database", help="业务库：版本、升级、检查")
    leaves = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    step = leaves.add_parser("migrate", help="升级到最新版本，或升降到指定版本")
    step.add_argument("--to", default=HEAD, metavar="REVISION", help="版本号，如 0004；默认最新")
    step.add_argument("--yes", action="store_true", help="降级时不再询问")
    step.set_defaults(run=_migrate, bare=True)
    shown = leaves.add_parser("revision", help="现在的版本和程序的版本")
    shown.set_defaults(run=_revision, bare=True)
    sound = leaves.add_parser("check", help="检查文件、表结构、密钥和审计链；有问题时退出状态为 2")
    sound.set_defaults(run=_check, bare=True)


def _revision(args: argparse.Namespace, place: Place) -> object:
    engine = place.engine()
    try:
        here, head = revision(engine), newest()
        return {"database": engine.dialect.name, "revision": here, "newest": head, "current": here == head}
    finally:
        engine.dispose()


def _migrate(args: argparse.Namespace, place: Place) -> object:
    engine, vault = place.engine(), Vault(place.keys())
    try:
        here = revision(engine)
        down = args.to == "base" or (args.to != HEAD and args.to < here and here != "base")
        if down and not args.yes and not _agreed(here, args.to, place):
            raise ValueError(f"没有降级：仍是 {here}；确认降级请回答 yes，或加 --yes")
        reached = migrate(engine, vault, args.to)
        if reached == newest():  # an older trail may have another shape, or none
            store = Store(engine, vault, place.clock)
            with store.begin() as db:
                audit.record(
                    db,
                    vault,
                    at=place.clock(),
                    actor=args.actor,
                    action="database.migrate",
                    subject=f"revision:{reached}",
                    detail={"from": here},
                )
        return {"from": here, "to": reached}
    finally:
        engine.dispose()


def _agreed(here: str, to: str, place: Place) -> bool:
    sys.stderr.write(f"从 {here} 降到 {to}：新版本才有的表和数据会丢失，请先 make backup。输入 yes 继续：")
    sys.stderr.flush()
    return place.answers.readline().strip() == "yes"


def _check(args: argparse.Namespace, place: Place) -> object:
    vault = AuditVault(place.keys(), read_retired(retired_file(place)))
    engine = place.engine()
    try:
        findings = check(Store(engine, vault, place.clock))
    finally:
        engine.dispose()
    if faults := [f"{finding.what}：{finding.detail}" for finding in findings if not finding.sound]:
        raise ValueError("业务库有问题；" + "；".join(faults))
    return findings
