"""The command that draws first outlines, to be corrected by those who know the place."""

from __future__ import annotations

from pathlib import Path

import click
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geodata.blocks import sketch_areas, sketch_cells
from geodata.crs import CoordinateSystem, to_wgs84
from geodata.files.reading import read
from geodata.files.writing import write
from geodata.messages import Message
from gridmap.cli.say import say, text
from gridmap.cli.work import working
from gridmap.errors import GridmapError
from gridmap.settings import Settings
from gridmap.territory.importing.positions import territory, unit_outlines
from gridmap.territory.models import Road, Unit
from gridmap.workforce import audit


@click.command()
@click.argument("what", type=click.Choice(["towns", "communities", "cells"]))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--points",
    type=click.Path(exists=True, path_type=Path),
    help="For towns and communities: a table of codes and positions.",
)
@click.option("--no-header", is_flag=True, help="The first row is data; columns are column 1 ...")
@click.option("--code", default="code", help="The column with the codes.")
@click.option("--x", default="lon", help="The column with the longitudes.")
@click.option("--y", default="lat", help="The column with the latitudes.")
@click.option("--crs", default="EPSG:4326", help="The coordinate system of the positions.")
@click.option("--community", help="For cells: only communities whose code begins so.")
@click.option(
    "--target", type=float, default=100_000, show_default=True, help="The size of a cell in m²."
)
@click.pass_obj
def sketch(
    settings: Settings,
    what: str,
    file: Path,
    points: Path | None,
    no_header: bool,
    code: str,
    x: str,
    y: str,
    crs: str,
    community: str | None,
    target: float,
) -> None:
    """Draw first outlines of towns, communities or cells into a file, to be imported.

    Towns and communities get what is nearest to their point inside the territory; cells are cut
    along the roads that are stored.
    """
    if what != "cells" and points is None:
        raise click.UsageError(text("give the codes and positions with --points"))
    with working(settings) as (session, actor):
        if points is None or what == "cells":
            drawn = _cells(session, community or "", target)
        else:
            table = read(points, header=False if no_header else None).frame
            level = "town" if what == "towns" else "community"
            drawn = _areas(session, _placed(table, code, x, y, crs), level)
        # Rounded coordinates would make the outlines overlap by slivers.
        write(drawn, file, "gpkg" if file.suffix == ".gpkg" else None)
        told = {"layer": what, "file": file.name, "rows": len(drawn)}
        subject = ("cell" if what == "cells" else "unit", None)
        audit.record(session, actor, "export.sketch", subject, after=told)
    say(Message("Wrote {count} rows to {file}.", count=f"{len(drawn):,}", file=str(file)))


def _areas(session: Session, placed: gpd.GeoDataFrame, level: str) -> gpd.GeoDataFrame:
    """Share the territory out among the stored units of a level that have a point."""
    stored = session.execute(select(Unit.code, Unit.name).where(Unit.level == level))
    names = {unit.code: unit.name for unit in stored}
    placed = placed[placed["code"].isin(names)].reset_index(drop=True)
    placed.insert(1, "name", placed["code"].map(names))
    placed.insert(2, "level", level)
    outline = shapely.union_all(territory(session).geometry.to_numpy())
    drawn = sketch_areas(placed, outline)
    return drawn[drawn.geometry.notna()]


def _cells(session: Session, beginning: str, target: float) -> gpd.GeoDataFrame:
    """Cut the communities whose code begins so along the roads that are stored."""
    outlines = unit_outlines(session, "community")
    outlines = outlines[outlines["code"].str.startswith(beginning)]
    if outlines.empty:
        raise GridmapError(Message("No community there has an outline."))
    lines = session.execute(select(Road.kind, func.ST_AsBinary(Road.geom))).all()
    roads = gpd.GeoDataFrame(
        {"kind": [kind for kind, _ in lines]},
        geometry=shapely.from_wkb(np.array([line for _, line in lines], dtype=object)),
        crs="EPSG:4326",
    )
    parts = [
        sketch_cells(area, roads, target=target).assign(community_code=of)
        for of, area in zip(outlines["code"], outlines.geometry, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)[["community_code", "geometry"]]


def _placed(table: pd.DataFrame, code: str, x: str, y: str, crs: str) -> gpd.GeoDataFrame:
    """Return codes and points in WGS 84, of the rows that have a position."""
    at = table[[x, y]].apply(pd.to_numeric, errors="coerce").to_numpy("float64")
    there = np.isfinite(at).all(axis=1)
    lon, lat = to_wgs84(at[there, 0], at[there, 1], CoordinateSystem.parse(crs))
    return gpd.GeoDataFrame(
        {"code": table.loc[there, code].to_numpy()},
        geometry=shapely.points(lon, lat),
        crs="EPSG:4326",
    )
