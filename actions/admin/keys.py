"""`keys`: the data keys — new, add, list, rotate, retire. See docs/privacy.md for the order of the steps."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from actions.admin.place import Place
from actions.backends import audit
from actions.backends.retired_keys import RetiredKey, read_retired, write_private
from actions.backends.rotation import chained_by_key, rotate, sealed_by_key
from actions.backends.store import Store, open_store
from actions.backends.tables import audit_log
from actions.backends.vault import DataKey, Vault, new_key


def register(groups: Any) -> None:
    """Add the group."""
    parser = groups.add_parser("keys", help="数据密钥：新建、添加、轮换、停用")
    leaves = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    made = _leaf(leaves, "new", _new, "显示一把新密钥（不保存）")
    added = _leaf(leaves, "add", _add, "往密钥文件里加一把新密钥，先只用来读")
    for one in (made, added):
        one.add_argument("--id", default="", help="密钥编号，字母和数字；默认接着排")
        one.add_argument("--kind", choices=("aes", "sm4"), default="aes", help="sm4：国密 SM4/SM3")
    _leaf(leaves, "list", _list, "每把密钥下还有多少数据")
    moved = _leaf(leaves, "rotate", _rotate, "全部数据换到一把密钥下；中断了再执行一次即可")
    moved.add_argument("--to", default="", help="换到哪一把；默认文件里的最后一把")
    gone = _leaf(leaves, "retire", _retire, "停用一把不再有数据的旧密钥，只留下核验审计链的部分")
    gone.add_argument("id")


def _leaf(leaves: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = leaves.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run, bare=True)
    return parser


def retired_file(place: Place) -> Path:
    """Where the chains of retired keys are: beside the key file."""
    path = place.settings.data_keys_file
    return path.with_name(f"{path.name}.retired")


def _next_id(place: Place, wanted: str) -> str:
    used = {key.id for key in place.keys()} | {key.id for key in read_retired(retired_file(place))}
    if wanted and (wanted in used or not wanted.isalnum() or len(wanted) > 24):
        raise ValueError(f"密钥编号 {wanted!r}：应当是没有用过的字母和数字，24 个以内")
    return wanted or next(f"k{n}" for n in range(1, len(used) + 2) if f"k{n}" not in used)


def _new(args: argparse.Namespace, place: Place) -> object:
    return {
        "密钥": new_key(_next_id(place, args.id), args.kind),
        "说明": "请保存到安全的地方；丢了就读不出数据",
    }


def _file(place: Place) -> tuple[Path, tuple[DataKey, ...], dict[str, str]]:
    """The key file, its keys, and id -> line."""
    if place.settings.data_keys:
        raise ValueError("密钥来自 NCZF_DATA_KEYS，不在文件里；请在那里修改（keys new 可生成一把）")
    keys, path = place.keys(), place.settings.data_keys_file
    lines = path.read_text("utf-8").replace(",", "\n").split()
    return path, keys, {line.split(":")[0]: line for line in lines}


def _add(args: argparse.Namespace, place: Place) -> object:
    path, _, lines = _file(place)
    key_id = _next_id(place, args.id)
    write_private(path, [*lines.values(), new_key(key_id, args.kind)])
    return {
        "密钥": key_id,
        "种类": args.kind,
        "下一步": "重启所有服务，让它们认得这把密钥，再执行 keys rotate",
    }


def _list(args: argparse.Namespace, place: Place) -> object:
    keys = place.keys()
    store = open_store(place.settings.services_url, keys, place.clock)
    try:
        sealed, chained = sealed_by_key(store), chained_by_key(store)
    finally:
        store.engine.dispose()
    kinds = {key.id: key.kind for key in keys} | {
        key.id: f"{key.kind}（已停用）" for key in read_retired(retired_file(place))
    }
    return [
        {
            "密钥": key_id,
            "种类": kinds.get(key_id, "（缺失）"),
            "当前": "是" if key_id == keys[0].id else "",
            "数据": sealed.get(key_id, 0),
            "审计": chained.get(key_id, 0),
        }
        for key_id in dict.fromkeys([*kinds, *sealed, *chained])
    ]


def _rotate(args: argparse.Namespace, place: Place) -> object:
    keys = place.keys()
    to = args.to or keys[0].id if place.settings.data_keys else args.to or keys[-1].id
    first = [key for key in keys if key.id == to]
    if not first:
        raise ValueError(f"没有密钥 {to!r}；有 {'、'.join(key.id for key in keys)}")
    if not place.settings.data_keys:
        path, _, lines = _file(place)
        write_private(path, [lines[to], *(line for key_id, line in lines.items() if key_id != to)])
    ordered = [*first, *(key for key in keys if key.id != to)]
    store = open_store(place.settings.services_url, ordered, place.clock)
    try:
        done = rotate(store, Vault(ordered), lambda table, rows: _say(f"{table}：{rows}"))
    finally:
        store.engine.dispose()
    for fault in done.faults:
        _say(fault)
    ready = not done.left and not done.faults
    return {
        "密钥": to,
        "已重新加密": sum(done.resealed.values()),
        "已清空的比对摘要": done.emptied,
        "旧密钥下还有": done.left,
        "有问题的": len(done.faults),
        "下一步": "重启所有服务，再执行一次 keys rotate；还是 0 就可以 keys retire"
        if ready
        else "再执行一次",
    }


def _retire(args: argparse.Namespace, place: Place) -> object:
    path, keys, lines = _file(place)
    if args.id not in lines:
        raise ValueError(f"没有密钥 {args.id!r}；有 {'、'.join(lines)}")
    if args.id == keys[0].id:
        raise ValueError(f"{args.id} 是当前密钥；请先 keys rotate 到另一把")
    store = open_store(place.settings.services_url, keys, place.clock)
    try:
        left = sealed_by_key(store).get(args.id, 0)
        if left:
            raise ValueError(f"{args.id} 下还有 {left} 项数据；请先 keys rotate")
        if late := _used_since_rotation(store, args.id):
            raise ValueError(
                f"{args.id} 在最近一次 keys rotate 之后还用过 {late} 次：有服务没有重启；"
                "请重启所有服务，再执行 keys rotate"
            )
        _keep_chain(place, next(key for key in keys if key.id == args.id))
        write_private(path, [line for key_id, line in lines.items() if key_id != args.id])
        _note(store, args.actor, args.id)
    finally:
        store.engine.dispose()
    return {
        "已停用": args.id,
        "审计链": str(retired_file(place)),
        "说明": "旧备份要用旧密钥才能读，请按需另存",
    }


def _used_since_rotation(store: Store, key_id: str) -> int:
    """Audit rows that were chained under the key since the last rotation: a process still seals with it."""
    log = audit_log.c
    with store.read() as db:
        last = select(func.coalesce(func.max(log.id), 0)).where(log.action == "keys.rotate").scalar_subquery()
        return int(db.execute(select(func.count()).where(log.key_id == key_id, log.id > last)).scalar_one())


def _keep_chain(place: Place, key: DataKey) -> None:
    path = retired_file(place)
    kept = [one for one in read_retired(path) if one.id != key.id]
    write_private(path, [one.line() for one in [*kept, RetiredKey.of(key)]])


def _note(store: Store, actor: str, key_id: str) -> None:
    with store.begin() as db:
        audit.record(
            db, store.vault, at=store.clock(), actor=actor, action="keys.retire", subject=f"key:{key_id}"
        )


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
