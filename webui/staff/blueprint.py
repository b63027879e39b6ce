"""The blueprint that all pages of the staff belong to."""

from flask import Blueprint

blueprint = Blueprint("staff", __name__, url_prefix="/staff")
