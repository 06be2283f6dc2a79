"""Everything that is stored about one person: found by digests, then by what hangs on what was found.

A row with somebody else's digest is never taken, however it hangs on a row of this person's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, or_, select

from actions.backends.personal import PersonalTable, children, find_digests, personal_table, personal_tables
from actions.backends.tables import metadata
from actions.backends.vault import Vault

KINDS = ("phone", "id_no")
"""What names a person."""
SUBJECTS = {
    "bookings": ("booking_no", "booking"),
    "cases": ("case_no", "case"),
    "work_orders": ("order_no", "work_order"),
}
"""Table of records -> the column of their number, and how subjects such as "booking:NO" begin."""


@dataclass(frozen=True, slots=True)
class Person:
    """By phone, by ID number, or both: then rows of either are meant."""

    phone: str = ""
    id_no: str = ""

    def __post_init__(self) -> None:
        if self.phone and sum(c.isdecimal() for c in self.phone) < 7:
            raise ValueError("phone: expected at least 7 digits")
        if self.id_no and len(self.id_no) < 6:
            raise ValueError("ID number: expected at least 6 characters")
        if not self.phone and not self.id_no:
            raise ValueError("no person; expected a phone, an ID number or both")

    def given(self) -> Mapping[str, str]:
        """Kind -> value, of what was given."""
        return {kind: value for kind in KINDS if (value := getattr(self, kind))}

    def subject(self, vault: Vault) -> str:
        """How the audit trail names the person: a keyed hash, cut short."""
        kind, value = next(iter(self.given().items()))
        return f"person:{find_digests(vault, kind, value)[0][:24]}"

    def __repr__(self) -> str:
        return f"Person(by {' and '.join(self.given())})"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One row about the person; `mine`: the sealed columns that are."""

    table: Table
    row: RowMapping
    mine: frozenset[str]

    @property
    def key(self) -> tuple[Any, ...]:
        """Its primary key."""
        return tuple(self.row[column.name] for column in self.table.primary_key.columns)


def find_person(db: Connection, vault: Vault, who: Person) -> list[PersonRow]:
    """Every row about the person, locked until the transaction ends."""
    known = {kind: find_digests(vault, kind, value) for kind, value in who.given().items()}
    found: dict[tuple[str, tuple[Any, ...]], PersonRow] = {}
    waiting = list(_by_digest(db, known))
    owners = {str(row.row["owner"]) for row in waiting if row.row.get("owner")}
    for row in list(waiting):
        waiting += _by_number(db, row, owners, known)
    while waiting:
        row = waiting.pop()
        place = (row.table.name, row.key)
        if place in found:
            continue
        found[place] = row
        for child, theirs, ours in children(row.table):
            waiting += _taken(db, child, child.c[theirs] == row.row[ours], owners, known)
    order = [table.name for table in metadata.sorted_tables]
    return sorted(found.values(), key=lambda row: (order.index(row.table.name), str(row.key)))


def _by_digest(db: Connection, known: Mapping[str, tuple[str, ...]]) -> Iterator[PersonRow]:
    for place in personal_tables():
        mine = [place.table.c[d.column].in_(known[d.kind]) for d in place.digests if d.kind in known]
        if mine:
            for row in _rows(db, place.table, or_(*mine)):
                yield PersonRow(place.table, row, _mine(place, row, known))


def _mine(place: PersonalTable, row: RowMapping, known: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """All sealed columns; but where the row names another person too, only those that name this one."""
    named = [d for d in place.digests if d.kind in known and row[d.column]]
    others = [d for d in named if row[d.column] not in known[d.kind]]
    return frozenset(d.of for d in named if d not in others) if others else frozenset(place.sealed)


def _by_number(
    db: Connection, row: PersonRow, owners: set[str], known: Mapping[str, tuple[str, ...]]
) -> Iterator[PersonRow]:
    """Rows that name the number of a record without a foreign key: ratings, notices and the like."""
    if row.table.name not in SUBJECTS:
        return
    column, kind = SUBJECTS[row.table.name]
    number = str(row.row[column])
    for _, table in sorted(metadata.tables.items()):
        if table.name == "audit_log" or table is row.table:
            continue
        ways = []
        if "subject" in table.c and not table.c["subject"].foreign_keys:
            subject = table.c["subject"]
            ways.append(or_(subject == f"{kind}:{number}", subject.startswith(f"{kind}:{number}:")))
        if "owner" in table.c and "key" in table.c and not table.c["key"].info.get("sealed"):
            ways.append(table.c["key"].contains(number, autoescape=True))
        if column in table.c and not table.c[column].foreign_keys:
            ways.append(table.c[column] == number)
        if ways:
            yield from _taken(db, table, or_(*ways), owners, known)


def _taken(
    db: Connection,
    table: Table,
    where: ColumnElement[bool],
    owners: set[str],
    known: Mapping[str, tuple[str, ...]],
) -> Iterator[PersonRow]:
    """Of these rows those that are nobody else's: of no other digest, and of no other conversation."""
    place = personal_table(table)
    naming = [d for d in place.digests if d.kind in KINDS]
    for row in _rows(db, table, where):
        theirs = any(row[d.column] and row[d.column] not in known.get(d.kind, ()) for d in naming)
        if theirs or ("owner" in table.c and row["owner"] not in owners):
            continue
        yield PersonRow(table, row, _mine(place, row, known))


def _rows(db: Connection, table: Table, where: ColumnElement[bool]) -> list[RowMapping]:
    return list(db.execute(select(table).where(where).with_for_update()).mappings())
