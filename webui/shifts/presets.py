"""The usual patterns, which fill the form to begin with."""

from __future__ import annotations

from collections.abc import Sequence

from geodata.messages import N_

#: By key: what it is called, the form's fields, and how many have duty together.
PRESETS: dict[str, tuple[str, dict[str, str], int]] = {
    "duty": (
        N_("24-hour duty in turns"),
        {"days": "every", "turn": "shift", "begins-0": "08:00", "hours-0": "24"},
        2,
    ),
    "three": (
        N_("Three shifts a day in turns"),
        {
            "days": "every", "turn": "shift", "begins-0": "00:00", "hours-0": "8",
            "begins-1": "08:00", "hours-1": "8", "begins-2": "16:00", "hours-2": "8",
        },
        2,
    ),
    "cycle": (
        N_("Day, night, two days of rest"),
        {
            "days": "every", "turn": "cycle", "cycle": "1 2 - -", "begins-0": "08:00",
            "hours-0": "12", "begins-1": "20:00", "hours-1": "12",
        },
        2,
    ),
    "workdays": (
        N_("Workdays"),
        {"days": "workdays", "turn": "week", "begins-0": "16:30", "hours-0": "2"},
        4,
    ),
    "off": (
        N_("Weekends and holidays"),
        {"days": "off", "turn": "shift", "begins-0": "09:00", "hours-0": "8"},
        2,
    ),
    "weekly": (
        N_("Certain evenings of the week"),
        {
            "days": "weekdays", "turn": "shift", "begins-0": "19:00", "hours-0": "2",
            "weekday-2": "1", "weekday-4": "1", "weekday-5": "1",
        },
        4,
    ),
}  # fmt: skip


def preset(key: str, crew: Sequence[int]) -> tuple[dict[str, str], dict[int, int]]:
    """Return the fields of a usual pattern, and the team's members in groups.

    Parameters
    ----------
    key : str
        Of `PRESETS`; another one stands for the first.
    crew : sequence of int
        The members, the captain first.

    Returns
    -------
    fields : dict
    groups : dict of int to int
        The group of each member, counted from 1.
    """
    _, fields, together = PRESETS.get(key) or PRESETS["duty"]
    groups = {cadre: n // together + 1 for n, cadre in enumerate(crew)}
    if key == "cycle":
        # Four groups share a cycle of four days.
        groups = {cadre: n % 4 + 1 for n, cadre in enumerate(crew)}
    return dict(fields), {cadre: group for cadre, group in groups.items() if group <= 12}
