"""What counts as open work in a cell, for the workload of cadres."""

from __future__ import annotations

from datetime import date

from gridmap.workforce.workload import Tasks


def recent_incidents(day: date, days: int = 30) -> Tasks:
    """Count the incidents of the last days up to a day, which stand for open cases.

    Parameters
    ----------
    day : date
        The last day counted.
    days : int
        How many days are counted.
    """
    return Tasks(
        """
        SELECT cell_id, count(*) AS n FROM incident, territory_settings s
        WHERE cell_id IS NOT NULL
          AND occurred_at >= (CAST(:task_day AS date) - CAST(:task_days AS integer) + 1)
              ::timestamp AT TIME ZONE s.time_zone
          AND occurred_at < (CAST(:task_day AS date) + 1)::timestamp AT TIME ZONE s.time_zone
        GROUP BY cell_id
        """,
        {"task_day": day, "task_days": days},
    )


def open_cases() -> Tasks:
    """Count the cases of a cell that are neither closed nor withdrawn."""
    return Tasks(
        """
        SELECT cell_id, count(*) AS n FROM incident_case
        WHERE ended_at IS NULL AND cell_id IS NOT NULL GROUP BY cell_id
        """
    )
