"""Streets: the network's state, its parts and gaps on a map, and lines that follow streets."""

from webui.streets import page, tracing
from webui.streets.blueprint import blueprint

__all__ = ["blueprint", "page", "tracing"]
