"""Cadres and teams: lists, forms, absences, the import from Excel, and what needs a hand."""

from webui.staff import absences, cadres, gaps, importing, teams
from webui.staff.blueprint import blueprint

__all__ = ["absences", "blueprint", "cadres", "gaps", "importing", "teams"]
