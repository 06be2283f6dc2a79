"""What stands between two times: a correction (周三，不对，周四), a choice (周三或者周四) or neither."""

from __future__ import annotations

import re

from bot.zh_clause import REFUSED

_SAID = r"(?:说|讲|记|看|搞|弄|打|写|听|算|点|选|填|报|约|订|输|念|想)"
FIX = re.compile(
    rf"不对|不不|(?:^|[,，。\s])不(?:是)?(?=$|[,，。\s就])|[哦噢喔啊呃哎诶唉嗯欸额]不(?!错)"
    rf"|不是不是|{_SAID}(?:错|岔|混|反|串|差)|错[了啦]|弄混|口误|嘴瓢|嘴快|更正|纠正|修正"
    r"|算了|等[下等]|等一[下会]|稍等|慢着|且慢|哎呀|呸|[哎唉诶啊哦喔噢](?=[,，。])|(?:说|写|约|订"
    r"|看|弄|点|选|报|听|记)成|抱歉|不好意思|对不起|(?:^|[,，\s])是(?=$)|我(?:说|讲|指)的是|意思是"
    r"|我(?:是|要|想)说|应该是|应为|要的是|主意|变卦|重新|重[说约来]|当我没|作废|取消|撤[了销]"
    r"|收回|忘了"
    r"|改(?![天日]|个时间)|换(?!证|领|发|补|驾|护|身)|[调挪移](?:到|成|至|在|去)?(?=$|[,，]|了|我)"
    r"|[调挪移][到成至]|推[到迟后]|往后|往前|提[前早到]|延[到后迟]|顺延|拖到|(?:现在|如今|结果"
    r"|后来|这下|临时|突然|刚发现).{0,6}(?:只能|只好|得|要|想|变)|只好"
    r"|要不还是|(?:^|[,，。\s])(?:那|那么)(?:就|我就|我|还是|约|只能)?(?=$|□)|干脆|不如|索性"
    r"|还是(?=$)|而是|实际|其实|准确|正确"
)
_RATHER = re.compile(r"(?:想|看|觉得|合计|琢磨)(?:一下|了想|了)?还是")
_FILL = r"(?:就|是|在|约|的|话|那|我|也|来|去|定|排|选|吧|呢|啊|嘛|么|说|要|想|[,，\s])*"
ALT = re.compile(
    rf"(?:或(?:者|是|许)?|还是|要么|要不然?(?:就)?|不然(?:的话)?|抑或|也(?:可以?|行|成)?可?能|也许"
    rf"|也可以|也行|也成|[、/]|以及|还有|否则|实在不行)(?:者)?{_FILL}$|(?:和|跟|与)$"
)
_LIST = re.compile(r"[,，、\s嗯呃额啊哈\-]*$")
_BOTH = re.compile(
    r"(?:也|都|均)(?:行|可以?|成|好|有空|方便|ok|OK|能|没问题)|哪天|哪个|随便|二选一|三选一|选一"
    r"|挑一|任选|看哪|其中|之一"
)
_DECIDED = re.compile(r"(?:吧|好了|得了)(?!还是|[?？])")  # 九点……九点半吧: hesitation, then a choice
_SETTLED = re.compile(
    r"^[^,，。]{0,6}(?:吧|好了|得了|算了|稳妥|好些|好点|保险|合适|更好)(?!还是|[?？]|呢)|^(?:吧|好了)"
)
_NOT_BUT = re.compile(r"(?<!是)不是(?P<no>[^是,，]{1,12}?)(?<!就)(?:[,，]?(?:而)?是(?!不是)|[,，]+(?=□))")
_NOT_THAT = re.compile(r"(?<=□)的?[,，]?不是(?P<no>□+)(?=$|[,，。的])")
_BY_MISTAKE = re.compile(rf"{_SAID}成了?(?P<no>□+)的?了")
UNSURE = re.compile(
    r"说不准|拿不准|说不好|没准儿?|没想好|没定|定不下|不确定|没确定|不一定|到时候?(?:再)?[看说]"
    r"|再看(?!病|牙)|看情况|看看情况|再定|待定|再说(?!一|遍)"
)
_ONLY_HOUR = re.compile(
    r"(?:几点|具体|钟点|时间|时段|上午下午|上午还是下午)[^,，。]{0,8}(?:不|没|待|再)|(?:不|没|待"
    r"|再)[^,，。]{0,6}(?:几点|具体时间)"
)


def refused_words(text: str) -> list[tuple[int, int]]:
    """Spans of what is turned down in 不是周六是周日, 周四不是周五 and 约成周五了."""
    return [m.span("no") for pattern in (_NOT_BUT, _NOT_THAT, _BY_MISTAKE) for m in pattern.finditer(text)]


def link(gap: str, after: str) -> str:
    """What joins two different times, given the text between and after them: fix, alt, list or plain."""
    gap = gap.replace("□", "")
    alternative = ALT.search(gap)
    spoken = gap[: alternative.start()] if alternative else gap
    if FIX.search(spoken) or REFUSED.search(spoken) or _RATHER.search(gap):
        return "fix"
    if alternative:
        return "fix" if _settles(alternative[0], gap, after) else "alt"
    if _BOTH.match(after.lstrip("的")):
        return "alt"
    if _LIST.match(gap):
        return "fix" if ",," in gap and _DECIDED.match(after) else "list"
    return "plain"


def _settles(word: str, gap: str, after: str) -> bool:
    """还是 and 要不 correct where they open a clause and end in a decision: ……还是三点半吧."""
    if not re.match(r"还是|要不|不然|实在", word):
        return False
    opens = bool(re.search(r"[,，。\s…]$", gap[: gap.rindex(word[:2])])) or "算了" in gap
    return bool(_SETTLED.match(after)) and (opens or not word.startswith("要不"))


def is_unsure(text: str) -> bool:
    """Whether the speaker leaves the day open: 说不准, 到时候看; not only its hour."""
    return bool(UNSURE.search(text)) and not _ONLY_HOUR.search(text)
