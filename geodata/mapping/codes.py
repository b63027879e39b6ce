"""The codes of fields that take no other values, by the words that files use for them."""

from __future__ import annotations


def _spread(words: dict[str, str]) -> dict[str, str]:
    """Turn code -> words into word -> code, the code being a word of itself."""
    return {
        word: code for code, listed in words.items() for word in (code, *listed.split())
    }  # fmt: skip


LEVELS = _spread({
    "county": "区县 县 区 市辖区 县级市 旗 district",
    "town": "街道 乡镇 乡 镇 街道办事处 township street",
    "community": "社区 村 村居 居委会 社区居委会 行政村 village",
})  # fmt: skip
CELL_KINDS = _spread({
    "basic": "基础 基础网格 一般 普通 普通网格",
    "dedicated": "专属 专属网格 专属单位网格",
    "micro": "微 微网格",
})  # fmt: skip
PLACE_KINDS = _spread({
    "police_room": "警务室 派出所 police", "service_centre": "服务中心 便民服务中心 党群服务中心",
    "community_office": "社区用房 居委会 社区居委会", "school": "学校 小学 中学",
    "kindergarten": "幼儿园", "enterprise": "企业 公司 工厂", "clinic": "诊所 卫生站 卫生室",
    "hospital": "医院", "market": "市场 菜市场 农贸市场", "park": "公园", "bank": "银行",
    "station": "车站 地铁站", "worship": "宗教场所 寺庙 教堂", "care_home": "养老院 敬老院",
    "toilet": "公厕 公共厕所", "parking": "停车场", "other": "其他 其它",
})  # fmt: skip
CADRE_KINDS = _spread({
    "full_time": "专职 专职网格员 全职", "part_time": "兼职 兼职网格员 辅警 协管员",
    "volunteer": "志愿者 义工",
})  # fmt: skip
ACTIVITY_KINDS = _spread({
    "sweep": "排查 摸排 大排查 隐患排查 矛盾排查", "inspection": "检查 巡查 场所检查 安全检查",
    "meeting": "会议 例会", "publicity": "宣传", "training": "培训",
    "visit": "来访接待 接访 接待来访 来访", "patrol": "义务巡逻 巡逻 志愿巡逻",
}) | {
    "Sweep": "sweep", "Inspection": "inspection", "Meeting": "meeting", "Publicity": "publicity",
    "Training": "training", "Visits received": "visit", "Volunteers' patrol": "patrol",
}  # fmt: skip
