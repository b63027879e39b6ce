"""tipg and pygeoapi over the same database, each in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.tiles import serving, tipg_program, with_host

TIPG_PORT, PYGEOAPI_PORT = 8392, 8393
_NEEDED = ["pygeoapi", "gunicorn", "psycopg2-binary", "geoalchemy2", "sqlalchemy"]


@contextmanager
def tipg(url: str) -> Iterator[str]:
    """Serve the table `incident` by tipg, two processes of uvicorn; yield its items' address."""
    folder = Path(os.environ.get("GRIDMAP_BENCH_TIPG", tempfile.gettempdir() + "/gridmap-tipg"))
    command = [str(tipg_program(folder)), "-m", "uvicorn", "tipg.main:app", "--workers", "2"]
    with serving(
        [*command, "--port", str(TIPG_PORT), "--log-level", "warning"],
        TIPG_PORT,
        "/healthz",
        DATABASE_URL=with_host(url),
        TIPG_DB_SCHEMAS='["public"]',
        TIPG_MAX_FEATURES_PER_QUERY="10000",
    ):
        yield f"http://127.0.0.1:{TIPG_PORT}/collections/public.incident/items?f=geojson"


@contextmanager
def pygeoapi(url: str) -> Iterator[str]:
    """Serve the table `incident` by pygeoapi, two processes of gunicorn, likewise."""
    folder = Path(
        os.environ.get("GRIDMAP_BENCH_PYGEOAPI", tempfile.gettempdir() + "/gridmap-pygeoapi")
    )
    python = pygeoapi_program(folder)
    config, openapi = folder / "config.yml", folder / "openapi.yml"
    # What is JSON is YAML too.
    config.write_text(json.dumps(_config(url)), encoding="utf-8")
    environment = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
    subprocess.run(
        [str(python.parent / "pygeoapi"), "openapi", "generate", str(config),
         "--output-file", str(openapi)],
        env=os.environ | environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    command = [str(python), "-m", "gunicorn", "--workers", "2", "--timeout", "300"]
    with serving(
        [*command, "--bind", f"127.0.0.1:{PYGEOAPI_PORT}", "pygeoapi.flask_app:APP"],
        PYGEOAPI_PORT,
        "/?f=json",
        **environment,
    ):
        yield f"http://127.0.0.1:{PYGEOAPI_PORT}/collections/incident/items?f=json"


def pygeoapi_program(folder: Path) -> Path:
    """Install pygeoapi into an environment of its own, and return its Python."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *_NEEDED], check=True)
    return python


def _config(url: str) -> dict[str, object]:
    """Return as much configuration as pygeoapi asks for."""
    parts = urllib.parse.urlsplit(url)
    query = urllib.parse.parse_qs(parts.query)
    person = {"name": "-", "url": "http://localhost", "email": "-"}
    contact = {**person, "position": "-", "address": "-", "city": "-", "stateorprovince": "-",
               "postalcode": "-", "country": "-", "phone": "-", "fax": "-", "hours": "-",
               "instructions": "-", "role": "pointOfContact"}  # fmt: skip
    provider = {
        "type": "feature",
        "name": "PostgreSQL",
        "data": {
            "host": parts.hostname or query["host"][0],
            "port": parts.port or int(query.get("port", ["5432"])[0]),
            "dbname": parts.path.lstrip("/"),
            "user": parts.username,
            "password": parts.password,
        },
        "id_field": "id",
        "table": "incident",
        "geom_field": "geom",
    }
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": PYGEOAPI_PORT},
            "url": f"http://127.0.0.1:{PYGEOAPI_PORT}",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "limits": {"default_items": 10, "max_items": 10_000},
            "map": {"url": "http://localhost/{z}/{x}/{y}.png", "attribution": "-"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "-", "description": "-", "keywords": ["-"], "keywords_type": "theme",
                "terms_of_service": "-", "url": "http://localhost",
            },
            "license": {"name": "-", "url": "http://localhost"},
            "provider": person,
            "contact": contact,
        },
        "resources": {
            "incident": {
                "type": "collection",
                "title": "incident",
                "description": "incident",
                "keywords": ["-"],
                "links": [{"type": "text/html", "rel": "canonical", "href": "http://localhost"}],
                "extents": {
                    "spatial": {
                        "bbox": [-180, -90, 180, 90],
                        "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
                    }
                },
                "providers": [provider],
            }
        },
    }  # fmt: skip
