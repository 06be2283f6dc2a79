"""Numbers said in pieces: 138，然后0013，后面是8000; 前六位360102，中间19900307，末尾0014.

Between the pieces only words that carry a number on may stand; a piece that is taken back (7091，不对，7092)
gives way to the next one. Case, booking, work-order and identity numbers must have the right check digit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.check_digits import id_card_valid, ours_valid
from bot.identifier_kinds import APART, AREA, FIGURE, LAST_X, LOCAL, SPOKEN, normal, plausible
from bot.zh_number import DIGITS

OPENS_A_WORD = (
    r"一(?=[下共直定起些会般样切旦辈次])|[两三](?=[次种口])|二(?=维)|四(?=周)|[一两三四五六七八](?=[位个])"
)
"""A Chinese numeral that begins a word of the sentence: …二三四五一共."""
_RUN = re.compile(
    rf"(?:(?<![A-Za-z])(?:NC|YY|GD){APART})?(?:(?!{OPENS_A_WORD}){FIGURE})"
    rf"(?:{APART}(?!{OPENS_A_WORD}){FIGURE})*",
    re.IGNORECASE,
)
_CARRIES_ON = re.compile(
    r"(?:[\s,，、。.…~\-—:：;；()]|(?:最[前后]|[前中后末])[面尾]?的?[一两三四六七八\d]{1,2}[位个](?:数字?|号码)?"
    r"|然后|接着|接下来|再就是|再来|再|下面|后[面边头]|前面|中间|最后|末尾|末位|尾号|尾数|就是|是|呢|嗯|呃|额|啊"
    r"|哦|噢|喔|唉|诶|哈|那个|这个|那|就|的|出生日期|出生年月日?|生日|号码|电话|座机|本机|加上?|跟着?|和)*"
)
_TAKEN_BACK = re.compile(r"不对|不是|[说讲念记]错|错[了啦]|口误|[哦噢喔啊呃]不")
_TAIL_X = re.compile(rf"(?:大写|小写|字母|英文|一个|个|的)*{LAST_X}")
_CALLED = re.compile(r"(?:手机|电话|号码|联系|打给|拨打?|号是|tel|mobile)[^0-9]{0,10}\Z", re.IGNORECASE)
_COUNTED = re.compile(
    r"元(?!旦)|块钱?|万(?!一)|亿|平|米|号(?!码)|[栋幢楼室层]|[个岁年月日点分度%]|人(?!工)|户"
)
_OLD_GROUPS = ([6, 6, 3], [6, 9])
_FAR = 16  # characters between two pieces
_SHORTEST, _LONGEST = 10, 18  # figures
_FIRST = (3, 7, 8)  # figures in the first piece of a mobile number when nothing calls it one


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of figures: half-open span and the figures."""

    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class Pieced:
    """A number put together: kind, normalised value, half-open span from its first to its last piece."""

    kind: str
    value: str
    start: int
    end: int


def find_pieced(text: str, taken: Callable[[int, int], bool]) -> Iterator[Pieced]:
    """Numbers in two pieces or more in a narrowed text, left to right.

    Args:
        text: the narrowed text.
        taken: whether a span lies in an identifier that is already found.
    """
    runs = [
        Piece(m.start(), m.end(), normal(m[0])) for m in _RUN.finditer(text) if not taken(m.start(), m.end())
    ]
    if len(runs) < 2 and not (runs and len(runs[0].value) == 17):
        return
    after = 0
    for index, run in enumerate(runs):
        if run.start < after:
            continue
        found = _from(text, runs[index : index + 20])
        if found:
            after = found.end
            yield found


def _from(text: str, runs: list[Piece]) -> Pieced | None:
    """The number that begins with the first run."""
    if runs[0].start and re.match(r"[0-9A-Za-z*第¥$#]", text[runs[0].start - 1]):
        return None
    chain: list[Piece] = []
    found: Pieced | None = None
    for run in runs:
        gap = text[chain[-1].end : run.start] if chain else ""
        if chain and _takes_back(gap, chain, run):
            chain.pop()
        elif found or len(gap) > _FAR or not _CARRIES_ON.fullmatch(gap):
            break
        chain.append(run)
        if (length := sum(len(piece.value) for piece in chain)) > _LONGEST:
            break
        if length >= _SHORTEST:
            found = _complete(text, chain) or found
    return found


def _takes_back(gap: str, chain: list[Piece], run: Piece) -> bool:
    """Whether a run takes the place of the last piece: 7091，不对，7092."""
    return (
        len(chain) > 1
        and len(gap) <= _FAR
        and len(run.value) == len(chain[-1].value)
        and bool(_TAKEN_BACK.search(gap))
    )


def _complete(text: str, chain: list[Piece]) -> Pieced | None:
    value, start, end = "".join(p.value for p in chain), chain[0].start, chain[-1].end
    if _goes_on(text, end):
        return None
    prefix = value[:2]
    if prefix.isalpha():
        kind = {"NC": ("case_no", 17), "YY": ("booking_no", 13), "GD": ("work_order_no", 16)}[prefix]
        right = len(value) == kind[1] and len(chain) > 1 and ours_valid(value[2:])
        return Pieced(kind[0], value, start, end) if right else None
    if len(value) == 17 and (tail := _tail_x(text, end)) and id_card_valid(value + "X"):
        return Pieced("id_number", value + "X", start, tail)
    if len(chain) < 2:
        return None
    old = (
        len(value) == 15 and [len(piece.value) for piece in chain] in _OLD_GROUPS
    )  # they have no check digit
    if (old or len(value) == 18) and (plausible("id_number", value, value, False) or ("", False))[1]:
        return Pieced("id_number", value, start, end)
    if _is_mobile(text, chain, value):
        return Pieced("phone", value, start, end)
    if AREA.fullmatch(chain[0].value) and LOCAL.fullmatch(value[len(chain[0].value) :]):
        return Pieced("landline", value, start, end)
    return None


def _goes_on(text: str, end: int) -> bool:
    return end < len(text) and bool(re.match(r"[0-9A-WYZa-wyz*]", text[end]))


def _tail_x(text: str, end: int) -> int | None:
    """Where an X that is said after the seventeenth figure ends."""
    carried = _CARRIES_ON.match(text, end)
    tail = _TAIL_X.match(text, carried.end() if carried else end)
    return tail.end() if tail else None


def _is_mobile(text: str, chain: list[Piece], value: str) -> bool:
    if len(value) != 11 or value[0] != "1" or value[1] < "3" or _COUNTED.match(text, chain[-1].end):
        return False
    if _CALLED.search(text[max(0, chain[0].start - 16) : chain[0].start]):
        return True
    return len(chain[0].value) in _FIRST and all(len(piece.value) > 1 for piece in chain)


def opens_a_word(text: str, at: int) -> bool:
    """Whether the numeral there belongs to the sentence rather than to a number before it."""
    return text[at] in DIGITS and (text[at - 1] not in SPOKEN or bool(re.match(OPENS_A_WORD, text[at:])))
