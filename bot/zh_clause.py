"""Clauses of a text with times in it: which ask for a time, which turn one down, which tell of other things.

Works on a text in which the times are already blanked (□), so that 下班以后 or 国庆 cannot mislead it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

REFUSED = re.compile(
    r"(?<!行)不行|没得时间|(?<!方便)不方便|去不了|来不了|过不去|过不来|(?<!可)不可以"
    r"|不得闲|没得空|(?<!能)不能(?!来|约|过|安|给|帮|早|晚|换|改|办)"
    r"|有事|有[^,，。]{0,4}的?事(?!情?要办)|不去(?!了?就)|出差|加班|开会|要上班|得上班|排不开|冲突"
    r"|撞了|赶不上|来不及|满了|约满|(?<!有)没有?(?:号|空|时间|名额)|抢不到|(?<!成)不成(?!问题)"
    r"|走不开|抽不开|脱不开|不要□|不要约|不约|别约|别排|别给|取消|太早|太晚|太赶|太急|太远"
    r"|嫌[早晚]|怕?赶不[过及到]|不在家|不在南昌|不在本地|还在外地|还?在外面|在外地|要输液|输液"
    r"|没人(?=$|[吧啊,，])"
    r"|有课|要考试|值班|上夜班|夜班|要接|要送|要陪|要带|接孩子|送孩子|不合适|不太行|不太方便"
    r"|不太好|不够|不想|不用了|没办法|没法|够呛|悬|除外|就算了|不考虑|不算|不好请假|请不了假"
    r"|没人看店|起不来|没成|没去成|没赶上|错过|用不上|放弃|下雨|下雪"
)
ASKS_HOURS = re.compile(
    r"开不开|上不上班|办不办公|营不营业|休不休息|放不放假|关不关门|上班(?:吗|么|不|嘛|没|啊|时间)"
    r"|开门(?:吗|么|不|没|嘛|啊|时间|办公)|办公(?:吗|么|不|没|嘛|时间)"
    r"|营业(?:吗|么|不|没|嘛|时间|到)|休息(?:吗|么|不|嘛|时间)|放假(?:吗|么|不|嘛)|关门(?:吗|么|不"
    r"|没)|下班(?:吗|么|没|时间)|(?:有没有|有)人(?:值班|上班|在吗|办公|吗|没|不)|有没有人"
    r"|值班(?:吗|么|不)"
    r"|(?:几点钟?|什么时候|啥时候|多久|几时)(?:开|关|上班|下班|休|打烊|结束|停|截)|[开到]几点"
    r"|开放(?:吗|时间)|(?:工作|作息|服务)时间|开着吗|照常|对外(?:吗|办|接)|办公吗|接待吗|受理吗"
    r"|还开吗|开吗|开不$|开门不|不休|休吗|歇吗|歇不歇|有(?:什么|啥|没有).{0,3}(?:规定|政策|变化"
    r"|要求|活动)|(?<!能)办不办|还办[吗么不]|放(?:几|多少)天|放假(?:怎么|安排|通知|时间)|^□+怎么|能[^,，。]{0,4}(?:办好|办完"
    r"|办下来|下来|出来|拿到|拿证|寄到|出证|审完|批下)|人多(?:吗|不|么)|排队(?:吗|不)|堵(?:吗|不)"
    r"|限行"
)
_OFFICE = (
    r"(?:你们|您们|你那|那边|你处|大厅|中心|窗口|单位|派出所|所里|政务|办事处|车管所|店里?|系统|机器"
    r"|银行|学校|幼儿园|邮局)"
)
FACT = re.compile(
    r"(?<![的要约就])是□[^,，。]{1,14}[^□约订]的$|满.{0,4}岁|(?:上次|那次|那天|那回|当时"
    r"|当初).{0,4}(?:来|去|是|办|说)|办的(?!话)|办理的|领的|拿的|取的|发的|签的|买的|出的|交的"
    r"|生的|出生|生日|生人|到期|过期|失效|满期|期满|拿到|收到|领到|下来的|来的电话|办过|来过|去过"
    r"|打过|问过|交过(?![去来])|申请过|登记过|补过|咨询过"
    r"|搬[走来到家过进]|丢[的了]|掉[的了]|弄丢|遗失|被偷|被盗|被抢|退回|被[退拒驳]|驳回|违章|违停"
    r"|罚款?|扣分|扣了|拍到|贴的?条|剐蹭|追尾|撞的|机票|车票|船票|动车|航班|飞机|的票|起飞|落地"
    r"|婚礼|结的婚|结婚(?!登记|证|手续)|办酒|摆酒|喜酒|领过?证的|开学|中考|高考|考试|面试|放榜"
    r"|军训"
    r"|打烊|(?<!一)开门(?!我?就)|关门|开业|开张|关店|收摊|(?<!要)下班(?!前|后|顺路|路上|的|了|过|来|去|直接|之|以"
    r"|就|再|我)|上班(?!前|之|以|路上|后|的|就来|我就|第)|停电|停水|断网|住院|手术|出院|化疗|去世"
    r"|过世|走的|没的|毕业|入职|辞职|离职|退休|截止|生效|起诉|立案|开庭|判的|回来过|才回|刚回|到账"
    r"|打款|寄出|寄的|快递|交房|入住|租的|租约|合同|续签到|装修|接种|打的?疫苗|体检|评的|签约|起算"
    r"|建的|成立|注册的|"
    r"来南昌的|调来|迁来|迁过来|迁出|落户的|转学|放[寒暑]假|放寒暑假|放假?[\d一二三四五六七八九十]+天|的作息|检修|停办|盘点|活动"
    rf"|{_OFFICE}.{{0,8}}(?:休息|放假|不上班|不开|没人|不办|停)|通知说|短信说|听说|据说|公告|[前后]有效|有效期"
)
CUE = re.compile(
    r"(?<!解)约(?!束|定俗|莫|好了的|了的那次)|(?:定|订|排|放|安排|改|换|挪|调|选|挑)(?:在|到|成|个"
    r"|下|那|这|□)|□(?:的?号)?(?:我?来|过来|过去|去|到|办|行|可以|成|吧|好了|能|有空|得空|方便"
    r"|有号|还有号|有名额|合适|倒?可以|倒行)|挂[个号]|打算|准备|(?<!没)想|来办|去办|过来|过去|再来"
    r"|再去|再试|来[拿取交]|上门|有号|有名额|行吗|行不|行么|可以吗|可不可以|可以不|可以么|成吗"
    r"|成不|成么|能不|能.{0,8}[吗不么嘛]|合适|好吗|好不好|麻烦|帮我|给我|方便|有空|得空|就行|就好"
    r"|吧$|好了$|最好|赶在|赶(?=□)|请你们|总之|所以|只有|只能"
)
# 体检约下周二: an event that can be booked, and is
_BOOKED = re.compile(
    r"(?:考试|体检|面试|手术|疫苗|接种|落户|转学)的?(?:时间)?(?:我?想|要|能不能|可以)?(?:预?约|改|排|定)(?:在|到)?□"
)
_TAKEN_UP = re.compile(
    r"(?:[那当][天日]|那个?时候|那会儿?|到时)(?:我|我们|就|再|直接)*(?:[来去约办]|过[来去])(?!过)"
    r"|(?:有|行|可以|开|在|上班)(?:的话)?(?:我|那|就)*(?:就|的话)(?:我|给我|帮我)?(?:[来去约订排办]|过[来去])"
    r"|[给帮替]我(?:[约订挂留排]|预约)|[,，。?？]我(?:就|再)?(?:过?来|过?去)(?=$|[,，。吧啊])"
)
_EDGE = re.compile(r"[,，。;；!！?？\n]+")
_BEFORE_CUE = re.compile(
    r"(?<=.)(?=想|打算|准备|麻烦|帮我|给我|能不能|可不可以|所以|那就?□|要不|不如|干脆|改[到成为]"
    r"|换[到成]|就□|但□|但是|不过|我□)"
)


@dataclass(frozen=True)
class Clause:
    """One clause: half-open span and what it does with the times in it."""

    start: int
    end: int
    refused: bool
    fact: bool  # tells of something else, or asks for opening hours
    cue: bool  # speaks of coming or booking


def is_taken_up(blanked: str, since: int) -> bool:
    """Whether a time spoken of as a fact is asked for afterwards: 六点半还有人吗？有就约; 我就那天去."""
    return bool(_TAKEN_UP.search(blanked, since))


def find_clauses(blanked: str, mentions: Sequence[tuple[int, int]]) -> list[Clause]:
    """The clauses of a text whose times are blanked; mentions are the spans of the times."""
    edges = [0, *(m.end() for m in _EDGE.finditer(blanked)), len(blanked)]
    clauses: list[Clause] = []
    for start, end in zip(edges, edges[1:], strict=False):
        inside = [m for m in mentions if start <= m[0] < end]
        cuts = _cuts(blanked, start, end, inside) if len(inside) > 1 else []
        points = [start, *cuts, end]
        clauses += [_clause(blanked, a, b) for a, b in zip(points, points[1:], strict=False) if a < b]
    return clauses


def _cuts(text: str, start: int, end: int, inside: Sequence[tuple[int, int]]) -> list[int]:
    """Where one clause without a comma falls into two: 周六不行|周日可以, 驾照下周到期|想周五来换."""
    points = {m.end() for p in (REFUSED, FACT) for m in p.finditer(text, start, end)}
    points |= {m.start() for m in _BEFORE_CUE.finditer(text, start, end)}
    return sorted(
        point
        for point in points
        if start < point < end
        and any(m[1] <= point for m in inside)
        and any(m[0] >= point for m in inside)
        and not any(m[0] < point < m[1] for m in inside)
    )


def _clause(text: str, start: int, end: int) -> Clause:
    said = text[start:end].rstrip(",，。;；!！\n")
    fact = bool(FACT.search(said)) and not _BOOKED.search(said) or bool(ASKS_HOURS.search(said))
    return Clause(start, end, bool(REFUSED.search(said)), fact, bool(CUE.search(said)))
