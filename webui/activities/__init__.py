"""Activities: the list, one activity, what is due, plans, entry in a table, and files."""

from webui.activities import due, form, importing, lists, notices, plans, single, table
from webui.activities.blueprint import blueprint

__all__ = [
    "blueprint",
    "due",
    "form",
    "importing",
    "lists",
    "notices",
    "plans",
    "single",
    "table",
]
