"""The same document on a page, in Word and as PDF: the same words, and none of them is run."""

from __future__ import annotations

import io
import re
import zipfile

import docx
import lxml.html
import pytest
from docx.oxml.ns import qn
from docx.shared import Mm

from gridmap.errors import GridmapError
from gridmap.reports.paper.html import to_html
from gridmap.reports.paper.laying import chinese, column_shares, lay_out
from gridmap.reports.paper.pdf import to_pdf
from gridmap.reports.paper.word import check_template, to_word
from gridmap.reports.paper.word_template import default_template
from gridmap.reports.structure import (
    Column,
    Document,
    Fact,
    Heading,
    Name,
    Paragraph,
    Source,
    Table,
)
from tests.gridmap.reports.paper.conftest import LONG, NASTY, WORD, make, png, table
from tests.gridmap.reports.paper.reading import (
    faults_of_pdf,
    pages_of_pdf,
    squeezed,
    words_of_html,
    words_of_pdf,
    words_of_word,
)

Pictures = dict[str, bytes]


def html(document: Document, facts: dict[str, Fact] | None = None) -> str:
    return str(
        to_html(
            document,
            picture=lambda key: f"/pictures/{key}?a=1&b=2",
            link=lambda of: "" if isinstance(of, Name) else f"/records/{of.key}?q=<&>",
            facts=facts or {},
        )
    )


def test_the_three_say_the_same(document: Document, pictures: Pictures) -> None:
    words = words_of_html(html(document))
    assert len(words) > 60
    # The three lines above the content are the page's own on a page.
    head = [document.title, f"{document.area} · {document.period}"]
    in_word = words_of_word(to_word(document, pictures))
    assert in_word[:2] == [squeezed(line) for line in head]
    said = "数据截至" if document.language == "zh" else "Dataasof"
    assert in_word[2] == said + squeezed(document.state)
    assert in_word[3:] == words
    in_pdf = words_of_pdf(to_pdf(document, pictures))
    place = 0
    for text in [*in_word[:3], *words]:
        place = in_pdf.find(text, place)
        assert place >= 0, text
        place += len(text)


def test_a_record_that_is_named_leads_to_its_page_where_the_reader_may_see_it() -> None:
    name = Name(shown="<12>", endpoint="cases.show", arguments={"case": 12})
    columns = (Column(title="编号"),)
    named = make(blocks=(Table(title="未结案件", columns=columns, rows=((name,),)),))
    # It is kept as JSON.
    assert Document.model_validate_json(named.model_dump_json()) == named

    def page(address: str | None) -> str:
        asked = []

        def link(of: Fact | Source | Name) -> str | None:
            asked.append(of)
            return address

        said = str(to_html(named, picture=str, link=link, facts={}))
        assert name in asked
        return said

    assert '<a href="/cases/12">&lt;12&gt;</a>' in page("/cases/12")
    assert ">&lt;12&gt;</th>" in page(None)


def test_headings_and_captions_are_numbered() -> None:
    labels = [(type(each.block).__name__, each.label) for each in lay_out(make("zh"))]
    assert [label for kind, label in labels if kind == "Heading"] == [
        "一、", "（一）", "1. ", "（二）", "二、", "", "",
    ]  # fmt: skip
    assert [label for kind, label in labels if kind == "Table"] == ["表1 ", "表2 ", "表3 "]
    assert [label for kind, label in labels if kind == "Picture"] == ["图1 ", "图2 "]
    labels = [(type(each.block).__name__, each.label) for each in lay_out(make("en"))]
    assert [label for kind, label in labels if kind == "Heading"] == [
        "1 ", "1.1 ", "1.1.1 ", "1.2 ", "2 ", "", "",
    ]  # fmt: skip
    assert ("Table", "Table 2. ") in labels
    assert ("Picture", "Figure 1. ") in labels


def test_chinese_numbers() -> None:
    assert [chinese(n) for n in (1, 10, 11, 20, 34)] == ["一", "十", "十一", "二十", "三十四"]


def test_what_is_missing_and_the_sources_come_last() -> None:
    words = words_of_html(html(make("zh")))
    assert "以下部分没有数据：信访；培训。" in words
    assert words.index("没有数据的部分") < words.index("数据来源")
    statement = next(word for word in words if word.startswith("SELECTcount(*)FROMcases"))
    assert len(statement) < 260
    assert "first=2026-01-01" in statement
    assert "(30)]" in statement
    bare = lay_out(make("en", sources=(), missing=()))
    assert len(bare) == len(make("en").blocks)


def test_what_is_hung_up_tells_its_sources_in_words_and_staff_reads_the_statements(
    pictures: Pictures,
) -> None:
    told = make("zh", basis="以上数字根据警情记录统计。")
    for words in (
        words_of_html(html(told)), words_of_word(to_word(told, pictures)),
        [words_of_pdf(to_pdf(told, pictures))],
    ):  # fmt: skip
        said = "".join(words)
        assert said.endswith("信访；培训。以上数字根据警情记录统计。")
        assert "SELECT" not in said
    page = to_html(told, picture=str, link=lambda _: None, facts={}, staff=True)
    words = words_of_html(str(page))
    assert words.count("数据来源") == 1
    assert any(word.startswith("SELECTcount(*)") for word in words)
    at = words.index("以上数字根据警情记录统计。")
    assert words[at + 1].endswith("数据来源")


def test_numbers_lead_to_their_records(facts: dict[str, Fact]) -> None:
    tree = lxml.html.fragment_fromstring(html(make("zh"), facts), create_parent="div")
    [link] = tree.xpath(".//p/a[text()='93.72%']")
    assert link.get("href") == "/records/closed?q=<&>"
    assert link.get("title") == "911 / 972"
    assert len(tree.xpath(".//td/a[contains(@href, 'closed')]")) == 7 * 4
    assert tree.xpath(".//td/a[text()='到期案件']/@href") == ["/records/cases?q=<&>"]
    # Who may not see the records sees the figure.
    hidden = to_html(make("zh"), picture=str, link=lambda _: None, facts=facts)
    assert "<a " not in hidden
    assert "93.72%" in hidden


def test_nothing_that_people_type_is_markup(facts: dict[str, Fact]) -> None:
    tree = lxml.html.fragment_fromstring(html(make("zh"), facts), create_parent="div")
    pictures = tree.xpath(".//img")
    assert [picture.get("src") for picture in pictures] == ["/pictures/map?a=1&b=2"] * 2
    assert not tree.xpath(".//*[@onerror or @style]")
    assert "onerror" in pictures[0].get("alt")
    assert "{{ 7*7 }}" in tree.text_content()


def test_tables_can_be_read_aloud() -> None:
    tree = lxml.html.fragment_fromstring(html(make("zh")), create_parent="div")
    for each in tree.xpath(".//table"):
        assert each.xpath("./caption")
        assert each.xpath("./thead/tr/th/@scope") == ["col"] * len(each.xpath("./thead/tr/th"))
    first = tree.xpath(".//table")[0]
    assert first.xpath("./tbody[1]/tr[1]/th/@scope") == ["row"]
    assert first.getparent().get("tabindex") == "0"
    assert first.getparent().get("aria-label") == "各网格办结情况"


def test_a_pdf_stays_within_its_margins_and_takes_its_fonts_along(
    document: Document, pictures: Pictures
) -> None:
    content = to_pdf(document, pictures)
    assert faults_of_pdf(content) == []
    pages = pages_of_pdf(content)
    count = len(pages)
    foot = f"第1页共{count}页" if document.language == "zh" else f"Page1of{count}"
    assert foot in pages[0]
    assert squeezed(document.title) in pages[1]
    assert not any("\ufffd" in page for page in pages)


def test_long_names_and_words_and_many_columns_stay_on_the_page(pictures: Pictures) -> None:
    wide = Table(
        title=LONG,
        columns=tuple(Column(title=f"{LONG}{n}", numeric=n > 0, unit="m2") for n in range(14)),
        rows=((WORD, *["1,234,567,890"] * 13), (LONG, *[WORD] * 13)),
    )
    document = make(
        "zh",
        title=LONG,
        area=LONG,
        blocks=(Heading(level=1, text=WORD), Paragraph(parts=(WORD, LONG)), wide),
    )
    content = to_pdf(document, pictures)
    assert faults_of_pdf(content) == []
    word = docx.Document(io.BytesIO(to_word(document, pictures)))
    section = word.sections[0]
    text_width = section.page_width - section.left_margin - section.right_margin
    for each in word.tables:
        assert sum(column.width for column in each.columns) <= text_width + Mm(1)


def test_three_hundred_rows_repeat_their_head(pictures: Pictures) -> None:
    document = make("zh", blocks=(table(300),), sources=(), missing=())
    pages = pages_of_pdf(to_pdf(document, pictures))
    assert len(pages) > 5
    assert all("网格指标1（%）" in page for page in pages)
    assert sum(page.count("第299网格") for page in pages) == 1
    word = docx.Document(io.BytesIO(to_word(document, pictures)))
    [only] = word.tables
    assert len(only.rows) == 301
    assert only.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None


@pytest.mark.parametrize("rows", [35, 36, 37, 38, 39, 40])
def test_no_row_stands_alone_on_its_page(pictures: Pictures, rows: int) -> None:
    total = ("合计", "1", "2", "3", "4")
    for before, after in ((0, {"total": total}), (33, {})):
        blocks = (*[Paragraph(parts=("一行。",))] * before, table(rows, **after))
        document = make("zh", blocks=blocks, sources=(), missing=())
        pages = pages_of_pdf(to_pdf(document, pictures))
        counts = [n for page in pages if (n := len(re.findall(r"第\d+网格", page)))]
        assert len(counts) > 1
        assert sum(counts) == rows
        # The last of these has the sum below it.
        assert min(counts) >= (1 if after else 2), counts
    word = docx.Document(io.BytesIO(to_word(document, pictures)))
    kept = [
        row.cells[0].paragraphs[0]._p.pPr.find(qn("w:keepNext")) is not None
        for row in word.tables[0].rows
    ]
    assert [at for at, keep in enumerate(kept) if keep] == [0, 1, rows - 1]


def test_what_is_hung_up_is_set_closer_in_word(pictures: Pictures) -> None:
    basis = "以上数字根据警情记录统计。"
    for document, close in (
        (make("zh", notice=True), 1), (make("zh"), 0), (make("zh", basis=basis), 0),
    ):  # fmt: skip
        word = docx.Document(io.BytesIO(to_word(document, pictures)))
        texts = [each for each in word.paragraphs if each.style.name == "Report Text" and each.text]
        single = [each for each in texts if each.paragraph_format.line_spacing == 1]
        assert len(single) == close * len(texts)
        assert texts


def test_a_word_file_of_three_thousand_rows(pictures: Pictures) -> None:
    document = make("en", blocks=(table(3000),), sources=(), missing=())
    words = words_of_html(html(document))
    with zipfile.ZipFile(io.BytesIO(to_word(document, pictures))) as archive:
        said = archive.read("word/document.xml").decode()
    assert len(words) == 1 + 3001 * 5
    assert said.count("<w:tr>") == 3001
    assert "第2999网格" in said


def test_shares_of_columns_make_a_whole() -> None:
    shares = column_shares(table(3), "zh")
    assert sum(shares) == pytest.approx(1)
    assert min(shares) > 0
    assert column_shares(table(0, columns=1), "en") == [1]


def test_a_column_is_as_wide_as_the_longest_word_of_its_heading() -> None:
    columns = (Column(title="Category"), Column(title="Change", numeric=True))
    narrow = Table(title="x", columns=columns, rows=(("Hazard", "-1"),))
    # Eight letters and six in bold print, and the room beside each.
    assert column_shares(narrow, "en") == pytest.approx([10.3 / 18.4, 8.1 / 18.4])


def test_word_has_real_headings_captions_and_alternative_texts(pictures: Pictures) -> None:
    word = docx.Document(io.BytesIO(to_word(make("zh"), pictures)))
    headed = [(p.style.name, p.text) for p in word.paragraphs if p.style.name.startswith("Head")]
    assert headed[:2] == [("Heading 1", "一、案件办理"), ("Heading 2", "（一）结案情况")]
    captions = [p.text for p in word.paragraphs if p.style.name == "Caption"]
    assert captions[0] == "表1 各网格办结情况"
    assert captions[-2] == "图2 第二图"
    fields = [each.text.strip() for each in word.element.body.iter(qn("w:instrText"))]
    assert fields.count(r"SEQ 图 \* ARABIC") == 2
    shown = list(word.element.body.iter(qn("wp:docPr")))
    assert len({each.get("id") for each in shown}) == len(shown) == 2
    assert shown[0].get("descr").startswith("东部较多 {{ 7*7 }}")
    assert word.core_properties.title == "桃源街道2026年上半年工作报告"
    assert "第 " in word.sections[0].footer.paragraphs[0].text
    assert word.sections[0].header.paragraphs[0].text == "桃源街道2026年上半年工作报告"
    # A picture wider than the page is as wide as its text.
    assert word.inline_shapes[1].width == pytest.approx(Mm(160), abs=1000)


def template(*paragraphs: str, heads: str = "") -> bytes:
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    document.sections[0].header.paragraphs[0].text = heads
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def test_a_town_sets_reports_in_its_own_template(document: Document, pictures: Pictures) -> None:
    own = template("文件 {{ area }}", "{{ content }}", "盖章", heads="{{ title }} {{ period }}")
    check_template(own)
    content = to_word(document, pictures, own)
    words = words_of_word(content)
    assert words[0] == f"文件{document.area}"
    assert words[-1] == "盖章"
    assert words[1:-1] == words_of_html(html(document))
    word = docx.Document(io.BytesIO(content))
    assert document.period in word.sections[0].header.paragraphs[0].text
    # What its template lacks is added to it.
    assert {"Report Cell", "Report Table"} <= {style.name for style in word.styles}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"no Word file", "no Word file"),
        (template("{{ title }}"), "content"),
        (template("{{ content }}", "{{ content }}"), "content"),
        (template("see {{ content }}"), "content"),
        (template("{{ content }}", "{{ titel }}"), "titel"),
        (template("{{ content"), "cannot be read"),
        (template("{{ content }}", "{{ title.__class__.__mro__ }}"), "[Tt]emplate"),
        (template("{{ content }}", "{{ 1 / 0 }}"), "division"),
        (template("{{ content }}", "{% for x in range(999999999) %}x{% endfor %}"), "[Tt]emplate"),
    ],
)
def test_a_bad_template_is_refused_before_it_is_kept(content: bytes, told: str) -> None:
    with pytest.raises(GridmapError, match=told):
        check_template(content)
    with pytest.raises(GridmapError, match=told):
        to_word(make("zh"), {"map": png()}, content)


def test_the_default_templates_can_be_used() -> None:
    for language in ("zh", "en"):
        template = default_template(language)
        check_template(template)
        assert words_of_word(template).count("{{content}}") == 1


def test_the_title_is_text_too(pictures: Pictures) -> None:
    document = make("zh", title=NASTY.replace("{_{", ""), area=NASTY, blocks=())
    words = words_of_word(to_word(document, pictures))
    assert "{{7*7}}{%raw%}${1}<imgsrc=xonerror=alert(1)>" in words[0]
    assert faults_of_pdf(to_pdf(document, pictures)) == []


def test_a_missing_picture_is_an_error() -> None:
    with pytest.raises(KeyError, match="map"):
        to_pdf(make("zh"), {})
    with pytest.raises(KeyError, match="map"):
        to_word(make("zh"), {})


def test_a_tall_picture_fits_on_its_page() -> None:
    document = make("zh", sources=(), missing=())
    pictures = {"map": png(400, 1600)}
    assert faults_of_pdf(to_pdf(document, pictures)) == []
    word = docx.Document(io.BytesIO(to_word(document, pictures)))
    assert max(shape.height for shape in word.inline_shapes) <= Mm(297 - 25 - 22)


def test_a_source_may_have_no_page(facts: dict[str, Fact]) -> None:
    def link(asked: Fact | Source) -> str | None:
        return None if isinstance(asked, Source) else f"/{asked.key}"

    said = to_html(make("zh"), picture=str, link=link, facts=facts)
    assert "到期案件" in said
    assert 'href="/closed"' in said
