"""Documents as PDF, A4, by WeasyPrint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from geodata.messages import Message
from gridmap.errors import UnavailableError
from gridmap.reports.paper.html import Setter, contents_list
from gridmap.reports.paper.laying import (
    Laid,
    area_line,
    contents_title,
    head_of,
    lay_out,
    state_line,
)
from gridmap.reports.pictures.style import family
from gridmap.reports.structure import Document

try:
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse
except OSError as error:
    # It looks for the libraries of the system as soon as it is imported.
    raise UnavailableError(
        Message(
            "PDF files need the library Pango, and this machine has none: install the package "
            "{package} and try again.",
            package="libpangoft2-1.0-0",
        )
    ) from error

_STYLE = Path(__file__).with_name("paper.css")
_PAGES = {
    "zh": '"第 " counter(page) " 页　共 " counter(pages) " 页"',
    "en": '"Page " counter(page) " of " counter(pages)',
}
#: The longest running head, in characters.
_HEAD = 60
_SHELL = Markup(
    '<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
    '</head><body{notice}><header><h1 data-head="{head}" data-area="{area}">{title}</h1>'
    '<p>{line}</p><p class="state">{state}</p></header>{contents}{body}</body></html>'
)
_WORD_SHELL = Markup(
    '<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
    '</head><body class="word-paper">{body}</body></html>'
)


def to_pdf(document: Document, pictures: Mapping[str, bytes]) -> bytes:
    """Return a document as PDF.

    Parameters
    ----------
    document : Document
    pictures : mapping of str to bytes
        PNG by the key of a `Picture`.

    Raises
    ------
    KeyError
        If a picture is missing.
    UnavailableError
        If the system has no Chinese font.
    """
    family()
    for block in document.blocks:
        if block.kind == "picture":
            pictures[block.key]
    head, laid = head_of(document), lay_out(document)
    setter = Setter(document.language, "picture:{}".format, lambda _: None, {}, page=False)
    words = _SHELL.format(
        language=document.language,
        title=head.title,
        notice=Markup(' class="notice"') if document.notice else "",
        head=_shortened(head.title),
        area=_shortened(head.area),
        line=area_line(head),
        state=state_line(head, document.language),
        contents=_contents(laid, document.language) if document.contents else "",
        body=setter.set(laid),
    )
    return _set(words, document.language, _Pictures(pictures))


def page_to_pdf(content: Markup, title: str, language: str) -> bytes:
    """Return what a Word file says, see `from_word.html_of_word`, as PDF.

    Parameters
    ----------
    content : Markup
        Its pictures are data addresses; nothing else is fetched.
    title : str
        As a reader of PDF names the file.
    language : {"zh", "en"}

    Raises
    ------
    UnavailableError
        If the system has no Chinese font.
    """
    family()
    words = _WORD_SHELL.format(language=language, title=title, body=content)
    return _set(words, language, URLFetcher(allowed_protocols={"data"}))


def _set(words: Markup, language: str, fetcher: URLFetcher) -> bytes:
    fonts = FontConfiguration()
    styles = [
        CSS(filename=_STYLE, font_config=fonts),
        CSS(string=f"@page {{ @bottom-center {{ content: {_PAGES[language]} }} }}"),
    ]
    html = HTML(string=words, url_fetcher=fetcher)
    content: bytes = html.write_pdf(stylesheets=styles, font_config=fonts, optimize_images=False)
    return content


def _contents(laid: list[Laid], language: str) -> Markup:
    """Return the table of contents; the style sheet adds the numbers of the pages."""
    return Markup("<nav><p>{}</p>{}</nav>").format(contents_title(language), contents_list(laid))


class _Pictures(URLFetcher):  # type: ignore[misc]
    """Hands out the pictures of a document and nothing else: no network, no files."""

    def __init__(self, pictures: Mapping[str, bytes]) -> None:
        super().__init__(fail_on_errors=True)
        self.pictures = pictures

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        scheme, _, key = url.partition(":")
        if scheme != "picture":
            raise FatalURLFetchingError(f"a document fetches nothing from {scheme}")
        return URLFetcherResponse(url, self.pictures[key], {"Content-Type": "image/png"})


def _shortened(text: str) -> str:
    return text if len(text) <= _HEAD else f"{text[: _HEAD - 1]}…"
