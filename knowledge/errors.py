"""What can go wrong in knowledge/. Each message names what, got, expected and the remedy."""

from __future__ import annotations


class KnowledgeError(Exception):
    """Base of all errors raised on purpose by this package."""


class GuideFaults(KnowledgeError):
    """Guide files are not in order; holds every fault that was found.

    Attributes:
        faults: one line per fault, "file: field: what is wrong".

    """

    def __init__(self, faults: list[str]) -> None:
        self.faults = list(faults)
        head = "\n".join(f"  {line}" for line in self.faults[:20])
        more = f"\n  ... and {len(self.faults) - 20} more" if len(self.faults) > 20 else ""
        super().__init__(
            f"{len(self.faults)} faults in the guides; run `python -m knowledge check`\n{head}{more}"
        )


class UnknownGuide(KnowledgeError, KeyError):
    """No guide has this id."""

    def __init__(self, guide_id: str) -> None:
        self.guide_id = guide_id
        super().__init__(f"no guide with id {guide_id!r}; `python -m knowledge check --ids` lists them")

    def __str__(self) -> str:
        return str(self.args[0])


class EncoderMissing(KnowledgeError):
    """The encoder folder is absent or incomplete."""


class EncoderBuildError(KnowledgeError):
    """The encoder could not be rebuilt from its pack, or came out different."""


class IndexMismatch(KnowledgeError):
    """The index on disk was not built from these guides with this encoder, or is damaged."""
