"""How far a long analysis has come."""

from __future__ import annotations

from collections.abc import Callable

Tick = Callable[[float], None]
"""Called with the share done, 0 to 1; what it raises stops the analysis."""
