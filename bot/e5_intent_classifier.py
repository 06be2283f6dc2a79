"""Rasa component: the intent, from sentence vectors and character n-grams (bot/intent_model.py)."""

from __future__ import annotations

import os
import random
from collections import OrderedDict
from collections.abc import Mapping
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

from bot.danger_words import means_danger
from bot.digests import digest
from bot.entity_records import text_of
from bot.intent_model import IntentModel, fit, without_identifiers
from bot.person_words import asks_for_person
from bot.sentence_encoder import SentenceEncoder
from bot.slips import Slips

FOLDER_VARIABLE = "NCZF_INTENT_ENCODER_DIR"
_FILE, _CACHED, _RANKED = "intents.npz", 256, 10
URGENT, PERSON = "urgent", "human"
SURE = 0.99  # the confidence of an intent that is put first
HINTED = 0.03  # probability from which a wish for a person counts when its words are there
SEED = 7


DEFAULT_FOLDER = ".build/reader"


def _encoder_folder(config: dict[str, Any]) -> Path:
    # Rasa asks for the fingerprint of a cached node with a config that holds none of our keys.
    folder = os.environ.get(FOLDER_VARIABLE) or config.get("encoder_folder") or DEFAULT_FOLDER
    return Path(folder)


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
        temperature: see intent_model.fit; floors: intents that win from this probability on, in this order.
        """
        return {
            "encoder_folder": DEFAULT_FOLDER,
            "c": 10.0,
            "share": 1.0,
            "temperature": 1.0,
            "floors": {},
            "leave_out": ["open_guide", "set_fact"],
        }

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """What else must change the training cache: the encoder and our own code."""
        here = Path(__file__).parent
        names = ("intent_model", "sentence_encoder", "identifiers", "slips", "sounds")
        code = [here / f"{name}.py" for name in names]
        return digest(
            [*_encoder_folder(config).glob("*.json"), *_encoder_folder(config).glob("*.onnx"), *code]
        )

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
        texts += [slips(text) for text in texts[::2]]
        self._model = fit(
            texts,
            [intent for _, intent in (*examples, *examples[::2])],
            SentenceEncoder(_encoder_folder(self._config), threads=os.cpu_count() or 1).encode(texts),
            c=self._config["c"],
            share=self._config["share"],
            temperature=self._config["temperature"],
        )
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder / _FILE)
        return self._resource

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
        floors = self._config["floors"]
        chances = _outranked(
            self._answers[key], self._model.labels, floors, means_danger(key), asks_for_person(key)
        )
        return [
            {"name": str(self._model.labels[i]), "confidence": float(chances[i])}
            for i in np.argsort(-chances)[:_RANKED]
        ]


def _outranked(
    chances: np.ndarray, labels: np.ndarray, floors: Mapping[str, float], danger: bool, person: bool
) -> np.ndarray:
    """Probabilities in which danger, and then any intent that reaches its floor, stands first.

    Words of danger need no model at all; words for a person lower the floor to HINTED. Missing either costs
    more than a needless question; the rest share what is left.
    """
    for name in dict.fromkeys((URGENT, *floors)):
        at = np.flatnonzero(labels == name)
        floor = HINTED if person and name == PERSON else floors.get(name, 2.0)
        if at.size and ((danger and name == URGENT) or chances[at[0]] >= floor):
            return _first(chances, int(at[0]))
    return chances


def _first(chances: np.ndarray, at: int) -> np.ndarray:
    if chances[at] >= SURE:
        return chances
    shrunk = chances * (1 - SURE) / max(1 - chances[at], 1e-12)
    shrunk[at] = SURE
    return shrunk
