"""Test sentences with identifiers: carriers such as "我的手机是{phone}" filled with seeded, valid numbers."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from bot.check_digits import id_card_check, ours, uscc_check
from bot.identifiers import find

SPOKEN = "零幺二三四五六七八九"
KIND = {
    "id18": "id_number",
    "id18x_lower": "id_number",
    "id15": "id_number",
    "id_cn": "id_number",
    "id_spaced": "id_number",
    "phone": "phone",
    "phone_spaced": "phone",
    "phone_dashed": "phone",
    "phone86": "phone",
    "phone_cn": "phone",
    "phone_pieces": "phone",
    "landline": "landline",
    "plate": "plate",
    "plate_new": "plate",
    "plate_spaced": "plate",
    "uscc": "uscc",
    "case_no": "case_no",
    "booking_no": "booking_no",
    "work_order_no": "work_order_no",
    "last4": "phone_last4",
}
"""Placeholder -> kind of identifier."""


class Filled(NamedTuple):
    """A sentence and the (kind, value) pairs that stand in it."""

    text: str
    values: list[tuple[str, str]]


def filled(case: Mapping[str, Any], seed: int) -> Filled:
    """A carrier with its placeholders filled; the same seed gives the same numbers."""
    rng = random.Random(seed)
    values: list[tuple[str, str]] = []

    def put(match: re.Match[str]) -> str:
        shown, value = _MAKERS[match[1]](rng)
        values.append((KIND[match[1]], value))
        return shown

    return Filled(re.sub(r"\{(\w+)\}", put, str(case["q"])), values)


def score(cases: list[Mapping[str, Any]]) -> tuple[float, float, int]:
    """(precision, recall, identifiers) over all kinds; a wrong kind or value is wrong on both sides."""
    right = found = wanted = 0
    for seed, case in enumerate(cases):
        text, values = filled(case, seed)
        got = [(item.kind, item.value) for item in find(text)]
        wanted, found = wanted + len(values), found + len(got)
        for value in values:
            if value in got:
                got.remove(value)
                right += 1
    return right / max(1, found), right / max(1, wanted), wanted


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _phone(rng: random.Random) -> str:
    return "1" + rng.choice("3456789") + _digits(rng, 9)


def _born(rng: random.Random) -> str:
    return f"{rng.randint(1940, 2015)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"


def _id18(rng: random.Random, *, lower: bool = False) -> str:
    while True:
        body = "3601" + rng.choice(("02", "03", "04", "11", "12", "21", "24")) + _born(rng) + _digits(rng, 3)
        number = body + id_card_check(body)
        if not lower or number.endswith("X"):
            return number


def _spoken(number: str) -> str:
    return "".join(SPOKEN[int(c)] if c.isdigit() else c for c in number)


def _plate(rng: random.Random, new: bool) -> str:
    return "赣" + rng.choice("ABCDEFGHJM") + (rng.choice("DF") if new else "") + _digits(rng, 5)


def _ours(rng: random.Random, letters: str, count: int) -> str:
    body = _digits(rng, count)
    return letters + body + ours(body)


def _same(make: Callable[[random.Random], str]) -> Callable[[random.Random], tuple[str, str]]:
    def both(rng: random.Random) -> tuple[str, str]:
        value = make(rng)
        return value, value

    return both


def _shown(
    make: Callable[[random.Random], str], show: Callable[[str], str]
) -> Callable[[random.Random], tuple[str, str]]:
    def both(rng: random.Random) -> tuple[str, str]:
        value = make(rng)
        return show(value), value

    return both


def _uscc(rng: random.Random) -> str:
    body = "91360100" + "MA" + "".join(rng.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(7))
    return body + uscc_check(body)


def _id15(rng: random.Random) -> str:
    return "360102" + f"{rng.randint(40, 99)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}" + _digits(rng, 3)


_MAKERS: dict[str, Callable[[random.Random], tuple[str, str]]] = {
    "id18": _same(_id18),
    "id18x_lower": _shown(lambda rng: _id18(rng, lower=True), str.lower),
    "id15": _same(_id15),
    "id_cn": _shown(_id18, lambda v: _spoken(v)),
    "id_spaced": _shown(_id18, lambda v: f"{v[:6]} {v[6:14]} {v[14:]}"),
    "phone": _same(_phone),
    "phone_spaced": _shown(_phone, lambda v: f"{v[:3]} {v[3:7]} {v[7:]}"),
    "phone_dashed": _shown(_phone, lambda v: f"{v[:3]}-{v[3:7]}-{v[7:]}"),
    "phone86": _shown(_phone, lambda v: f"+86{v}"),
    "phone_cn": _shown(_phone, _spoken),
    "phone_pieces": _shown(_phone, lambda v: f"{v[:3]}，然后{v[3:7]}，后面是{v[7:]}"),
    "landline": _shown(lambda rng: "07918" + _digits(rng, 7), lambda v: f"{v[:4]}-{v[4:]}"),
    "plate": _same(lambda rng: _plate(rng, False)),
    "plate_new": _same(lambda rng: _plate(rng, True)),
    "plate_spaced": _shown(lambda rng: _plate(rng, False), lambda v: f"{v[:2]} {v[2:]}"),
    "uscc": _same(_uscc),
    "case_no": _same(lambda rng: _ours(rng, "NC", 14)),
    "booking_no": _same(lambda rng: _ours(rng, "YY", 10)),
    "work_order_no": _same(lambda rng: _ours(rng, "GD", 13)),
    "last4": _same(lambda rng: _digits(rng, 4)),
}
