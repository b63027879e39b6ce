"""Names of the workforce's codes for people."""

from __future__ import annotations

from geodata.messages import N_

ROLE_TITLES = {
    "responsible": N_("Responsible cadre"),
    "deputy": N_("Deputy"),
    "group_leader": N_("Group leader"),
    "compound_guard": N_("Compound guard"),
    "police_liaison": N_("Police liaison"),
}
