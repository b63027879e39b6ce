"""Every script and style from this server: its own files, and the local copies of Folium's."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request, url_for

from geodata.messages import Message
from gridmap.errors import UnavailableError

STATIC = Path(__file__).resolve().parent / "static"

#: What Folium 0.20 names, and where `vendor.json` lays it out below ``static/vendor``.
FOLIUM = {
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js": "leaflet/leaflet.js",
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.css": "leaflet/leaflet.css",
    "https://cdn.jsdelivr.net/npm/bootstrap@5.2.2/dist/css/bootstrap.min.css": (
        "bootstrap/bootstrap.min.css"
    ),
    "https://cdn.jsdelivr.net/npm/bootstrap@5.2.2/dist/js/bootstrap.bundle.min.js": (
        "bootstrap/bootstrap.bundle.min.js"
    ),
}
_IMMUTABLE = "public, max-age=31536000, immutable"


class UnknownAssetError(UnavailableError):
    """Folium names a file that has no local copy."""


def install(app: Flask) -> None:
    """Offer `asset(name)` to templates, and let browsers keep what cannot change."""
    app.jinja_env.globals["asset"] = asset
    app.after_request(_keep)


def asset(name: str) -> str:
    """Return the address of a file below ``static``, which changes with its content."""
    path = STATIC / name
    if not path.is_file():
        raise UnavailableError(
            Message(
                "The browser asset {name} is missing: run make setup, or gridmap doctor to see "
                "what is wrong.",
                name=name,
            )
        )
    return url_for("static", filename=name, v=_digest(path, path.stat().st_mtime_ns))


def local(url: str) -> str:
    """Return the local address of a file that Folium names by its public one.

    Raises
    ------
    UnknownAssetError
        If there is no local copy: the page would reach for the internet.
    """
    try:
        return asset(f"vendor/{FOLIUM[url]}")
    except KeyError:
        raise UnknownAssetError(
            Message(
                "Folium names {url}, of which there is no local copy: add it to vendor.json and "
                "to webui/assets.py.",
                url=url,
            )
        ) from None


@lru_cache(maxsize=256)
def _digest(path: Path, changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _keep(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code in (200, 304):
        response.headers["Cache-Control"] = _IMMUTABLE if "v" in request.args else "no-cache"
    return response
