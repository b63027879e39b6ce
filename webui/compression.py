"""Answers are compressed on their way; those of files only once."""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Flask, Response, request

TYPES = {
    "text/html",
    "text/css",
    "text/javascript",
    "application/json",
    "application/vnd.mapbox-vector-tile",
    "image/svg+xml",
}
#: Shorter answers fit into one packet as they are.
SHORTEST = 600


def install(app: Flask) -> None:
    """Compress what a browser accepts compressed."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype not in TYPES or response.status_code != 200:
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or response.content_encoding:
        return response
    response.direct_passthrough = False
    source = response.response
    content = response.get_data()
    if hasattr(source, "close"):
        source.close()
    if len(content) < SHORTEST:
        return response
    # Tiles are made anew each time, so speed counts more than the last percent.
    small = _file(content) if request.endpoint == "static" else gzip.compress(content, 4, mtime=0)
    etag, weak = response.get_etag()
    response.set_data(small)
    response.content_encoding = "gzip"
    if etag and not weak:
        # The same content in another encoding is not the same byte by byte.
        response.set_etag(etag, weak=True)
    return response


@lru_cache(maxsize=64)
def _file(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)
