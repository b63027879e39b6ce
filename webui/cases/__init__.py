"""Cases: intake, lists, board, map, the single case, photos, settings, and a cadre's own page."""

from webui.cases import board, intake, lists, phone, photos, rules, single, views
from webui.cases.blueprint import blueprint

__all__ = [
    "blueprint",
    "board",
    "intake",
    "lists",
    "phone",
    "photos",
    "rules",
    "single",
    "views",
]
