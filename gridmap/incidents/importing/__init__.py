"""Import of incidents, made for a million rows at a time."""

from gridmap.incidents.importing.writing import write_incidents

__all__ = ["write_incidents"]
