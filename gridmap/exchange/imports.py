"""The layers that can be imported, and OpenStreetMap extracts, which hold several of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.files.osm import read_osm
from geodata.files.table import RawTable
from geodata.mapping import Mapping
from geodata.messages import N_
from geodata.problems import Problems
from gridmap.incidents.importing.layers import CATEGORIES, INCIDENTS
from gridmap.patrols.streets.asking import ask_building
from gridmap.territory.importing.buildings import BUILDING_COUNTS, BUILDINGS
from gridmap.territory.importing.cells import CELLS
from gridmap.territory.importing.features import GROUND, PLACES, ROADS
from gridmap.territory.importing.layer import Choices, LayerImport
from gridmap.territory.importing.pipeline import digest, import_table, store_frame
from gridmap.territory.importing.report import Report
from gridmap.territory.importing.units import UNITS
from gridmap.territory.models import ImportRun, Unit
from gridmap.workforce import audit
from gridmap.workforce.audit_names import TABLES
from gridmap.workforce.importing import CADRES
from gridmap.workforce.rights import Action, Actor, require

LAYERS = {
    layer.name: layer
    for layer in (
        UNITS, CELLS, BUILDINGS, BUILDING_COUNTS, PLACES, ROADS, GROUND, CATEGORIES, INCIDENTS,
        CADRES,
    )
}  # fmt: skip

#: What an OpenStreetMap extract can give, in the order in which it is stored.
OSM_LAYERS = ("units", "roads", "buildings", "places", "ground")


def import_layer(
    session: Session,
    actor: Actor,
    layer: LayerImport,
    raw: RawTable,
    mapping: Mapping,
    choices: Choices,
) -> Report:
    """Import a file that was read on behalf of a person, and tell the log of it.

    The log has the numbers of rows and the run; each row names the run that it came with.

    Parameters
    ----------
    session : Session
        Nothing is committed.
    actor : Actor
    layer, raw, mapping, choices
        See `import_table`.

    Raises
    ------
    ForbiddenError
        If the actor may not import this.
    GeodataError
        As `import_table`.
    """
    require(actor, Action.MANAGE_CADRES if layer.name == CADRES.name else Action.IMPORT)
    report = import_table(session, layer, raw, mapping, choices)
    _tell(session, actor, report, raw.path.name if raw.path else "")
    return report


def import_osm(
    session: Session, actor: Actor, path: Path, layers: tuple[str, ...], choices: Choices
) -> list[Report]:
    """Import several layers of an OpenStreetMap extract in one act.

    Administrative relations give outlines to units that are stored and have none yet; they are
    known by their code (the tag ``ref``) or, where that is no code, by their name. Others are
    passed over with a warning. What lies outside the territory is passed over likewise, since an
    extract is hardly ever cut along it.

    Parameters
    ----------
    session : Session
        Nothing is committed.
    actor : Actor
    path : Path
        An .osm.pbf or .osm file.
    layers : tuple of str
        Which of `OSM_LAYERS`.
    choices : Choices

    Returns
    -------
    list of Report
        One for each layer.

    Raises
    ------
    ForbiddenError
        If the actor may not import.
    """
    require(actor, Action.IMPORT)
    frames = read_osm(path)
    reports = []
    for name in OSM_LAYERS:
        if name not in layers:
            continue
        problems = Problems()
        frame: pd.DataFrame = frames[name]
        frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
        read = len(frame)
        if name == "units":
            frame = _matched_units(session, frames[name], problems)
        run = ImportRun(
            layer=name, file_name=path.name, sha256=digest(path), coordinate_system="EPSG:4326",
            mapping={"osm": list(layers)}, report={},
        )  # fmt: skip
        report = store_frame(session, LAYERS[name], frame, problems, read, run, choices)
        _tell(session, actor, report, path.name)
        reports.append(report)
    return reports


def _tell(session: Session, actor: Actor, report: Report, file: str) -> None:
    """Tell the log what was written, and have the streets built anew where they changed.

    A dry run and a refused file have changed nothing.
    """
    if report.applied:
        numbers = {name: n for name, n in report.as_dict().items() if name != "problems"}
        after = {"layer": report.layer, "file": file, **numbers}
        audit.record(session, actor, "import", (TABLES[report.layer], None), after=after)
        # The outlines of units tell which community a street is in.
        if report.layer in (ROADS.name, UNITS.name):
            ask_building(session, actor.user_id)


def _matched_units(
    session: Session, frame: gpd.GeoDataFrame, problems: Problems
) -> gpd.GeoDataFrame:
    """Return the relations that are stored units without an outline, as a canonical frame."""
    stored = session.execute(
        select(Unit.code, Unit.name, Unit.level, Unit.geom.is_(None).label("open"))
    ).all()
    codes = {unit.code: unit for unit in stored}
    # A name that several units have tells nothing.
    names: dict[str, list[Any]] = {}
    for unit in stored:
        names.setdefault(unit.name, []).append(unit)
    found: list[Any] = []
    for code, name in zip(frame["code"], frame["name"], strict=True):
        padded = str(code).ljust(12, "0") if pd.notna(code) and str(code).isdigit() else ""
        alike = names.get(str(name), [])
        found.append(codes.get(padded) or (alike[0] if len(alike) == 1 else None))
    known = np.array([unit is not None for unit in found], dtype=np.bool_)
    kept = np.array([unit is not None and unit.open for unit in found], dtype=np.bool_)
    for which, template, code in (
        (~known, N_("row {row}: the relation {value} is no unit that is stored"), "unit-unmatched"),
        (known & ~kept, N_("row {row}: the unit {value} has an outline already"), "unit-outlined"),
    ):
        problems.add_many(
            code,
            template,
            frame.index.to_numpy()[which],
            field="name",
            values=frame["name"].fillna("").to_numpy()[which],
            severity="dropped",
        )
    units = [unit for unit, keep in zip(found, kept, strict=True) if keep]
    result = frame.loc[kept, ["geometry", "name_en"]].copy()
    for column in ("code", "level", "name"):
        # Of no units at all, pandas would take the texts for numbers.
        texts = [getattr(unit, column) for unit in units]
        result[column] = pd.Series(texts, index=result.index, dtype="str")
    result["parent_code"] = pd.Series(None, index=result.index, dtype="str")
    return result.drop_duplicates("code")
