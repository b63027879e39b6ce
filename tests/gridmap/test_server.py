"""What the server answers before any page is asked."""

from __future__ import annotations

import json
import socket

from gunicorn.http.errors import LimitRequestLine

from gridmap.server import _Worker


def test_an_address_that_is_too_long_is_answered_by_a_problem() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        worker = object.__new__(_Worker)
        worker.handle_error(None, theirs, ("127.0.0.1", 1), LimitRequestLine(9000, 8190))
        answer = ours.recv(10_000).decode()
    head, _, body = answer.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 414 URI Too Long\r\n")
    assert "Content-Type: application/problem+json" in head
    assert f"Content-Length: {len(body)}" in head
    problem = json.loads(body)
    assert problem["status"] == 414
    assert "8190 characters" in problem["detail"]
