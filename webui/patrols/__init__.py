"""The pages of patrol routes: list, editor, one route, following it on a phone, print, files."""

from webui.patrols import acts, asked, editor, exports, follow, imports, lists, paper, single
from webui.patrols.blueprint import blueprint

__all__ = [
    "acts", "asked", "blueprint", "editor", "exports", "follow", "imports", "lists", "paper",
    "single",
]  # fmt: skip
