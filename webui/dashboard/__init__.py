"""The dashboard, the lists behind its numbers, and the pages of a cell and a building."""

from webui.dashboard import cell_change, lists, page
from webui.dashboard.building import buildings
from webui.dashboard.cell import cells
from webui.dashboard.state import blueprint

__all__ = ["blueprint", "buildings", "cell_change", "cells", "lists", "page"]
