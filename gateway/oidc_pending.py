"""Sign-ins under way at an OpenID provider, kept in the database: any gateway may see the browser return."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict

from sqlalchemy import Engine, delete, insert, select

from gateway.log import digest
from gateway.oidc import MAX_AGE_S, Pending
from gateway.schema_sql import sign_ins


class PendingSignIns:
    """Each is taken once, by the browser that began it. Synchronous; run it in the database thread."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    def keep(self, purpose: str, pending: Pending, extra: Mapping[str, str] | None = None) -> str:
        """Keep it; returns the token for the browser's cookie.

        Args:
            purpose: "staff" or "citizen"; one never finishes the other's.
            pending: what `OidcClient.start` gave.
            extra: what the caller wants back, e.g. the conversation.

        """
        token = secrets.token_urlsafe(32)
        now = self._clock()
        kept = json.dumps({"pending": asdict(pending), "extra": dict(extra or {})})
        with self._engine.begin() as db:
            db.execute(delete(sign_ins).where(sign_ins.c.expires_at < now))
            db.execute(
                insert(sign_ins).values(
                    token_hash=digest(token), purpose=purpose, kept=kept, expires_at=now + MAX_AGE_S
                )
            )
        return token

    def take(self, purpose: str, token: str) -> tuple[Pending, dict[str, str]] | None:
        """Take it out; None if there is none, it is too old, or somebody took it first."""
        mine = (sign_ins.c.token_hash == digest(token)) & (sign_ins.c.purpose == purpose)
        with self._engine.begin() as db:
            row = db.execute(select(sign_ins.c.kept, sign_ins.c.expires_at).where(mine)).first()
            if row is None or db.execute(delete(sign_ins).where(mine)).rowcount != 1:
                return None
        if row.expires_at < self._clock():
            return None
        kept = json.loads(row.kept)
        return Pending(**kept["pending"]), kept["extra"]
