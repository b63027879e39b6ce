"""The dashboard, the lists behind its numbers, and the page of a cell."""

from webui.dashboard import cell_change, lists, page
from webui.dashboard.cell import cells
from webui.dashboard.state import blueprint

__all__ = ["blueprint", "cell_change", "cells", "lists", "page"]
