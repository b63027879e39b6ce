"""The records behind figures of the area, its people and its patrols, for which no list stands.

Each list takes the condition of the figure that it explains, and adds up what the figure sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.messages import N_, Message
from gridmap.errors import GridmapError, NotFoundError
from gridmap.patrols.shifts.queries import CAME, NOTED
from gridmap.workforce.rights import Action, Actor, require, require_unit

PAGE = 50
#: How a column is shown; those that are numbers are summed.
Shape = Literal["text", "code", "day", "moment", "count", "km", "km2"]
SUMMED = ("count", "km", "km2")
_UNITS = """(
    WITH RECURSIVE below AS (
        SELECT CAST(:unit AS bigint) AS id
        UNION SELECT u.id FROM unit u JOIN below b ON u.parent_id = b.id
    ) SELECT id FROM below)"""
_KIND = "(CAST(:kind AS text) IS NULL OR {0}.kind = :kind)"
_CELL = "(CAST(:cell AS bigint) IS NULL OR {0}.cell_id = :cell)"


@dataclass(frozen=True)
class Listing:
    """A list of records.

    Attributes
    ----------
    title : str
    action : Action
        What its reader must be allowed to do.
    select : str
        Rows with ``id`` and the columns, from the condition of the figures; ``{units}`` is the
        area. It may ask for ``:first``, ``:last``, ``:moment``, ``:kind`` and ``:cell``.
    columns : mapping of str to (str, Shape)
    order : str
    kinds : tuple of str
        What ``:kind`` may be.
    """

    title: str
    action: Action
    select: str
    columns: Mapping[str, tuple[str, Shape]]
    order: str
    kinds: tuple[str, ...] = ()


_PEOPLE: Mapping[str, tuple[str, Shape]] = {
    "households": (N_("Households"), "count"),
    "residents": (N_("Residents"), "count"),
    "temporary_residents": (N_("Temporary residents"), "count"),
    "rented_homes": (N_("Rented homes"), "count"),
}
LISTINGS: Mapping[str, Listing] = {
    "communities": Listing(
        N_("Communities"), Action.VIEW_DASHBOARD,
        """SELECT t.id, t.code, t.name, t.name_en, ST_Area(t.geom::geography) / 1e6 AS km2
           FROM unit t WHERE t.level = 'community' AND t.id IN {units}""",
        {"code": (N_("Code"), "text"), "name": (N_("Name"), "text"), "km2": (N_("Area"), "km2")},
        "code",
    ),
    "cells": Listing(
        N_("Cells"), Action.VIEW_DASHBOARD,
        """SELECT t.id, t.code, t.name, t.kind, t.area_m2 / 1e6 AS km2 FROM cell t
           WHERE t.community_id IN {units}
             AND ((t.valid @> CAST(:last AS date)) IS TRUE OR t.id = :cell)
             AND CASE WHEN :kind = 'held' THEN t.kind <> 'micro' AND EXISTS (
                     SELECT FROM assignment a WHERE a.cell_id = t.id AND a.role = 'responsible'
                       AND a.period @> CAST(:last AS date))
                 ELSE CAST(:kind AS text) IS NULL OR t.kind = :kind END
             AND (CAST(:cell AS bigint) IS NULL OR t.id = :cell)""",
        {"code": (N_("Code"), "text"), "name": (N_("Name"), "text"), "kind": (N_("Kind"), "code"),
         "km2": (N_("Area"), "km2")},
        "code",
        ("basic", "dedicated", "micro", "held"),
    ),
    "buildings": Listing(
        N_("Buildings"), Action.VIEW_DASHBOARD,
        f"""SELECT t.id, t.name, t.address, t.kind FROM building t
            WHERE t.community_id IN {{units}} AND {_KIND.format("t")} AND {_CELL.format("t")}""",
        {"name": (N_("Name"), "text"), "address": (N_("Address"), "text"),
         "kind": (N_("Kind"), "code")},
        "name NULLS LAST",
        ("residential",),
    ),
    "places": Listing(
        N_("Places"), Action.VIEW_DASHBOARD,
        f"""SELECT t.id, t.name, t.address, t.kind FROM place t
            WHERE t.community_id IN {{units}} AND {_KIND.format("t")} AND {_CELL.format("t")}""",
        {"name": (N_("Name"), "text"), "address": (N_("Address"), "text"),
         "kind": (N_("Kind"), "code")},
        "name NULLS LAST",
        ("enterprise",),
    ),
    "people": Listing(
        N_("The newest counts of the buildings"), Action.VIEW_DASHBOARD,
        f"""SELECT t.id, t.name, t.address, n.month AS day, n.households, n.residents,
                   n.temporary_residents, n.rented_homes
            FROM building t CROSS JOIN LATERAL (
                SELECT * FROM building_count c WHERE c.building_id = t.id AND c.month <= :last
                ORDER BY c.month DESC LIMIT 1) n
            WHERE t.community_id IN {{units}} AND {_CELL.format("t")}""",
        {"name": (N_("Name"), "text"), "address": (N_("Address"), "text"),
         "day": (N_("Counted"), "day"), **_PEOPLE},
        "name NULLS LAST",
    ),
    "cadres": Listing(
        N_("Cadres"), Action.VIEW_WORKFORCE,
        f"""SELECT t.id, t.name, t.kind, u.name AS unit, u.name_en AS unit_en
            FROM cadre t JOIN unit u ON u.id = t.unit_id
            WHERE t.unit_id IN {{units}} AND t.active AND t.kind <> 'volunteer'
              AND {_KIND.format("t")}""",
        {"name": (N_("Name"), "text"), "kind": (N_("Kind"), "code"), "unit": (N_("Unit"), "text")},
        "name",
        ("full_time",),
    ),
    "teams": Listing(
        N_("Teams"), Action.VIEW_WORKFORCE,
        f"""SELECT t.id, t.name, t.kind, u.name AS unit, u.name_en AS unit_en,
                   (SELECT count(*) FROM team_member m WHERE m.team_id = t.id) AS members
            FROM team t JOIN unit u ON u.id = t.unit_id
            WHERE t.unit_id IN {{units}} AND t.active AND {_KIND.format("t")}""",
        {"name": (N_("Name"), "text"), "kind": (N_("Kind"), "code"), "unit": (N_("Unit"), "text"),
         "members": (N_("Members"), "count")},
        "name",
        ("patrol", "volunteer", "grid"),
    ),
    "routes": Listing(
        N_("Patrol routes"), Action.VIEW_WORKFORCE,
        """SELECT t.id, t.name, u.name AS unit, u.name_en AS unit_en, t.length_m / 1000 AS km
           FROM patrol_route t JOIN unit u ON u.id = t.unit_id
           WHERE t.unit_id IN {units} AND t.archived_at IS NULL""",
        {"name": (N_("Name"), "text"), "unit": (N_("Unit"), "text"), "km": (N_("Length"), "km")},
        "name",
    ),
    "shifts": Listing(
        N_("Shifts"), Action.VIEW_WORKFORCE,
        f"""SELECT t.id, t.starts, d.name AS team, m.due, m.known, m.came
           FROM shift t JOIN team d ON d.id = t.team_id CROSS JOIN LATERAL (
               SELECT count(*) AS due, count(*) FILTER (WHERE {NOTED}) AS known,
                      count(*) FILTER (WHERE {CAME}) AS came
               FROM shift_member WHERE shift_id = t.id) m
           WHERE d.unit_id IN {{units}} AND t.cancelled_at IS NULL
             AND t.day BETWEEN :first AND :last
             AND CASE WHEN :kind = 'ahead' THEN t.ends > :moment ELSE t.starts <= :moment END""",
        {"starts": (N_("Begun"), "moment"), "team": (N_("Team"), "text"),
         "due": (N_("On duty"), "count"), "known": (N_("Attendance known, not on leave"), "count"),
         "came": (N_("Came"), "count")},
        "starts DESC",
        ("ahead",),
    ),
    "tracks": Listing(
        N_("Tracks"), Action.VIEW_WORKFORCE,
        """SELECT t.id, t.started_at AS starts, u.name AS unit, u.name_en AS unit_en,
                  t.length_m / 1000 AS km
           FROM patrol_track t JOIN unit u ON u.id = t.unit_id
           WHERE t.unit_id IN {units} AND t.matched_at IS NOT NULL
             AND t.started_at >= CAST(:first AS timestamp)
                 AT TIME ZONE (SELECT time_zone FROM territory_settings)
             AND t.started_at < (CAST(:last AS timestamp) + interval '1 day')
                 AT TIME ZONE (SELECT time_zone FROM territory_settings)""",
        {"starts": (N_("Begun"), "moment"), "unit": (N_("Unit"), "text"),
         "km": (N_("Length"), "km")},
        "starts DESC",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """Which records of a list are wanted.

    Attributes
    ----------
    unit : int
        With all units below it.
    first, last : date
    moment : datetime
        Of shifts, those that have begun by then; of those ahead, those that are not over.
    kind : str or None
    cell : int or None
    """

    unit: int
    first: date
    last: date
    moment: datetime
    kind: str | None = None
    cell: int | None = None


@dataclass(frozen=True)
class Behind:
    """A page of records, how many there are in all, and the sums of all."""

    rows: Sequence[Row[Any]]
    total: int
    sums: Mapping[str, Any]


def records_behind(session: Session, actor: Actor, what: str, asked: Asked, page: int) -> Behind:
    """List records behind figures.

    Parameters
    ----------
    session : Session
    actor : Actor
    what : str
        Of `LISTINGS`.
    asked : Asked
    page : int
        From 1.

    Raises
    ------
    NotFoundError
        If there is no such list, or the unit is not the actor's.
    ForbiddenError
        If the list is not for the actor.
    GridmapError
        If the kind is none of the list's.
    """
    listing = LISTINGS.get(what)
    if listing is None:
        raise NotFoundError(Message("There is no list of such records."))
    require(actor, listing.action)
    require_unit(actor, asked.unit)
    if asked.kind is not None and asked.kind not in listing.kinds:
        raise GridmapError(Message("{kind} is no kind of these records.", kind=asked.kind))
    select = listing.select.format(units=_UNITS)
    values = vars(asked) | {"limit": PAGE, "offset": (page - 1) * PAGE}
    rows = session.execute(
        text(
            f"SELECT * FROM ({select}) t ORDER BY {listing.order}, id LIMIT :limit OFFSET :offset"
        ),
        values,
    ).all()
    summed = [key for key, (_, shape) in listing.columns.items() if shape in SUMMED]
    sums = ", ".join(
        ["count(*) AS total", *(f"coalesce(sum({key}), 0) AS {key}" for key in summed)]
    )
    found = session.execute(text(f"SELECT {sums} FROM ({select}) t"), values).one()
    return Behind(rows, found.total, {key: getattr(found, key) for key in summed})
