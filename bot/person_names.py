"""Names people give: 我叫李建国, 姓名:王小梅, 罗女士; and a bare 张伟 as a candidate only."""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMPOUND = "欧阳|司马|上官|诸葛|司徒|东方|皇甫|尉迟|令狐|公孙|慕容|夏侯|端木|独孤|轩辕|宇文|长孙"
_SINGLE = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎"
    "鲁韦昌马苗凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄"
    "和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭"
    "梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣邓郁单杭洪包诸左石崔吉钮龚程"
    "嵇邢裴陆荣翁荀羊惠甄曲封芮储靳焦谷车侯宓蓬全班仰秋仲伊宫宁仇甘厉祖武符刘景詹束龙叶幸司韶黎薄印白"
    "怀蒲从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍桑桂牛寿通边扈燕冀郏浦尚农"
    "温别庄晏柴瞿阎充慕连茹习艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东殳沃利蔚越夔隆师巩"
    "厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公涂揭闫肖佘帅"
    "付兰冉佟覃丘欧谌檀岳苟麦邸苑仝乐"
)
_SURNAME = rf"(?:{_COMPOUND}|[{_SINGLE}])"
_HAN = r"[一-鿿]"
_STOP = r"(?=[,，。.;；!！、\s\d]|$|手机|电话|身份证|男|女|今年|住在|想|要|来|的)"
_TOLD = re.compile(
    rf"(?:(?:我|他|她|我妈|我爸|老人|孩子|本人|对方|人家)(?:妈|爸)?(?:的)?(?:名字|姓名)?(?:叫做|名叫|叫|是)|(?:名字|姓名).{{0,5}}(?:应该是|改成|改为)|姓名(?:是|为|叫)?[:：]?\s*|名字(?:是|叫)[:：]?\s*|预约人[:：]?\s*|本人叫?)"
    rf"(?P<name>{_SURNAME}{_HAN}{{1,3}}?){_STOP}"
)
_TITLED = re.compile(rf"(?P<name>{_SURNAME}(?:先生|女士|小姐|阿姨|师傅|大爷|老师|奶奶|爷爷|大姐|大哥))")
_SURNAMED = re.compile(rf"我姓(?P<name>{_SURNAME}){_STOP}")
_BARE = re.compile(rf"\s*(?P<name>(?:(?:{_COMPOUND}){_HAN}{{1,2}}|[{_SINGLE}]{_HAN}{{1,2}}))\s*[。.]?\s*")
# Words that start with a surname character and are no names; common ones in this trade.
_NOT_NAMES = frozenset(
    """
    万一 万元 万寿宫 万达 东湖 东湖区 东西 东边 严格 严谨 严重 乐园 乐平 乐意 习惯 于今 于是 于都 云办
    云端 从头 从头来 从来 任何 任意 何况 何地 何必 何时 余款 余额 储蓄 充值 充电 党员 全国 全天 全家
    全对 全新 全日制 全是 全款 全部 全都 全错 全额 公交 公公 公司 公告 公安 公示 公租房 公积金 公证
    公证处 关于 关掉 关系 关门 关闭 养狗 养老 养老金 农历 农村 农民 冷死了 冷静 凌晨 利息 利率 利益 别人
    别吵 别弄了 别急 别的 别说了 别走 别问了 劳务 劳动 包含 包子 包括 包裹 华为 华侨 单位 单号 单子 单据
    单独 单身 卢比 印刷 印章 古代 史上 司令 司机 司法 吉安 后台 后天 后年 后悔 后面 向上 向前 向导
    向日葵 周一 周三 周二 周五 周六 周四 周天 周日 周末 和好 和平 和我 和的 和解 和谐 国企 国外 国家
    国庆 国籍 多谢 孙女 孙子 宁波 安义 安义县 安全 安排 安置 安置房 安装 安静 宋城 家属 容易 尚未 居住
    居住证 左右 左边 师傅 师父 师范 席位 常住 常委 常年 常用 常见 干什么 干嘛 干活 干部 平台 平安 平时
    幸好 幸福 广告 广场 广州 应届 应急 应聘 应该 康复 张贴 強制 强制 强拆 强行 怀孕 成交 成人 成功 成年
    成绩 成都 户口 房东 房产 房子 房本 房租 房贷 支付 支付宝 支持 文书 文件 文凭 文化 方便 方案 方法
    施工 施工证 时候 时刻 时效 时段 时间 明天 明年 明早 明晚 明白 明白了 明细 易拉宝 晚上 景区 景德镇
    曲线 权利 权限 查一下 查件 查无 查档 查看 查询 查账 查进度 步行 步骤 武汉 毛毛 毛病 水务 水电 水表
    水费 江西 江西省 江边 池子 汤圆 温度 温馨 游客 满16 满了 满十八 满意 满意度 满月 牛奶 牛逼 田地 田里
    白天 白痴 白色 盖章 相关 相同 相片 石头 石材 石油 程序 空着 空调 空闲 章子 章程 童叟 童年 童装 简单
    管理 管道 米饭 红包 红色 红谷滩 纪念 终于 终止 经常 经开 经开区 经理 经营 羊肉 胡扯 胡说 胡闹 能不能
    能办 能吗 能的 能约 能行 花园 花钱 莫非 蒲公英 蓝色 解决 解押 解答 解释 解除 计划 计时 计算 许可
    许可证 许多 谢了 谢啦 谢谢 谢谢你 谢谢啊 贝贝 费用 贺卡 越快越好 越来越 路上 路口 路边 车位 车库
    车牌 车票 车管所 车辆 边上 边防 连线 连锁 通知 通行 通行证 通过 那个 那好 那就 那样 那行 那边 那里
    都不 都不是 都可以 都好 都对 都昌 都有 都没有 都行 金融 金钱 金额 钱包 钱呢 钱多少 闻到 随便 雷同
    项目 项链 须知 饶命 马上 马上去 高中 高兴 高新 高新区 高级 高考 高速 高铁 高龄 鱼塘 麻烦 麻烦了
    麻烦你 黄色 黄金 齐了 齐全 龙虎山
    """.split()
)


@dataclass(frozen=True)
class PersonName:
    """A name found: half-open span; certain is False for a bare word that may be something else."""

    value: str
    start: int
    end: int
    certain: bool


def find_name(text: str) -> PersonName | None:
    """The first name told in a text; else the whole short text as a candidate; else None."""
    for pattern in (_TOLD, _SURNAMED, _TITLED):
        match = pattern.search(text)
        if match and match["name"] not in _NOT_NAMES:
            return PersonName(match["name"], *match.span("name"), True)
    parts = re.split(r"[\s,，]+", text.strip())
    if len(parts) == 2 and len(parts[0]) <= 5 and _BARE.fullmatch(parts[1]):  # 先约我的 孙志强
        if parts[1] not in _NOT_NAMES and not _BARE.fullmatch(parts[0]):
            start = text.rindex(parts[1])
            return PersonName(parts[1], start, start + len(parts[1]), False)
    match = _BARE.fullmatch(text)
    if (
        match
        and match["name"] not in _NOT_NAMES
        and not re.search(r"[吗呢吧了啊呀的]$|[不没]", match["name"])
    ):
        return PersonName(match["name"], *match.span("name"), False)
    return None
