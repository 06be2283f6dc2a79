"""Nothing in an answer that is not in the guide or an approved phrase: every guide, field, situation."""

import re
from datetime import date
from itertools import product
from typing import Any

import pytest

from knowledge.answer import Answer
from knowledge.card import build_card
from knowledge.guide import FIELDS, Guide
from knowledge.library import check_folder
from knowledge.plain import plain_text
from knowledge.settings import KnowledgeSettings
from knowledge.wording import data

HOLE = re.compile(r"\{[a-z_]+\}")
JOINERS = ["、", "，并且", "，", "；", "或", "如果", "是", "：", "。", "\n", "《", "》", "份", "（", "）"]
FORMS = ["原件", "复印件", "原件和复印件", "电子", "填写", "到场"]


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    return [text for item in value for text in strings(item)] if isinstance(value, list) else []


APPROVED = {part for text in strings(data("phrases")) for part in HOLE.split(text) if part}


def own_texts(guide: Guide) -> set[str]:
    """Every text of the guide that may be said, whole and without its full stop; names, dates, numbers."""
    found = {guide.name, guide.summary, guide.department, guide.version, guide.reviewed_on.isoformat()}
    found |= {guide.fee.summary, guide.visits.note, str(guide.visits.count)}
    for part in guide.parts():
        texts = [part.text, part.scope, part.channel] if hasattr(part, "text") else [part.name, part.note]
        found |= set(texts)
        found |= {str(getattr(part, "copies", "") or "")}
    found |= {faq.question for faq in guide.faq} | set(FORMS)
    for situation in guide.situations:
        found |= {situation.ask, *(option.label for option in situation.options)}
    for entry in guide.basis:
        found |= {entry.title, entry.article, entry.number}
    found |= {text.rstrip("。") for text in found}
    return {text for text in found if text}


def made_of(text: str, atoms: list[str]) -> int:
    """How far the text can be read as a row of atoms; its length when wholly."""
    reach = {0}
    furthest = 0
    for start in range(len(text)):
        if start not in reach:
            continue
        for atom in atoms:
            if text.startswith(atom, start):
                reach.add(start + len(atom))
                furthest = max(furthest, start + len(atom))
    return furthest


@pytest.fixture(scope="module")
def guides() -> list[Guide]:
    return list(check_folder(KnowledgeSettings().guides_dir, date.today()).guides.values())


def test_every_answer_is_made_of_the_guides_words_and_approved_phrases(guides: list[Guide]) -> None:
    checked = 0
    for guide in guides:
        atoms = sorted({*own_texts(guide), *APPROVED, *JOINERS}, key=len, reverse=True)
        choices = [[None, *(o.value for o in s.options)] for s in guide.situations]
        whole = set()
        for values in product(*choices):
            keys = [s.key for s in guide.situations]
            facts = {k: v for k, v in zip(keys, values, strict=True) if v}
            for field in ("", *FIELDS):
                fields = (field,) if field else ()
                lead, card = build_card(guide, facts, fields)
                whole.add(
                    plain_text(Answer("answered", guide.id, field, lead=lead, card=card, fields=fields))
                )
        for line in {line for text in whole for line in text.split("\n")}:
            done = made_of(line, atoms)
            assert done == len(line), (
                guide.id,
                line[max(0, done - 20) : done],
                ">>>",
                line[done : done + 30],
            )
            checked += 1
    assert checked > 5000


def test_an_invented_word_would_be_found(guides: list[Guide]) -> None:
    guide = guides[0]
    atoms = sorted({*own_texts(guide), *APPROVED, *JOINERS}, key=len, reverse=True)
    line = f"{guide.summary}另外送一份礼物。"
    assert made_of(line, atoms) < len(line)
