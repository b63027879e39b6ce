"""The scope, which the territory holds since the workforce needs it too."""

from gridmap.territory.scope import EVERYTHING, Scope

__all__ = ["EVERYTHING", "Scope"]
