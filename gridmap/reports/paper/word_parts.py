"""Runs and fields of Word as XML."""

from __future__ import annotations

from xml.sax.saxutils import escape


def run(text: str, properties: str = "") -> str:
    """Return a run of text; without any text there is none."""
    if not text:
        return ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def field(instruction: str, shown: str) -> str:
    """Return a field that Word can compute, and what it shows until then."""
    return f"{field_begin(instruction)}{run(shown)}{FIELD_END}"


def field_begin(instruction: str) -> str:
    """Return what stands before the result of a field."""
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> {escape(instruction)} </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    )


#: What stands after the result of a field.
FIELD_END = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
