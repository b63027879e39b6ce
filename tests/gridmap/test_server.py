"""What the server answers before any page is asked."""

from __future__ import annotations

import json
import socket
from types import SimpleNamespace
from typing import Literal

import pytest
from gunicorn.http.errors import LimitRequestLine
from gunicorn.workers.gthread import ThreadWorker

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


@pytest.mark.parametrize(
    ("sent", "connections", "alive", "answered", "kept"),
    [
        (b"aaa", 1, True, 3, True),
        (b"aaa", 8, True, 3, True),
        # The client asks for the end of the connection.
        (b"aza", 1, True, 2, False),
        # Others wait for the thread, or the server is to end.
        (b"aaa", 9, True, 1, True),
        (b"aaa", 1, False, 1, True),
    ],
)
def test_a_thread_stays_with_a_client_who_asks_on_while_there_is_one_for_each(
    monkeypatch: pytest.MonkeyPatch, sent: bytes, connections: int, alive: bool, answered: int,
    kept: bool,
) -> None:  # fmt: skip
    """A request is one byte here."""
    read: list[bytes] = []

    def answer(worker: _Worker, conn: SimpleNamespace) -> bool:
        read.append(conn.sock.recv(1))
        return read[-1] != b"z"

    monkeypatch.setattr(ThreadWorker, "handle", answer)
    worker = object.__new__(_Worker)
    worker.alive, worker.nr_conns, worker.cfg = alive, connections, SimpleNamespace(threads=8)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(sent)
        assert worker.handle(SimpleNamespace(sock=theirs)) is kept
    assert len(read) == answered
