"""The answerer in service: a newly published index is taken over between two questions, a bad one never."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from knowledge.answerer import Answerer
from knowledge.encode import Encoder, open_encoder
from knowledge.errors import KnowledgeError
from knowledge.settings import KnowledgeSettings
from knowledge.store import current_folder, load_snapshot

log = logging.getLogger(__name__)


class LiveAnswerer:
    """An AnswerSource. Each turn takes `current` once, so no answer mixes two versions."""

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
