"""Which encoding a text is in: UTF-8, GB18030 (of which GBK is a part) or Windows-1252."""

from __future__ import annotations

import codecs

import pyarrow as pa
import pyarrow.compute as pc

from geodata.messages import GeodataError, Message

_MARKS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]

# In Chinese text nearly all pairs have both bytes beyond ASCII. In Western text read as GB18030
# the second byte is a plain letter, so that only half of the bytes are beyond ASCII.
_BEYOND_ASCII = 0.8


def is_utf8(data: bytes) -> bool:
    """Return whether the bytes are valid UTF-8, without making a string of them."""
    try:
        pc.cast(pa.array([data], pa.large_binary()), pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def detect_encoding(data: bytes) -> str | None:
    """Return the encoding of a text, by the byte order mark or by strict trial.

    Parameters
    ----------
    data : bytes
        The whole text; a part may end within a character.

    Returns
    -------
    str or None
        ``utf-8``, ``utf-8-sig``, ``utf-16``, ``gb18030`` or ``cp1252``; None when the bytes are
        none of these, which is so of binary files.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if b"\0" in data[:65536]:
        return None
    if is_utf8(data):
        return "utf-8"
    if _is_chinese(data):
        return "gb18030"
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    return "cp1252"


def _is_chinese(data: bytes) -> bool:
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    beyond = len(data.translate(None, bytes(range(128))))
    # Each character outside ASCII is one pair; `beyond` counts the bytes of 0x80 and up.
    pairs = len(text) - len(text.encode("ascii", "ignore"))
    return pairs > 0 and beyond / (2 * pairs) >= _BEYOND_ASCII


def decode(data: bytes, name: str, encoding: str | None = None) -> tuple[str, str]:
    """Return the text and the encoding it was in.

    Raises
    ------
    GeodataError
        If the text is not in the named encoding, or in none that can be told.
    """
    chosen = encoding or detect_encoding(data)
    if chosen is None:
        raise GeodataError(
            Message(
                "{file} is no text in UTF-8, GB18030 or Windows-1252. "
                "If it is a text, name its encoding; if not, it is not what its name says.",
                file=name,
            )
        )
    try:
        return data.decode(chosen), chosen
    except (UnicodeDecodeError, LookupError) as error:
        raise GeodataError(
            Message("{file} is not a text in {encoding}", file=name, encoding=chosen)
        ) from error
