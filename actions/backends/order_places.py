"""Names of places and districts in the words of a complaint. Pure."""

from __future__ import annotations

import re
import unicodedata

from actions.backends.order_policy import OrderPolicy

NO_NAME = re.compile(
    r"[的了在把被给过跑走跳让有没这那个阵我你他她们到]|晚上|湖边|楼[上下道]|门口|隔壁|附近|^[坐乘等]?\d+$"
    r"|^(?:小区|马|铁|公|道|水|电|网|线|大|十字)$"
)
"""What stands before 路, 小区 and the like without naming one: 孩子过马路, 210路, 楼下广场."""
BEFORE = re.compile("[在于住到是说的]")
"""A name begins behind the last of these: 昨天晚上在丰和大道."""
LEADING = re.compile(
    r"^(?:昨[天晚]|今[天晚]|前天|最近|近期|现在|晚上|早上|上午|下午|中午|每天|每晚|经常|一直|请问|你好|您好|反映|投诉|举报|"
    r"家住|住|位于|南昌市?)+"
)
SUFFIX = re.compile(
    r"(?:路|街|大道|巷|小区|花园|花苑|公寓|新村|村|广场|大厦|市场|公园|学校|小学|中学|医院|车站|地铁站)"
    r"(?:[0-9一二三四五六七八九十]+(?:号|栋|幢|弄|期))*$"
)
DANCE = re.compile("广场舞")
"""No square."""
SHORTEST = 2
"""Characters before 路, 小区 and the like that make a name."""


def places_of(policy: OrderPolicy, text: str) -> list[str]:
    """Everything in the words that is the name of a street, an estate or the like, without its district."""
    plain = unicodedata.normalize("NFKC", text)
    plain = DANCE.sub("", plain)
    found = (_name(policy, match.group(1)) for match in policy.place.finditer(plain))
    return [name for name in found if name]


def place_of(policy: OrderPolicy, text: str) -> str:
    """The first of them; "" without one."""
    return next(iter(places_of(policy, text)), "")


def district_of(policy: OrderPolicy, text: str) -> str:
    """The district that is named first in the words; "" without one."""
    places = [
        (text.index(word), name) for name, words in policy.districts.items() for word in words if word in text
    ]
    return min(places)[1] if places else ""


def _name(policy: OrderPolicy, said: str) -> str:
    name = LEADING.sub("", BEFORE.split(said)[-1])
    for words in policy.districts.values():
        for word in words:
            rest = name.removeprefix(word).removeprefix("区")
            if rest != name and len(SUFFIX.sub("", rest)) >= SHORTEST:
                name = rest
    stem = SUFFIX.sub("", name)
    return name if len(stem) >= SHORTEST and not NO_NAME.search(stem) else ""
