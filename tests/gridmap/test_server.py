"""What the server answers before any page is asked."""

from __future__ import annotations

import json
import socket
from types import SimpleNamespace
from typing import Literal

import pytest
from gunicorn.http.errors import LimitRequestLine

from gridmap.server import _Worker
from gridmap.settings import Settings


@pytest.mark.parametrize(
    ("lang", "detail"),
    [(None, "地址超过 8190 个字符，请减少一次查询的内容。"),
     ("en", "The address has over 8190 characters. Ask for less at once.")],
)  # fmt: skip
def test_an_address_that_is_too_long_is_answered_by_a_problem(
    lang: Literal["en"] | None, detail: str
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        worker = object.__new__(_Worker)
        worker.app = SimpleNamespace(settings=Settings(lang=lang))
        worker.handle_error(None, theirs, ("127.0.0.1", 1), LimitRequestLine(9000, 8190))
        head, _, body = ours.recv(10_000).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 414 URI Too Long\r\n")
    assert b"Content-Type: application/problem+json" in head
    assert f"Content-Length: {len(body)}".encode() in head
    problem = json.loads(body)
    assert problem["status"] == 414
    assert problem["detail"] == detail
