from __future__ import annotations

from gridmap.reports.documents.compose.written import SECTIONS
from gridmap.reports.documents.files import WRITTEN, with_remarks
from gridmap.reports.structure import Document, Heading, Paragraph


def document() -> Document:
    return Document(
        language="zh", title="报告", area="幸福社区", period="2026", state="7月1日",
        blocks=(
            Heading(level=1, text="甲", section="a"),
            Paragraph(parts=("甲一",)),
            Heading(level=2, text="乙", section="b"),
            Paragraph(parts=("没有数据",), role="missing"),
            Heading(level=2, text="丙"),
            Paragraph(parts=("丙一",)),
            Heading(level=1, text="问题", section="problems"),
            Paragraph(parts=("尚未填写",), role="missing"),
            Heading(level=1, text="打算", section="next"),
            Paragraph(parts=("尚未填写",), role="missing"),
        ),
        missing=("乙", "问题", "打算"),
    )  # fmt: skip


def told(made: Document) -> list[str]:
    """Headings as they are, and the words of paragraphs with their roles."""
    return [
        block.text if isinstance(block, Heading) else f"{block.role}:{block.parts[0]}"
        for block in made.blocks
        if isinstance(block, Heading | Paragraph)
    ]


def test_what_people_add_stands_at_the_end_of_its_section() -> None:
    made = with_remarks(document(), {"a": "一\n\n二", "b": "三"})
    assert told(made) == [
        "甲", "text:甲一", "乙", "missing:没有数据", "remark:三", "丙", "text:丙一",
        "remark:一", "remark:二", "问题", "missing:尚未填写", "打算", "missing:尚未填写",
    ]  # fmt: skip
    # That data are missing stays true.
    assert made.missing == ("乙", "问题", "打算")


def test_a_section_that_people_write_is_missing_until_they_do() -> None:
    made = with_remarks(document(), {"problems": "路灯不亮", "b": "三"})
    assert told(made)[-4:] == ["问题", "remark:路灯不亮", "打算", "missing:尚未填写"]
    assert made.missing == ("乙", "打算")
    assert with_remarks(document(), {}) == document()
    assert {key for key, _ in SECTIONS} == WRITTEN
