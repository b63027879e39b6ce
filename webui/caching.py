"""What caches between here and a reader are told of an answer."""

from __future__ import annotations

from flask import Response


def vary_by(response: Response, names: str) -> None:
    """Tell that the answer differs by further headers of the request (RFC 9110, 12.5.5).

    Written as it is: `response.vary` takes the header apart and writes it anew for each name.

    Parameters
    ----------
    response : Response
    names : str
        Joined by commas.
    """
    known = response.headers.get("Vary", "")
    if names not in known:
        response.headers["Vary"] = f"{known}, {names}" if known else names


def keep_private(response: Response, names: str) -> None:
    """Keep an answer from the next reader at the same browser or proxy.

    Parameters
    ----------
    response : Response
    names : str
        The headers by which readers are told apart, joined by commas.
    """
    vary_by(response, names)
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-cache"
        return
    response.cache_control.private = True
    if response.cache_control.max_age is None:
        response.cache_control.no_cache = True
