"""Who answers for which cell: the map, the list, handing over, history and sheets."""

from webui.assignments import acts, handover, lists, map_page, sheets
from webui.assignments.blueprint import blueprint

__all__ = ["acts", "blueprint", "handover", "lists", "map_page", "sheets"]
