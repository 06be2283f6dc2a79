"""Small guides, a deterministic encoder and an index built once for the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.answerer import Answerer
from knowledge.encode import HashEncoder
from knowledge.examples import field_examples, stay_examples
from knowledge.library import GuideLibrary, guide_values
from knowledge.settings import KnowledgeSettings
from knowledge.store import build_index

STAY_EXAMPLES = stay_examples()[::5]
DATA = Path(__file__).parent / "data"
FIELD_EXAMPLES = field_examples()[::6]
"""Every sixth of those that ship: enough to tell 多少钱 from 带什么."""


@pytest.fixture(scope="session")
def guides_dir() -> Path:
    return DATA / "guides"


@pytest.fixture(scope="session")
def library(guides_dir: Path) -> GuideLibrary:
    return GuideLibrary.load(guides_dir)


@pytest.fixture(scope="session")
def encoder() -> HashEncoder:
    return HashEncoder()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, library: GuideLibrary, encoder: HashEncoder) -> Path:
    folder = tmp_path_factory.mktemp("index")
    build(folder, library, encoder)
    return folder


def build(folder: Path, library: GuideLibrary, encoder: HashEncoder, guides: Path = DATA / "guides") -> Path:
    """An index of the small guides, with the field examples that ship."""
    return build_index(
        folder,
        library,
        encoder,
        lambda line: None,
        raw=guide_values(guides),
        examples=FIELD_EXAMPLES,
        stays=STAY_EXAMPLES,
    )


@pytest.fixture(scope="session")
def settings(guides_dir: Path, built: Path) -> KnowledgeSettings:
    return KnowledgeSettings(guides_dir=guides_dir, index_dir=built)


@pytest.fixture(scope="session")
def answerer(settings: KnowledgeSettings, encoder: HashEncoder) -> Answerer:
    return Answerer.load(settings, encoder)
