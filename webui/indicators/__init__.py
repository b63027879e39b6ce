"""Pages of indicators: the latest figures, one with its map and ranking, entry, definitions."""

from webui.indicators import definitions, entry, exports, lists, single
from webui.indicators.blueprint import blueprint

__all__ = ["blueprint", "definitions", "entry", "exports", "lists", "single"]
