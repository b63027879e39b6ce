"""The command that writes layers to files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from geodata.messages import Message
from gridmap.cli.say import say, text
from gridmap.cli.work import working
from gridmap.exchange.export import export as write_layer
from gridmap.exchange.export_layers import LAYERS, Choice
from gridmap.progress import track
from gridmap.settings import Settings

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("layer", type=click.Choice(list(LAYERS)))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "format_",
    type=click.Choice(["geojson", "gpkg", "csv", "shapefile"]),
    help="The format; by default what the file's name ends in.",
)
@click.option(
    "--crs",
    default="EPSG:4326",
    help="The coordinate system: WGS84, GCJ02, BD09, CGCS2000, EPSG:4527 ...",
)
@click.option("--community", help="Only this unit: a code, or its first digits.")
@click.option(
    "--level",
    type=click.Choice(["county", "town", "community"]),
    help="Of the units only these.",
)
@click.option("--from", "first", type=_DAY, help="Incidents from this day on.")
@click.option("--to", "last", type=_DAY, help="Incidents up to this day, included.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@click.pass_obj
def export(
    settings: Settings,
    layer: str,
    file: Path,
    format_: str | None,
    crs: str,
    community: str | None,
    level: str | None,
    first: datetime | None,
    last: datetime | None,
    force: bool,
) -> None:
    """Write a layer to a file: GeoJSON, GeoPackage, CSV or zipped Shapefile."""
    if file.exists() and not force:
        raise click.UsageError(
            text(Message("{file} exists already; give --force to replace it", file=str(file)))
        )
    choice = Choice(
        _beginning(community),
        first.date() if first else None,
        last.date() if last else None,
        level,
    )
    with (
        working(settings) as (session, actor),
        track(Message("Writing {file}", file=file.name)) as advance,
    ):
        written = write_layer(
            session, actor, layer, file, format=format_, system=crs, choice=choice, advance=advance
        )
    for note in written.notes:
        say(note)
    say(Message("Wrote {count} rows to {file}.", count=f"{written.count:,}", file=str(file)))


def _beginning(code: str | None) -> str | None:
    """Return the digits that the codes of all communities in a unit begin with."""
    if code is None or len(code) != 12 or not code.endswith("000"):
        return code
    return code[:6] if code.endswith("000000") else code[:9]
