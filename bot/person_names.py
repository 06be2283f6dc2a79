"""Names people give: 我叫李建国, 姓名:王小梅, 罗女士; and a bare 张伟 as a candidate only."""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMPOUND = "欧阳|司马|上官|诸葛|司徒|东方|皇甫|尉迟|令狐|公孙|慕容|夏侯|端木|独孤|轩辕|宇文|长孙"
_SINGLE = ("赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
           "酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒"
           "屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣邓郁单杭洪包诸左"
           "石崔吉钮龚程嵇邢裴陆荣翁荀羊惠甄曲封芮储靳焦谷车侯宓蓬全班仰秋仲伊宫宁仇甘厉祖武符刘景詹束龙叶幸司韶黎薄印白怀蒲从鄂索咸籍赖卓"
           "蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍桑桂牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习艾鱼容向古易慎戈廖庾终暨"
           "居衡步都耿满弘匡国文寇广禄阙东殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公涂揭闫肖佘帅")
_SURNAME = rf"(?:{_COMPOUND}|[{_SINGLE}])"
_HAN = r"[一-鿿]"
_STOP = r"(?=[,，。.;；!！、\s\d]|$|手机|电话|身份证|男|女|今年|住在|想|要|来|的)"
_TOLD = re.compile(
    rf"(?:我(?:的)?(?:名字|姓名)?(?:叫做|叫|是)|姓名(?:是|为|叫)?[:：]?\s*|名字(?:是|叫)[:：]?\s*|预约人[:：]?\s*|本人叫?)"
    rf"(?P<name>{_SURNAME}{_HAN}{{1,3}}?){_STOP}")
_TITLED = re.compile(rf"(?P<name>{_SURNAME}(?:先生|女士|小姐|阿姨|师傅|大爷|老师|奶奶|爷爷|大姐|大哥))")
_SURNAMED = re.compile(rf"我姓(?P<name>{_SURNAME}){_STOP}")
_BARE = re.compile(rf"\s*(?P<name>(?:(?:{_COMPOUND}){_HAN}{{1,2}}|[{_SINGLE}]{_HAN}{{1,2}}))\s*[。.]?\s*")
# Words that start with a surname character and are no names; common ones in this trade.
_NOT_NAMES = frozenset(
    "明天 明早 明晚 后天 后年 周一 周二 周三 周四 周五 周六 周日 周天 周末 时间 方便 平时 高新区 高新 经开区 经开 红谷滩 东湖区 东湖 安义 安义县 万达 房产 "
    "居住证 居住 公司 公积金 公证 公安 解押 和解 国庆 全部 全都 全家 能办 能约 能行 能吗 满意 满十八 应该 和谐 方法 成年 成功 成人 时候 单位 单身 "
    "车牌 车辆 计划 经理 于是 别人 别的 别急 广场 路上 水电 水费 石头 雷同 金额 常用 边上 单子 养老 养老金 解除 解答 项目 查询 查一下 查进度 查件 查看 房子 "
    "房本 户口 全款 项目 能不能 万一 向前 从头来 从来 从头 关闭 关掉 终止 通过 通知 简单 強制 利息 费用 安全 安排 常住 平安 高中 高兴 高龄 贝贝 明白 明白了 "
    "晚上 温馨 幸好 闻到 怀孕 后悔 全天 强制 容易 相同 须知 那里 那个 那就 那好 那行 那边 都行 都可以 都不 都好 都不是 空着 干嘛 干什么 师傅 师父 "
    "随便 包括 包子 都对 时段 谢谢 谢了 谢谢你 谢谢啊 谢啦 多谢 何时 何地 江西 江西省 石油 应届 应急 连线 于今 支付 支付宝 管理 安装 成都 广州 "
    "金融 和平 和我 乐意 向上 云端 红包 花钱 米饭 国籍 国家 国外 文化 文凭 党员 农村 农民 常年 满了 满月 满16 麻烦 麻烦你 麻烦了 古代 游客 幸福 强行 "
    "司法 司机 经常 平台 水表 养狗 步行 步骤 查档 查账 牛逼 白痴 池子 别问了 别弄了 别 别走 别吵 别说了 习惯 车管所 印章 印刷 后台 后面 公公 公租房 "
    "易拉宝 充值 充电 车票 单号 全是 全错 全对 全新 左边 左右 高级 高考 安静 全额 都有 都没有 空闲 能 能的 明细 明年 包裹 劳动 劳务 家属 贺卡 时刻 "
    "任何 任意 和好 温度 农历 向日葵 严格 严重 童年 童装 康复 乐园 常见 景区 白天 黄金 蓝色 白色 黄色 红色 花园 汤圆 毛病 毛毛 史上 查无 计算 席位 "
    "路口 路边 房东 房贷 房租 边防 强拆 单独 全日制 通行证 通行 连锁 相片 相关 关系 关于 关门 利率 万寿宫 干部 干活 广告 解决 解释 公证处 公告 公交 "
    "何必 何况 华为 时效 牛奶 鱼塘 羊肉 胡说 胡闹 胡扯 严谨 章程 章子 常委 田地 余额 余款 金钱 计时 越快越好 尚未 冷静 冷死了 向导 终于 国企 文件 文书 "
    "贾 钱多少 钱包 钱 钱呢 孙子 孙女 许可 许可证 许多 施工 施工证 张贴 华侨 水务 云办 马上 马上去 方案 安置 安置房 于都 乐平 齐了 齐全 和的 成绩 "
    "成交 宋城 纪念 项链 江边 童叟 高铁 高速 田里 凌晨 万元 支持 管道 卢比 莫非 经营 应聘 单据 包含 石材 吉安 程序 曲线 储蓄 车位 车库 全国 宁波 "
    "武汉 景德镇 龙虎山 司令 蒲公英 都昌 满意度 东西 东边 利益 越来越 师范 那样 饶命 空调 权利 权限 盖章 公示 有".split())


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
    match = _BARE.fullmatch(text)
    if match and match["name"] not in _NOT_NAMES and not re.search(r"[吗呢吧了啊呀的]$|[不没]", match["name"]):
        return PersonName(match["name"], *match.span("name"), False)
    return None
