"""The Rasa components around the pure modules; skipped where Rasa is not installed."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rasa")

import numpy as np  # noqa: E402
from rasa.engine.graph import ExecutionContext, GraphSchema  # noqa: E402
from rasa.engine.storage.local_model_storage import LocalModelStorage  # noqa: E402
from rasa.engine.storage.resource import Resource  # noqa: E402
from rasa.shared.nlu.training_data.message import Message  # noqa: E402
from rasa.shared.nlu.training_data.training_data import TrainingData  # noqa: E402

from bot.e5_intent_classifier import FOLDER_VARIABLE, E5IntentClassifier, _floors, _outranked  # noqa: E402
from bot.identifier_extractor import IdentifierExtractor  # noqa: E402
from bot.intent_model import IntentModel, fit, without_identifiers  # noqa: E402
from bot.phrase_lists import PhraseListError, read_phrase_lists  # noqa: E402
from bot.rule_entities import RuleEntityExtractor  # noqa: E402
from bot.sentence_encoder import EncoderMissing, SentenceEncoder  # noqa: E402
from bot.zh_datetime_extractor import ZhDatetimeExtractor  # noqa: E402

ROOT = Path(__file__).parents[2]
ENCODER = Path(os.environ.get(FOLDER_VARIABLE) or ROOT / ".build/reader")
needs_encoder = pytest.mark.skipif(not (ENCODER / "model.onnx").is_file(), reason=f"no encoder in {ENCODER}")


@pytest.fixture
def around(tmp_path: Path) -> tuple[LocalModelStorage, Resource, ExecutionContext]:
    """What Rasa passes to every component."""
    return LocalModelStorage(tmp_path), Resource("component"), ExecutionContext(GraphSchema({}))


def entities(component: Any, text: str) -> dict[str, Any]:
    """Entity name -> value, for one text."""
    message = Message(data={"text": text})
    component.process([message])
    for entity in message.get("entities"):
        assert 0 <= entity["start"] < entity["end"] <= len(text)
    return {entity["entity"]: entity["value"] for entity in message.get("entities")}


class Tuesday(ZhDatetimeExtractor):
    """The extractor on 2026-11-24 at ten."""

    def now(self) -> datetime:
        """A fixed now."""
        return datetime(2026, 11, 24, 10, 0)


def test_datetime_entities(around: Any) -> None:
    component = Tuesday.create({"utc_offset_h": 8}, *around)
    found = entities(component, "我想下周三下午三点半去")
    assert found["day"] == "2026-12-02"
    assert json.loads(found["time"]) == {"start": "15:30", "end": None, "part": "afternoon"}
    assert "time_problem" not in found
    assert entities(component, "昨天")["time_problem"] == "past"
    assert entities(component, "你好") == {}
    assert entities(component, '/open_guide{"day": "明天"}') == {}


def test_the_clock_is_nanchang_time(around: Any) -> None:
    component = ZhDatetimeExtractor.create({"utc_offset_h": 8}, *around)
    ahead = (component.now() - datetime.utcnow()).total_seconds()
    assert 8 * 3600 - 5 < ahead < 8 * 3600 + 5


def test_identifier_entities(around: Any) -> None:
    component = IdentifierExtractor.create({}, *around)
    assert entities(component, "我的电话138 0013 8000") == {"phone": "13800138000"}
    assert entities(component, "0791-83880000") == {"phone": "079183880000"}
    assert entities(component, "电话13800138001，说错了，13800138000") == {"phone": "13800138000"}
    message = Message(data={"text": "NC202611030000170"})
    component.process([message])
    assert [(e["entity"], e["valid"]) for e in message.get("entities")] == [("case_no", False)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("周六去红谷滩办居住证", {"hall": "honggutan", "district": "红谷滩区", "guide_hint": "居住证"}),
        ("去市民中心", {"hall": "city"}),
        ("南昌县政务服务中心", {"hall": "nanchang-county", "district": "南昌县"}),
        ("给我妈补社保卡", {"relation": "母亲", "guide_hint": "补社保卡"}),
        ("问下车管所", {"department": "公安（交管）"}),
        ("我叫李建国", {"person_name": "李建国"}),
        ("第二个", {"number": 2}),
        ("非常满意", {"rating_level": 5}),
        ("赣A12345", {}),
        ("高新区", {"hall": "gaoxin", "district": "高新区"}),
        ("打12345", {"department": "12345热线办"}),
        ("", {}),
    ],
)
def test_rule_entities(around: Any, text: str, expected: dict[str, object]) -> None:
    component = RuleEntityExtractor.create({"folder": str(ROOT / "nlu_data/entities")}, *around)
    component.train(TrainingData())
    loaded = RuleEntityExtractor.load({"folder": "gone"}, *around)
    assert entities(loaded, text) == expected


def test_phrase_lists_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(PhraseListError, match="no phrase list"):
        read_phrase_lists(tmp_path)
    (tmp_path / "x.yml").write_text("label: hall\nitems: [{id: a}]\n")
    with pytest.raises(PhraseListError, match="name"):
        read_phrase_lists(tmp_path)


def test_encoder_folder_must_be_complete(tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing, match="model.onnx"):
        SentenceEncoder(tmp_path)


def test_model_needs_examples() -> None:
    with pytest.raises(ValueError, match="at least two intents"):
        fit(["a", "b"], ["x", "x"], np.eye(2, dtype=np.float32))


def test_danger_outranks() -> None:
    chances, labels = np.array([0.7, 0.2, 0.1]), np.array(["book", "deny", "urgent"])
    lifted = _outranked(chances, labels, _floors("着火了", {}))
    assert lifted.argmax() == 2
    assert lifted.sum() == pytest.approx(1)
    assert _outranked(chances, labels, _floors("你好", {})) is chances


def test_an_intent_that_reaches_its_floor_comes_first() -> None:
    labels, chances = np.array(["book", "human", "urgent"]), np.array([0.6, 0.3, 0.1])
    floors = {"urgent": 0.2, "human": 0.3}
    assert _outranked(chances, labels, floors).argmax() == 1
    assert _outranked(np.array([0.5, 0.3, 0.2]), labels, floors).argmax() == 2
    assert _outranked(np.array([0.9, 0.05, 0.05]), labels, floors).argmax() == 0


@pytest.mark.parametrize(
    ("text", "chances", "first"),
    [
        ("今天天气真好", [0.9, 0.05, 0.05], "book"),
        ("有人拿刀", [0.9, 0.1, 0.0], "urgent"),  # words of danger need no model
        ("转人工,有人拿刀", [0.0, 1.0, 0.0], "urgent"),  # and come before a person
        ("人攻", [1.0, 0.0, 0.0], "human"),  # nor does the bare wish for a person
        ("喊个能做主的人来讲", [0.95, 0.05, 0.0], "human"),  # other words for it need little of the model
        ("去年着过火 证怎么补", [0.2, 0.1, 0.7], "book"),  # papers are no danger unless the model is sure
        ("去年着过火 证怎么补", [0.04, 0.01, 0.95], "urgent"),
        ("周六窗口有没有人上班", [0.2, 0.8, 0.0], "book"),
    ],
)
def test_words_move_the_floors(text: str, chances: list[float], first: str) -> None:
    labels = np.array(["book", "human", "urgent"])
    found = _outranked(np.array(chances), labels, _floors(text, {"human": 0.2, "urgent": 0.2}))
    assert labels[found.argmax()] == first and found.sum() == pytest.approx(1)


def test_lookalikes_teach_their_intent_alone() -> None:
    texts = ["着火了", "失火了", "起火啦", "火锅店证", "办证", "执照"] * 3
    labels = (["urgent"] * 3 + ["book"] * 3) * 3
    vectors = np.random.default_rng(1).normal(size=(18, 4)).astype(np.float32)
    others = (["火锅真火"] * 4, np.zeros((4, 4), np.float32))
    plain = fit(texts, labels, vectors)
    taught = fit(texts, labels, vectors, lookalikes={"urgent": others})
    at = {name: i for i, name in enumerate(taught.labels)}
    assert np.allclose(plain.coef[at["book"]], taught.coef[at["book"]])
    nowhere = np.zeros(4, np.float32)
    before, after = (model.probabilities("火锅真火", nowhere)[at["urgent"]] for model in (plain, taught))
    assert after < before
    with pytest.raises(ValueError, match="look-alikes of"):
        fit(texts, labels, vectors, lookalikes={"nope": others})


def test_model_survives_saving_and_hides_figures(tmp_path: Path) -> None:
    texts = ["你好", "您好", "你好啊", "您好呀", "再见", "拜拜", "再见啊", "下次再见"]
    vectors = np.random.default_rng(0).normal(size=(8, 6)).astype(np.float32)
    model = fit(texts, ["greet"] * 4 + ["goodbye"] * 4, vectors)
    model.save(tmp_path / "m.npz")
    again = IntentModel.load(tmp_path / "m.npz")
    chances = model.probabilities("你好", vectors[0])
    assert chances.sum() == pytest.approx(1)
    assert np.allclose(chances, again.probabilities("你好", vectors[0]), atol=1e-5)
    assert without_identifiers("电话13800138000") == without_identifiers("电话13900139000") == "电话手机号码"


@needs_encoder
def test_encoder_gives_unit_rows() -> None:
    encoder = SentenceEncoder(ENCODER)
    vectors = encoder.encode(["居住证怎么办", "暂住证咋办理", "今天天气好"])
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert encoder.encode([]).shape == (0, 384)


@needs_encoder
def test_classifier_trains_persists_and_ranks(around: Any, tmp_path: Path) -> None:
    kept = {"encoder_folder": str(ENCODER), "vectors_folder": str(tmp_path / "vectors")}
    config = {**E5IntentClassifier.get_default_config(), **kept}
    examples = {
        "greet": ["你好", "您好", "早上好", "嗨"],
        "urgent": ["着火了", "有人打我", "我流血了", "进小偷了"],
        "open_guide": ["打开指南一"] * 4,
    }
    data = TrainingData(
        [Message(data={"text": t, "intent": i}) for i, texts in examples.items() for t in texts]
    )
    E5IntentClassifier.create(config, *around).train(data)
    assert len(list((tmp_path / "vectors").iterdir())) == 1
    loaded = E5IntentClassifier.load(config, *around)
    message, empty = Message(data={"text": "您好呀"}), Message(data={"text": " "})
    loaded.process([message, empty])
    assert message.get("intent")["name"] == "greet"
    assert {row["name"] for row in message.get("intent_ranking")} == {"greet", "urgent"}
    assert sum(row["confidence"] for row in message.get("intent_ranking")) == pytest.approx(1)
    assert empty.get("intent") == {"name": None, "confidence": 0.0}
    assert loaded.rank("你好救命")[0] == {"name": "urgent", "confidence": pytest.approx(0.99)}


def test_fingerprints_stand_for_cached_nodes_too() -> None:
    """Rasa asks with the config of its cache node, without our keys: training again must not fail."""
    for component in (RuleEntityExtractor, E5IntentClassifier):
        assert component.fingerprint_addon({}) == component.fingerprint_addon(component.get_default_config())


def test_place_names_respect_the_words_that_jieba_found(around: Any) -> None:
    from rasa.nlu.constants import TOKENS_NAMES
    from rasa.nlu.tokenizers.tokenizer import Token

    component = RuleEntityExtractor.create(RuleEntityExtractor.get_default_config(), *around)
    inside, mention = Message(data={"text": "江西湖口县"}), Message(data={"text": "去西湖办"})
    inside.set(TOKENS_NAMES["text"], [Token("江西", 0), Token("湖口县", 2)])
    mention.set(TOKENS_NAMES["text"], [Token("去", 0), Token("西湖", 1), Token("办", 3)])
    component.process([inside, mention])
    assert not [e for e in inside.get("entities", []) if e["entity"] in ("hall", "district")]
    assert {"hall", "district"} <= {e["entity"] for e in mention.get("entities")}
