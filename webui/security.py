"""Headers that keep a browser from doing what no page of ours needs."""

from __future__ import annotations

from flask import Flask, Response

#: Scripts and styles come from this server's own files alone, none from within a page; pictures
#: in data addresses are those of Bootstrap's style sheet and of a town's Word template.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def install(app: Flask) -> None:
    """Add the headers to every answer."""
    app.after_request(_protect)


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(self)"
    return response
