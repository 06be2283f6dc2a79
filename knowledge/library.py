"""All guides of a folder, in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from knowledge.contradictions import contradictions
from knowledge.errors import GuideFaults, UnknownGuide
from knowledge.guide import Guide, Stub
from knowledge.jargon import jargon_faults
from knowledge.parse import parse_labelled, parse_value
from knowledge.reading import load_yaml
from knowledge.validate import guide_faults, shared_faults, stub_faults, warnings

IMPORTED = "imported"
"""Sub-folder of the lists that `python -m knowledge import` wrote."""
CATALOGUE = Path(__file__).parent / "data" / "catalogue.yaml"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a folder holds and what is wrong with it."""

    guides: dict[str, Guide]
    stubs: dict[str, Stub]
    faults: list[str]
    """"file: field: what", all of them."""
    warnings: list[str]
    missing: list[str]
    """Ids of the catalogue that have no guide yet."""
    values: list[tuple[str, Any]]
    """Label and raw value of everything that was read."""


class GuideLibrary:
    """Guides and stubs by id. Read-only, thread-safe."""

    def __init__(self, guides: dict[str, Guide], stubs: dict[str, Stub], digest: str) -> None:
        self.guides = guides
        self.stubs = stubs
        self.digest = digest
        """SHA-256 over names and bytes of all guide files; changes with any edit."""

    @classmethod
    def load(cls, folder: Path) -> GuideLibrary:
        """Read a folder tree of guide files.

        Raises:
            GuideFaults: a file is not in order. Expired guides are no fault: the answerer leaves them out.

        """
        report = check_folder(folder, today=None)
        if report.faults:
            raise GuideFaults(report.faults)
        return cls(report.guides, report.stubs, folder_digest(folder))

    @classmethod
    def from_values(cls, rows: Iterable[tuple[str, Any]], digest: str) -> GuideLibrary:
        """From raw values that were checked before, as an index folder keeps them.

        Raises:
            GuideFaults: a value has not even the right shape.

        """
        faults: list[str] = []
        read: list[Guide | Stub] = []
        for label, value in rows:
            found, problems = parse_value(value, label)
            faults += problems
            read += [found] if found is not None else []
        if faults:
            raise GuideFaults(faults)
        guides = {g.id: g for g in read if isinstance(g, Guide)}
        return cls(guides, {s.id: s for s in read if isinstance(s, Stub)}, digest)

    def get(self, guide_id: str) -> Guide | None:
        """The guide with this id; None when there is none (stubs are not guides)."""
        return self.guides.get(guide_id)

    def require(self, guide_id: str) -> Guide:
        """The guide with this id. Raises UnknownGuide."""
        guide = self.guides.get(guide_id)
        if guide is None:
            raise UnknownGuide(guide_id)
        return guide


def guide_files(folder: Path) -> list[Path]:
    """All guide files below a folder, sorted: one guide each (.yaml), or imported lists (.jsonl)."""
    return sorted((*folder.rglob("*.yaml"), *(folder / IMPORTED).glob("*.jsonl")))


def guide_values(folder: Path) -> Iterator[tuple[str, Any]]:
    """Label and raw value of every guide; the error instead of a value that could not be read."""
    for path in guide_files(folder):
        label = str(path.relative_to(folder))
        try:
            if path.suffix == ".yaml":
                yield label, load_yaml(path)
            else:
                for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                    yield f"{label}:{number}", json.loads(line)
        except (yaml.YAMLError, ValueError) as error:
            yield label, error


def folder_digest(folder: Path) -> str:
    """SHA-256 over names and bytes of all guide files."""
    total = hashlib.sha256()
    for path in guide_files(folder):
        total.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def catalogue(path: Path = CATALOGUE) -> dict[str, str]:
    """Ids and names of the items that are to be covered."""
    return {str(key): str(value) for key, value in load_yaml(path).items()}


def check_folder(folder: Path, today: date | None, planned: dict[str, str] | None = None) -> CheckReport:
    """Read and check everything; never raises for what is in the files.

    Args:
        folder: guides, one YAML file each, in any depth of folders.
        today: for expiry and dates in the future; None leaves these checks out.
        planned: ids that `related` may name besides existing ones. Default: the catalogue.

    """
    planned = catalogue() if planned is None else planned
    faults: list[str] = []
    read: list[tuple[str, Guide | Stub]] = []
    if not folder.is_dir():
        faults.append(f"{folder}: no such folder; set NCZF_GUIDES_DIR")
    values = list(guide_values(folder))
    for label, value in values:
        found, problems = parse_labelled(value, label)
        faults += problems
        if found is not None and found.id:
            read.append((label, found))
    ids = frozenset(guide.id for _, guide in read) | frozenset(planned)
    noted: list[str] = []
    for label, found in read:
        if isinstance(found, Guide):
            faults += guide_faults(found, label, ids, today)
            faults += [] if found.imported else [f"{label}: {line}" for line in jargon_faults(found)]
            noted += warnings(found, label, today) if today else []
        else:
            faults += stub_faults(found, label, today)
    faults += shared_faults(read)
    written = [(label, found) for label, found in read if isinstance(found, Guide) and not found.imported]
    faults += contradictions(written)
    guides = {guide.id: guide for _, guide in read if isinstance(guide, Guide)}
    stubs = {stub.id: stub for _, stub in read if isinstance(stub, Stub)}
    missing = [key for key in planned if key not in guides]
    return CheckReport(guides, stubs, faults, noted, missing, values)
