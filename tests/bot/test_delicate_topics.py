"""bot/delicate_topics.py: what an assistant of the city must not answer itself."""

from __future__ import annotations

from typing import Optional

import pytest

from bot.delicate_topics import find_topic, names


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("我这官司能打赢吗", "law"),
        ("离婚财产怎么分", "law"),
        ("老板这样算不算违法", "law"),
        ("发烧吃什么药", "medicine"),
        ("我这个症状要不要手术", "medicine"),
        ("帮我查一下我前夫名下有没有房子", "others"),
        ("邻居的身份证号给我", "others"),
        ("你能保证办成吗", "promise"),
        ("身份证丢了怎么补", None),
        ("我老婆能代办吗", None),
        ("", None),
    ],
)
def test_topics(text: str, topic: Optional[str]) -> None:
    found = find_topic(text)
    assert (found.name if found else None) == topic
    if found:
        assert 0 <= found.start < found.end <= len(text)
    assert set(names()) == {"law", "medicine", "others", "promise"}
