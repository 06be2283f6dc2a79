"""What only looks like a time is blanked (names, places, numbers, durations), slips of the ear are mended.

Both keep the length of the text, so that spans stay true.
"""

from __future__ import annotations

import re

from bot.zh_parts import GREETING

BLANK = "■"
_N = r"(?:\d+|[零〇一二两三四五六七八九十百]+)"
_HOLIDAY_PLACE = r"(?:国庆|五一|八一|五四|三八|六一|七一|元旦|建军|中秋|端午|清明|春节|青年节|劳动|十一|建设)"
_PLACE = (
    r"(?:[东西南北中]?(?:路|大道|大街|街|巷|广场|大?桥|公园|馆|村|新村|社区|小区|苑|里|站|医院"
    r"|商场|大厦)|中学|小学|中(?=[学,，。的上读念门校]))"
)
_SURNAME_AFTER = r"(?:叫|姓名是?|名字是?|名叫|本名|大名|联系人是?|预约人是?|申请人是?)"
_NOT_A_VERB = r"(?![来去过再上下早晚中午办取拿就要想能可约有没开休的行到,，。、\d一二三四五六七八九十])"
_NOT_TIME = re.compile(
    r"第[一二三四五六七八九十\d]+点(?!钟)|[A-Za-z]{1,2}\d{6,}|(?<![\d-])0\d{2,3}-?\d{7,8}(?!\d)"
    r"|[一-鿿]?[A-Z]\d[A-Z0-9]{3,5}|(?<!\d)\d{7,}[Xx]?"
    rf"|(?:早上|上午|中午|下午|晚上|早晨)(?={GREETING})|每个?(?:周|星期|礼拜"
    r"|月)?(?:[一二三四五六日天末]|\d{1,2}[号日])?(?:到|至)?(?:周|星期|礼拜)?[一二三四五六日天]?"
    r"|今年(?!的?(?:\d|[一二三四五六七八九十最国元春清五端中除]))"
    rf"|(?<![下的近第后头首])(?:{_N}|[几多]少?)个(?:工作日|小时|钟头)(?![之以]?后)|{_HOLIDAY_PLACE}(?={_PLACE})"
    rf"|(?:前|后)(?:天线|日子)"
    r"|有一点|差一点|差[一二两三四五六七八九十\d]+点分|(?<![二三四五六七八九十\d])一点[都也儿]|多半|下午茶|周到|周边|周围|今日头条|早一?点(?!半|钟|整"
    r"|[零一二三四五\d])|晚一?点(?!半|钟|整|[零一二三四五\d])"
    rf"|{_SURNAME_AFTER}周[一二三四五六七日天末]{_NOT_A_VERB}[一-鿿]"
    rf"|周[一二三四五六七日天][一-鿿]{{0,1}}(?:先生|女士|师傅|同志|小姐|老师|阿姨|大爷)"
    r"|(?<![周期拜])一下(?=下*个?(?:周|星期|礼拜|月))"
    # 那天礼拜天, 今天都周五了, 明天是周三: a remark on the day named
    r"|(?:(?<=[那当这]天)(?:是|就是|正好是?|刚好是?|好像是?|都)?"
    r"|(?<!不是[明后今]天)(?<=[天号日])(?:都|正好是?|刚好是?|好像是?|可是|就是|也就是|又是|是))"
    r"(?:周|星期|礼拜)[一二三四五六日天末]"
    # 三天内能办好吗, 要等几天: how long, not when
    rf"|{_N}个?(?:天|日|周|星期|礼拜|月|工作日)(?:之内|以内|内|左右)?(?:能|可以?|就)?(?:不能"
    rf"|可不可以)?(?:能|可以)?(?:办[好完成妥]|办[得下]|出[证来结]|下[证来]|拿到?证?[吗么]|拿得到"
    rf"|寄到|审[完好批]|批[下好]|搞定|弄好|做[完好]|取到?证|到手|换好|制好|有结果)"
    rf"|{_N}个?(?:天|日|周|星期|礼拜|月|工作日)(?:之内|以内|内)(?=[你他]?们?(?:还|再|要是)?(?:不|没|未|必须|得给))"
    rf"|(?:路|街|大道|巷|弄|胡同|里弄|村)的?{_N}号|{_N}号(?=楼|院|门|窗|线|车|店|桌|大?厅)"
    rf"|(?:有效期|期限|满|管|排了?|等了?|办了|住了|差|只剩|还剩|还有|工期|请了?|请假|放)(?:大概"
    rf"|大约|差不多)?{_N}个?(?:天|周|星期|礼拜|月|年)(?:假|的假|半)?(?![之以]?后)"
    r"|初[一二三](?=学|班|年级|的?孩子|的?学生|[,，。]|上|下|了)(?<=[上读念]初[一二三])"
)
_GOES_ON = r"[上下早中晚傍的去来,，。可我吧行能有办]|$"
_SLIPS = (
    (re.compile(r"(?<=[一二两三四五六七八九十\d])[典奌](?!当|礼|型|范|藏|故)"), "点"),
    (re.compile(r"(?<=[一二两三四五六七八九十\d]点)[伴拌](?!侣)"), "半"),
    (re.compile(r"(?<=[这本下上])[州洲舟粥](?=[一二三四五六日末])"), "周"),
    (re.compile(rf"(?<=[这本下上]周|星期|礼拜)[衣医依壹伊](?={_GOES_ON})"), "一"),
    (re.compile(rf"(?<=[这本下上]周|星期|礼拜)[散伞叁](?={_GOES_ON})"), "三"),
    (re.compile(rf"(?<=[这本下上]周|星期|礼拜)[似寺肆](?={_GOES_ON})"), "四"),
    (re.compile(rf"(?<=[这本下上]周|星期|礼拜)[武舞伍午](?={_GOES_ON})"), "五"),
    (re.compile(rf"(?<=[这本下上]周|星期|礼拜)[陆溜](?={_GOES_ON})"), "六"),
    (
        re.compile(r"(?<=月)(?P<n>十|[二三]?十?[一二三四五六七八九]|\d{1,2})好(?=$|[,，。上下中早晚吧的])"),
        "号",
    ),
    (
        re.compile(r"(?<![二三四五六七八九\d]十)(?<=[下上中])[五伍物舞](?=[一二两三四五六七八九十\d]+点)"),
        "午",
    ),
    (re.compile(r"(?<![姓功著])名天(?=[上下早晚中去来一二两三四五六七八九十\d,，。]|$)"), "明天"),
    (re.compile(r"(?<!气)候天(?=[上下早晚中去来一二两三四五六七八九十\d,，。]|$)"), "后天"),
    (re.compile(r"[星心新][期其七](?=[一二三四五六日天])"), "星期"),
    (re.compile(r"[里理李礼]拜(?=[一二三四五六日天])"), "礼拜"),
    (re.compile(r"元月(?!台)"), "一月"),
    (re.compile(r"\.{2,}"), ","),
)


def mend(text: str) -> str:
    """Homophones that a speech recogniser or a hasty typist puts for words of time: 三典半 -> 三点半."""
    for pattern, right in _SLIPS:
        text = pattern.sub(lambda m, right=right: _same_length(m[0], right), text)  # type: ignore[misc]
    return text


def _same_length(said: str, right: str) -> str:
    if right == ",":
        return right * len(said)
    return said[: len(said) - len(right)] + right


def mask(text: str) -> str:
    """The text with what is no time blanked."""
    return _NOT_TIME.sub(lambda m: BLANK * len(m[0]), text)


def hide(text: str, start: int, end: int, blank: str = "□") -> str:
    """The text with [start, end) blanked; days and times leave their mark."""
    return text[:start] + blank * (end - start) + text[end:]
