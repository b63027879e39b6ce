"""What only people can write: the problems, and what comes next."""

from __future__ import annotations

from gridmap.reports.documents.compose.draft import Draft
from gridmap.reports.documents.compose.matter import Matter
from gridmap.reports.documents.compose.prose import Both

#: By the section's key, under which remarks are kept.
SECTIONS = (
    ("problems", Both("存在的问题", "Problems")),
    ("next", Both("下一步工作", "Next steps")),
)
_EMPTY = Both(
    "（本节由人员撰写，系统不代写；目前尚未填写。）",
    "(This section is written by people and never by the program; nothing is written yet.)",
)


def write(matter: Matter, draft: Draft) -> None:
    """Leave room for the sections that people write, and list them as not written."""
    for key, title in SECTIONS:
        draft.head(1, title, key)
        draft.nothing(title, _EMPTY)
