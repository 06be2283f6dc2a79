"""The answerer in service: a newly published index is taken over between two questions, a bad one never."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from knowledge.answer import Answer
from knowledge.answerer import Answerer
from knowledge.encode import Encoder, open_encoder
from knowledge.errors import KnowledgeError
from knowledge.library import GuideLibrary
from knowledge.passages import Hit
from knowledge.settings import KnowledgeSettings
from knowledge.store import current_folder, load_snapshot
from knowledge.suggest import Suggestion

log = logging.getLogger(__name__)


class LiveAnswerer:
    """Holds the answerer in use. Each question takes `current` once, so no answer mixes two versions."""

    def __init__(self, folder: Path, encoder: Encoder, first: Answerer) -> None:
        self._folder, self._encoder = folder, encoder
        self.current = first
        self._seen = first.snapshot
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    @classmethod
    def load(cls, settings: KnowledgeSettings) -> LiveAnswerer:
        """As Answerer.load, ready to be refreshed."""
        encoder = open_encoder(settings)
        return cls(settings.index_dir, encoder, Answerer.load(settings, encoder))

    @property
    def library(self) -> GuideLibrary:
        """Of the index in service."""
        return self.current.library

    @property
    def snapshot(self) -> str:
        """Name of the index in service."""
        return self.current.snapshot

    def answer(
        self,
        question: str,
        guide_id: str | None = None,
        facts: Mapping[str, str] | None = None,
        today: date | None = None,
        recent: Sequence[str] = (),
        asked: Sequence[str] = (),
        pending: str = "",
    ) -> Answer:
        """See Answerer."""
        return self.current.answer(question, guide_id, facts, today, recent, asked, pending)

    def card(self, guide_id: str, facts: Mapping[str, str], field: str = "") -> tuple[str, dict[str, Any]]:
        """See Answerer."""
        return self.current.card(guide_id, facts, field)

    def suggest(
        self, text: str, guide_id: str | None = None, facts: Mapping[str, str] | None = None, k: int = 3
    ) -> list[Suggestion]:
        """See Answerer."""
        return self.current.suggest(text, guide_id, facts, k)

    def find_item(self, text: str) -> Hit | None:
        """See Answerer."""
        return self.current.find_item(text)

    def refresh(self) -> bool:
        """Take over the index that is in use on disk if it is another one; True when it was taken over.

        One that is not sound is refused once, with an error in the log, and the present one serves on.
        """
        with self._lock:
            try:
                work = current_folder(self._folder)
                if work.name in (self.current.snapshot, self._seen):
                    return False
                self._seen = work.name
                fresh = Answerer.of(load_snapshot(work, self._encoder))
            except (KnowledgeError, OSError, ValueError) as error:
                log.error("new index refused: %s; %s serves on", error, self.current.snapshot)
                return False
            self.current = fresh
            log.info("index %s in service: %d guides", fresh.snapshot, len(fresh.library.guides))
            return True

    def watch(self, seconds: float) -> None:
        """Look every `seconds`, in a thread of its own, until `stop`."""
        threading.Thread(target=self._watch, args=(seconds,), name="index-watch", daemon=True).start()

    def stop(self) -> None:
        """End the watching."""
        self._stopped.set()

    def _watch(self, seconds: float) -> None:
        while not self._stopped.wait(seconds):
            self.refresh()
