"""Units: counties first, then towns, then communities, each below its parent."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.messages import Message
from geodata.problems import Problems
from gridmap.errors import GridmapError
from gridmap.territory.importing.layer import Choices, LayerImport
from gridmap.territory.importing.origin import Counts, Origin
from gridmap.territory.importing.positions import unit_outlines
from gridmap.territory.importing.staging import count, framed, stage, upsert
from gridmap.territory.models import Unit

_ABOVE = {"town": "county", "community": "town"}


def check_units(
    session: Session, frame: pd.DataFrame, problems: Problems, choices: Choices
) -> pd.DataFrame:
    """Check codes and parents; a parent may be in the file or in the database."""
    stored = dict(session.execute(select(Unit.code, Unit.level)).all())
    shaped = frame["code"].str.fullmatch(r"[0-9]{12}").fillna(False).to_numpy(bool)
    problems.add_many(
        "unit-code",
        "row {row}: {value} is no code of a unit, which has 12 digits",
        frame.index.to_numpy()[~shaped],
        field="code",
        values=frame["code"].to_numpy()[~shaped],
    )
    frame = frame.copy()
    frame["parent_code"] = frame["parent_code"].where(frame["level"] != "county", None)
    frame["parent_code"] = frame["parent_code"].fillna(_surrounding(session, frame))
    frame["parent_code"] = frame["parent_code"].fillna(_implied_parent(frame))
    levels = {**stored, **dict(zip(frame["code"], frame["level"], strict=True))}
    wanted = frame["level"].map(_ABOVE)
    found = frame["parent_code"].map(levels)
    orphan = (wanted.notna() & (found != wanted).fillna(True)).to_numpy(bool) & shaped
    problems.add_many(
        "parent-unknown",
        "row {row}: neither the file nor the database has a unit of the level above with the "
        "code {value}",
        frame.index.to_numpy()[orphan],
        field="parent_code",
        values=frame["parent_code"].fillna("").to_numpy()[orphan],
    )
    before = frame["code"].map(stored)
    moved = (before.notna() & (before != frame["level"])).to_numpy(bool)
    problems.add_many(
        "unit-level",
        "row {row}: the unit {value} is stored with another level",
        frame.index.to_numpy()[moved],
        field="level",
        values=frame["code"].to_numpy()[moved],
    )
    return frame


def _surrounding(session: Session, frame: pd.DataFrame) -> pd.Series[str]:
    """Return the stored unit of the level above in whose outline a unit lies."""
    result = pd.Series(None, index=frame.index, dtype="object")
    if "geometry" not in frame:
        return result
    for level, above in _ABOVE.items():
        rows = (frame["level"] == level) & frame["geometry"].notna()
        outlines = unit_outlines(session, above)
        if not rows.any() or outlines.empty:
            continue
        points = shapely.point_on_surface(frame.loc[rows, "geometry"].to_numpy())
        at, area = shapely.STRtree(outlines.geometry.to_numpy()).query(points, "intersects")
        result[frame.index[rows][at]] = outlines["code"].to_numpy()[area]
    return result


def _implied_parent(frame: pd.DataFrame) -> pd.Series[str]:
    """Return the parent that the code itself tells: 6 digits of the county, 3 of the town."""
    county = frame["code"].str.slice(0, 6) + "000000"
    town = frame["code"].str.slice(0, 9) + "000"
    level = frame["level"]
    return county.where(level == "town", town.where(level == "community", None))


def number_codes(values: Sequence[str | None], prefix: str) -> list[str]:
    """Make 12-digit codes for units that a file only numbers or names.

    Parameters
    ----------
    values : sequence of str or None
        What the file calls each unit. Whole numbers, each once, follow the prefix; otherwise the
        units are numbered by the order of these texts, so the same file gives the same codes.
    prefix : str
        The 6 digits of a county, for towns, or the 9 digits of a town, for communities.

    Returns
    -------
    list of str

    Raises
    ------
    GridmapError
        If the prefix is none, or the numbers do not fit behind it.
    """
    if not (prefix.isascii() and prefix.isdigit() and len(prefix) in (6, 9)):
        raise GridmapError(
            Message(
                "{prefix} is no beginning of a code: give the 6 digits of the county for towns, "
                "or the 9 digits of the town for communities",
                prefix=prefix,
            )
        )
    texts = [str(value or "").strip().removesuffix(".0") for value in values]
    numbers = all(text.isascii() and text.isdigit() for text in texts)
    if not numbers or len(set(texts)) < len(texts):
        order = sorted(range(len(texts)), key=lambda position: texts[position])
        for serial, position in enumerate(order, start=1):
            texts[position] = str(serial)
    if any(len(text) > 3 for text in texts):
        raise GridmapError(
            Message(
                "the file's numbers do not fit into the 3 digits behind {prefix}", prefix=prefix
            )
        )
    return [(prefix + text.zfill(3)).ljust(12, "0") for text in texts]


def write_units(
    session: Session, frame: pd.DataFrame, origin: Origin, choices: Choices, write: bool = True
) -> Counts:
    """Insert units or update those with the same code.

    Parameters
    ----------
    session : Session
        Nothing is committed.
    frame : pandas.DataFrame or GeoDataFrame
        Canonical; a unit without geometry keeps the outline that is stored.
    origin : Origin
    choices : Choices
    write : bool
        Not looked at: the caller takes back what a dry run wrote.

    Returns
    -------
    Counts
    """
    frame = framed(frame)
    total = Counts()
    for level in ("county", "town", "community"):
        rows = frame[frame["level"] == level]
        if rows.empty:
            continue
        stage(session, "arriving", rows, {
            "code": "text", "parent_code": "text", "level": "text", "name": "text",
            "name_en": "text", "geom": "geometry(MultiPolygon, 4326)",
        })  # fmt: skip
        states = upsert(
            session, "unit", ["code", "level", "name", "name_en", "geom"], "t.code = a.code",
            origin, own={"parent_id": "(SELECT id FROM unit u WHERE u.code = a.parent_code)"},
        )  # fmt: skip
        total += count(states)
        choices.advance(len(rows))
    return total


UNITS = LayerImport("units", check_units, write_units)
