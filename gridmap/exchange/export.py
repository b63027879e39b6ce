"""Layers into files, part by part: GeoJSON straight from PostGIS, other formats through frames."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from geodata.crs import CoordinateSystem
from geodata.files.written import FORMATS, Written, replacing, write_collection
from gridmap.exchange.export_layers import EVERY_ROW, LAYERS, Choice, query_of
from gridmap.exchange.feature_sql import feature_sql
from gridmap.territory.models import TerritorySettings
from gridmap.workforce import audit
from gridmap.workforce.audit_names import TABLES
from gridmap.workforce.rights import Action, Actor, require

# Features that are joined and written at once.
_CHUNK = 20_000


def export(
    session: Session,
    actor: Actor,
    layer: str,
    path: Path,
    *,
    format: str | None = None,  # noqa: A002 - What a caller would look for.
    system: str = "EPSG:4326",
    choice: Choice = EVERY_ROW,
    advance: Callable[[int], None] = lambda steps: None,
) -> Written:
    """Write a layer to a file, in memory that does not grow with its rows; the log tells of it.

    Times are told in the time zone of the territory, whatever that of the session was; it keeps
    the territory's until the transaction ends.

    Parameters
    ----------
    session : Session
        Nothing but the entry of the log is written to it.
    actor : Actor
    layer : str
        A key of `LAYERS`.
    path : Path
        An existing file is replaced when all is written.
    format : {"geojson", "gpkg", "csv", "shapefile"}, optional
        By default what the name ends in.
    system : str
        The coordinate system, see `geodata.crs.CoordinateSystem.parse`. A Gauss-Krüger zone that
        is not named is that of the middle of what is exported.
    choice : Choice
    advance : callable
        Told how many rows were read.

    Returns
    -------
    Written

    Raises
    ------
    ForbiddenError
        If the actor may not export.
    GeodataError
        If the format or the coordinate system is unknown, or the layer knows no such choice.
    """
    require(actor, Action.EXPORT)
    target = CoordinateSystem.parse(system)
    zone = session.scalars(select(TerritorySettings.time_zone)).one()
    session.execute(select(func.set_config("TimeZone", zone, True)))
    wanted = format or FORMATS.get(path.suffix.lower())
    if wanted == "geojson" and target.name == "WGS 84" and LAYERS[layer].shape:
        written = _stream_geojson(session, layer, path, choice, advance)
    else:
        # The libraries of frames take twice the memory of all the rest.
        from gridmap.exchange.export_frames import write_frames

        written = write_frames(session, layer, path, wanted, target, choice, advance)
    after = {
        "layer": layer, "file": path.name, "rows": written.count, "system": system,
        **{name: value for name, value in asdict(choice).items() if value is not None},
    }  # fmt: skip
    audit.record(session, actor, "export", (TABLES[layer], None), after=after)
    return written


def _stream_geojson(
    session: Session, layer: str, path: Path, choice: Choice, advance: Callable[[int], None]
) -> Written:
    """Write what PostGIS makes, feature by feature (RFC 7946, 7 decimals: a centimetre)."""
    columns = LAYERS[layer].columns
    feature = feature_sql(columns, "t.geom", point=LAYERS[layer].shape == "Point", identified=False)
    statement, params = query_of(layer, choice, feature)
    if layer == "incidents":
        # Without an order each process makes features of its own rows, half again as fast.
        statement = statement.rpartition(" ORDER BY ")[0]
    written = Written(path, 0)

    def told() -> Generator[bytes]:
        for lines in copied_lines(session, statement, params):
            written.count += len(lines)
            advance(len(lines))
            # Within JSON no line ends, so each end of a line is that of a feature.
            yield b"".join(lines)[:-1].replace(b"\n", b",\n")

    with closing(told()) as parts, replacing(path) as partial:
        write_collection(parts, partial)
    return written


def copied_lines(
    session: Session, statement: str, params: Mapping[str, Any]
) -> Generator[list[bytes]]:
    """Yield JSON that a statement makes, one value a line, in memory that does not grow.

    COPY sends rows as they are made and may use several processes, unlike a cursor. Its CSV
    writes a value as it is unless it holds a quote, a stroke or the end of a line. Here these are
    control characters, which JSON always escapes (RFC 8259, 7).

    Parameters
    ----------
    session : Session
        Only read from.
    statement : str
        With one column of JSON, never null.
    params : mapping
        Its parameters.
    """
    connection = session.connection()
    # COPY takes no parameters from the driver, which writes them into the statement itself.
    inner = str(text(statement).compile(dialect=connection.dialect))
    copy = f"COPY ({inner}) TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    lines: list[bytes] = []
    try:
        with driver.cursor().copy(copy, params) as rows:
            for row in rows:
                lines.append(bytes(row))
                if len(lines) == _CHUNK:
                    yield lines
                    lines = []
    except psycopg.OperationalError as error:
        # Whoever calls knows the faults of SQLAlchemy alone.
        raise OperationalError(copy, dict(params), error) from error
    if lines:
        yield lines
