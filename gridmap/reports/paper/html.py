"""Documents as a part of a page, where each figure leads to its records."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from markupsafe import Markup

from gridmap.reports.structure import Document, Fact, Source


def to_html(
    document: Document,
    *,
    picture: Callable[[str], str],
    link: Callable[[Fact | Source], str | None],
    facts: Mapping[str, Fact],
) -> Markup:
    """Return a document as HTML without its title, which the page has itself.

    Parameters
    ----------
    document : Document
    picture : callable
        The address of a picture by its key.
    link : callable
        The address of the records of a figure or a source; None if the reader may not see them.
    facts : mapping of str to Fact
        What the document's numbers name.

    Returns
    -------
    Markup
        Headings begin with h2.
    """
    raise NotImplementedError
