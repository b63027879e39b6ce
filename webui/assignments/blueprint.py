"""The blueprint that all pages of assignments belong to."""

from flask import Blueprint

blueprint = Blueprint("assignments", __name__, url_prefix="/assignments")
