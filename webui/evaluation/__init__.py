"""Pages of evaluations: the list, one evaluation, one member, weights, departments, my own."""

from webui.evaluation import acts, departments, export, lists, member, mine, single, weights
from webui.evaluation.blueprint import blueprint

__all__ = [
    "acts",
    "blueprint",
    "departments",
    "export",
    "lists",
    "member",
    "mine",
    "single",
    "weights",
]
