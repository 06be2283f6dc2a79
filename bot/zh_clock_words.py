"""Patterns of times of day: a part of the day, a point (三点半), a range (三点到四点), a bound (最晚)."""

from __future__ import annotations

import re

from bot.zh_parts import GREETING, PARTS

_PART = "|".join(f"(?P<{name}>{pattern})" for name, pattern in PARTS.items())
PART = re.compile(rf"(?:{_PART})(?!{GREETING})(?:的时候|时候|时段|时间)?")
_CN = "一二两三四五六七八九十"
_H = rf"(?:\d{{1,2}}|[{_CN}]{{1,3}})"
_MIN = (
    rf"(?:半|一刻钟?|三刻钟?|过?(?:\d{{1,2}}|[零〇{_CN}]{{1,4}})分?"
    rf"(?![个号块元月人天\d:点时]|[{_CN}]{{1,3}}[点时]))"
)
_NOT_TIME = r"(?!建议|意见|问题|要求|疑问|想法|不明白|不懂|儿|心意)"


def _point_pattern(group: int) -> str:
    """A point of time: 9:30, or 差五分三点, 三点半, 三点一刻; its named groups end in the given figure."""
    g = group
    return (
        rf"(?:(?P<hh{g}>\d{{1,2}}):(?P<mm{g}>[0-5]\d)(?!\d)"
        rf"|(?P<big{g}>差(?:一刻|(?:\d|[{_CN}]){{1,2}}分)钟?(?:到|就)?)?"
        rf"(?P<h{g}>{_H})[点时](?!间|候|段|刻|常|不时){_NOT_TIME}(?P<m{g}>{_MIN})?(?:钟|整|正)?)"
    )


_TAIL = (
    r"(?:多|来钟|来|左右|前后|这样|的样子)?(?P<bound>以前|之前|前(?!台)|以后|之后|过后"
    r"|后(?![天日面])|开始|起(?![来床飞码诉草源因名头步哄重]))?"
)
DASH = r"(?:到|至|-|~|—|——|–)"
POINT = re.compile(r"(?<![\d.几])" + _point_pattern(0) + _TAIL)
SECOND = re.compile(rf"{DASH}(?:{_PART})?" + _point_pattern(1))
SHORT_RANGE = re.compile(rf"(?<![\d.])(?P<a>{_H}){DASH}(?P<b>{_H})[点时](?P<half>半)?钟?")
LEAD = re.compile(r"(?:最[晚迟早]|不[晚早]于|不超过)□*(?:[上下中]午|[早晚]上)?\Z")
BREAK = re.compile(r"[,，。;；]")
PAIR = re.compile(
    r"(?:(?P<x>十一二)|(?P<ten>九、?十)|(?P<p>[一二两三四五六七八]、?[二三四五六七八九]))点钟?(?:多|左右)?"
)
