"""The blueprints: the administrator's pages, and what keys ask for."""

from flask import Blueprint

blueprint = Blueprint("agencies", __name__, url_prefix="/agencies")
#: Packages for the keys themselves.
packages = Blueprint("packages", __name__, url_prefix="/packages")
