"""The conversation log: the truth about what was said and who is speaking. Everything else is live only.

Synchronous; `gateway.store.DatabaseThread` runs it beside the event loop. Correct also while several gateways
write to one PostgreSQL: whoever numbers or moves a conversation holds its row until its transaction ends.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, bindparam, case, func, insert, null, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningUpdate

from gateway.conversation import (
    Conversation,
    ConversationNotFound,
    Mode,
    ModeConflict,
    OpenTurn,
    StoredEvent,
    check_move,
)
from gateway.schema_sql import conversations, events, handoffs

PREVIEW_LIMIT = 60


# The statements of every message, built once: building them each time costs more than running them.
GET = select(conversations).where(conversations.c.id == bindparam("of"))
GET_ALONE = GET.with_for_update()
"""Nobody else changes the row until this transaction ends; in SQLite every transaction is alone."""
FIND = select(events).where(
    events.c.conversation_id == bindparam("of"), events.c.client_id == bindparam("sent_as")
)
STORE = insert(events)
BOT_BACKWARDS = (
    select(events)
    .where(
        events.c.conversation_id == bindparam("of"),
        events.c.seq < bindparam("before"),
        events.c.kind == "bot_said",
    )
    .order_by(events.c.seq.desc())
)


ASKS, ANSWERS = "asks", "answers"
"""What an event does to the conversation's open turn."""


CLOSED_TURN = {"turn_seq": None, "turn_at": None, "turn_owner": None}


@cache
def _numbering(preview: bool, facts: bool, expect: bool, turn: str) -> ReturningUpdate[Any]:
    """Take the next number of a conversation, with what changes beside it; returns the new row."""
    row = conversations.c
    values: dict[str, Any] = {"last_seq": row.last_seq + 1}
    if preview:
        values["preview"] = bindparam("new_preview")
    if facts:
        values["facts"] = bindparam("new_facts")
    if turn == ASKS:  # who is waiting for a person, or talks to one, asks no bot
        asks: dict[str, Any] = {
            "turn_seq": row.last_seq + 1,
            "turn_at": bindparam("asked_at"),
            "turn_owner": bindparam("owner"),
        }
        values |= {name: case((row.mode == Mode.BOT, value), else_=null()) for name, value in asks.items()}
    if turn == ANSWERS:  # an answer to an earlier message leaves the later one open
        later = row.turn_seq > bindparam("answered")
        values |= {name: case((later, row[name]), else_=null()) for name in CLOSED_TURN}
    statement = update(conversations).where(row.id == bindparam("of")).values(**values)
    if expect:
        statement = statement.where(row.mode == bindparam("expected"))
    return statement.returning(conversations)


def digest(secret: str) -> str:
    """Hash of a bearer secret; the secret itself is never stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ConversationLog:
    """Append-only events per conversation, and compare-and-set moves of its mode."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    @property
    def engine(self) -> Engine:
        """The database that it lies in."""
        return self._engine

    def now(self) -> float:
        """The time that is stored with what happens, UTC seconds."""
        return self._clock()

    def create(self, channel: str) -> tuple[Conversation, str]:
        """Start a conversation; returns it with its bearer secret, which is shown only here."""
        secret = secrets.token_urlsafe(24)
        conversation_id = secrets.token_hex(12)
        with self._engine.begin() as db:
            db.execute(
                insert(conversations).values(
                    id=conversation_id,
                    secret_hash=digest(secret),
                    channel=channel,
                    mode=Mode.BOT,
                    last_seq=0,
                    created_at=self._clock(),
                )
            )
            return self._get(db, conversation_id), secret

    def authenticate(self, conversation_id: str, secret: str) -> Conversation:
        """Return the conversation of this secret. Raises ConversationNotFound."""
        with self._engine.begin() as db:
            row = db.execute(
                select(conversations.c.id).where(
                    conversations.c.id == conversation_id, conversations.c.secret_hash == digest(secret)
                )
            ).first()
            if row is None:
                raise ConversationNotFound(conversation_id)
            return self._get(db, conversation_id)

    def get(self, conversation_id: str) -> Conversation:
        """Return the conversation. Raises ConversationNotFound."""
        with self._engine.begin() as db:
            return self._get(db, conversation_id)

    @staticmethod
    def _get(db: Connection, conversation_id: str, *, alone: bool = False) -> Conversation:
        row = db.execute(GET_ALONE if alone else GET, {"of": conversation_id}).mappings().first()
        if row is None:
            raise ConversationNotFound(conversation_id)
        return _conversation(row)

    def append(
        self,
        conversation_id: str,
        payload: dict[str, Any],
        *,
        client_id: str | None = None,
        expect: Mode | None = None,
        turn_of: str | None = None,
    ) -> StoredEvent:
        """Store one event and number it. A `client_id` seen before returns its first event (fresh=False).

        Args:
            conversation_id: which conversation.
            payload: an event payload of `gateway.wire`.
            client_id: the sender's own id of this frame.
            expect: the mode it must be in.
            turn_of: the gateway that now answers this message, if the bot is to answer it.

        Raises:
            ModeConflict: it is not in mode `expect`; nothing was stored.
            ConversationNotFound: no such conversation.
            StorageUnavailable: the database is away; nothing is promised.
        """
        try:
            with self._engine.begin() as db:
                return self._append(db, conversation_id, payload, client_id, expect=expect, turn_of=turn_of)
        except (IntegrityError, ModeConflict):
            # Resent, or at two gateways at once: the first copy is the event. Looking for it before each
            # append would cost every message what only resent ones need.
            found = self._sent_as(conversation_id, client_id) if client_id is not None else None
            if found is None:
                raise
            return found

    def _sent_as(self, conversation_id: str, client_id: str) -> StoredEvent | None:
        with self._engine.begin() as db:
            row = db.execute(FIND, {"of": conversation_id, "sent_as": client_id}).mappings().first()
            return _event(row, fresh=False) if row else None

    def _append(
        self,
        db: Connection,
        conversation_id: str,
        payload: dict[str, Any],
        client_id: str | None = None,
        facts: dict[str, str] | None = None,
        expect: Mode | None = None,
        turn_of: str | None = None,
    ) -> StoredEvent:
        values: dict[str, Any] = {"of": conversation_id}
        if payload["kind"] == "citizen_said":
            values["new_preview"] = str(payload["text"])[:PREVIEW_LIMIT]
        if facts is not None:
            values["new_facts"] = json.dumps(facts, ensure_ascii=False)
        if expect is not None:
            values["expected"] = expect
        turn = ""
        if turn_of is not None:
            turn = ASKS
            values |= {"asked_at": self._clock(), "owner": turn_of}
        elif payload.get("reply_to") is not None:
            turn = ANSWERS
            values["answered"] = payload["reply_to"]
        numbering = _numbering("new_preview" in values, facts is not None, expect is not None, turn)
        row = db.execute(numbering, values).mappings().first()
        if row is None:
            actual = self._get(db, conversation_id)  # raises ConversationNotFound if there is none
            assert expect is not None, f"update of {conversation_id} found nothing, yet it exists"
            raise ModeConflict(expect, actual.mode)
        conversation = _conversation(row)
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        db.execute(
            STORE,
            {
                "conversation_id": conversation_id,
                "seq": conversation.last_seq,
                "at": at,
                "kind": payload["kind"],
                "client_id": client_id,
                "payload": json.dumps(payload, ensure_ascii=False),
            },
        )
        return StoredEvent(
            conversation_id,
            conversation.last_seq,
            at,
            str(payload["kind"]),
            client_id,
            payload,
            conversation=conversation,
        )

    def after(self, conversation_id: str, seq: int) -> Sequence[StoredEvent]:
        """Events with a number above `seq`, in order."""
        with self._engine.begin() as db:
            rows = db.execute(
                select(events)
                .where(events.c.conversation_id == conversation_id, events.c.seq > seq)
                .order_by(events.c.seq)
            ).mappings()
            return [_event(row) for row in rows]

    def last_said(
        self, conversation_id: str, before: int, wanted: Callable[[StoredEvent], bool]
    ) -> StoredEvent | None:
        """The bot's latest event below `before` that is `wanted`; reads backwards, and no further."""
        with self._engine.begin() as db:
            rows = db.execute(BOT_BACKWARDS, {"of": conversation_id, "before": before}).mappings()
            return next((stored for stored in map(_event, rows) if wanted(stored)), None)

    def move(
        self,
        conversation_id: str,
        *,
        expect: Mode,
        to: Mode,
        payload: dict[str, Any] | None = None,
        agent_id: str | None = None,
        holder: str | None = None,
        reason: str = "",
        facts: dict[str, str] | None = None,
        outcome: str | None = None,
        waited_since: float | None = None,
    ) -> tuple[Conversation, StoredEvent | None]:
        """Compare-and-set the mode and store the event that tells it, in one transaction.

        Args:
            conversation_id: which conversation.
            expect: the mode it must be in; see `gateway.conversation.MOVES`.
            to: the mode it gets.
            payload: the event that tells the move; None for a silent one.
            agent_id: the officer who takes it (to == AGENT).
            holder: only if this officer holds it (expect == AGENT).
            reason: why a person was asked for (expect == BOT, to == WAITING).
            facts: what is known so far, label -> masked value; None leaves it as it was.
            outcome: how the hand-off ended, for moves back to BOT.
            waited_since: only if it has waited since then (UTC seconds) or longer (expect == WAITING).

        Raises:
            ModeConflict: another move came first; nothing was changed.
            ConversationNotFound: no such conversation.
        """
        check_move(expect, to)
        now = self._clock()
        with self._engine.begin() as db:
            before = self._get(db, conversation_id, alone=True)
            if before.mode != expect or (holder is not None and before.agent_id != holder):
                raise ModeConflict(expect, before.mode)
            if waited_since is not None and (before.queued_at is None or before.queued_at > waited_since):
                raise ModeConflict(expect, before.mode)  # it left the queue and came again meanwhile
            values: dict[str, Any] = {
                "mode": to,
                "agent_id": agent_id if to == Mode.AGENT else None,
                "queued_at": now if to == Mode.WAITING else None,
                **CLOSED_TURN,
            }
            if to == Mode.WAITING and expect == Mode.BOT:
                values["waiting_since"] = now
                values["reason"] = reason
                values["handoff_id"] = db.execute(
                    insert(handoffs)
                    .values(conversation_id=conversation_id, requested_at=now)
                    .returning(handoffs.c.id)
                ).scalar_one()
            if to == Mode.WAITING and expect == Mode.AGENT:
                # The officer vanished: to the front, also if they had taken a later one first.
                first = db.execute(
                    select(func.min(conversations.c.waiting_since)).where(
                        conversations.c.mode == Mode.WAITING
                    )
                ).scalar()
                values["waiting_since"] = min(before.waiting_since or now, (first or now) - 0.001)
            if to in (Mode.BOT, Mode.CLOSED):
                values["waiting_since"] = None
            db.execute(update(conversations).where(conversations.c.id == conversation_id).values(**values))
            stored = (
                self._append(db, conversation_id, payload, facts=facts) if payload is not None else None
            )
            after = self._get(db, conversation_id)
            self._note_handoff(db, before, after, now, outcome)
            return after, stored

    @staticmethod
    def _note_handoff(
        db: Connection,
        before: Conversation,
        after: Conversation,
        now: float,
        outcome: str | None,
    ) -> None:
        if before.handoff_id is None or before.mode == Mode.BOT:
            return
        row = update(handoffs).where(handoffs.c.id == before.handoff_id)
        if after.mode == Mode.AGENT:
            first = func.coalesce(handoffs.c.accepted_at, now)
            db.execute(row.values(accepted_at=first, agent_id=after.agent_id))
        elif after.mode in (Mode.BOT, Mode.CLOSED):
            db.execute(
                row.values(
                    ended_at=now,
                    outcome=outcome or "closed",
                    ended_seq=after.last_seq,
                    preview=after.preview,
                )
            )

    def note_first_reply(self, handoff_id: int) -> None:
        """Record when the officer first wrote; later calls change nothing."""
        with self._engine.begin() as db:
            db.execute(
                update(handoffs)
                .where(handoffs.c.id == handoff_id, handoffs.c.first_reply_at.is_(None))
                .values(first_reply_at=self._clock())
            )

    def in_mode(self, mode: Mode) -> Sequence[Conversation]:
        """All conversations in `mode`, longest waiting first."""
        with self._engine.begin() as db:
            rows = db.execute(
                select(conversations)
                .where(conversations.c.mode == mode)
                .order_by(
                    conversations.c.waiting_since, conversations.c.created_at, conversations.c.handoff_id
                )
            ).mappings()
            return [_conversation(row) for row in rows]

    def ended_for(self, agent_id: str, limit: int = 20) -> Sequence[Conversation]:
        """Talks that this officer held and that have ended, latest first, as they stood at their end.

        What the citizen says afterwards is not the officer's: `last_seq` and `preview` stop at the end.
        """
        with self._engine.begin() as db:
            rows = db.execute(
                select(
                    conversations, handoffs.c.ended_seq, handoffs.c.preview.label("last_words")
                )
                .join(handoffs, handoffs.c.conversation_id == conversations.c.id)
                .where(handoffs.c.agent_id == agent_id, handoffs.c.ended_at.is_not(None))
                .order_by(handoffs.c.ended_at.desc())
                .limit(limit)
            ).mappings()
            found: dict[str, Conversation] = {}
            for row in rows:
                ended = replace(
                    _conversation(row), last_seq=row["ended_seq"], preview=row["last_words"], facts={}
                )
                found.setdefault(ended.id, ended)
            return list(found.values())

    def recent_waits(self, limit: int = 20) -> Sequence[float]:
        """Seconds from request to acceptance of the latest accepted hand-offs."""
        with self._engine.begin() as db:
            rows = db.execute(
                select(handoffs.c.accepted_at - handoffs.c.requested_at)
                .where(handoffs.c.accepted_at.is_not(None))
                .order_by(handoffs.c.id.desc())
                .limit(limit)
            )
            return [float(wait) for (wait,) in rows]

    def waited_out(self, since: float) -> Sequence[str]:
        """Conversations that have waited for an officer since `since` (UTC seconds) or longer."""
        with self._engine.begin() as db:
            rows = db.execute(
                select(conversations.c.id)
                .where(conversations.c.mode == Mode.WAITING, conversations.c.queued_at <= since)
                .order_by(conversations.c.queued_at)
            )
            return [row[0] for row in rows]

    def open_turns(self) -> Sequence[OpenTurn]:
        """Messages that the bot has not answered yet, oldest first."""
        row = conversations.c
        with self._engine.begin() as db:
            rows = db.execute(
                select(row.id, row.turn_seq, row.turn_owner, row.turn_at)
                .where(row.turn_at.is_not(None))
                .order_by(row.turn_at)
            )
            return [OpenTurn(*found) for found in rows]

    def settle(self, conversation_id: str, seq: int) -> None:
        """Message `seq` needs no answer of the bot's any more."""
        row = conversations.c
        with self._engine.begin() as db:
            db.execute(
                update(conversations)
                .where(row.id == conversation_id, row.turn_seq == seq)
                .values(**CLOSED_TURN)
            )

    def own_up(self, turn: OpenTurn, payload: dict[str, Any]) -> StoredEvent | None:
        """Answer a message in place of its gateway, which is gone; None if somebody did, or moved it."""
        row = conversations.c
        with self._engine.begin() as db:
            taken = db.execute(
                update(conversations)
                .where(
                    row.id == turn.conversation_id,
                    row.mode == Mode.BOT,
                    row.turn_seq == turn.seq,
                    row.turn_owner == turn.owner,
                )
                .values(**CLOSED_TURN)
                .returning(row.id)
            ).first()
            return self._append(db, turn.conversation_id, payload) if taken else None

    def positions(self, conversation_ids: Sequence[str]) -> dict[str, int]:
        """The last number of each of these conversations."""
        with self._engine.begin() as db:
            rows = db.execute(
                select(conversations.c.id, conversations.c.last_seq).where(
                    conversations.c.id.in_(conversation_ids)
                )
            )
            return {row[0]: row[1] for row in rows}


def _conversation(row: RowMapping) -> Conversation:
    return Conversation(
        id=row["id"],
        channel=row["channel"],
        mode=Mode(row["mode"]),
        agent_id=row["agent_id"],
        last_seq=row["last_seq"],
        waiting_since=row["waiting_since"],
        handoff_id=row["handoff_id"],
        reason=row["reason"],
        preview=row["preview"],
        facts=json.loads(row["facts"]),
        queued_at=row["queued_at"],
    )


def _event(row: RowMapping, *, fresh: bool = True) -> StoredEvent:
    return StoredEvent(
        conversation_id=row["conversation_id"],
        seq=row["seq"],
        at=row["at"],
        kind=row["kind"],
        client_id=row["client_id"],
        payload=json.loads(row["payload"]),
        fresh=fresh,
    )
