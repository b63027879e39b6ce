"""Composing reports: figures counted once, put into words by rules, in Chinese and in English."""

from gridmap.reports.documents.compose.composed import Composed, Progress
from gridmap.reports.documents.compose.making import compose

__all__ = ["Composed", "Progress", "compose"]
