"""What a proposal is made of: departments, their topics and the shares of confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of matter. `id` is department.topic; `words` maps a word to its weight (above 0)."""

    id: str
    title: str
    words: dict[str, float]


@dataclass(frozen=True, slots=True)
class Department:
    """A receiver of work orders with its topics, in the order of the data."""

    id: str
    title: str
    topics: tuple[Topic, ...]


@dataclass(frozen=True, slots=True)
class DepartmentShare:
    """A department and the share of confidence (0 to 1) that it has."""

    department: str
    title: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal for one text, to be confirmed by a person.

    `department` and `topic` are ids, None where the proposer abstains or where `emergency` holds the number
    to call ("110", "119" or "120"). `confidence` (0 to 1) is that of the likeliest department, even of an
    abstention.
    `runners_up` come likeliest first; when abstaining the likeliest department leads them.
    """

    department: Optional[str]
    title: str
    confidence: float
    runners_up: tuple[DepartmentShare, ...] = ()
    emergency: Optional[str] = None
    topic: Optional[str] = None
    topic_title: str = ""

    def as_json(self) -> dict[str, Any]:
        """The proposal as plain JSON values, confidences rounded to three places."""
        return {
            "department": self.department,
            "title": self.title,
            "confidence": round(self.confidence, 3),
            "topic": self.topic,
            "topic_title": self.topic_title,
            "emergency": self.emergency,
            "runners_up": [
                {
                    "department": share.department,
                    "title": share.title,
                    "confidence": round(share.confidence, 3),
                }
                for share in self.runners_up
            ],
        }
