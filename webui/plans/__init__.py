"""Pages of plans of patrols."""

from webui.plans import acts, lists, new, single
from webui.plans.blueprint import blueprint

__all__ = ["acts", "blueprint", "lists", "new", "single"]
