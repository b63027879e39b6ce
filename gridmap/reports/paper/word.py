"""Documents as Word files, from a template the town can edit."""

from __future__ import annotations

from collections.abc import Mapping

from gridmap.reports.structure import Document


def to_word(
    document: Document, pictures: Mapping[str, bytes], template: bytes | None = None
) -> bytes:
    """Return a document as a Word file.

    Parameters
    ----------
    document : Document
    pictures : mapping of str to bytes
        PNG by the key of a `Picture`.
    template : bytes, optional
        A Word file that names ``title``, ``area``, ``period``, ``state`` and ``content``; without
        it the default one in the document's language.

    Raises
    ------
    GridmapError
        If the template cannot be used; the message tells why.
    KeyError
        If a picture is missing.
    """
    raise NotImplementedError
