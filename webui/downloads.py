"""What documents are sent as, and how their files are called."""

from __future__ import annotations

from urllib.parse import quote

FILE_TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
}


def disposition(name: str, plain: str) -> str:
    """Return the header that names a file, also in Chinese (RFC 6266 and RFC 5987).

    Parameters
    ----------
    name : str
    plain : str
        In ASCII, for programs that read no other.
    """
    return f"attachment; filename={plain}; filename*=UTF-8''{quote(name, safe='')}"
