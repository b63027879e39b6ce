"""Other agencies at /agencies: their keys, what these may be given, and what was asked."""

from webui.agencies import key_pages, offices, own_packages, package_pages
from webui.agencies.blueprint import blueprint, packages

__all__ = ["blueprint", "key_pages", "offices", "own_packages", "package_pages", "packages"]
