"""Chinese names that sound like a county's and belong to none, with their pinyin."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

Named = tuple[str, str]  # The characters and their pinyin.

COUNTY: Named = ("安澜县", "Anlan County")

# Streets and communities take their first names from here, in this order.
_STREETS = (
    "人民 Renmin,解放 Jiefang,建设 Jianshe,中山 Zhongshan,和平 Heping,胜利 Shengli,文化 Wenhua,"
    "新华 Xinhua,朝阳 Chaoyang,光明 Guangming,团结 Tuanjie,友谊 Youyi,青年 Qingnian,工农 Gongnong,"
    "东风 Dongfeng,迎宾 Yingbin,府前 Fuqian,学府 Xuefu,站前 Zhanqian,长江 Changjiang,"
    "荆楚 Jingchu,云梦 Yunmeng,翠微 Cuiwei,桃源 Taoyuan,梅园 Meiyuan,松涛 Songtao,竹林 Zhulin,"
    "丹桂 Dangui,紫荆 Zijing,芙蓉 Furong,白云 Baiyun,明珠 Mingzhu,永安 Yong'an,长宁 Changning,"
    "振兴 Zhenxing,复兴 Fuxing,育才 Yucai,红旗 Hongqi,健康 Jiankang,凤凰 Fenghuang"
)
_COMMUNITIES = (
    "幸福 Xingfu,清河 Qinghe,杨柳 Yangliu,双桥 Shuangqiao,古楼 Gulou,文昌 Wenchang,临江 Linjiang,"
    "南湖 Nanhu,北苑 Beiyuan,东园 Dongyuan,西城 Xicheng,莲花 Lianhua,石桥 Shiqiao,柳林 Liulin,"
    "高湾 Gaowan,大塘 Datang,赵河 Zhaohe,青龙 Qinglong,黄岭 Huangling,沙洲 Shazhou,白鹭 Bailu,"
    "新丰 Xinfeng,福田 Futian,马坪 Maping,江堤 Jiangdi,周湾 Zhouwan"
)
_TOWNS = "城西 Chengxi,城东 Chengdong,柳河 Liuhe,石塘 Shitang,北河 Beihe,南岗 Nangang"
_FIRST = (
    "金 Jin,银 Yin,玉 Yu,青 Qing,红 Hong,白 Bai,云 Yun,星 Xing,春 Chun,秋 Qiu,龙 Long,凤 Feng,"
    "松 Song,柏 Bai,梅 Mei,兰 Lan,竹 Zhu,荷 He,桂 Gui,枫 Feng,华 Hua,安 An,康 Kang,宁 Ning,"
    "福 Fu,寿 Shou,德 De,仁 Ren,义 Yi,信 Xin,文 Wen,武 Wu,新 Xin,永 Yong,长 Chang,广 Guang,"
    "明 Ming,兴 Xing,昌 Chang,盛 Sheng,丰 Feng,泰 Tai,和 He,平 Ping,景 Jing,瑞 Rui"
)
_SECOND = (
    "山 Shan,河 He,湖 Hu,泉 Quan,溪 Xi,江 Jiang,港 Gang,湾 Wan,洲 Zhou,桥 Qiao,园 Yuan,林 Lin,"
    "田 Tian,阳 Yang,光 Guang,月 Yue,辉 Hui,霞 Xia,台 Tai,门 Men,城 Cheng,村 Cun,岭 Ling,坪 Ping,"
    "川 Chuan,源 Yuan,塘 Tang,堤 Di,渡 Du,苑 Yuan,庭 Ting,亭 Ting,岗 Gang,坡 Po,石 Shi,沙 Sha,"
    "井 Jing,楼 Lou,原 Yuan,滨 Bin,浦 Pu,津 Jin"
)
COMPOUNDS = [
    "幸福", "阳光", "锦绣", "金域", "翠竹", "书香", "水岸", "和谐", "丽景", "世纪", "香樟",
    "御景", "惠民", "康居", "春晓", "金桂", "碧水", "祥和", "紫金", "东方", "星河", "万和",
    "华庭", "枫林", "都市", "安居", "富康", "银杏", "玉兰", "滨江", "观澜", "翰林", "学苑",
    "名仕",
]  # fmt: skip
ENDINGS = [
    "小区", "花园", "家园", "新村", "华府", "雅苑", "佳苑", "公寓",
]  # fmt: skip
COMPANY_WORDS = [
    "恒达", "宏远", "鑫源", "华泰", "瑞丰", "永兴", "众诚", "百川", "天成", "嘉禾", "东升",
    "金鼎", "远航", "同创", "安源", "立信",
]  # fmt: skip
COMPANY_TRADES = [
    "机械制造", "电子", "服装", "食品", "包装", "建材", "物流", "家具", "纺织", "五金",
    "塑料制品", "环保科技", "汽车配件", "农产品加工",
]  # fmt: skip
# The compounds of the two seed communities, by their letters in the drawn plans.
SEED_COMPOUNDS = {
    "a": "幸福小区", "b": "锦绣花园", "c": "阳光家园", "d": "清河新村", "e": "工人新村",
    "f": "临江小区", "g": "滨江花园", "h": "柳岸小区", "i": "纺织新村", "j": "和平小区",
}  # fmt: skip
_DIGITS = "零一二三四五六七八九"


def _table(text: str) -> list[Named]:
    return [(pair.split(" ")[0], pair.split(" ")[1]) for pair in text.split(",")]


def numeral(number: int) -> str:
    """Write 1 to 999 in Chinese numerals, as lanes are counted."""
    if number >= 100:
        rest = number % 100
        tail = (
            ""
            if rest == 0
            else ("零" if rest < 10 else "") + (("一" if 10 <= rest < 20 else "") + numeral(rest))
        )
        return _DIGITS[number // 100] + "百" + tail
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("" if tens == 1 else _DIGITS[tens]) + "十"
    return head + (_DIGITS[ones] if ones or not tens else "")


def _made_up(rng: np.random.Generator, taken: set[str]) -> Iterator[Named]:
    """Yield names of two characters, each once, in an order that the generator decides."""
    first, second = _table(_FIRST), _table(_SECOND)
    for number in rng.permutation(len(first) * len(second)):
        (a, pa), (b, pb) = first[number // len(second)], second[number % len(second)]
        if a != b and a + b not in taken:
            link = "'" if pb[0] in "AEO" else ""
            yield a + b, pa + link + pb.lower()


def _take(text: str, count: int, rng: np.random.Generator) -> list[Named]:
    names = _table(text)
    more = _made_up(rng, {name for name, _ in names})
    while len(names) < count:
        names.append(next(more))
    return names[:count]


def street_words(count: int, rng: np.random.Generator) -> list[Named]:
    """Return ``count`` different first names of streets."""
    return _take(_STREETS, count, rng)


def community_words(count: int, rng: np.random.Generator) -> list[Named]:
    """Return ``count`` different first names of communities."""
    return _take(_COMMUNITIES, count, rng)


def town_words(count: int, rng: np.random.Generator) -> list[Named]:
    """Return ``count`` different first names of towns."""
    return _take(_TOWNS, count, rng)
