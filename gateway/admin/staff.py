"""`staff`: add, list, disable, enable, role, reset-password, reset-totp, sessions, revoke."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from gateway.access import STAFF_ROLES
from gateway.passwords import made_password
from gateway.staff import Staff


def register(groups: Any) -> None:
    """Add the group."""
    group = groups.add_parser("staff", help="accounts and sessions of staff")
    leaves = group.add_subparsers(dest="command", required=True, metavar="COMMAND")
    added = _leaf(leaves, "add", "make an account; prints its first password, to be changed at once", _add)
    added.add_argument("--name", required=True, help="what citizens see, e.g. 08号")
    added.add_argument("--role", required=True, choices=STAFF_ROLES)
    _from_stdin(added)
    leaves.add_parser("list", help="all accounts").set_defaults(run=_list)
    _leaf(leaves, "disable", "nobody signs in with it any more, and who is, is out", _disable)
    _leaf(leaves, "enable", "it works again; locks and failures are forgotten", _enable)
    role = _leaf(leaves, "role", "another role; its owner signs in anew", _role)
    role.add_argument("role", choices=STAFF_ROLES)
    _from_stdin(_leaf(leaves, "reset-password", "a new first password; its sessions end", _reset_password))
    _leaf(leaves, "reset-totp", "the phone is lost: enrol one-time codes anew", _reset_totp)
    listed = leaves.add_parser("sessions", help="who is signed in where")
    listed.add_argument("username", nargs="?", default="", help="of this account alone")
    listed.set_defaults(run=_sessions)
    revoked = _leaf(leaves, "revoke", "end its sessions; open desks close within a second or so", _revoke)
    revoked.add_argument("--session", default="", help="only this one (see sessions)")


def _leaf(leaves: Any, name: str, about: str, run: Any) -> argparse.ArgumentParser:
    leaf: argparse.ArgumentParser = leaves.add_parser(name, help=about, description=about)
    leaf.add_argument("username")
    leaf.set_defaults(run=run)
    return leaf


def _from_stdin(leaf: argparse.ArgumentParser) -> None:
    leaf.add_argument(
        "--password-stdin", action="store_true", help="read the first password from stdin; else one is made"
    )


def _password(args: argparse.Namespace) -> str:
    if not args.password_stdin:
        return made_password()
    given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise ValueError("--password-stdin: no line came; expected the password")
    return given


def _add(args: argparse.Namespace, people: Staff) -> object:
    password = _password(args)
    people.accounts.add(args.username, args.name, args.role, password, by=args.actor, must_change=True)
    return {"username": args.username} | ({} if args.password_stdin else {"password": password})


def _list(args: argparse.Namespace, people: Staff) -> object:
    return [asdict(account) for account in people.accounts.all()]


def _ended(args: argparse.Namespace, hashes: list[str]) -> dict[str, object]:
    return {"username": args.username, "ended": len(hashes)}


def _disable(args: argparse.Namespace, people: Staff) -> object:
    return _ended(args, people.accounts.disable(args.username, by=args.actor))


def _enable(args: argparse.Namespace, people: Staff) -> object:
    return _ended(args, people.accounts.enable(args.username, by=args.actor))


def _role(args: argparse.Namespace, people: Staff) -> object:
    return _ended(args, people.accounts.set_role(args.username, args.role, by=args.actor))


def _reset_password(args: argparse.Namespace, people: Staff) -> object:
    password, ended = people.accounts.reset_password(args.username, by=args.actor, password=_password(args))
    return _ended(args, ended) | ({} if args.password_stdin else {"password": password})


def _reset_totp(args: argparse.Namespace, people: Staff) -> object:
    return _ended(args, people.accounts.reset_codes(args.username, by=args.actor))


def _sessions(args: argparse.Namespace, people: Staff) -> object:
    times = ("created_at", "seen_at", "expires_at")
    return [
        {
            name: datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds") if name in times else value
            for name, value in asdict(one).items()
        }
        for one in people.sessions.all(args.username)
    ]


def _revoke(args: argparse.Namespace, people: Staff) -> object:
    return _ended(args, people.accounts.revoke(args.username, by=args.actor, session_id=args.session))
