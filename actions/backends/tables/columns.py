"""The metadata that all tables share, and the columns for personal data.

A sealed column holds what `Vault.seal("table.column", …)` returned; a digest column holds
`Vault.digest(kind, …)` of the sealed column that it names; a mark column holds `Vault.mark(kind, …)` of
values that are not all kept. Rotation, erasure and export find them by `info`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, MetaData, String, Text

metadata = MetaData()


def sealed(name: str) -> Column[Any]:
    """A column for sealed text; "" means none."""
    return Column(name, Text, nullable=False, default="", info={"sealed": True})


def digest(name: str, *, of: str, kind: str, index: bool = True) -> Column[Any]:
    """A column for the keyed hash of the sealed column `of`; "" means none. See `Vault.digest`."""
    return Column(
        name, String(64), nullable=False, default="", index=index, info={"digest_of": of, "digest_kind": kind}
    )


def mark(name: str) -> Column[Any]:
    """A column for a keyed hash of what came in, to tell "the same again"; "" means: nobody can tell.

    What it was made of is not in the table, so rotation cannot make it anew and empties it instead.
    """
    return Column(name, String(64), nullable=False, default="", info={"mark": True})
