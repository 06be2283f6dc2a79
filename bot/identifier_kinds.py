"""What each kind of identifier looks like, and whether a number of that look can be one.

Patterns run over narrowed text (identifiers.find); figures may be spoken (幺三八), groups apart by signs.
"""

from __future__ import annotations

import re

from bot.check_digits import id_card_valid, ours_valid, uscc_valid
from bot.zh_number import DIGITS

SPOKEN = "".join(DIGITS)
FIGURE = rf"[0-9{SPOKEN}]"
_SIGNS = " \t-_.·•—–‐−ー~\u200b\u200c\u200d\u200e\u200f\ufeff"  # the last ones come unseen
APART = rf"[{re.escape(_SIGNS)}]{{0,3}}"  # what people put between groups
LAST_X = r"(?:[Xx×]|叉|[艾埃]克斯)"
_KEPT = str.maketrans(
    {**{char: str(n) for char, n in DIGITS.items()}, "叉": "X", "×": "X", **dict.fromkeys(_SIGNS + "()")}
)
_PLATE_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54"
    " 61 62 63 64 65 71 81 82 83 91".split()
)


def figures(count: int) -> str:
    """Pattern of that many figures."""
    return rf"{FIGURE}(?:{APART}{FIGURE}){{{count - 1}}}"


_MOBILE = rf"[1一幺]{APART}[3-9三四五六七八九拐勾]{APART}{figures(9)}"
_AREA = (
    rf"[0零〇]{APART}(?:[1一幺]{APART}[0零〇]|[2二两]{APART}{FIGURE}"
    rf"|[3-9三四五六七八九拐勾]{APART}{FIGURE}{APART}{FIGURE})"
)
_LOCAL = rf"[2-8二两三四五六七八拐]{APART}{figures(6)}(?:{APART}{FIGURE})?"
_CODE = "[0-9A-HJ-NPQRTUWXY]"
_CODE_FIGURES = "[0-9](?:" + APART + "[0-9]){5}"
_LAST4_CUE = (
    r"(?:尾号|尾数|末尾|结尾|[后末][四4](?:位|码)|最后的?[四4][位个]|后面的?[四4][位个]|验证码) ?"
    r"(?:数字|号码|数|号)? ?(?:就是|是|为|:)? ?"
)

# kind, least figures in it, pattern (group v: the number where there is more to it), in order of precedence
PATTERNS: tuple[tuple[str, int, re.Pattern[str]], ...] = tuple(
    (kind, least, re.compile(pattern, re.IGNORECASE))
    for kind, least, pattern in (
        ("case_no", 15, rf"(?<![A-Z])N{APART}C{APART}{figures(15)}"),
        ("booking_no", 11, rf"(?<![A-Z])Y{APART}Y{APART}{figures(11)}"),
        ("work_order_no", 14, rf"(?<![A-Z])G{APART}D{APART}{figures(14)}"),
        ("id_number", 17, rf"{figures(17)}{APART}(?:{LAST_X}|{FIGURE})"),
        (
            "uscc",
            7,
            rf"[1-9ANY]{APART}[1-9A-HJ-NPQRTUWXY]{APART}{_CODE_FIGURES}{APART}{_CODE}(?:{APART}{_CODE}){{9}}",
        ),
        ("id_number", 15, figures(15)),
        ("phone", 11, rf"(?:(?:\+|00)?86{APART})?(?P<v>{_MOBILE})"),
        ("landline", 10, rf"{_AREA}\)?{APART}{_LOCAL}"),
        (
            "plate",
            3,
            rf"[{_PLATE_PROVINCES}]{APART}[A-Z]{APART}(?:[A-Z0-9](?:{APART}[A-Z0-9]){{3}}"
            rf"(?:{APART}[挂学警港澳领使]|(?:{APART}[A-Z0-9]){{1,2}})|[A-Z]?{figures(5)})",
        ),
    )
)
LAST4 = re.compile(rf"{_LAST4_CUE}(?P<v>{figures(4)})", re.IGNORECASE)
ALONE4 = re.compile(rf"[ ,，。.!！是:：]*(?P<v>{figures(4)})[ ,，。.!！吧啊呀的]*")
AREA = re.compile(_AREA)
LOCAL = re.compile(_LOCAL)


def normal(said: str) -> str:
    """A number as it is kept: figures for spoken ones, capital letters, no signs between groups."""
    if "克斯" in said:
        said = re.sub(LAST_X, "X", said)
    return said.translate(_KEPT).upper()


def plausible(kind: str, value: str, said: str, named: bool) -> tuple[str, bool] | None:
    """The kind that a number is of, and whether it is right; None when it is no identifier.

    A mistyped identity number or credit code is one all the same (wrong, so that we can ask again) where it
    begins with a province or was called one; an order number of that length is not.

    Args:
        kind: the kind whose pattern it fits.
        value: the normalised number.
        said: the number as written.
        named: whether the words before it call it an identity number.
    """
    if kind in ("case_no", "booking_no", "work_order_no"):
        return kind, ours_valid(value[2:])
    if kind == "id_number":
        return _identity(value, named)
    if kind == "uscc":
        return _credit_code(value, said)
    if kind == "plate" and not any(char.isdecimal() for char in value):
        return None
    return kind, True


def _identity(value: str, named: bool) -> tuple[str, bool] | None:
    valid = id_card_valid(value)
    if len(value) == 15:
        return ("id_number", True) if valid and value[:2] in _PROVINCES else None
    if valid:
        return "id_number", True
    if uscc_valid(value) and value[2:4] in _PROVINCES:  # a credit code may do without letters
        return "uscc", True
    return ("id_number", False) if named or value[:2] in _PROVINCES else None


def _credit_code(value: str, said: str) -> tuple[str, bool] | None:
    if value.isdecimal() or (value[2:4] not in _PROVINCES and value[2:8] != "100000"):
        return None
    valid = uscc_valid(value)
    return ("uscc", valid) if valid or len(said) == len(value) else None
