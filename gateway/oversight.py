"""Conversations that were not the reader's own: how far a supervisor reads, and the trace of it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine, select

from gateway.access import AUDITED
from gateway.conversation import Conversation
from gateway.officer import Officer
from gateway.schema_sql import handoffs
from gateway.staff_trail import StaffTrail
from gateway.store import DatabaseThread


class Oversight:
    """What supervisors are shown of talks that others held, and the trail of their looks."""

    def __init__(self, engine: Engine, trail: StaffTrail, database: DatabaseThread) -> None:
        self._engine = engine
        self._trail = trail
        self._database = database

    async def ended(self, conversation: Conversation) -> tuple[str, Conversation] | None:
        """(who ended the last talk in it, the conversation as it stood then), or None if none was ended.

        What the citizen says afterwards is between them and the bot: `last_seq` and `preview` stop there.
        """
        return await self._database(self._ended, conversation)

    def _ended(self, conversation: Conversation) -> tuple[str, Conversation] | None:
        mine = (handoffs.c.conversation_id == conversation.id) & handoffs.c.ended_at.is_not(None)
        with self._engine.begin() as db:
            row = db.execute(
                select(handoffs.c.agent_id, handoffs.c.ended_seq, handoffs.c.preview)
                .where(mine, handoffs.c.agent_id.is_not(None), handoffs.c.ended_seq.is_not(None))
                .order_by(handoffs.c.ended_at.desc())
                .limit(1)
            ).first()
        if row is None:
            return None
        then = replace(conversation, last_seq=row.ended_seq, preview=row.preview, facts={})
        return row.agent_id, then

    async def look(self, officer: Officer, conversation_id: str) -> None:
        """Leave a trace before anything is shown, if this role's looks leave one."""
        if officer.role in AUDITED:
            subject = f"conversation:{conversation_id}"
            await self._database(self._trail.note, officer.username, "talk.read", subject)
