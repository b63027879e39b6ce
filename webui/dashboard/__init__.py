"""The dashboard, the lists behind its numbers, and the page of a cell."""

from webui.dashboard import lists, page
from webui.dashboard.cell import cells
from webui.dashboard.state import blueprint

__all__ = ["blueprint", "cells", "lists", "page"]
