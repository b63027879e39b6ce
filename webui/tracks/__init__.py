"""Pages of what was walked: tracks, and what patrols cover."""

from webui.tracks import lists, overview, rules, single, taking_in
from webui.tracks.blueprint import blueprint

__all__ = ["blueprint", "lists", "overview", "rules", "single", "taking_in"]
