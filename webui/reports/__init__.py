"""Pages of reports: what is asked for, read, discussed, approved and published."""

from webui.reports.blueprint import blueprint

__all__ = ["blueprint"]
