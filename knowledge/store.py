"""The index folder: built beside the old one, swapped in at once, checked when read."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.answerable import Judge
from knowledge.encode import Encoder
from knowledge.errors import GuideFaults, IndexMismatch
from knowledge.examples import DEV, DevQuestion
from knowledge.field_model import FieldExample, FieldModel, fit_field_model
from knowledge.homophone import HomophoneLexicon
from knowledge.index import REMEDY, PassageIndex, check_manifest, read_manifest, write_manifest
from knowledge.lexical import LexicalIndex
from knowledge.library import GuideLibrary
from knowledge.outside import OutsideIndex
from knowledge.passages import all_passages
from knowledge.ranker import Ranker, Weights, load_models, save_models
from knowledge.stay import StayExample, StayModel, fit_stay
from knowledge.wording import DATA, data

log = logging.getLogger(__name__)
CURRENT = "CURRENT"
"""Name of the file that names the folder in use."""
MODELS = ("classifier", "domain", "ours")


def build_index(
    folder: Path,
    library: GuideLibrary,
    encoder: Encoder,
    say: Callable[[str], None] = print,
    *,
    raw: Iterable[tuple[str, Any]],
    examples: Sequence[FieldExample] = (),
    dev: Sequence[DevQuestion] = (),
    stays: Sequence[StayExample] = (),
) -> Path:
    """Build everything into a new folder under `folder` and make it the current one; the one before is kept.

    Args:
        folder: of all index folders.
        library: the guides, checked.
        encoder: makes the vectors.
        say: progress.
        raw: label and raw value of each guide, kept in the folder so that it serves what it was built from.
        examples: questions with the fields they ask for.
        dev: development questions; those of items that are here are searched too.
        stays: words that belong to the item at hand, and words that do not.

    """
    from knowledge.calibrate import collect, fit_classifier, fit_domain, fit_judge, fit_ours, leave_one_out

    folder.mkdir(parents=True, exist_ok=True)
    weights = Weights(**data("thresholds")["weights"])
    more: dict[str, list[str]] = {}
    for question in dev:
        if question.guide_id:
            more.setdefault(question.guide_id, []).append(question.question)
    passages = all_passages(library, more)
    say(f"索引 1/4：编码 {len(passages)} 段文字（{len(library.guides)} 个指南，{len(library.stubs)} 个转介）")
    index = PassageIndex.build(passages, encoder, say)
    lexical = LexicalIndex.build(*(_texts(index, said) for said in (False, True)))
    written = [p for p in passages if not _is_imported(library, p.guide_id)]
    names = [p.text for p in written if p.kind in ("name", "alias")]
    asked = [p.text for p in written if p.kind == "question"]
    lexicon = HomophoneLexicon.build(names, [p.text for p in written if p.kind != "question"], asked)
    say("索引 2/4：编码校准用的问题")
    outside = OutsideIndex.build(index, encoder)
    trained = collect(index, encoder, lexicon, dev, {p.guide_id for p in written})
    inside = trained.owner >= 0
    say(f"索引 3/4：训练分类器并逐题留一评估（{len(trained.texts)} 题）")
    trials = leave_one_out(index, lexical, lexicon, outside, encoder, trained, weights, say)
    stubs = np.array([key in library.stubs for key in index.ids])
    judge, notes = fit_judge(trials, trained, stubs)
    models = {
        "classifier": fit_classifier(trained.vectors[inside], trained.owner[inside], len(index.ids)),
        "domain": fit_domain(trained, np.ones(len(inside), bool)),
        "ours": fit_ours(trained, np.ones(len(inside), bool)),
    }
    field_model = fit_field_model(examples, data("thresholds")["field_least"], encoder=encoder)
    classifier, domain, ours = (models[name] for name in MODELS)
    ranker = Ranker(encoder, index, lexical, lexicon, outside, classifier, domain, ours, weights)
    stay = fit_stay(stays, ranker, field_model, sorted(library.guides), say)
    say("索引 4/4：写入")
    work = Path(tempfile.mkdtemp(prefix="index-", dir=folder))
    index.save(work)
    lexical.save(work)
    lexicon.save(work)
    outside.save(work)
    save_models(work / "models.npz", models)
    judge.save(work / "judge.json", notes)
    field_model.save(work)
    stay.save(work)
    rows = [[label, value] for label, value in raw]
    text = json.dumps(rows, ensure_ascii=False, default=str)
    (work / "library.json").write_text(text, encoding="utf-8")
    write_manifest(work, encoder=encoder.name, dim=index.dim, guides=library.digest, code=code_digest())
    work.chmod(0o755)
    make_current(folder, work)
    say("  留一评估：" + "，".join(f"{key} {value:g}" for key, value in notes.items()))
    return work


def _is_imported(library: GuideLibrary, guide_id: str) -> bool:
    guide = library.guides.get(guide_id)
    return guide is not None and guide.imported


def _texts(index: PassageIndex, said: bool) -> list[list[str]]:
    found: dict[str, list[str]] = {key: [] for key in index.ids}
    for passage in index.passages:
        if (passage.kind == "fact") is said:
            found[passage.guide_id].append(passage.text)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything an index folder holds, loaded; never mixed with another folder's parts."""

    name: str
    """Of the folder."""
    library: GuideLibrary
    """The guides it was built from, kept inside it."""
    ranker: Ranker
    judge: Judge
    fields: FieldModel
    stay: StayModel


def load_index(folder: Path, encoder: Encoder) -> Snapshot:
    """The index in use.

    Raises:
        IndexMismatch: there is none, it was built with another encoder, or a file is missing or changed.

    """
    return load_snapshot(current_folder(folder), encoder)


def load_sound_index(folder: Path, encoder: Encoder) -> Snapshot:
    """The index in use, or, when it is not sound, the one before it; the reason is logged.

    Raises:
        IndexMismatch: none is sound; the error is that of the index in use.

    """
    try:
        return load_index(folder, encoder)
    except IndexMismatch as error:
        for other in previous_folders(folder):
            try:
                found = load_snapshot(other, encoder)
            except IndexMismatch:
                continue
            log.error("%s; serving the one before it, %s", error, other.name)
            return found
        raise


def load_snapshot(work: Path, encoder: Encoder) -> Snapshot:
    """One index folder. Raises IndexMismatch."""
    manifest = check_manifest(work, encoder=encoder.name, dim=encoder.dim)
    rows = json.loads((work / "library.json").read_text("utf-8"))
    try:
        library = GuideLibrary.from_values(rows, manifest["guides"])
    except GuideFaults as error:
        raise IndexMismatch(f"index {work}: {error}") from error
    models = load_models(work / "models.npz", MODELS)
    ranker = Ranker(
        encoder,
        PassageIndex.load(work),
        LexicalIndex.load(work),
        HomophoneLexicon.load(work),
        OutsideIndex.load(work),
        models["classifier"],
        models["domain"],
        models["ours"],
        Weights(**data("thresholds")["weights"]),
    )
    judge, fields, stay = Judge.load(work / "judge.json"), FieldModel.load(work), StayModel.load(work)
    return Snapshot(work.name, library, ranker, judge, fields, stay)


def previous_folders(folder: Path) -> list[Path]:
    """Complete index folders other than the one in use, newest first."""
    try:
        current = current_folder(folder)
    except IndexMismatch:
        current = None
    found = [path.parent for path in folder.glob("index-*/manifest.json") if path.parent != current]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def current_folder(folder: Path) -> Path:
    """The folder in use. Raises IndexMismatch when nothing was ever built."""
    pointer = folder / CURRENT
    if not pointer.is_file():
        raise IndexMismatch(f"no index in {folder} ({CURRENT} is missing); {REMEDY}")
    return folder / pointer.read_text("utf-8").strip()


def is_up_to_date(folder: Path, encoder: str, guides: str) -> bool:
    """Whether the current index was built from these guides with this encoder and this code."""
    try:
        found = read_manifest(current_folder(folder))
    except IndexMismatch:
        return False
    return (found.get("encoder"), found.get("guides"), found.get("code")) == (encoder, guides, code_digest())


def code_digest() -> str:
    """SHA-256 over this package's code, data and development questions: they make another index."""
    total = hashlib.sha256()
    for path in sorted((*Path(__file__).parent.glob("*.py"), *DATA.glob("*.yaml"), *DEV.glob("*.yaml"))):
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def make_current(folder: Path, work: Path) -> None:
    """Swap an index folder in at once. The one that was in use is kept, older ones are removed."""
    pointer = folder / CURRENT
    before = pointer.read_text("utf-8").strip() if pointer.is_file() else ""
    fresh = folder / f".{CURRENT}-{os.getpid()}"
    fresh.write_text(work.name + "\n", encoding="utf-8")
    os.replace(fresh, pointer)
    for other in folder.glob("index-*"):
        if other.name not in (work.name, before):
            shutil.rmtree(other, ignore_errors=True)
