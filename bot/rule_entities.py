"""Rasa component: danger, topics, halls, districts, departments, relations, services, names, numbers.

Phrases come from nlu_data/entities/*.yml (bot/phrase_lists.py) and travel inside the model.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.choice_numbers import find_number, find_rating
from bot.danger_words import find_danger
from bot.delicate_topics import find_topic
from bot.digests import digest
from bot.entity_records import add, record, text_of
from bot.person_names import find_name
from bot.phrase_lists import PATTERNS, PhraseFinder, read_phrase_lists
from bot.token_bounds import GUARDED, cuts_a_word

_FILE = "phrases.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class RuleEntityExtractor(GraphComponent, EntityExtractorMixin):
    """Emits danger, topic, the labels of the phrase lists, person_name, number, rating_level."""

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, patterns: list[PATTERNS]
    ) -> None:
        self._storage, self._resource, self._patterns = storage, resource, patterns
        self._finder = PhraseFinder(patterns)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """folder: the phrase lists, relative to where training runs."""
        return {"folder": "nlu_data/entities"}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """What else must change the training cache: the phrase lists.

        Rasa also asks with the config of a cached node, which holds none of our keys.
        """
        folder = config.get("folder") or cls.get_default_config()["folder"]
        return digest(Path(folder).glob("*.yml"))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> RuleEntityExtractor:
        """Make the component from the phrase lists of the working tree."""
        return cls(config, model_storage, resource, read_phrase_lists(Path(config["folder"])))

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> RuleEntityExtractor:
        """Make the component from the phrase lists inside the model."""
        with model_storage.read_from(resource) as folder:
            patterns = [tuple(row) for row in json.loads((folder / _FILE).read_text("utf-8"))]
        return cls(config, model_storage, resource, patterns)

    def train(self, training_data: TrainingData) -> Resource:
        """Nothing to learn: put the phrases into the model."""
        with self._storage.write_to(self._resource) as folder:
            (folder / _FILE).write_text(json.dumps(self._patterns, ensure_ascii=False), "utf-8")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities of each message."""
        for message in messages:
            add(message, self._records(text_of(message), message.get(TOKENS_NAMES[TEXT]) or []))
        return messages

    def _records(self, text: str, tokens: list[Any]) -> list[dict[str, Any]]:
        name = type(self).__name__
        phrases = list(self._finder.find(text))
        known = {(p.start, p.end) for p in phrases}
        found = [
            record(name, p.label, text[p.start : p.end] if p.label == "guide_hint" else p.id, p.start, p.end)
            for p in phrases
            if p.label not in GUARDED or not cuts_a_word(p.start, p.end, tokens, known)
        ]
        person = find_name(text)
        other = any(r["entity"] != "relation" for r in found)
        if person and (person.certain or not other):
            found.append(
                record(name, "person_name", person.value, person.start, person.end, certain=person.certain)
            )
        danger = find_danger(text)
        if danger:
            found.append(record(name, "danger", danger.kind, danger.start, danger.end))
        topic = find_topic(text)
        if topic:
            found.append(record(name, "topic", topic.name, topic.start, topic.end))
        for entity, small in (("number", find_number(text)), ("rating_level", find_rating(text))):
            if small:
                found.append(record(name, entity, small.value, small.start, small.end))
        return found
