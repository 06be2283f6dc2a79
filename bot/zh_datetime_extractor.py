"""Rasa component: day, day_until, time and time_problem from Chinese booking times (bot/zh_datetime.py)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.training_data.message import Message

from bot.entity_records import add, record, text_of
from bot.zh_datetime import BookingTime, parse


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ZhDatetimeExtractor(GraphComponent, EntityExtractorMixin):
    """Emits day and day_until (ISO dates), time (JSON text) and time_problem (past | ambiguous)."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._zone = timezone(timedelta(hours=config["utc_offset_h"]))

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """utc_offset_h: hours east of Greenwich at which the citizens live."""
        return {"utc_offset_h": 8}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ZhDatetimeExtractor:
        """Make the component."""
        return cls(config)

    def now(self) -> datetime:
        """Local wall-clock time, without a zone."""
        return datetime.now(self._zone).replace(tzinfo=None)

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities of each message."""
        now = self.now()
        for message in messages:
            add(message, records_of(parse(text_of(message), now)))
        return messages


def records_of(found: BookingTime) -> list[dict[str, Any]]:
    """Entity records of a booking time."""
    name = ZhDatetimeExtractor.__name__
    spans = [span for span in (found.day_span, found.time_span) if span]
    if not found or not spans:
        return []
    whole = (min(s[0] for s in spans), max(s[1] for s in spans))
    records = []
    if found.day:
        span = found.day_span or whole
        records.append(record(name, "day", found.day.isoformat(), *span))
        if found.until:
            records.append(record(name, "day_until", found.until.isoformat(), *span))
    if found.start:
        value = json.dumps({"start": found.start, "end": found.end, "part": found.part})
        records.append(record(name, "time", value, *(found.time_span or whole)))
    if found.problem:
        records.append(record(name, "time_problem", found.problem, *whole))
    return records
