"""Names people give: 我叫李建国, 姓名:王小梅, 罗女士; and a bare 张伟 as a candidate only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

DATA = Path(__file__).resolve().parents[1] / "nlu_data" / "names.yml"
"""Surnames and words that are no names; gateway/bare_answers.py reads them too."""
_LISTS = yaml.safe_load(DATA.read_text("utf-8"))
_COMPOUND, _SINGLE = "|".join(_LISTS["compound"]), "".join(_LISTS["single"])
_SURNAME = rf"(?:{_COMPOUND}|[{_SINGLE}])"
_HAN = r"[一-鿿]"
_STOP = r"(?=[,，。.;；!！、\s\d]|$|手机|电话|身份证|男|女|今年|住在|想|要|来|的)"
_TOLD = re.compile(
    rf"(?:(?:我|他|她|我妈|我爸|老人|孩子|本人|对方|人家)(?:妈|爸)?(?:的)?(?:名字|姓名)?(?:叫做|名叫|叫|是)|(?:名字|姓名).{{0,5}}(?:应该是|改成|改为)|姓名(?:是|为|叫)?[:：]?\s*|名字(?:是|叫)[:：]?\s*|预约人[:：]?\s*|本人叫?)"
    rf"(?P<name>{_SURNAME}{_HAN}{{1,3}}?){_STOP}"
)
_TITLED = re.compile(rf"(?P<name>{_SURNAME}(?:先生|女士|小姐|阿姨|师傅|大爷|老师|奶奶|爷爷|大姐|大哥))")
_SURNAMED = re.compile(rf"我姓(?P<name>{_SURNAME}){_STOP}")
_BARE = re.compile(rf"\s*(?P<name>(?:(?:{_COMPOUND}){_HAN}{{1,2}}|[{_SINGLE}]{_HAN}{{1,2}}))\s*[。.]?\s*")
# Words that start with a surname character and are no names; common ones in this trade.
_NOT_NAMES = frozenset(_LISTS["not_names"].split())


@dataclass(frozen=True)
class PersonName:
    """A name found: half-open span; certain is False for a bare word that may be something else."""

    value: str
    start: int
    end: int
    certain: bool


def find_name(text: str) -> PersonName | None:
    """The first name told in a text; else the whole short text as a candidate; else None."""
    for pattern in (_TOLD, _SURNAMED, _TITLED):
        match = pattern.search(text)
        if match and match["name"] not in _NOT_NAMES:
            return PersonName(match["name"], *match.span("name"), True)
    parts = re.split(r"[\s,，]+", text.strip())
    if len(parts) == 2 and len(parts[0]) <= 5 and _BARE.fullmatch(parts[1]):  # 先约我的 孙志强
        if parts[1] not in _NOT_NAMES and not _BARE.fullmatch(parts[0]):
            start = text.rindex(parts[1])
            return PersonName(parts[1], start, start + len(parts[1]), False)
    match = _BARE.fullmatch(text)
    if (
        match
        and match["name"] not in _NOT_NAMES
        and not re.search(r"[吗呢吧了啊呀的]$|[不没]", match["name"])
    ):
        return PersonName(match["name"], *match.span("name"), False)
    return None
