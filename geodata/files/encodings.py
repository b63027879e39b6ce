"""Which encoding a text is in: UTF-8, GB18030 (of which GBK is a part) or Windows-1252."""

from __future__ import annotations

import codecs
import re

import numpy as np
import pyarrow as pa

from geodata.messages import GeodataError, Message

_MARKS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]

# In Chinese text nearly all pairs have both bytes beyond ASCII. In Western text read as GB18030
# the second byte is a plain letter, so that only half of the bytes are beyond ASCII.
_BEYOND_ASCII = 0.8

# Of a damaged text, so many times as many characters are Chinese as are broken.
_FEW_WRONG = 10
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def is_utf8(data: bytes) -> bool:
    """Return whether the bytes are valid UTF-8, without a copy of them."""
    ends = pa.py_buffer(np.array([0, len(data)], dtype=np.int64))
    try:
        pa.Array.from_buffers(pa.large_string(), 1, [None, ends, pa.py_buffer(data)]).validate(
            full=True
        )
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
        none of these, which is so of binary files. Chinese text of which a few bytes are wrong
        is told too, although it cannot be decoded.
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
    damaged = next((name for name in ("utf-8", "gb18030") if _is_damaged(data, name)), None)
    if damaged is not None:
        return damaged
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


def _is_damaged(data: bytes, encoding: str) -> bool:
    """Return whether few bytes are wrong in what else is Chinese text in this encoding."""
    text = data.decode(encoding, "replace")
    wrong = text.count("\N{REPLACEMENT CHARACTER}")
    return len(_CHINESE.findall(text)) > _FEW_WRONG * wrong


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
    except UnicodeDecodeError as error:
        raise GeodataError(
            Message(
                "{file} is not a text in {encoding}: line {line} holds bytes that are none. Mend "
                "that line, or name another encoding.",
                file=name,
                encoding=chosen,
                line=data.count(b"\n", 0, error.start) + 1,
            )
        ) from error
    except LookupError as error:
        raise GeodataError(
            Message("{encoding} is no encoding that is known", encoding=chosen)
        ) from error
