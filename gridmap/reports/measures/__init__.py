"""Measures: counts over the system's own records, for a span of days and the members of a group."""

from gridmap.reports.measures.counting import measured
from gridmap.reports.measures.records import records_of
from gridmap.reports.measures.registry import MEASURES, Group, Measure

__all__ = ["MEASURES", "Group", "Measure", "measured", "records_of"]
