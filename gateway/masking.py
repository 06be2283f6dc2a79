"""Masks identifiers before anything is logged or stored. Masking is idempotent and never refuses.

Shares its examples with bot/identifiers.py (tests/contracts/masking_examples.yaml), not its code: the
two run in different Pythons.
"""

from __future__ import annotations

import re

PROVINCES = "1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|81|82|91"
BIRTH = r"(?:\d{2})(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
ID_18 = re.compile(rf"(?<!\d)((?:{PROVINCES})\d{{4}})[- ]?(?:18|19|20){BIRTH}[- ]?\d{{3}}[\dXx](?!\d)")
ID_15 = re.compile(rf"(?<![0-9A-Za-z])((?:{PROVINCES})\d{{4}}){BIRTH}\d{{3}}(?![0-9A-Za-z])")
MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d)[- ]?\d{4}[- ]?(\d{4})(?!\d)")
LANDLINE = re.compile(r"(?<!\d)(0\d{2,3})[- ]?\d{3,4}(\d{4})(?!\d)")
OWN = r"(?<!NC )(?<!YY )(?<!GD )(?<!nc )(?<!yy )(?<!gd )"
"""Our own numbers are prefix and digits; typed with a space after the prefix they stay what they are."""
BANK_CARD = re.compile(OWN + r"(?<![0-9A-Za-z])(\d{4})[ ]?(?:\d{4}[ ]?){2,3}(\d{1,4})(?![0-9A-Za-z])")
SPOKEN = "零〇幺一二三四五六七八九两"
SPOKEN_MOBILE = re.compile(
    rf"(?<![{SPOKEN}])([幺一][三四五六七八九][{SPOKEN}])[{SPOKEN}]{{4}}([{SPOKEN}]{{4}})(?![{SPOKEN}])"
)
"""A mobile number in Chinese numerals, as speech recognition or an old hand writes it."""
_FIGURE = rf"[0-9{SPOKEN}]"
_ON = (
    r"(?:[\s,，、。.…~\-—:：;；()]|(?:最[前后]|[前中后末])[面尾]?的?[一两三四六七八\d]{1,2}[位个]|然后|接着"
    r"|再就是|再|后[面边]|前面|中间|最后|末尾|末位|尾号|就是|是|呢|嗯|呃|额|啊|哦|那个|这个|的|生日|号码|电话|座机){0,8}"
)
"""What may stand between the pieces of a number that is said aloud: 138，然后0013，后面是8000."""
SAID_ID = re.compile(
    rf"(?<!{_FIGURE})(?<![A-Za-z*])(?:{_FIGURE}{_ON}){{17}}(?:[Xx叉]|{_FIGURE})(?!{_FIGURE})"
)
SAID_MOBILE = re.compile(
    rf"(?<!{_FIGURE})(?<![A-Za-z*])[1幺一]{_ON}[3-9三四五六七八九](?:{_ON}{_FIGURE}){{9}}(?![0-9元块万亿平个%])"
)
SAID_LANDLINE = re.compile(
    rf"(?<!{_FIGURE})(?<![A-Za-z*])[0零〇]{_ON}[1-9幺一二三四五六七八九](?:{_ON}{_FIGURE}){{8,10}}(?!{_FIGURE})"
)
_DIGITS = dict(zip("零一二三四五六七八九〇幺两叉", "0123456789012X", strict=True))
_PIECE = re.compile(rf"{_FIGURE}+")
HOUSE = re.compile(
    r"((?:路|街|大道|巷|弄|小区|花园|家园|新村|社区|村|苑|公寓)[^，。；,;\s]{0,12}?)"
    r"[0-9一二三四五六七八九十百零〇]{1,5}\s*(?:号|栋|幢|座|弄)"
    r"(?:[^，。；,;\s]{0,4}?[0-9一二三四五六七八九十百零〇]{1,5}\s*(?:单元|室|号|楼|层|栋|房))*"
)


def mask(text: str, *, places: bool = True) -> str:
    """Return `text` with ID numbers, phones, bank cards and house numbers masked.

    With `places=False` landlines and house numbers stay: an officer gives those of public offices.

    Case, booking and work-order numbers (letters followed by digits) stay: they are needed and say nothing.

    >>> mask("我叫王明，电话13812345678")
    '我叫王明，电话138****5678'
    """
    while (masked := _once(text, places)) != text:  # one mask may lay bare the next; each leaves fewer digits
        text = masked
    return text


def _once(text: str, places: bool) -> str:
    text = ID_18.sub(r"\1************", text)
    text = ID_15.sub(r"\1*********", text)
    text = MOBILE.sub(r"\1****\2", text)
    text = SPOKEN_MOBILE.sub(r"\1****\2", text)
    text = SAID_ID.sub(_said_id, text)
    text = SAID_MOBILE.sub(_said_mobile, text)
    text = BANK_CARD.sub(r"\1********\2", text)
    if not places:
        return text
    text = LANDLINE.sub(r"\1****\2", text)
    text = SAID_LANDLINE.sub(_said_landline, text)
    return HOUSE.sub(r"\1***", text)


def _figures(said: str) -> str:
    return "".join(_DIGITS.get(char, char) for char in said if char in _DIGITS or char in "0123456789Xx")


def _said_id(match: re.Match[str]) -> str:
    figures = _figures(match[0])
    return figures[:6] + "*" * 12 if ID_18.fullmatch(figures) else match[0]


def _said_mobile(match: re.Match[str]) -> str:
    """Not 三笔1380，2400，999: a mobile number begins with a piece of three or seven figures."""
    sizes = [len(piece) for piece in _PIECE.findall(match[0])]
    figures = _figures(match[0])
    if len(figures) != 11 or sizes[0] not in (3, 7, 8, 11) or min(sizes) < 2:
        return match[0]
    return f"{figures[:3]}****{figures[-4:]}"


def _said_landline(match: re.Match[str]) -> str:
    figures = _figures(match[0])
    area = figures[:3] if figures[1] in "12" else figures[:4]
    local = figures[len(area) :]
    return f"{area}****{local[-4:]}" if len(local) in (7, 8) and local[0] in "2345678" else match[0]
