"""Documents as a part of a page, where each figure leads to its records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from markupsafe import Markup, escape

from gridmap.reports.paper.laying import (
    Laid,
    body_rows,
    column_shares,
    column_titles,
    contents_of,
    is_wide,
    lay_out,
    text_of,
)
from gridmap.reports.structure import (
    Document,
    Fact,
    Heading,
    Name,
    Number,
    Paragraph,
    Parts,
    Picture,
    Source,
    Table,
)

#: The address of the records of a figure or a source, or of the page of a record.
Link = Callable[[Fact | Source | Name], str | None]
_CELL = Markup("<td{}>{}</td>")
_HEAD_CELL = Markup('<th scope="row"{}>{}</th>')
#: Pixels of a page by a millimetre of paper.
_PIXELS = 96 / 25.4


def to_html(
    document: Document,
    *,
    picture: Callable[[str], str],
    link: Link,
    facts: Mapping[str, Fact],
    staff: bool = False,
) -> Markup:
    """Return a document as HTML without its title, which the page has itself.

    Parameters
    ----------
    document : Document
    picture : callable
        The address of a picture by its key.
    link : callable
        The address of the records of a figure or a source, or of the page of a record that is
        named; None if the reader may not see them.
    facts : mapping of str to Fact
        What the document's numbers name.
    staff : bool
        See `lay_out`.

    Returns
    -------
    Markup
        Headings begin with h2.
    """
    return Setter(document.language, picture, link, facts).set(lay_out(document, staff=staff))


def contents_list(laid: Iterable[Laid]) -> Markup:
    """Return the table of contents as a list of links to the headings."""
    lines = (
        Markup('<li class="level-{}"><a href="#{}">{}</a></li>').format(
            entry.level, entry.anchor, entry.title
        )
        for entry in contents_of(laid)
    )
    return Markup('<ol class="paper-contents">{}</ol>').format(Markup("").join(lines))


class Setter:
    """Sets blocks as HTML.

    Parameters
    ----------
    language : {"zh", "en"}
    picture, link, facts
        As of `to_html`.
    page : bool
        Whether it is for a page, on which a wide table scrolls.
    """

    def __init__(
        self,
        language: str,
        picture: Callable[[str], str],
        link: Link,
        facts: Mapping[str, Fact],
        *,
        page: bool = True,
    ) -> None:
        self.language = language
        self.picture = picture
        self.link = link
        self.facts = facts
        self.page = page

    def set(self, laid: list[Laid]) -> Markup:
        """Return blocks one after the other."""
        return Markup("\n").join(part for each in laid for part in self._block(each))

    def _block(self, laid: Laid) -> Iterator[Markup]:
        block = laid.block
        if isinstance(block, Heading):
            yield self._heading(block, laid)
        elif isinstance(block, Paragraph):
            words = Markup("").join(map(self._part, block.parts))
            yield Markup('<p class="paper-{}">{}</p>').format(block.role, words)
        elif isinstance(block, Table):
            yield from self._table(block, laid)
        else:
            yield self._picture(block, laid.label)

    def _picture(self, picture: Picture, label: str) -> Markup:
        size = Markup(' style="width: {}mm"').format(picture.width_mm)
        if self.page:
            # Pages allow no styles in attributes.
            size = Markup(' class="img-fluid" width="{:.0f}"').format(picture.width_mm * _PIXELS)
        return Markup(
            '<figure class="paper-picture"><img src="{}" alt="{}"{}>'
            "<figcaption>{}{}</figcaption></figure>"
        ).format(self.picture(picture.key), picture.alt, size, label, picture.caption)

    def _heading(self, heading: Heading, laid: Laid) -> Markup:
        return Markup('<h{0} id="{1}">{2}{3}</h{0}>').format(
            heading.level + 1, laid.anchor, laid.label, heading.text
        )

    def _part(self, part: str | Number | Name) -> Markup:
        """Return a text, or a figure that leads to its records and says of what it is a share."""
        if isinstance(part, str):
            return escape(part)
        if isinstance(part, Name):
            address = self.link(part)
            if address is None:
                return escape(part.shown)
            return Markup('<a href="{}">{}</a>').format(address, part.shown)
        fact = self.facts.get(part.fact) if part.fact else None
        if fact is None:
            return escape(part.shown)
        title = Markup("")
        if fact.numerator is not None and fact.denominator is not None:
            title = Markup(' title="{} / {}"').format(fact.numerator, fact.denominator)
        address = self.link(fact)
        if address is None:
            return Markup('<span class="paper-number"{}>{}</span>').format(title, part.shown)
        return Markup('<a class="paper-number" href="{}"{}>{}</a>').format(
            address, title, part.shown
        )

    def _table(self, table: Table, laid: Laid) -> Iterator[Markup]:
        if self.page:
            yield Markup(
                '<div class="table-responsive paper-table" role="region" aria-label="{}" '
                'tabindex="0">'
            ).format(table.title)
        small = " paper-wide" if is_wide(table, self.language) else ""
        yield Markup('<table class="table table-sm{}"><caption>{}{}</caption>').format(
            small, laid.label, table.title
        )
        yield self._columns(table)
        heads = Markup("").join(
            Markup('<th scope="col"{}>{}</th>').format(_side(column.numeric), title)
            for column, title in zip(
                table.columns, column_titles(table, self.language), strict=True
            )
        )
        yield Markup("<thead><tr>{}</tr></thead><tbody>").format(heads)
        for number, row in enumerate(body_rows(table, self.language)):
            source = laid.sources[number] if laid.sources else None
            yield self._row(table, row, source)
        yield Markup("</tbody>")
        if table.total:
            # A foot would be repeated on each page.
            yield Markup('<tbody class="paper-total">{}</tbody>').format(
                self._row(table, table.total)
            )
        yield Markup("</table>")
        if self.page:
            yield Markup("</div>")

    def _columns(self, table: Table) -> Markup:
        """Return the widths, by which a page of paper is set without measuring all rows."""
        if self.page:
            return Markup("")
        return Markup("<colgroup>{}</colgroup>").format(
            Markup("").join(
                Markup('<col style="width: {:.2f}%">').format(100 * share)
                for share in column_shares(table, self.language)
            )
        )

    def _row(self, table: Table, row: Parts, source: Source | None = None) -> Markup:
        cells = []
        for number, (column, cell) in enumerate(zip(table.columns, row, strict=True)):
            words = self._part(cell)
            if source and number == 1 and (address := self.link(source)) is not None:
                words = Markup('<a href="{}">{}</a>').format(address, text_of(cell))
            # A row is about what its first cell names.
            head = number == 0 and not column.numeric
            form = _HEAD_CELL if head else _CELL
            cells.append(form.format(_side(column.numeric), words))
        return Markup("<tr>{}</tr>").format(Markup("").join(cells))


def _side(numeric: bool) -> Markup:
    return Markup(' class="text-end"') if numeric else Markup("")
