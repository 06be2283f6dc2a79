"""Rasa component: case and booking numbers, phones, identity cards, plates (bot/identifiers.py)."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.training_data.message import Message

from bot.entity_records import add, record, text_of
from bot.identifiers import find


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class IdentifierExtractor(GraphComponent, EntityExtractorMixin):
    """Emits one entity per number, named by its kind; value normalised, extra key valid (bool)."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IdentifierExtractor:
        """Make the component."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities of each message; a landline counts as a phone, a number taken back not."""
        for message in messages:
            add(
                message,
                [
                    record(
                        type(self).__name__,
                        "phone" if item.kind == "landline" else item.kind,
                        item.value,
                        item.start,
                        item.end,
                        valid=item.valid,
                    )
                    for item in find(text_of(message))
                    if not item.withdrawn
                ],
            )
        return messages
