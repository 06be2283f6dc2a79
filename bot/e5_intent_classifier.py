"""Rasa component: the intent, from sentence vectors and character n-grams (bot/intent_model.py)."""

from __future__ import annotations

import os
import random
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.danger_words import means_danger, sounds_calm
from bot.digests import digest
from bot.entity_records import text_of
from bot.intent_model import IntentModel, Lookalikes, fit, without_identifiers
from bot.kept_vectors import KeptVectors
from bot.lookalikes import DATA as LOOKALIKES
from bot.lookalikes import read as read_lookalikes
from bot.person_words import asks_for_person, only_asks_for_person, speaks_of_person
from bot.sentence_encoder import WIDTH, SentenceEncoder
from bot.slips import Slips

FOLDER_VARIABLE = "NCZF_INTENT_ENCODER_DIR"
_FILE, _CACHED, _RANKED = "intents.npz", 256, 10
URGENT, PERSON = "urgent", "human"
SURE = 0.99  # the confidence of an intent that is put first
HINTED = 0.03  # probability from which a wish for a person counts when its words are there
CALM = 0.9  # ... and from which danger or that wish counts when the words say that it is none
NEVER = 2.0  # the floor of an intent that no probability lifts
SEED = 7


DEFAULT_FOLDER = ".build/reader"


def _encoder_folder(config: dict[str, Any]) -> Path:
    # Rasa asks for the fingerprint of a cached node with a config that holds none of our keys.
    folder = os.environ.get(FOLDER_VARIABLE) or config.get("encoder_folder") or DEFAULT_FOLDER
    return Path(folder)


def _encoder_files(config: dict[str, Any]) -> list[Path]:
    folder = _encoder_folder(config)
    return [*folder.glob("*.json"), *folder.glob("*.onnx")]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class E5IntentClassifier(GraphComponent, IntentClassifier):
    """Emits intent and intent_ranking with calibrated confidences."""

    def __init__(
        self,
        config: dict[str, Any],
        storage: ModelStorage,
        resource: Resource,
        model: IntentModel | None = None,
    ) -> None:
        self._config, self._storage, self._resource, self._model = config, storage, resource, model
        self._encoder = SentenceEncoder(_encoder_folder(config))
        self._answers: OrderedDict[str, np.ndarray] = OrderedDict()

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """What can be set.

        encoder_folder: the ONNX encoder; c: inverse regularisation; share: weight of the n-grams;
        temperature: see intent_model.fit; vectors_folder: where sentence vectors are kept for the next
        training, None for nowhere; floors: intents that win from this probability on, in this order.
        """
        return {
            "encoder_folder": DEFAULT_FOLDER,
            "c": 10.0,
            "share": 1.0,
            "temperature": 1.0,
            "vectors_folder": ".build/cache",
            "floors": {},
            "leave_out": ["open_guide", "set_fact"],
        }

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """What else must change the training cache: the encoder and our own code."""
        here = Path(__file__).parent
        names = ("e5_intent_classifier", "intent_model", "sentence_encoder", "identifiers", "slips", "sounds")
        code = [here / f"{name}.py" for name in names]
        return digest([*_encoder_files(config), *code, LOOKALIKES])

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> E5IntentClassifier:
        """Make an untrained component."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> E5IntentClassifier:
        """Make a trained component."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, IntentModel.load(folder / _FILE))

    def train(self, training_data: TrainingData) -> Resource:
        """Fit and calibrate on the examples, leaving out the intents that only the gateway may send."""
        examples = [
            (e.get(TEXT), e.get(INTENT))
            for e in training_data.intent_examples
            if e.get(TEXT) and e.get(INTENT) not in self._config["leave_out"]
        ]
        texts = [without_identifiers(text) for text, _ in examples]
        # Every other example once more with a slip: people type in haste, recognisers mishear. All of them
        # would be right a little more often (docs/benchmarks.md) and take half as long again.
        slips = Slips(texts, random.Random(SEED), share=1.0)
        texts += [slips.always(text, SEED) for text in texts[::2]]
        labels = [intent for _, intent in (*examples, *examples[::2])]
        unlike = {
            intent: [without_identifiers(text) for text in others]
            for intent, others in read_lookalikes().items()
            if intent in labels
        }
        vectors = self._vectors([*texts, *(text for others in unlike.values() for text in others)])
        self._model = fit(
            texts,
            labels,
            vectors[: len(texts)],
            c=self._config["c"],
            share=self._config["share"],
            temperature=self._config["temperature"],
            lookalikes=dict(_paired(unlike, vectors[len(texts) :])),
        )
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder / _FILE)
        return self._resource

    def _vectors(self, texts: list[str]) -> np.ndarray:
        folder = self._config.get("vectors_folder")
        if folder is None:
            return self._encoded(texts)
        return KeptVectors(Path(folder), digest(_encoder_files(self._config))).of(texts, self._encoded)

    def _encoded(self, texts: list[str]) -> np.ndarray:
        """Vectors (n, d): a share of the texts on each core takes half the time of all cores on each text."""
        parts = os.cpu_count() or 1
        vectors = np.zeros((len(texts), WIDTH), np.float32)
        with ThreadPoolExecutor(parts) as pool:
            shares = pool.map(self._encoder.encode, [texts[start::parts] for start in range(parts)])
            for start, share in enumerate(shares):
                vectors[start::parts] = share
        return vectors

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent of each message; one without text gets none, with confidence 0."""
        for message in messages:
            text = text_of(message)
            ranking = self.rank(text) if text.strip() and self._model else []
            top = ranking[0] if ranking else {"name": None, "confidence": 0.0}
            message.set(INTENT, top, add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages

    def rank(self, text: str) -> list[dict[str, Any]]:
        """The ten likeliest intents, best first, each with name and confidence in [0, 1]."""
        assert self._model
        key = without_identifiers(text.strip())
        if key not in self._answers:
            self._answers[key] = self._model.probabilities(key, self._encoder.encode([key])[0])
            if len(self._answers) > _CACHED:
                self._answers.popitem(last=False)
        self._answers.move_to_end(key)
        floors = _floors(key, self._config["floors"])
        chances = _outranked(self._answers[key], self._model.labels, floors)
        return [
            {"name": str(self._model.labels[i]), "confidence": float(chances[i])}
            for i in np.argsort(-chances)[:_RANKED]
        ]


def _paired(texts: Mapping[str, list[str]], vectors: np.ndarray) -> Iterator[tuple[str, Lookalikes]]:
    """(intent, its texts and their vectors); the vectors stand in the order of the texts."""
    start = 0
    for intent, some in texts.items():
        yield intent, (some, vectors[start : start + len(some)])
        start += len(some)


def _floors(text: str, floors: Mapping[str, float]) -> dict[str, float]:
    """Intent -> probability from which it wins, danger first; 0 where the words of the text need no model."""
    urgent, person = floors.get(URGENT, NEVER), floors.get(PERSON, NEVER)
    if means_danger(text):
        urgent = 0.0
    elif sounds_calm(text):
        urgent = max(urgent, CALM)
    if only_asks_for_person(text):
        person = 0.0
    elif asks_for_person(text):
        person = min(person, HINTED)
    elif speaks_of_person(text):
        person = max(person, CALM)
    return {URGENT: urgent, PERSON: person, **{k: v for k, v in floors.items() if k not in (URGENT, PERSON)}}


def _outranked(chances: np.ndarray, labels: np.ndarray, floors: Mapping[str, float]) -> np.ndarray:
    """Probabilities in which the first intent that reaches its floor stands first; the rest share the rest.

    Missing danger, or the wish for a person, costs more than a needless question. One whose words say that it
    is none, and that does not reach CALM, is left out.
    """
    for name, floor in floors.items():
        at = np.flatnonzero(labels == name)
        if at.size and chances[at[0]] >= floor:
            return _first(chances, int(at[0]))
        if at.size and floor == CALM:
            chances = np.where(labels == name, 0.0, chances)
            chances = chances / chances.sum()
    return chances


def _first(chances: np.ndarray, at: int) -> np.ndarray:
    if chances[at] >= SURE:
        return chances
    shrunk = chances * (1 - SURE) / max(1 - chances[at], 1e-12)
    shrunk[at] = SURE
    return shrunk
