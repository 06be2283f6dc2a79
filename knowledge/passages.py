"""What of a guide is searched: how it is asked for (name, aliases, questions) and what it says (facts)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.guide import Fact, Guide, Material, Stub
from knowledge.library import GuideLibrary


@dataclass(frozen=True, slots=True)
class Passage:
    """One searchable text of a guide."""

    guide_id: str
    kind: str
    """name, alias, question, summary, faq or fact."""
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A guide found for a question."""

    guide_id: str
    name: str
    department: str
    summary: str
    score: float
    """Probability-like, in [0, 1]: share of this guide among all."""
    cosine: float
    """Mean cosine of its two nearest passages, in [-1, 1]."""
    passage: str
    """The nearest passage."""
    stub: bool = False


def passages_of(guide: Guide | Stub) -> list[Passage]:
    """Passages of one guide, no text twice."""
    texts = [
        ("name", guide.name),
        *(("alias", a) for a in guide.aliases),
        *(("question", q) for q in guide.questions),
    ]
    texts.append(("summary", f"{guide.name}。{guide.summary}"))
    if isinstance(guide, Guide) and guide.imported:
        texts.append(("fact", "，".join((guide.name, *(m.name for m in guide.materials[:6])))))
    elif isinstance(guide, Guide):
        texts += [("faq", faq.question) for faq in guide.faq]
        texts += [("fact", _said(part)) for part in guide.parts()]
    else:
        texts += [("fact", guide.handled_by.text), ("fact", guide.reach.text)]
    unique = {text: kind for kind, text in reversed(texts)}
    return [Passage(guide.id, kind, text) for text, kind in reversed(unique.items())]


def _said(part: Fact | Material) -> str:
    return part.text if isinstance(part, Fact) else "，".join(text for text in (part.name, part.note) if text)


def all_passages(library: GuideLibrary, more: Mapping[str, Sequence[str]] | None = None) -> list[Passage]:
    """Guides in the order of their ids, then stubs; the passages of one guide stand together.

    Args:
        library: the guides.
        more: id -> further questions that it answers.

    """
    found: list[Passage] = []
    for group in (library.guides, library.stubs):
        for key in sorted(group):
            own = passages_of(group[key])
            known = {passage.text for passage in own}
            own += [Passage(key, "question", text) for text in (more or {}).get(key, ()) if text not in known]
            found += own
    return found
