"""`backup` and `restore`: everything the service keeps, in one file, without the data keys."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from actions.admin.keys import retired_file
from actions.admin.place import Place
from actions.backends import audit
from actions.backends.retired_keys import read_retired
from actions.backends.soundness import newest
from actions.backends.store import Store
from actions.backends.vault import Vault
from actions.backup.give_back import give_back
from actions.backup.take import take

GATEWAY_KEYS = "gateway.keys"
"""The gateway's own, in the data folder."""
WARNING = """\
注意：备份里没有数据密钥。没有密钥，备份里的姓名、电话等内容谁也打不开，也无法恢复。
请把密钥文件（{keys}）另行保管在别的地方，不要和备份放在一起；备份文件也要另存到别的机器上。
"""


def register(groups: Any) -> None:
    """Add both groups."""
    made = groups.add_parser("backup", help="备份（服务可以照常运行）")
    made.add_argument(
        "--to", type=Path, metavar="FOLDER", help="放备份的文件夹；默认是数据文件夹旁边的 backups"
    )
    made.set_defaults(run=_backup, bare=True)
    back = groups.add_parser("restore", help="从备份恢复（先停止服务）")
    back.add_argument("--from", dest="source", type=Path, metavar="FILE", required=True, help="备份文件")
    back.add_argument("--force", action="store_true", help="替换已有的数据（SQLite 旧文件改名保留）")
    back.set_defaults(run=_restore, bare=True)


def _backup(args: argparse.Namespace, place: Place) -> object:
    keys, gateway, engine = place.keys(), place.gateway(), place.engine()
    folder = args.to or _usual_folder(place)
    at = place.clock()
    try:
        path, manifest = take(
            engine, keys, place.settings.data_dir, folder, at, gateway, lambda part: _say(f"备份 {part}")
        )
        if manifest.revision == newest():
            store = Store(engine, Vault(keys), place.clock)
            with store.begin() as db:
                audit.record(
                    db,
                    store.vault,
                    at=at,
                    actor=args.actor,
                    action="backup.make",
                    subject=f"backup:{manifest.made_at}",
                    detail={"revision": manifest.revision},
                )
    finally:
        engine.dispose()
        if gateway is not None:
            gateway.dispose()
    kept = [str(place.settings.data_keys_file) if not place.settings.data_keys else "NCZF_DATA_KEYS"]
    beside = (retired_file(place), place.settings.data_dir / GATEWAY_KEYS)
    kept += [str(path) for path in beside if path.exists()]
    sys.stderr.write(WARNING.format(keys="、".join(kept)))
    return {
        "file": path,
        "bytes": path.stat().st_size,
        "database": manifest.database,
        "revision": manifest.revision,
        "keys_needed": list(manifest.keys),
        "rows": {member.name: sum(member.rows.values()) for member in manifest.members},
    }


def _usual_folder(place: Place) -> Path:
    """`backups` beside the data folder: deleting the data does not delete its copies."""
    folder = place.settings.data_dir.resolve().parent / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", "utf-8")  # citizens' data never gets into a repository
    return folder


def _restore(args: argparse.Namespace, place: Place) -> object:
    keys, gateway, engine = place.keys(), place.gateway(), place.engine()
    try:
        return give_back(
            args.source,
            engine,
            keys,
            place.settings.data_dir,
            place.clock,
            force=args.force,
            actor=args.actor,
            retired=read_retired(retired_file(place)),
            gateway=gateway,
        )
    finally:
        engine.dispose()
        if gateway is not None:
            gateway.dispose()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
