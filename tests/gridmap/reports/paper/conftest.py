"""A document with everything that can stand in one, and a picture for it."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from gridmap.reports.structure import (
    Column,
    Document,
    Fact,
    Heading,
    Number,
    Paragraph,
    Picture,
    Source,
    Table,
)

#: Text that people can type, which is never run, never markup and never breaks a file.
NASTY = (
    "{{ 7*7 }} {% raw %} ${1} <img src=x onerror=alert(1)> <w:p/> & ]]> {_{ \\ `a` "
    "\x00\x07\x0b\ufffe"
)
LONG = "幸福安康和谐示范社区居民委员会" * 6
WORD = "W" * 300


def png(width: int = 600, height: int = 400) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), "#2b5f8f").save(stream, format="png", dpi=(200, 200))
    return stream.getvalue()


def table(rows: int, columns: int = 5, title: str = "各网格办结情况", **more: object) -> Table:
    return Table(
        title=title,
        columns=(
            Column(title="网格"),
            *(Column(title=f"指标{n}", unit="%", numeric=True) for n in range(1, columns)),
        ),
        rows=tuple(
            (
                f"第{row}网格",
                *(Number(shown=f"{row * n:,}", fact="closed") for n in range(1, columns)),
            )
            for row in range(rows)
        ),
        **more,
    )


def make(language: str = "zh", **changes: object) -> Document:
    english = language == "en"
    document = Document(
        language=language,
        title="Half-year report 2026" if english else "桃源街道2026年上半年工作报告",
        area="Taoyuan" if english else "桃源街道",
        period="2026-01-01 – 2026-06-30",
        state="2026-07-01 08:00",
        blocks=(
            Heading(level=1, text="Cases" if english else "案件办理", section="cases"),
            Heading(level=2, text="Closing" if english else "结案情况"),
            Paragraph(
                parts=(
                    "应结案972件，结案率",
                    Number(shown="93.72%", fact="closed"),
                    "，按期",
                    Number(shown="737"),
                    "件。",
                )
            ),
            Heading(level=3, text=f"Cells {NASTY}"),
            table(7, total=("合计", "1", "2", "3", "4")),
            Picture(key="map", caption=f"分布图 {NASTY}", alt=f"东部较多 {NASTY}"),
            Heading(level=2, text="Other" if english else "其他"),
            Heading(level=1, text="Territory" if english else "辖区"),
            Paragraph(parts=(NASTY, Number(shown=NASTY, fact="nasty"))),
            Paragraph(parts=("本节无数据。",), role="missing"),
            Paragraph(parts=("率按应结案计算。",), role="note"),
            Paragraph(parts=("书记补充意见。",), role="remark"),
            table(0, title="空表"),
            Picture(key="map", caption="第二图", alt="同上", width_mm=400),
        ),
        sources=(
            Source(
                key="cases",
                title="到期案件",
                statement="SELECT count(*)\n  FROM cases\n WHERE due >= :first" + " AND true" * 60,
                values={"first": "2026-01-01", "units": list(range(30))},
                records=972,
                endpoint="cases.index",
            ),
            Source(key="none", title=NASTY, statement=""),
        ),
        missing=("信访", "培训"),
    )
    return document.model_copy(update=changes)


@pytest.fixture(params=["zh", "en"])
def document(request: pytest.FixtureRequest) -> Document:
    return make(request.param)


@pytest.fixture
def pictures() -> dict[str, bytes]:
    return {"map": png()}


@pytest.fixture
def facts() -> dict[str, Fact]:
    return {
        "closed": Fact(
            key="closed", value=93.72, numerator=911, denominator=972, unit="%", source="cases"
        ),
        "nasty": Fact(key="nasty", value=NASTY, source="none"),
    }
