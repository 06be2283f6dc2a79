"""`python -m knowledge build`: encoder and index, only what changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

from knowledge.adapter import Adapter
from knowledge.encode import DESCRIBED, identity, open_builder
from knowledge.encoder_build import RECIPE, build_encoder, build_reader, reader_name
from knowledge.errors import GuideFaults
from knowledge.examples import dev_questions, field_examples, stay_examples
from knowledge.library import GuideLibrary, check_folder, folder_digest
from knowledge.settings import KnowledgeSettings
from knowledge.store import build_index, is_up_to_date


def build(settings: KnowledgeSettings, *, force: bool = False, say: Callable[[str], None] = print) -> bool:
    """Bring encoder and index up to date.

    Returns:
        False when there was nothing to do.

    Raises:
        GuideFaults: the guides are not in order, nothing is built.
        EncoderBuildError, EncoderMissing: no encoder.

    """
    built = ensure_encoder(settings, force=force, say=say)
    digest = folder_digest(settings.guides_dir)
    if not force and is_up_to_date(settings.index_dir, identity(settings), digest):
        return built
    report = check_folder(settings.guides_dir, date.today())
    if report.faults:
        raise GuideFaults(report.faults)
    say(f"指南检查通过：{len(report.guides)} 个指南，{len(report.stubs)} 个转介；载入编码器")
    library = GuideLibrary(report.guides, report.stubs, digest)
    build_index(
        settings.index_dir,
        library,
        open_builder(settings),
        say,
        raw=report.values,
        examples=field_examples(),
        dev=dev_questions(),
        stays=stay_examples(),
    )
    return True


def ensure_encoder(
    settings: KnowledgeSettings, *, force: bool = False, say: Callable[[str], None] = print
) -> bool:
    """Build our encoder and reader where they are missing or older ones of ours; False if all was there.

    Raises:
        EncoderBuildError: it could not be built.

    """
    made = False
    if _needs_encoder(settings, force):
        build_encoder(settings.encoder_dir, say)
        made = True
    if force or _described(settings.reader_dir) != reader_name(Adapter.load()):
        build_reader(settings.reader_dir, say)
        made = True
    return made


def _described(folder: Path) -> str:
    """The name that a folder of ours gives itself; "" for any other."""
    described = folder / DESCRIBED
    return str(json.loads(described.read_text("utf-8")).get("name")) if described.is_file() else ""


def _needs_encoder(settings: KnowledgeSettings, force: bool) -> bool:
    """Ours is built where there is nothing yet, or an older one of ours; any other encoder is left alone."""
    folder = settings.encoder_dir
    if (folder / DESCRIBED).is_file():
        return force or _described(folder) != RECIPE
    return not folder.exists() or not any(folder.iterdir())
