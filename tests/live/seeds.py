"""Made-up identifiers to type into a running stack, and the search for them in everything that it wrote.

Nothing here is used by another test: whatever is found came through the paths of tests/live/test_leaks.py.
"""

from __future__ import annotations

import re
import sqlite3
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

EXAMPLES = Path(__file__).resolve().parents[1] / "contracts" / "masking_examples.yaml"
GAPS = re.compile(r"[\s\-]+")
NUMBER = re.compile(r"\d[\d\s-]{8,}[\dXx]")
ID_NO, OLD_ID_NO = "360102198706157319", "360102870615731"
PHONES = tuple(f"181700097{n:02}" for n in range(31, 45))
"""Each path has one of its own, so that a find says where it came from."""
CARD = "6217002018097319731"
ADDRESS = "丰和大道7319号6栋2单元703室"
HOUSE = "7319号"
BOOKED_NAME, ASKED_NAME = "靳南枝", "瞿映雪"
"""Told when a form asks for it."""
FREE_NAME = "濮阳照野"
"""Said in a sentence, unasked."""
EVERYTHING = f"身份证{ID_NO}，电话{PHONES[0]}，卡{CARD}，住{ADDRESS}"


def examples() -> list[str]:
    """What people write, of the shared examples: those that are masked."""
    listed = yaml.safe_load(EXAMPLES.read_text("utf-8"))["examples"]
    return [one["raw"] for one in listed if one["raw"] != one["masked"]]


def secrets() -> frozenset[str]:
    """Everything that must not be found, gaps taken out: whole texts, and the numbers in them."""
    found = {ID_NO, OLD_ID_NO, CARD, ADDRESS, HOUSE, BOOKED_NAME, ASKED_NAME, FREE_NAME, *PHONES}
    for raw in examples():
        found |= {raw, *NUMBER.findall(raw)}
    return frozenset(GAPS.sub("", one) for one in found)


@dataclass(frozen=True, slots=True)
class Find:
    """One secret in one place."""

    secret: str
    where: str
    """A file's name, a table with its column, or what a caller calls it."""


def look(text: str, where: str, wanted: frozenset[str]) -> set[Find]:
    """The secrets in a text, also written with gaps, percent-encoded, or as JSON escapes."""
    forms = [text, urllib.parse.unquote(text)]
    if "\\u" in text:
        forms.append(re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text))
    squeezed = [GAPS.sub("", form) for form in forms] + forms
    return {Find(secret, where) for secret in wanted if any(secret in form for form in squeezed)}


def look_in_files(folder: Path, wanted: frozenset[str]) -> tuple[set[Find], list[str]]:
    """(finds, names of the files read): the raw bytes of every file below `folder`."""
    found: set[Find] = set()
    names: list[str] = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        names.append(name)
        raw = path.read_bytes()
        found |= {Find(secret, name) for secret in wanted if secret.encode() in raw}
        if path.suffix in (".log", ".out", ".txt", ".json"):
            found |= look(raw.decode("utf-8", "replace"), name, wanted)
    return found, names


def look_in_tables(database: Path, wanted: frozenset[str]) -> set[Find]:
    """The text of every column of every table of a SQLite file."""
    found: set[Find] = set()
    for column, text in _cells(database):
        found |= look(text, f"{database.name}:{column}", wanted)
    return found


def _cells(database: Path) -> Iterator[tuple[str, str]]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        tables = [row[0] for row in db.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            columns = [row[1] for row in db.execute(f'pragma table_info("{table}")')]
            for column in columns:
                values = [row[0] for row in db.execute(f'select "{column}" from "{table}"')]
                texts = [v if isinstance(v, str) else str(v) for v in values if v is not None]
                yield f"{table}.{column}", "\n\n|\n\n".join(texts)
