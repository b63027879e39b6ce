"""Hotspots: the list of runs, the form and the one button, results, exports and comparing."""

from webui.hotspots import acts, compare, exports, lists, new, single, tiles
from webui.hotspots.blueprint import blueprint

__all__ = ["acts", "blueprint", "compare", "exports", "lists", "new", "single", "tiles"]
