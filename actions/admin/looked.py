"""Who looked at what: a row of the trail for a list that its system does not note by itself."""

from __future__ import annotations

from actions.backends import audit
from actions.backends.store import Store


def looked(store: Store, actor: str, action: str, subject: str, **detail: str) -> None:
    """Note one look. `detail`: how it was asked and how many rows came, never what was in them."""
    with store.begin() as db:
        audit.record(
            db, store.vault, at=store.clock(), actor=actor, action=action, subject=subject, detail=detail
        )
