"""Documents as PDF, A4, by WeasyPrint."""

from __future__ import annotations

from collections.abc import Mapping

from gridmap.reports.structure import Document


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
    """
    raise NotImplementedError
