"""Numbers that identify a person, a vehicle, a firm or a case: find, normalise, check, mask.

Spaces, dashes, full-width forms, lower case, spoken figures (幺三八零零…) and numbers said in pieces are
accepted. Pure; no Rasa.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest

from bot.check_digits import id_card_valid
from bot.identifier_kinds import ALONE4, LAST4, PATTERNS, SPOKEN, normal, plausible
from bot.identifier_pieces import find_pieced, opens_a_word


@dataclass(frozen=True, slots=True)
class Identifier:
    """One number found.

    Attributes:
        kind: case_no, booking_no, work_order_no, id_number, uscc, phone, landline, plate or phone_last4.
        value: normalised (upper case, figures only between letters).
        start, end: half-open span in the original text.
        valid: its check digit, birthday or form is right; a phone has none and is valid by form.
        withdrawn: taken back by a correction; another of its kind follows.
    """

    kind: str
    value: str
    start: int
    end: int
    valid: bool
    withdrawn: bool = False


# One character to one, so that spans stay true. Numbers in circles (①) are no figures of a number.
_WIDE = {
    code: narrow
    for low, high in ((0xA0, 0xA1), (0x2000, 0x2E80), (0x3000, 0x3400), (0xFE00, 0xFFF0), (0x1D400, 0x1D800))
    for code in range(low, high)
    if unicodedata.category(chr(code)) != "No"
    and len(narrow := unicodedata.normalize("NFKC", chr(code))) == 1
    and narrow != chr(code)
}
_EDGE = re.compile(rf"[0-9A-Za-z*{SPOKEN}]")
_FIGURE_EDGE = re.compile(r"[0-9A-Za-z*]")
_FIGURES = re.compile(rf"[0-9{SPOKEN}]")
_CALLED = re.compile(
    r"(?<![A-Za-z])(?:tel|phone|mobile|dh|sj|sjh|dianhua|shouji|id|sfz|sfzh|no)\Z", re.IGNORECASE
)
_IDENTITY = re.compile(r"(?:身份|证件|公民|证)号?码?[^0-9，。]{0,6}\Z|sfzh?[^0-9]{0,3}\Z", re.IGNORECASE)
_CARD = re.compile(r"(?:(?<![0-9])[0-9]{4}[ \-]){2}\Z")
_GLUED = re.compile(
    r"(?<![0-9A-Za-z])(?:(?P<i>[0-9]{17}[0-9Xx])(?P<m>1[3-9][0-9]{9})|(?P<m2>1[3-9][0-9]{9})(?P<i2>[0-9]{17}[0-9Xx]))"
    r"(?![0-9A-Za-z])"
)
_LEAST_GLUED, _LEAST_PIECED = 28, 10  # figures
_GROUP = re.compile(r"[ \-][0-9]{1,4}(?![0-9一-鿿])")  # one more group of a longer number
_MONEY = re.compile(r"元(?!旦)")
_TAKEN_BACK = re.compile(r"不对|[说讲念记打写输报]错|错[了啦]|口误|更正|[哦噢喔啊呃]不|不不")
_NOT_BUT = re.compile(r"[^0-9A-Za-z是]{0,3}(?:应该)?(?:而)?是[^0-9]{0,4}\Z")
_FAR = 16


def find(raw: str) -> list[Identifier]:
    """All identifiers in a text, left to right, none inside another; invalid and withdrawn ones too."""
    text = raw if raw.isascii() else raw.translate(_WIDE)
    count = len(_FIGURES.findall(text))
    if count < 3:
        return []
    found = list(_glued(text)) if count >= _LEAST_GLUED else []

    def taken(start: int, end: int) -> bool:
        return any(start < other.end and other.start < end for other in found)

    for kind, least, pattern in PATTERNS:
        position = 0
        while count >= least and (match := pattern.search(text, position)):
            one = _one(kind, match, text, found)
            if one and not taken(one.start, one.end):
                found.append(one)
            position = one.end if one else match.start() + 1
    if count - sum(len(_FIGURES.findall(item.value)) for item in found) >= _LEAST_PIECED:
        found += [Identifier(p.kind, p.value, p.start, p.end, True) for p in list(find_pieced(text, taken))]
    for match in LAST4.finditer(text):
        start, end = match.span("v")
        if _free(text, start, start, end, found) and not taken(start, end):
            found.append(Identifier("phone_last4", normal(match["v"]), start, end, True))
    if not found and (alone := ALONE4.fullmatch(text)):
        found.append(Identifier("phone_last4", normal(alone["v"]), *alone.span("v"), True))
    found.sort(key=lambda item: item.start)
    return list(_with_corrections(text, found))


def _one(kind: str, match: re.Match[str], text: str, found: list[Identifier]) -> Identifier | None:
    """The identifier of a match, None when it is none."""
    name = "v" if "v" in match.re.groupindex else 0
    start, end = match.span(name)
    if not _free(text, match.start(), start, end, found):
        return None
    said, value = match[name], normal(match[name])
    if kind == "phone" and (_MONEY.match(text, end) or (len(said) > len(value) and _GROUP.match(text, end))):
        return None
    before = text[max(0, start - _FAR) : start]
    judged = plausible(kind, value, said, kind == "id_number" and bool(_IDENTITY.search(before)))
    return Identifier(judged[0], value, start, end, judged[1]) if judged else None


def _free(text: str, whole: int, start: int, end: int, found: list[Identifier]) -> bool:
    """Whether a number ends on both sides: no figure or letter goes on, save those of another identifier."""
    if end < len(text) and _EDGE.match(text[end]) and not opens_a_word(text, end):
        if not any(other.start == end for other in found):
            return False
    if whole == 0 or any(other.end == whole for other in found):
        return True
    before = text[max(0, whole - _FAR) : whole]
    if _CARD.search(before):
        return False
    edge = _EDGE if text[start] in SPOKEN else _FIGURE_EDGE
    return not edge.match(before[-1]) or bool(_CALLED.search(before))


def _glued(text: str) -> Iterator[Identifier]:
    """An identity number and a mobile number written without a space between them."""
    for match in _GLUED.finditer(text):
        if all(id_card_valid(match[name]) for name in ("i", "i2") if match[name]):
            for name in ("i", "i2", "m", "m2"):
                if match[name]:
                    kind = "phone" if name[0] == "m" else "id_number"
                    yield Identifier(kind, match[name].upper(), *match.span(name), True)


def _with_corrections(text: str, found: list[Identifier]) -> Iterator[Identifier]:
    """The identifiers, those marked that the next of their kind takes the place of."""
    for item, following in zip_longest(found, found[1:]):
        gap = text[item.end : following.start] if following else ""
        back = (
            following is not None
            and following.kind == item.kind
            and len(gap) <= _FAR
            and (_TAKEN_BACK.search(gap) or (text[: item.start].endswith("不是") and _NOT_BUT.fullmatch(gap)))
        )
        yield replace(item, withdrawn=True) if back else item


def mask(raw: str) -> str:
    """The text with every identifier's middle starred out; idempotent and of the same length."""
    chars = list(raw)
    for item in find(raw):
        kept_before, kept_after = _KEPT[item.kind]
        for index in range(item.start + kept_before, max(item.end - kept_after, item.start + kept_before)):
            chars[index] = "*"
    return "".join(chars)


_KEPT = {
    "case_no": (2, 4),
    "booking_no": (2, 4),
    "work_order_no": (2, 4),
    "id_number": (3, 2),
    "uscc": (4, 4),
    "phone": (3, 4),
    "landline": (0, 4),
    "plate": (2, 2),
    "phone_last4": (4, 0),
}
