"""The embedded case system: look-up by number and last four digits, or by login. Guessing: `case_locks`."""

from __future__ import annotations

import hmac
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from actions.backends import audit
from actions.backends.case_locks import Try, prune
from actions.backends.case_view import Happened, view
from actions.backends.database import insert_new
from actions.backends.ports import CaseNotFound, CaseStatus
from actions.backends.retention import load
from actions.backends.store import Store
from actions.backends.tables import case_events, case_followers, cases

CASE_NO = re.compile(r"[A-Z0-9-]{1,24}")
OWNER_LIMIT = 64
MINE_LIMIT = 50
FOLLOWERS = "case_followers"
"""Class of data/retention.yml: how long after its last look a conversation is told of changes."""


class LocalCases:
    """Cases in the services database. See `CaseSystem`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._decoy = store.vault.seal("cases.phone_last4", "----")

    def status(self, case_no: str, *, phone_last4: str, client: str) -> CaseStatus:
        """See `CaseSystem.status`. A wrong number and a wrong phone cost the same and look the same."""
        now, vault = self._store.clock(), self._store.vault
        attempt = Try.of(vault, case_no, client)
        number = case_no if CASE_NO.fullmatch(case_no) else ""  # no such number; the same work is done
        owner = _storable(client)
        with self._store.begin() as db:
            attempt.alone(db)
            follows = attempt.refuse_if_locked(db, now, case_no=number, follower=owner)
            row = db.execute(select(cases).where(cases.c.case_no == number)).mappings().first()
            stored = vault.open("cases.phone_last4", row["phone_last4"] if row else self._decoy)
            given = phone_last4.encode("utf-8", "surrogatepass")
            right = hmac.compare_digest(stored.encode(), given) and re.fullmatch(r"[0-9]{4}", phone_last4)
            found = None
            if right and row is not None:
                attempt.succeeded(db)
                found = view(row, _events(db, [number])[number], vault, now)
                self._follow(db, number, owner)
            else:
                attempt.failed(db, now, follows=follows)
            audit.record(
                db,
                vault,
                at=now,
                actor=owner or "anonymous",
                action="case.look" if found else "case.refused",
                # What is no case of ours may be a phone or an ID number: the trail keeps its keyed hash.
                subject=f"case:{number}" if row is not None else attempt.subject,
            )
        # Raised outside the transaction: inside, the exception would roll the counted failure back.
        if found is None:
            raise CaseNotFound
        return found

    def mine(self, identity: str, *, client: str) -> Sequence[CaseStatus]:
        """See `CaseSystem.mine`."""
        now, vault = self._store.clock(), self._store.vault
        known = "".join(identity.split())
        if not known or known != _storable(known, limit=64):
            return []
        digests = vault.digests("id_no", known)
        owner = _storable(client)
        with self._store.begin() as db:
            rows = (
                db.execute(
                    select(cases)
                    .where(cases.c.identity_digest.in_(digests))
                    .order_by(cases.c.submitted_on.desc(), cases.c.case_no)
                    .limit(MINE_LIMIT)
                )
                .mappings()
                .all()
            )
            events = _events(db, [row["case_no"] for row in rows])
            found = [view(row, events[row["case_no"]], vault, now) for row in rows]
            for case in found:
                self._follow(db, case.case_no, owner)
            audit.record(
                db,
                vault,
                at=now,
                actor=owner or "anonymous",
                action="case.mine",
                subject=f"identity:{digests[0][:16]}",
                detail={"cases": str(len(found))},
            )
        return found

    def tick(self) -> int:
        """See `CaseSystem.tick`."""
        now = self._store.clock()
        with self._store.begin() as db:
            gone = prune(db, now)
            old = case_followers.c.seen_at <= followed_since(now)
            return gone + db.execute(delete(case_followers).where(old)).rowcount

    def _follow(self, db: Connection, case_no: str, owner: str) -> None:
        if not owner:
            return
        row = {"case_no": case_no, "owner": owner, "seen_at": self._store.clock()}
        if insert_new(db, case_followers, [row]) == 0:
            db.execute(
                update(case_followers)
                .where(case_followers.c.case_no == case_no, case_followers.c.owner == owner)
                .values(seen_at=row["seen_at"])
            )


def followed_since(now: datetime) -> datetime:
    """Whoever looked a case up after this is told of its changes."""
    (kept,) = (c for c in load().classes if c.id == FOLLOWERS)
    return now - timedelta(days=kept.days)


def _events(db: Connection, numbers: Sequence[str]) -> Mapping[str, list[Happened]]:
    """Number -> its events; an empty list for any other."""
    c = case_events.c
    named = (c.event_id, c.version, c.at, c.title, c.note, c.paused, c.statutory_on, c.promised_on)
    found: defaultdict[str, list[Happened]] = defaultdict(list)
    for number, *event in db.execute(select(c.case_no, *named).where(c.case_no.in_(numbers))):
        found[number].append(Happened(*event))
    return found


def _storable(text: str, limit: int = OWNER_LIMIT) -> str:
    """The text if a database can hold it, else ""."""
    return text if len(text) <= limit and re.fullmatch(r"[^\x00\ud800-\udfff]*", text) else ""
