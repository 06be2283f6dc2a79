"""The index: exact search, stored with what it was made from, refused when that has changed."""

import json
from pathlib import Path

import numpy as np
import pytest

from knowledge.encode import CachedQueries, HashEncoder
from knowledge.errors import EncoderMissing, IndexMismatch
from knowledge.index import PassageIndex
from knowledge.library import GuideLibrary, guide_values
from knowledge.passages import Passage, all_passages
from knowledge.settings import KnowledgeSettings
from knowledge.store import build_index, current_folder, is_up_to_date, load_index
from tests.knowledge.conftest import DATA, build


def test_cosines_stand_in_the_order_of_the_passages(encoder: HashEncoder) -> None:
    passages = [Passage("a", "name", "身份证"), Passage("a", "fact", "居住证"), Passage("b", "name", "护照")]
    index = PassageIndex.build(passages, encoder)
    queries = encoder.queries(["护照", "身份证"])
    np.testing.assert_allclose(index.cosines(queries), queries @ index.vectors().T, atol=1e-6)
    assert index.by_guide(index.cosines(queries)).argmax(axis=1).tolist() == [1, 0]


def test_a_guide_is_scored_by_its_two_best_passages(encoder: HashEncoder) -> None:
    index = PassageIndex.build(
        [Passage("a", "name", t) for t in "甲乙丙"] + [Passage("b", "name", "丁")], encoder
    )
    found = index.by_guide(np.array([[0.2, 0.8, 0.6, 0.5]], np.float32))
    np.testing.assert_allclose(found, [[0.7, 0.5]], atol=1e-6)
    said = index.by_guide(np.array([[0.2, 0.8, 0.6, 0.5]], np.float32), "said")
    assert said.tolist() == [[0.0, 0.0]]


def test_guides_stand_together_and_no_text_twice(library: GuideLibrary) -> None:
    passages = all_passages(library)
    ids = [p.guide_id for p in passages]
    assert ids == sorted(ids, key=lambda key: (key in library.stubs, key))
    assert len({(p.guide_id, p.text) for p in passages}) == len(passages)


def test_other_encoder_is_refused_with_the_remedy(built: Path, library: GuideLibrary) -> None:
    with pytest.raises(
        IndexMismatch, match=r"built with encoder 'hash/256', now it is 'hash/64'; run `python -m"
    ):
        load_index(built, HashEncoder(64))


def test_missing_index_names_the_remedy(tmp_path: Path, encoder: HashEncoder) -> None:
    with pytest.raises(IndexMismatch, match=r"no index in .*; run `python -m knowledge build`"):
        load_index(tmp_path, encoder)


def test_damaged_files_are_refused(tmp_path: Path, library: GuideLibrary, encoder: HashEncoder) -> None:
    build(tmp_path, library, encoder)
    folder = current_folder(tmp_path)
    (folder / "passages.json").write_text("[]", "utf-8")
    with pytest.raises(IndexMismatch, match="passages.json changed since it was built"):
        load_index(tmp_path, encoder)
    (folder / "passages.json").unlink()
    with pytest.raises(IndexMismatch, match="passages.json is gone"):
        load_index(tmp_path, encoder)


def test_a_new_build_takes_over_at_once_and_the_one_before_is_kept(
    tmp_path: Path, library: GuideLibrary, encoder: HashEncoder
) -> None:
    folders = [build(tmp_path, library, encoder) for _ in range(3)]
    assert current_folder(tmp_path) == folders[2]
    assert is_up_to_date(tmp_path, encoder.name, library.digest)
    assert not is_up_to_date(tmp_path, "other", library.digest)
    assert set(tmp_path.glob("index-*")) == {folders[1], folders[2]}
    measured = json.loads((folders[2] / "judge.json").read_text("utf-8"))["measured"]
    assert measured["questions"] == 19


def test_progress_is_told(tmp_path: Path, library: GuideLibrary, encoder: HashEncoder) -> None:
    said: list[str] = []
    build_index(tmp_path, library, encoder, said.append, raw=guide_values(DATA / "guides"))
    assert any(line.startswith("索引 1/4") for line in said) and any("留一评估" in line for line in said)


def test_rebuilding_gives_the_same_index(
    tmp_path: Path, built: Path, library: GuideLibrary, encoder: HashEncoder
) -> None:
    build(tmp_path, library, encoder)
    one, two = (
        json.loads((current_folder(f) / "manifest.json").read_text("utf-8")) for f in (tmp_path, built)
    )
    assert one["guides"] == two["guides"]
    assert one["files"]["judge.json"] == two["files"]["judge.json"]


def test_missing_encoder_names_the_remedy(tmp_path: Path) -> None:
    from knowledge.encode import OnnxEncoder, SentenceEncoder

    with pytest.raises(EncoderMissing, match="run `python -m knowledge build` or set NCZF_ENCODER_DIR"):
        SentenceEncoder.open(tmp_path)
    with pytest.raises(EncoderMissing, match="has no model.onnx"):
        OnnxEncoder(tmp_path)


def test_an_encoder_folder_with_its_own_code_is_refused(tmp_path: Path) -> None:
    from knowledge.encode import SentenceEncoder

    (tmp_path / "modules.json").write_text(
        '[{"idx": 0, "name": "0", "path": "", "type": "evil.Module"}]', "utf-8"
    )
    with pytest.raises(EncoderMissing, match=r"wants to run code of its own \(evil.Module\)"):
        SentenceEncoder.open(tmp_path)


def test_query_vectors_are_remembered() -> None:
    class Counting(HashEncoder):
        asked = 0

        def queries(self, texts):
            self.asked += len(texts)
            return super().queries(texts)

    inner = Counting(32)
    cached = CachedQueries(inner, size=2)
    first = cached.queries(["甲", "乙", "甲"])
    assert first.shape == (3, 32) and inner.asked == 2
    np.testing.assert_array_equal(cached.queries(["乙"])[0], first[1])
    assert inner.asked == 2
    cached.queries(["丙"])
    cached.queries(["甲"])
    assert inner.asked == 4
    assert cached.queries([]).shape == (0, 32)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NCZF_GUIDES_DIR", str(tmp_path))
    monkeypatch.setenv("NCZF_ENCODER_RUNTIME", "onnx")
    settings = KnowledgeSettings()
    assert settings.guides_dir == tmp_path and settings.encoder_runtime == "onnx"
    assert settings.index_dir.parts[-2:] == (".build", "index")
