"""Shifts: calendar, list, conflicts, one shift, patterns, swaps, the sheet, and a person's own."""

from webui.shifts import calendar, forms, lists, mine, patterns, rules, sheets, single, swapping
from webui.shifts.blueprint import blueprint

__all__ = [
    "blueprint",
    "calendar",
    "forms",
    "lists",
    "mine",
    "patterns",
    "rules",
    "sheets",
    "single",
    "swapping",
]
