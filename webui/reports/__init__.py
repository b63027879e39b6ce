"""Pages of reports: what is asked for, read, discussed, approved and published."""

from webui.reports import (
    acts,
    changes,
    downloads,
    lists,
    new,
    records,
    schedules,
    single,
    templates,
)
from webui.reports.blueprint import blueprint

__all__ = [
    "acts", "blueprint", "changes", "downloads", "lists", "new", "records", "schedules", "single",
    "templates",
]  # fmt: skip
