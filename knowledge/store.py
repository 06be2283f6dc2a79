"""The index folder: built beside the old one, swapped in at once, checked when read."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from knowledge.answerable import Judge
from knowledge.encode import Encoder
from knowledge.errors import IndexMismatch
from knowledge.homophone import HomophoneLexicon
from knowledge.index import REMEDY, PassageIndex, check_manifest, read_manifest, write_manifest
from knowledge.lexical import LexicalIndex
from knowledge.library import GuideLibrary
from knowledge.outside import OutsideIndex
from knowledge.passages import all_passages
from knowledge.ranker import Ranker, Weights, load_models, save_models
from knowledge.wording import DATA, data

CURRENT = "CURRENT"
"""Name of the file that names the folder in use."""
MODELS = ("classifier", "domain")


def build_index(
    folder: Path, library: GuideLibrary, encoder: Encoder, say: Callable[[str], None] = print
) -> None:
    """Build everything into a new folder under `folder`, make it the current one, remove the older one."""
    from knowledge.calibrate import collect, fit_classifier, fit_domain, fit_judge, leave_one_out

    folder.mkdir(parents=True, exist_ok=True)
    weights = Weights(**data("thresholds")["weights"])
    passages = all_passages(library)
    say(f"索引 1/4：编码 {len(passages)} 段文字（{len(library.guides)} 个指南，{len(library.stubs)} 个转介）")
    index = PassageIndex.build(passages, encoder)
    lexical = LexicalIndex.build(*(_texts(index, said) for said in (False, True)))
    names = [p.text for p in passages if p.kind in ("name", "alias")]
    lexicon = HomophoneLexicon.build(names, [p.text for p in passages])
    say("索引 2/4：编码校准用的问题")
    outside = OutsideIndex.build(index, encoder)
    examples = collect(index, encoder, lexicon)
    inside = examples.owner >= 0
    say(f"索引 3/4：训练分类器并逐题留一评估（{len(examples.texts)} 题）")
    evidence = leave_one_out(index, lexical, lexicon, outside, encoder, examples)
    stubs = np.array([key in library.stubs for key in index.ids])
    judge, notes = fit_judge(evidence, examples, weights, stubs)
    models = {
        "classifier": fit_classifier(examples.vectors[inside], examples.owner[inside], len(index.ids)),
        "domain": fit_domain(examples.vectors, inside),
    }
    say("索引 4/4：写入")
    work = Path(tempfile.mkdtemp(prefix="index-", dir=folder))
    index.save(work)
    lexical.save(work)
    lexicon.save(work)
    outside.save(work)
    save_models(work / "models.npz", models)
    judge.save(work / "judge.json", notes)
    write_manifest(work, encoder=encoder.name, dim=index.dim, guides=library.digest, code=code_digest())
    work.chmod(0o755)
    _make_current(folder, work)
    say("  留一评估：" + "，".join(f"{key} {value:g}" for key, value in notes.items()))


def _texts(index: PassageIndex, said: bool) -> list[list[str]]:
    return [
        [p.text for p in index.passages if p.guide_id == key and (p.kind == "fact") is said]
        for key in index.ids
    ]


def load_index(folder: Path, library: GuideLibrary, encoder: Encoder) -> tuple[Ranker, Judge]:
    """Raises IndexMismatch: there is no index, or it was built from other guides or with another encoder."""
    work = current_folder(folder)
    check_manifest(work, encoder=encoder.name, dim=encoder.dim, guides=library.digest)
    index = PassageIndex.load(work)
    models = load_models(work / "models.npz", MODELS)
    weights = Weights(**data("thresholds")["weights"])
    ranker = Ranker(
        encoder,
        index,
        LexicalIndex.load(work),
        HomophoneLexicon.load(work),
        OutsideIndex.load(work),
        models["classifier"],
        models["domain"],
        weights,
    )
    return ranker, Judge.load(work / "judge.json")


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
    """SHA-256 over this package's code and data: other code may build another index."""
    total = hashlib.sha256()
    for path in sorted((*Path(__file__).parent.glob("*.py"), *DATA.glob("*.yaml"))):
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def _make_current(folder: Path, work: Path) -> None:
    pointer = folder / f".{CURRENT}-{os.getpid()}"
    pointer.write_text(work.name + "\n", encoding="utf-8")
    os.replace(pointer, folder / CURRENT)
    for other in folder.glob("index-*"):
        if other != work:
            shutil.rmtree(other, ignore_errors=True)
