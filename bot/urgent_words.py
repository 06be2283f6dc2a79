"""Words that mean danger now. They outrank the intent model: a missed emergency costs more."""

from __future__ import annotations

import re

_DANGER = re.compile(
    r"救命|救救我|快来救|快?(?:打|拨|拨打|叫)(?:110|119|120)|叫救护车|(?:快|要|帮我|帮忙|赶紧)报警"
    r"|(?:着|起|失)火(?!车|锅|的车|灾险)|火灾(?!险|保险)|烧起来了|冒(?:浓|黑)烟|爆炸了"
    r"|自杀|不想活|活不下去|(?<!笑)(?<!想)想死(?!你|我了|她|他)|跳(?:楼|河|江|桥)(?!价)|一死了之|结束(?:我的?)?生命|割腕|喝农药|服毒|吃了.{0,4}安眠药"
    r"|(?:煤气|燃气|天然气)(?:泄漏|泄露|漏)|有人(?:持刀|拿刀|砍人|捅人|抢劫|落水|溺水|晕倒|昏倒)|拿刀(?:砍|捅)|被(?:捅|砍)了|砍人|杀人"
    r"|溺水|昏迷|昏倒|昏过去|晕倒|叫不醒|没(?:有)?呼吸|喘不(?:上|过)气|大出血|触电|不省人事|抽搐"
)
_ASKS_ABOUT = re.compile(
    r"(?:证明|报告|保险|救助金|抚恤|赔偿|报销|工伤|注销|公证|鉴定|培训|消防验收)(?!.{0,6}救命)"
)


def means_danger(text: str) -> bool:
    """Whether a text speaks of danger now, and not of papers about it (火灾证明怎么开)."""
    return bool(_DANGER.search(text)) and not _ASKS_ABOUT.search(text)
