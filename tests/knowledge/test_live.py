"""Index snapshots: swapped while serving, never mixed; a bad one is refused and the one before serves on."""

import json
import logging
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from knowledge.answerer import Answerer
from knowledge.encode import HashEncoder
from knowledge.errors import IndexMismatch
from knowledge.library import GuideLibrary
from knowledge.live import LiveAnswerer
from knowledge.store import current_folder, load_index, load_snapshot, load_sound_index, make_current
from tests.knowledge.conftest import DATA, build

QUESTIONS, SWAPS = 10_000, 50


def edition(folder: Path, mark: str) -> Path:
    """The small guides, every one marked with an edition in its version and its summary."""
    folder.mkdir()
    for path in (DATA / "guides").glob("*.yaml"):
        guide = yaml.safe_load(path.read_text("utf-8"))
        guide["version"], guide["summary"] = mark, f"{mark}版。"
        (folder / path.name).write_text(yaml.safe_dump(guide, allow_unicode=True), "utf-8")
    return folder


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path], HashEncoder]:
    """An index folder with two complete snapshots of two editions; the first is in use."""
    root, encoder = tmp_path_factory.mktemp("live"), HashEncoder()
    index = root / "index"
    kept = []
    for mark in ("first", "second"):
        guides = edition(root / mark, mark)
        built = build(index, GuideLibrary.load(guides), encoder, guides)
        kept.append(Path(shutil.copytree(built, root / f"index-{mark}")))
    for folder in kept:
        shutil.copytree(folder, index / folder.name)
    make_current(index, index / "index-first")
    return index, kept, encoder


def swap_in(index: Path, kept: list[Path], turn: int) -> None:
    """Publish the other edition under a name of its own, as a build does."""
    source = kept[turn % 2]
    work = index / f"{source.name}-{turn}"
    shutil.copytree(source, work)
    make_current(index, work)


def test_questions_during_swaps_neither_fail_nor_mix_versions(editions) -> None:
    index, kept, encoder = editions
    live = LiveAnswerer(index, encoder, Answerer.of(load_index(index, encoder)))
    ended = threading.Event()

    def ask(number: int) -> str:
        found = live.current.answer(("身份证丢了怎么补", "办居住证", "领结婚证要带什么")[number % 3])
        assert found.status == "answered" and found.card is not None
        version = found.card["version"]
        assert found.card["summary"] == f"{version}版。" and version in ("first", "second")
        assert version in found.lead or found.field
        return version

    def swap() -> int:
        done = sum((swap_in(index, kept, turn), live.refresh())[1] for turn in range(1, SWAPS + 1))
        ended.set()
        return done

    with ThreadPoolExecutor(4) as pool:
        swapping = pool.submit(swap)
        versions = list(pool.map(ask, range(QUESTIONS)))
        assert swapping.result() == SWAPS
    assert len(versions) == QUESTIONS and set(versions) == {"first", "second"}
    assert len(list(index.glob("index-*"))) == 2  # the one in use and the one before


def test_a_torn_a_foreign_and_a_tampered_index_are_refused_and_the_old_one_serves_on(
    editions, caplog: pytest.LogCaptureFixture
) -> None:
    index, kept, encoder = editions
    swap_in(index, kept, 100)
    live = LiveAnswerer(index, encoder, Answerer.of(load_index(index, encoder)))
    good = live.current.snapshot

    def torn(work: Path) -> None:
        (work / "manifest.json").write_text('{"format": 2, "files"', "utf-8")

    def foreign(work: Path) -> None:
        manifest = json.loads((work / "manifest.json").read_text("utf-8"))
        manifest["encoder"] = "another/1"
        (work / "manifest.json").write_text(json.dumps(manifest), "utf-8")

    def tampered(work: Path) -> None:
        text = (work / "library.json").read_text("utf-8")
        (work / "library.json").write_text(text.replace("40元", "4元"), "utf-8")

    for number, (harm, what) in enumerate(
        [(torn, "manifest.json is torn"), (foreign, "built with encoder"), (tampered, "library.json changed")]
    ):
        work = index / f"index-bad-{number}"
        shutil.copytree(kept[1], work)
        harm(work)
        (index / "CURRENT").write_text(work.name + "\n", "utf-8")
        with caplog.at_level(logging.ERROR):
            assert not live.refresh() and not live.refresh()
        assert live.current.snapshot == good and live.current.answer("办居住证").status == "answered"
        refused = [r for r in caplog.records if what in r.getMessage() and "serves on" in r.getMessage()]
        assert len(refused) == 1  # said once, not at every look
        with pytest.raises(IndexMismatch, match=what):
            load_snapshot(work, encoder)
        assert load_sound_index(index, encoder).name != work.name  # a start falls back as well
        shutil.rmtree(work)


def test_nothing_sound_at_all_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(IndexMismatch, match="python -m knowledge build"):
        load_sound_index(tmp_path, HashEncoder())


def test_the_watch_takes_over_by_itself(editions) -> None:
    index, kept, encoder = editions
    make_current(index, next(p for p in index.glob("index-*") if (p / "manifest.json").is_file()))
    live = LiveAnswerer(index, encoder, Answerer.of(load_index(index, encoder)))
    before = live.current.snapshot
    live.watch(0.02)
    swap_in(index, kept, 200)
    waited = threading.Event()
    for _ in range(300):
        if live.current.snapshot != before:
            break
        waited.wait(0.02)
    live.stop()
    assert live.current.snapshot == current_folder(index).name != before
