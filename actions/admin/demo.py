"""Demo data: `demo fill`, `demo clear`."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from actions.backends import audit
from actions.backends.demo_clear import clear
from actions.backends.demo_data import fill
from actions.backends.demo_run import Amounts
from actions.backends.store import Store
from actions.departments import Proposer

WARNING = """\
注意：这些都是编造的演示数据，不要放进真实使用的数据库。
姓名以“演示”开头，手机号都是 199 0000 xxxx；不要向这些号码打电话或发短信。用 demo clear 清除。
"""


def register(groups: Any) -> None:
    """Add the group."""
    parser = groups.add_parser("demo", help="演示数据：生成、清除")
    leaves = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    make = leaves.add_parser("fill", help="生成演示数据；同一个 seed 再运行不会重复")
    make.add_argument("--seed", type=int, default=1, help="随机数种子；默认 1")
    usual = Amounts()
    for name, what in (("cases", "办件"), ("bookings", "预约"), ("orders", "工单"), ("ratings", "评价")):
        amount = getattr(usual, name)
        make.add_argument(f"--{name}", type=int, default=amount, metavar="N", help=f"{what}数；默认 {amount}")
    make.set_defaults(run=_fill)
    gone = leaves.add_parser("clear", help="只清除演示数据，审计记录保留")
    gone.set_defaults(run=_clear)


def _fill(args: argparse.Namespace, store: Store) -> object:
    sys.stderr.write(WARNING)
    made = fill(
        store, args.seed, Amounts(args.cases, args.bookings, args.orders, args.ratings), Proposer().propose
    )
    with store.begin() as db:
        audit.record(
            db,
            store.vault,
            at=store.clock(),
            actor=args.actor,
            action="demo.fill",
            subject=f"demo:{args.seed}",
            detail={name: str(count) for name, count in made.items()},
        )
    return made


def _clear(args: argparse.Namespace, store: Store) -> object:
    return clear(store, args.actor)
