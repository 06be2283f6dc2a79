"""Where personal data stands: read from the tables themselves, so that no list can fall behind."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table, UniqueConstraint

from actions.backends.tables import metadata
from actions.backends.vault import Vault


@dataclass(frozen=True, slots=True)
class Digest:
    """A column with the keyed hash of the sealed column `of`."""

    column: str
    of: str
    kind: str


@dataclass(frozen=True, slots=True)
class PersonalTable:
    """A table with sealed columns, digests of them, and marks."""

    table: Table
    sealed: tuple[str, ...]
    digests: tuple[Digest, ...]
    marks: tuple[str, ...] = ()

    @property
    def keys(self) -> list[Column[Any]]:
        """Its primary key."""
        return list(self.table.primary_key.columns)

    def label(self, column: str) -> str:
        """What a value of the column is sealed for."""
        return f"{self.table.name}.{column}"


def personal_table(table: Table) -> PersonalTable:
    """The sealed, digest and mark columns of a table, none or some."""
    sealed = tuple(c.name for c in table.columns if c.info.get("sealed"))
    digests = tuple(
        Digest(c.name, c.info["digest_of"], c.info["digest_kind"])
        for c in table.columns
        if "digest_of" in c.info
    )
    stray = [d.column for d in digests if d.of not in sealed]
    if stray:
        raise ValueError(f"{table.name}: {', '.join(stray)} is the digest of no sealed column of this table")
    marks = tuple(c.name for c in table.columns if c.info.get("mark"))
    return PersonalTable(table, sealed, digests, marks)


def personal_tables() -> tuple[PersonalTable, ...]:
    """Every table with sealed columns, by name."""
    found = (personal_table(table) for _, table in sorted(metadata.tables.items()))
    return tuple(one for one in found if one.sealed)


def marked_tables() -> tuple[PersonalTable, ...]:
    """Every table with marks, by name."""
    found = (personal_table(table) for _, table in sorted(metadata.tables.items()))
    return tuple(one for one in found if one.marks)


def children(table: Table) -> Iterator[tuple[Table, str, str]]:
    """(child, its column, our column) of every foreign key to `table`."""
    for _, child in sorted(metadata.tables.items()):
        for key in child.foreign_keys:
            if key.column.table is table:
                yield child, key.parent.name, key.column.name


def normal(kind: str, text: str) -> str:
    """What is digested: of a phone its digits, of anything else the text."""
    return "".join(c for c in text if c.isdecimal()) if kind == "phone" else text


def find_digests(vault: Vault, kind: str, text: str) -> tuple[str, ...]:
    """Every digest under which a value may be stored, under every key."""
    return tuple(dict.fromkeys(vault.digests(kind, normal(kind, text)) + vault.digests(kind, text)))


def blank(place: PersonalTable) -> dict[str, str]:
    """Values that empty the sealed columns and marks of one row and make its digests find nothing.

    A digest that must be unique gets random digits: two emptied rows would otherwise collide.
    """
    unique = {
        column.name
        for group in [*place.table.indexes, *place.table.constraints]
        if getattr(group, "unique", False) or isinstance(group, UniqueConstraint)
        for column in group.columns  # type: ignore[attr-defined]
    }
    values = dict.fromkeys((*place.sealed, *place.marks), "")
    return values | {d.column: secrets.token_hex(32) if d.column in unique else "" for d in place.digests}
