"""How far a job is, as pages that wait for it ask."""

from __future__ import annotations

from flask import Response, jsonify
from sqlalchemy import Connection

from geodata.messages import N_
from gridmap.jobs.service import serving
from webui.language import say

STATES = {
    "waiting": N_("waits"),
    "running": N_("runs"),
    "failed": N_("failed"),
    "cancelled": N_("cancelled"),
}


def is_served(connection: Connection, state: str | None) -> bool:
    """Tell whether a job that waits is waited for by somebody."""
    return state != "waiting" or serving(connection) > 0


def state_answer(
    connection: Connection,
    *,
    finished: bool,
    state: str | None,
    progress: float | None,
    message: str | None,
) -> Response:
    """Tell a waiting page how far a job is.

    Parameters
    ----------
    connection : Connection
    finished : bool
        Whether what it makes is there.
    state, progress, message
        Of the job; None where it is gone.
    """
    return jsonify(
        over=finished or state in (None, "failed", "cancelled"),
        state=state,
        progress=progress,
        served=is_served(connection, state),
        step=say(message or STATES.get(state or "", "")),
    )
