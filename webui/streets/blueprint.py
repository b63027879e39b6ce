"""The blueprint of the pages and answers about streets."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("streets", __name__, url_prefix="/patrols")
