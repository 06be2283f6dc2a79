"""An answer as plain text: what a page shows as a card, for a terminal, a file or a voice."""

from __future__ import annotations

from typing import Any

from knowledge.answer import Answer
from knowledge.wording import phrase

OPENING = ("materials", "steps_online", "steps", "where", "time_limit", "fee")
"""Sections that a whole answer shows; the rest stays one question away."""
ALONGSIDE = {"steps": ("steps", "steps_online"), "online": ("online", "steps_online")}


def plain_text(answer: Answer) -> str:
    """Lead, the asked sections in full (else the opening ones), sources and date."""
    lines = [answer.lead] if answer.lead else []
    for option in answer.options:
        lines.append(phrase("plain.option", name=option["name"], department=option["department"]))
    if answer.card is not None:
        lines += _sections(answer.card, answer.fields)
        lines.append(_source(answer.card))
    return "\n".join(lines)


def _sections(card: dict[str, Any], fields: tuple[str, ...]) -> list[str]:
    wanted = [key for field in fields for key in ALONGSIDE.get(field, (field,))] or list(OPENING)
    by_key = {section["key"]: section for section in card["sections"]}
    lines = []
    for key in wanted:
        if key in by_key:
            lines.append(phrase("plain.section", title=by_key[key]["title"]))
            lines += [_item(item) for item in by_key[key]["items"]]
    if card["question"] is not None:
        lines.append(card["question"]["ask"])
        lines += [phrase("plain.choice", label=option["label"]) for option in card["question"]["options"]]
    return lines


def _item(item: dict[str, Any]) -> str:
    when = phrase("plain.when", when=item["when"]) if item["when"] else ""
    note = phrase("plain.note", note=item["note"].rstrip("。")) if item["note"] else ""
    tag = phrase("plain.tag", tag=item["tag"]) if item["tag"] else ""
    caution = "" if item["verified"] else phrase("plain.unverified")
    return phrase("plain.item", text=when + item["text"] + tag + note + caution)


def _source(card: dict[str, Any]) -> str:
    titles = "、".join(f"《{entry['title']}》{entry['article']}" for entry in card["basis"])
    key = "plain.source" if titles else "plain.source_none"
    return phrase(key, name=card["name"], version=card["version"], titles=titles, day=card["reviewed_on"])
