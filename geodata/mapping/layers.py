"""The layers, their fields, and what files call them."""

from __future__ import annotations

from geodata.mapping.codes import (
    ACTIVITY_KINDS,
    CADRE_KINDS,
    CELL_KINDS,
    LEVELS,
    PLACE_KINDS,
)
from geodata.mapping.fields import Field, Kind, Layer

_ID = ("id", "编号", "序号", "唯一编号", "externalid", "objectid", "fid", "gid", "osmid")
_NAME = ("name", "名称", "名字", "mingcheng", "mc")
_COUNT: Kind = "integer"

_BUILDING_ID = Field("text", ("楼栋编码", "楼栋编号", "建筑编号", "buildingid", *_ID))
_MONTH = Field("month", ("month", "月份", "统计月份", "年月", "统计时间"))
_COUNTS = {
    "households": Field(_COUNT, ("households", "户数", "总户数", "住户数")),
    "residents": Field(
        _COUNT,
        (
            "residents",
            "population",
            "常住人口",
            "常住人口数",
            "人口",
            "人口数",
            "居民数",
            "户籍人口",
        ),
    ),
    "temporary_residents": Field(
        _COUNT, ("temporaryresidents", "流动人口", "流动人口数", "暂住人口", "外来人口")
    ),
    "rented_homes": Field(
        _COUNT, ("rentedhomes", "出租房", "出租房数", "出租屋", "出租户数", "出租房屋数")
    ),
    "shops": Field(_COUNT, ("shops", "商铺", "商铺数", "店铺", "店铺数", "门店数", "沿街商铺")),
}

LAYERS: dict[str, Layer] = {
    "units": Layer(
        {
            "code": Field(
                "text",
                (
                    "code",
                    "编码",
                    "代码",
                    "区划代码",
                    "行政区划代码",
                    "单元编码",
                    "社区编码",
                    "unitcode",
                    "adcode",
                    "统计用区划代码",
                ),
                True,
            ),
            "parent_code": Field(
                "text", ("parentcode", "parent", "上级编码", "上级代码", "父级编码", "上级区划代码")
            ),
            "level": Field("text", ("level", "级别", "层级", "类型", "单元类型"), True, LEVELS),
            "name": Field(
                "text",
                (
                    *_NAME,
                    "单元名称",
                    "社区名称",
                    "街道名称",
                    "区划名称",
                    "nhdname",
                    "wardname",
                    "district",
                ),
                True,
            ),
            "name_en": Field("text", ("nameen", "englishname", "英文名称", "英文名")),
        },
        frozenset({"Polygon", "MultiPolygon"}),
        False,
        ("code",),
    ),
    "cells": Layer(
        {
            "code": Field(
                "text",
                (
                    "code",
                    "网格编码",
                    "网格编号",
                    "网格代码",
                    "编码",
                    "cellcode",
                    "gridcode",
                    "gridid",
                ),
            ),
            "community_code": Field(
                "text", ("communitycode", "社区编码", "社区代码", "所属社区编码", "所属社区")
            ),
            "kind": Field("text", ("kind", "type", "网格类型", "类型"), False, CELL_KINDS),
            "name": Field("text", ("网格名称", *_NAME)),
            "valid_from": Field(
                "date", ("validfrom", "生效日期", "启用日期", "起始日期", "开始日期")
            ),
            "valid_to": Field("date", ("validto", "失效日期", "停用日期", "终止日期", "结束日期")),
        },
        frozenset({"Polygon", "MultiPolygon"}),
        True,
        ("code", "valid_from"),
    ),
    "buildings": Layer(
        {
            "external_id": _BUILDING_ID,
            "name": Field("text", ("楼栋名称", "楼名", "建筑名称", "楼栋", "buildingname", *_NAME)),
            "address": Field("text", ("address", "地址", "门牌号", "楼栋地址", "详细地址", "addr")),
            "kind": Field("text", ("kind", "building", "楼栋类型", "建筑类型", "用途", "类型")),
            "storeys": Field(
                _COUNT, ("storeys", "floors", "levels", "层数", "楼层数", "buildinglevels")
            ),
            "month": _MONTH,
            **_COUNTS,
        },
        frozenset({"Point", "Polygon", "MultiPolygon"}),
        True,
        ("external_id", "month"),
    ),
    "building_counts": Layer(
        {
            "external_id": _BUILDING_ID,
            "month": _MONTH,
            **_COUNTS,
        },
        frozenset(),
        False,
        ("external_id", "month"),
    ),
    "ground": Layer(
        {
            "external_id": Field("text", _ID),
            "name": Field("text", _NAME),
            "kind": Field("text", ("kind", "类型", "类别", "type", "fclass", "natural"), True),
        },
        frozenset({"LineString", "MultiLineString", "Polygon", "MultiPolygon"}),
        True,
        ("external_id",),
    ),
    "places": Layer(
        {
            "external_id": Field("text", ("场所编码", "场所编号", "placeid", *_ID)),
            "name": Field("text", ("场所名称", "单位名称", *_NAME), True),
            "kind": Field(
                "text",
                ("kind", "场所类型", "场所类别", "类型", "类别", "type", "category"),
                False,
                PLACE_KINDS,
            ),
            "address": Field("text", ("address", "地址", "场所地址", "详细地址", "addr")),
            "area_m2": Field(
                "number", ("aream2", "area", "面积", "建筑面积", "面积平方米", "占地面积")
            ),
        },
        frozenset({"Point"}),
        True,
        ("external_id",),
    ),
    "roads": Layer(
        {
            "external_id": Field("text", ("道路编号", "道路编码", "roadid", *_ID)),
            "name": Field("text", ("道路名称", "路名", "street", "streetname", *_NAME)),
            "kind": Field("text", ("kind", "highway", "道路类型", "道路等级", "类型", "fclass")),
            "oneway": Field("boolean", ("oneway", "单行", "是否单行", "单行道")),
            "bridge": Field("boolean", ("bridge", "桥", "是否桥梁", "桥梁")),
            "tunnel": Field("boolean", ("tunnel", "隧道", "是否隧道")),
            "foot": Field("boolean", ("foot", "可步行", "步行")),
            "bicycle": Field("boolean", ("bicycle", "可骑行", "骑行")),
            "car": Field("boolean", ("car", "可行车", "机动车")),
        },
        frozenset({"LineString", "MultiLineString"}),
        True,
        ("external_id",),
    ),
    "cadres": Layer(
        {
            "external_id": Field("text", ("工号", "网格员编号", "人员编号", "staffid", *_ID)),
            "name": Field("text", ("姓名", "网格员", "网格员姓名", *_NAME), True),
            "phone": Field("text", ("phone", "电话", "联系电话", "手机", "手机号")),
            "unit": Field(
                "text",
                ("unit", "unitcode", "所属社区", "社区", "所属单元", "单元编码", "社区编码"),
                True,
            ),
            "kind": Field("text", ("kind", "类型", "人员类型", "人员类别"), False, CADRE_KINDS),
            "skills": Field("text", ("skills", "特长", "技能", "专长")),
            "languages": Field("text", ("languages", "语言", "语种", "掌握语言")),
        },
        frozenset(),
        False,
        ("external_id",),
    ),
    "categories": Layer(
        {
            "code": Field("text", ("code", "编码", "代码", "类别编码"), True),
            "parent_code": Field("text", ("parentcode", "parent", "上级编码", "父级编码")),
            "name": Field("text", (*_NAME, "类别名称"), True),
            "name_en": Field("text", ("nameen", "英文名称")),
        },
        frozenset(),
        False,
        ("code",),
    ),
    "incidents": Layer(
        {
            "external_id": Field(
                "text",
                (
                    "事件编号",
                    "案件编号",
                    "案件编码",
                    "报案编号",
                    "工单编号",
                    "事件编码",
                    "incidentid",
                    "caseid",
                    "casenumber",
                    "complaint",
                    *_ID,
                ),
            ),
            "category": Field(
                "text",
                (
                    "category",
                    "类别",
                    "事件类型",
                    "事件类别",
                    "案件类型",
                    "案件类别",
                    "案由",
                    "类型",
                    "type",
                    "description",
                    "offense",
                    "crimetype",
                ),
                True,
            ),
            "occurred_at": Field(
                "time",
                (
                    "occurredat",
                    "案发时间",
                    "发生时间",
                    "事发时间",
                    "时间",
                    "发案时间",
                    "上报时间",
                    "受理时间",
                    "报警时间",
                    "日期",
                    "发生日期",
                    "time",
                    "datetime",
                    "date",
                    "dateoccur",
                    "timestamp",
                    "month",
                    "月份",
                    "年月",
                ),
                True,
            ),
            # Where only a span is known. An end that may be that of the work is not among them.
            "ended_at": Field(
                "time",
                (
                    "endedat",
                    "until",
                    "案发截止时间",
                    "发案截止时间",
                    "案发时间止",
                    "发案时间止",
                    "最晚案发时间",
                    "发现时间",
                    "occurredto",
                    "dateto",
                    "todate",
                ),
            ),
        },
        frozenset({"Point"}),
        True,
        ("external_id",),
    ),
    "activities": Layer(
        {
            "kind": Field(
                "text", ("kind", "类型", "活动类型", "工作类型", "类别"), True, ACTIVITY_KINDS
            ),
            "day": Field("date", ("day", "日期", "活动日期", "date"), True),
            "unit_code": Field(
                "text", ("unit", "社区", "单位", "所属社区", "unitcode", "社区编码", "community")
            ),
            "cell_code": Field("text", ("cell", "网格", "网格编码", "网格编号", "cellcode")),
            "place": Field("text", ("place", "场所", "场所名称")),
            "households": Field(_COUNT, ("householdsvisited", "走访户数", "households")),
            "hazards": Field(_COUNT, ("hazardsfound", "发现隐患", "hazards")),
            "hazards_removed": Field(_COUNT, ("hazardsremoved", "消除隐患")),
            "disputes": Field(_COUNT, ("disputesfound", "发现纠纷", "排查纠纷", "disputes")),
            "checked": Field(_COUNT, ("placeschecked", "检查场所数", "检查场所", "checked")),
            "problems": Field(_COUNT, ("problemsfound", "发现问题", "problems")),
            "participants": Field(_COUNT, ("participants", "参加人数", "参与人数")),
            "hours": Field(_COUNT, ("hoursoftraining", "学时", "课时", "hours")),
            "issues": Field(_COUNT, ("issuesofpublicity", "宣传期数", "期数", "issues")),
            "leaflets": Field(_COUNT, ("leaflets", "宣传单", "发放宣传单", "传单")),
            "questions": Field(_COUNT, ("questionsanswered", "解答咨询", "咨询", "questions")),
            "boards": Field(_COUNT, ("boards", "宣传板", "展板", "宣传板报")),
            "banners": Field(_COUNT, ("banners", "横幅", "悬挂横幅")),
            "visitor_groups": Field(_COUNT, ("groupsofvisitors", "来访批次", "批次")),
            "visitors": Field(_COUNT, ("visitors", "来访人次", "人次")),
            "rounds": Field(_COUNT, ("roundswalked", "巡逻圈数", "圈数", "rounds")),
            "note": Field("text", ("note", "备注", "工作内容", "内容", "说明")),
            "finding": Field("text", ("toberectified", "整改要求", "整改内容", "finding")),
            "due": Field("date", ("rectifyby", "整改期限", "整改时限", "due")),
            "rechecked_on": Field("date", ("recheckedon", "复查日期", "复查时间")),
            "corrected": Field(
                "boolean", ("iscorrected", "已整改", "是否整改", "整改完成", "corrected")
            ),
        },
        frozenset(),
        False,
        (),
    ),
    "positions": Layer(
        {
            "at": Field(
                "time",
                (
                    "at",
                    "时间",
                    "定位时间",
                    "采集时间",
                    "上报时间",
                    "时间戳",
                    "time",
                    "timestamp",
                    "datetime",
                    "gpstime",
                    "recordedat",
                    "loctime",
                ),
                True,
            ),
            "accuracy_m": Field(
                "number", ("accuracym", "accuracy", "精度", "定位精度", "精度米", "hacc", "误差")
            ),
        },
        frozenset({"Point"}),
        True,
        (),
    ),
}
