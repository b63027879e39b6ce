"""The desk where cases are taken in, with a town of two communities; see `incidents.conftest`."""

from tests.gridmap.incidents.conftest import desk

__all__ = ["desk"]
