"""One conversation on another device: a code that is typed there once gives that device a key of its own.

The first device keeps its cookie and can end all other keys. A key is no login: its holder is not signed in.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError

from gateway.conversation import ConversationNotFound
from gateway.log import ConversationLog, digest
from gateway.schema_sql import conversation_keys as keys
from gateway.schema_sql import join_codes as codes
from gateway.sealed_box import SealedBox

DIGITS = 8
"""With 60 tries a minute over all (`JOINS_PER_MINUTE`), 100 open codes are found once in some eleven days of
trying without pause; one address has five tries a minute."""
CODE_S = 300.0
KEY_S = 24 * 3600.0
PURPOSE = "join code"
REVOKED = "revoked"
"""Inner frame type: sockets that came by a key close."""


class Continuing:
    """Codes and keys. Synchronous; run it in the database thread."""

    def __init__(self, engine: Engine, box: SealedBox, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._box = box
        self._clock = clock

    def code(self, conversation_id: str) -> str:
        """A new code for this conversation; an earlier one no longer works."""
        now = self._clock()
        while True:
            made = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
            try:
                with self._engine.begin() as db:
                    old = (codes.c.conversation_id == conversation_id) | (codes.c.expires_at <= now)
                    db.execute(delete(codes).where(old))
                    db.execute(
                        insert(codes).values(
                            code_hash=self._box.digest(made, PURPOSE),
                            conversation_id=conversation_id,
                            expires_at=now + CODE_S,
                        )
                    )
                return made
            except IntegrityError:
                continue  # somebody else's conversation has this very code now

    def join(self, code: str) -> tuple[str, str] | None:
        """Use the code up: (conversation, secret of the new key); None: no such code."""
        now = self._clock()
        mine = codes.c.code_hash.in_(self._box.digests(code, PURPOSE))
        with self._engine.begin() as db:
            row = db.execute(select(codes).where(mine, codes.c.expires_at > now)).first()
            if row is None or db.execute(delete(codes).where(mine)).rowcount != 1:
                return None
        return row.conversation_id, self.key(row.conversation_id)

    def key(self, conversation_id: str) -> str:
        """A key for one more device; its secret."""
        secret, now = secrets.token_urlsafe(24), self._clock()
        with self._engine.begin() as db:
            db.execute(delete(keys).where(keys.c.expires_at <= now))
            db.execute(
                insert(keys).values(
                    secret_hash=digest(secret), conversation_id=conversation_id, expires_at=now + KEY_S
                )
            )
        return secret

    def revoke(self, conversation_id: str) -> int:
        """End all keys of other devices, and an open code; how many keys."""
        with self._engine.begin() as db:
            db.execute(delete(codes).where(codes.c.conversation_id == conversation_id))
            return db.execute(delete(keys).where(keys.c.conversation_id == conversation_id)).rowcount

    def check(self, log: ConversationLog, conversation_id: str, secret: str) -> bool:
        """True: let in by a key; False: by the first device's cookie. Raises ConversationNotFound."""
        try:
            log.authenticate(conversation_id, secret)
            return False
        except ConversationNotFound:
            mine = (keys.c.secret_hash == digest(secret)) & (keys.c.conversation_id == conversation_id)
            with self._engine.begin() as db:
                alive = db.execute(select(keys.c.secret_hash).where(mine, keys.c.expires_at > self._clock()))
                if alive.first() is None:
                    raise
            return True
