"""Numbers that identify a person, a vehicle, a firm or a case: find, normalise, check, mask.

Spaces, dashes, full-width forms, lower case and spoken figures (幺三八零零…) are accepted. Pure; no Rasa.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.check_digits import id_card_valid, ours_valid, uscc_valid
from bot.zh_number import DIGITS, spoken_digits

_D = rf"[0-9{''.join(DIGITS)}]"
_S = r"[ \-_.·—–]{0,2}"  # what people put between groups
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_LAST4_CUE = r"(?:尾号|[后末][四4]位|最后[四4]位|后面[四4]位|验证码) ?(?:数字|数)? ?(?:是|为|:|：)? ?"


def _repeat(count: int) -> str:
    return rf"{_D}(?:{_S}{_D}){{{count - 1}}}"


@dataclass(frozen=True)
class Identifier:
    """One number found.

    Attributes:
        kind: case_no, booking_no, work_order_no, id_number, uscc, phone, landline, plate or phone_last4.
        value: normalised (upper case, figures only between letters).
        start, end: half-open span in the original text.
        valid: its check digit, birthday or form is right; a phone has none and is valid by form.
    """

    kind: str
    value: str
    start: int
    end: int
    valid: bool


_KINDS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE), check)
    for kind, pattern, check in (
        ("case_no", rf"(?<![A-Z])N{_S}C{_S}(?:{_repeat(15)})", lambda v: ours_valid(v[2:])),
        ("booking_no", rf"(?<![A-Z])Y{_S}Y{_S}(?:{_repeat(11)})", lambda v: ours_valid(v[2:])),
        ("work_order_no", rf"(?<![A-Z])G{_S}D{_S}(?:{_repeat(14)})", lambda v: ours_valid(v[2:])),
        ("id_number", rf"(?:{_repeat(17)}){_S}(?:[Xx×]|{_D})", id_card_valid),
        ("uscc", r"(?=[0-9A-Z]{0,17}[A-Z])[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}", uscc_valid),
        ("id_number", rf"{_repeat(15)}", id_card_valid),
        (
            "phone",
            rf"(?:(?:\+|00)?86{_S})?(?P<v>[1一幺]{_S}[3-9三四五六七八九拐勾]{_S}(?:{_repeat(9)}))",
            lambda v: True,
        ),
        ("landline", rf"(?:0\d{{2,3}}{_S}[2-9]\d{{6,7}})", lambda v: True),
        ("plate", rf"[{_PROVINCES}]{_S}[A-Z]{_S}[A-Z0-9](?:{_S}[A-Z0-9]){{3,5}}", lambda v: len(v) in (7, 8)),
        ("phone_last4", rf"{_LAST4_CUE}(?P<v>{_repeat(4)})", lambda v: True),
    )
)
_EDGE = re.compile(rf"[0-9A-Za-z{''.join(DIGITS)}]")
_FIGURE_EDGE = re.compile(r"[0-9A-Za-z]")
_ALONE4 = re.compile(rf"[ ,，。.!！是:：]*(?P<v>{_repeat(4)})[ ,，。.!！吧啊呀的]*")


def find(raw: str) -> list[Identifier]:
    """All identifiers in a text, left to right, none inside another; invalid ones too (valid is False)."""
    text = _narrow(raw)
    found: list[Identifier] = []
    for kind, pattern, check in _KINDS:
        for start, end, value in _matches(pattern, text):
            if any(start < other.end and other.start < end for other in found):
                continue
            value = _normal(value, kind)
            valid = check(value)
            if kind == "id_number" and len(value) == 15 and not valid:
                continue
            if kind == "plate" and not valid:
                continue
            found.append(Identifier(kind, value, start, end, valid))
    alone = _ALONE4.fullmatch(text)
    if alone and not found:
        found.append(Identifier("phone_last4", _normal(alone["v"], "phone_last4"), *alone.span("v"), True))
    return sorted(found, key=lambda item: item.start)


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int, str]]:
    for match in pattern.finditer(text):
        name = "v" if "v" in pattern.groupindex else 0
        start, end = match.span(name)
        whole = match.start() if name == "v" and pattern.pattern.startswith("(?:(?:") else start
        edge = _EDGE if text[start].isdecimal() is False and text[start] in DIGITS else _FIGURE_EDGE
        if end < len(text) and _EDGE.match(text[end]) and not _spoken_word(text, end):
            continue
        if whole > 0 and edge.match(text[whole - 1]):
            continue
        yield start, end, match[name]


def _spoken_word(text: str, end: int) -> bool:
    """A Chinese numeral right after written figures belongs to the sentence (…8000一共)."""
    return text[end] in DIGITS and text[end - 1].isascii()


def _narrow(raw: str) -> str:
    """Full-width forms made narrow without changing the length."""
    return "".join(n if len(n := unicodedata.normalize("NFKC", c)) == 1 else c for c in raw)


def _normal(value: str, kind: str) -> str:
    bare = re.sub(r"[ \-_.·—–]", "", value).replace("×", "X").upper()
    return bare if kind == "plate" else spoken_digits(bare)


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
