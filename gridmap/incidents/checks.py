"""What is wrong with the incidents: those that lie in no cell are kept and listed."""

from __future__ import annotations

from geodata.messages import N_
from gridmap.territory.checks import Check

CHECKS = (
    Check(
        "incident_outside",
        N_("An incident lies in no cell"),
        False,
        """
        SELECT coalesce(external_id, id::text) AS subject,
            to_char(occurred_at, 'YYYY-MM-DD HH24:MI') AS other,
            geom
        FROM incident WHERE cell_id IS NULL
        """,
    ),
)
