"""What composing gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gridmap.reports.documents.compose.prose import Language
from gridmap.reports.structure import Document, Fact

#: Told how far the work is, from 0 to 1, and what it is at.
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Composed:
    """A report, counted and written.

    Attributes
    ----------
    facts : mapping of str to Fact
        Every figure by its key.
    documents : mapping of str to Document
        By language, ``zh`` and ``en``.
    pictures : mapping of str to bytes
        PNG by key.
    state : mapping
        As of when the data are: ``moment`` of the snapshot, the ``snapshot`` itself, the ``newest``
        incident, the highest ``incident_id``, ``case_id`` and ``case_step_id``, and the
        ``program``. Times are ISO 8601 with their offset.
    """

    facts: Mapping[str, Fact]
    documents: Mapping[Language, Document]
    pictures: Mapping[str, bytes]
    state: Mapping[str, Any]
