"""`audit`: verify the trail of staff, print its head, list what was done."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from typing import Any

from gateway.staff import Staff

FAULT = 1


def register(groups: Any) -> None:
    """Add the group."""
    group = groups.add_parser("audit", help="the trail of staff")
    leaves = group.add_subparsers(dest="command", required=True, metavar="COMMAND")
    checked = leaves.add_parser("verify", help="check the whole chain; exit status 1 when it is broken")
    checked.add_argument("--head", default="", help="NUMBER:CHAIN kept from before: shows a tail cut off")
    checked.set_defaults(run=_verify)
    head = leaves.add_parser("head", help="number and chain of the last row: keep it elsewhere")
    head.set_defaults(run=_head)
    listed = leaves.add_parser("list", help="latest rows first")
    listed.add_argument("--subject", default="", help="staff:NAME or conversation:ID")
    listed.add_argument("--limit", type=int, default=100)
    listed.set_defaults(run=_list)


def _verify(args: argparse.Namespace, people: Staff) -> object:
    rows, faults = people.trail.verify()
    if args.head:
        number, _, chain = args.head.partition(":")
        if not (number.isascii() and number.isdecimal() and len(number) < 19):
            raise ValueError(f"--head {args.head[:80]!r}: expected NUMBER:CHAIN, as `audit head` prints it")
        faults += [fault for fault in [people.trail.head_fault(int(number), chain)] if fault]
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    return {"rows": rows, "faults": faults, "status": FAULT if faults else 0}


def _head(args: argparse.Namespace, people: Staff) -> object:
    number, chain = people.trail.head()
    return {"head": f"{number}:{chain}"}


def _list(args: argparse.Namespace, people: Staff) -> object:
    rows = [asdict(row) for row in people.trail.latest(args.subject, max(1, min(args.limit, 10_000)))]
    people.trail.note(args.actor, "audit.list", args.subject or "all")
    return rows
