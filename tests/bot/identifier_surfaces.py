"""Ways to write and say identifiers, sentences they stand in, and numbers that only look like one."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import NamedTuple

from hypothesis import strategies as st

from bot import identifier_cases

CARRIERS = (
    "{}",
    "{}。",
    "我的是{}",
    "我的号{}你查一下",
    "麻烦登记{}，谢谢",
    "（{}）请核对",
    "“{}”是本人的",
    "王师傅{}王师傅说材料齐了",
    "嗯……{}，对，就是这个",
    "号码:{},办居住证",
    "查\n{}\n谢谢",
    "帮我看看{}吧",
    "  {} ",
    "我今年68岁，住5栋3单元，{}，约明天上午十点",
    "{}记下了吗，等了3个月了",
)

LOOK_ALIKES = (
    "工行卡6222021502012345678",
    "6217 0001 1381 2345 678",
    "订单号20261124998877665544",
    "单号12345678901234567890",
    "28888888888",
    "中奖了5000000元",
    "12345热线",
    "20260315买的",
    "QQ号139709123",
    "手机号1397091234少一位",
    "139709123456多了一位",
    "13栋2单元1801室",
    "第139条第7款",
    "验证码791234",
    "8:30-12:00，13:30-17:00",
    "版本13.8.0",
    "面积138.86平，总价1397091元",
    "139个人70个车位",
    "一三五限行还是二四六限行",
    "先交1860，再交7003，还差391",
    "三笔钱1380，2400，999元",
    "房号1386，1387，1388",
    "13、14、15、16、17、18号窗口",
    "2018，2019，2020，2021年",
    "二零二六年十一月二十四号",
    "2015年6月7号生，2021年9月1号上学",
    "发票代码036002100111",
    "条形码6901234567892",
    "编号3601-2026-0099",
    "28.6820 115.8579",
    "学籍号G360102201001015566",
    "型号A7K213",
    "车位A1234",
    "邮编330006",
    "0791是区号",
    "1390000元首付",
)
_SPOKEN = str.maketrans("0123456789", "零幺二三四五六七八九")
_PLAIN = str.maketrans("0123456789", "零一二三四五六七八九")


class Said(NamedTuple):
    """One identifier as somebody says it: kind and value as find() gives them, and the words."""

    kind: str
    value: str
    text: str


def _groups(value: str, *sizes: int) -> list[str]:
    parts, at = [], 0
    for size in sizes:
        parts.append(value[at : at + size])
        at += size
    return parts


def _pieced(*sizes: int) -> Callable[[str, random.Random], str]:
    def say(value: str, rng: random.Random) -> str:
        fillers = "，然后 ，后面是 …… ， 嗯 ，接着是 ，最后 ，再 、 \n ，那个，".split(" ")
        first, *rest = _groups(value, *sizes)
        return first + "".join(rng.choice(fillers) + part for part in rest)

    return say


def _split(sign: str, *sizes: int) -> Callable[[str, random.Random], str]:
    return lambda value, rng: sign.join(_groups(value, *sizes))


def _wide(value: str, rng: random.Random) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() else c for c in value)


def _mixed(value: str, rng: random.Random) -> str:
    at = rng.randint(1, len(value) - 1)
    return value[:at].translate(_SPOKEN) + value[at:]


_ANY: tuple[Callable[[str, random.Random], str], ...] = (
    lambda value, rng: value,
    lambda value, rng: value.lower(),
    _wide,
)
_SPEECH: tuple[Callable[[str, random.Random], str], ...] = (
    lambda value, rng: value.translate(_SPOKEN),
    lambda value, rng: value.translate(_PLAIN),
    _mixed,
)
SURFACES: Mapping[str, tuple[Callable[[str, random.Random], str], ...]] = {
    "phone": (
        *_ANY,
        *_SPEECH,
        _split(" ", 3, 4, 4),
        _split("-", 3, 4, 4),
        _split(".", 3, 4, 4),
        _split(" - ", 3, 4, 4),
        lambda value, rng: f"+86{value}",
        lambda value, rng: f"+86 {value}",
        _pieced(3, 4, 4),
        _pieced(7, 4),
        _pieced(3, 8),
        lambda value, rng: _pieced(3, 4, 4)(value.translate(_SPOKEN), rng),
    ),
    "id18": (
        *_ANY,
        *_SPEECH,
        _split(" ", 6, 8, 4),
        _split("-", 6, 8, 4),
        _pieced(6, 8, 4),
        _pieced(6, 4, 4, 4),
        lambda value, rng: value[:-1] + "，最后一位是X" if value.endswith("X") else value,
        lambda value, rng: value[:-1] + "叉" if value.endswith("X") else value,
    ),
    "id15": (*_ANY, _split(" ", 6, 6, 3)),
    "uscc": (*_ANY, _split(" ", 8, 9, 1)),
    "plate": (*_ANY, _split(" ", 2, 5), _split("·", 2, 5)),
    "plate_new": (*_ANY, _split(" ", 2, 6)),
    "landline": (
        *_ANY,
        _split("-", 4, 8),
        _split(" ", 4, 4, 4),
        lambda value, rng: value.translate(_SPOKEN),
        lambda value, rng: f"({value[:4]}){value[4:]}",
    ),
    "case_no": (*_ANY, _split(" ", 2, 8, 7)),
    "booking_no": (*_ANY, _split("-", 2, 6, 5)),
    "work_order_no": _ANY,
    "last4": tuple(
        (lambda value, rng, cue=cue: cue + value)  # type: ignore[misc]
        for cue in ("尾号", "尾号是", "后四位", "后四位是", "尾数", "最后四个数", "末四位：")
    ),
}


@st.composite
def said_identifiers(draw: st.DrawFn) -> Said:
    """A valid identifier in one of the ways to say its kind."""
    name = draw(st.sampled_from(sorted(SURFACES)))
    seed = draw(st.integers(0, 10_000))
    kind, value = identifier_cases.filled({"q": "{" + name + "}"}, seed).values[0]
    say = draw(st.sampled_from(SURFACES[name]))
    return Said(kind, value, say(value, random.Random(seed)))
