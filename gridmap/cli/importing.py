"""The command that imports files."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pandas as pd
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from geodata import files, mapping
from geodata.files import RawTable
from geodata.mapping import Mapping
from geodata.messages import N_, Message
from geodata.problems import Problems
from gridmap.cli.say import say, text
from gridmap.db import make_engine, make_sessions
from gridmap.embedded import provide_database
from gridmap.exchange.imports import LAYERS, OSM_LAYERS, import_osm
from gridmap.i18n import preferred_language, translate
from gridmap.incidents.importing.layers import category_words
from gridmap.progress import track
from gridmap.settings import Settings
from gridmap.territory.importing.layer import Choices
from gridmap.territory.importing.pipeline import import_table
from gridmap.territory.importing.rejected import source_of, write_rejected
from gridmap.territory.importing.report import Report
from gridmap.territory.importing.units import number_codes

_PLAIN_WIDTH = 120
_EXAMPLES = 3
_SEVERITIES = [N_("error"), N_("repaired"), N_("warning"), N_("dropped")]
#: The column of codes that --code-prefix adds; a mapping names it so.
CODE = "code"


@click.command()
@click.argument("layer", type=click.Choice([*LAYERS, "osm"]))
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file that tells which column is which; without it that is guessed.",
)
@click.option(
    "--save-mapping",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the mapping used to this file.",
)
@click.option("--crs", help="The coordinate system: WGS84, GCJ02, BD09, CGCS2000, EPSG:4527 ...")
@click.option("--encoding", help="The encoding of the text, such as GBK.")
@click.option("--layer-name", "--sheet", "part", help="The layer or sheet of the file.")
@click.option("--no-header", is_flag=True, help="The first row is data; columns are column 1 ...")
@click.option("--source", help="The register the rows are from; by default the file's name.")
@click.option("--time-zone", help="The time zone of the times in the file, as Asia/Shanghai.")
@click.option(
    "--osm-layer",
    "osm_layers",
    type=click.Choice(OSM_LAYERS),
    multiple=True,
    help="Of an OpenStreetMap extract only this; may be given several times.",
)
@click.option("--dry-run", is_flag=True, help="Show the report and write nothing.")
@click.option("--skip-bad", is_flag=True, help="Import the good rows; write the others to a file.")
@click.option("--new-categories", is_flag=True, help="Add categories that are unknown.")
@click.option("--keep-outside", is_flag=True, help="Let in what lies far outside the territory.")
@click.option(
    "--code-prefix", help="Units that the file only numbers or names get codes that begin so."
)
@click.option("--code-scheme", default="digits15", help="The scheme that numbers new cells.")
@click.option("--yes", is_flag=True, help="Use a guessed mapping without asking.")
@click.pass_obj
def import_(
    settings: Settings,
    layer: str,
    file: Path,
    mapping_file: Path | None,
    save_mapping: Path | None,
    crs: str | None,
    encoding: str | None,
    part: str | None,
    no_header: bool,
    source: str | None,
    time_zone: str | None,
    osm_layers: tuple[str, ...],
    dry_run: bool,
    skip_bad: bool,
    new_categories: bool,
    keep_outside: bool,
    code_prefix: str | None,
    code_scheme: str,
    yes: bool,
) -> None:
    """Import a file into a layer.

    The exit code is 1 if bad rows kept the file from being imported.
    """
    with provide_database(settings) as url:
        engine = make_engine(url)
        choices = Choices(
            dry_run=dry_run,
            skip_bad=skip_bad,
            new_categories=new_categories,
            keep_outside=keep_outside or layer == "osm",
            source=source or ("osm" if layer == "osm" else source_of(file)),
            scheme=code_scheme,
        )
        try:
            with make_sessions(engine).begin() as session:
                if layer == "osm":
                    with track(Message("Importing {file}", file=file.name)) as advance:
                        reports = import_osm(
                            session,
                            file,
                            osm_layers or OSM_LAYERS,
                            replace(choices, advance=advance),
                        )
                    for report in reports:
                        _show(report)
                    refused = any(not report.applied for report in reports)
                    if refused:
                        session.rollback()
                else:
                    given = mapping.load_mapping(mapping_file) if mapping_file else None
                    raw = _read(file, given, part, encoding, no_header)
                    if code_prefix is not None:
                        _add_codes(raw, given, code_prefix)
                    chosen = given or mapping.guess(
                        layer, [str(name) for name in raw.frame], raw.frame.head(1000)
                    )
                    if code_prefix is not None:
                        columns = {**chosen.columns, "code": CODE}
                        chosen = chosen.model_copy(update={"columns": columns})
                    chosen = _changed(chosen, layer, crs, time_zone, part, encoding, no_header)
                    chosen = _with_words(session, chosen)
                    if given is None:
                        _confirm(chosen, raw, yes)
                    if save_mapping is not None:
                        chosen.save(save_mapping)
                    with track(Message("Importing {file}", file=file.name), len(raw)) as advance:
                        report = import_table(
                            session, LAYERS[layer], raw, chosen, replace(choices, advance=advance)
                        )
                    _show(report)
                    if report.rejected and skip_bad and not dry_run:
                        _write_rejected(raw, chosen, report.problems)
                    refused = not report.applied
            if not refused and layer in {"incidents", "osm"}:
                _analyse(engine)
        finally:
            engine.dispose()
    if dry_run:
        say("Nothing was written: this was a dry run.")
    elif refused:
        say(
            "Nothing was imported. Mend the rows named above, or import the good ones with "
            "--skip-bad.",
            err=True,
        )
        raise click.exceptions.Exit(1)


def _read(
    file: Path, given: Mapping | None, part: str | None, encoding: str | None, no_header: bool
) -> RawTable:
    return files.read(
        file,
        part or (given.source_layer if given else None),
        encoding or (given.encoding if given else None),
        header=False if no_header else given.header if given else None,
    )


def _changed(
    chosen: Mapping,
    layer: str,
    crs: str | None,
    time_zone: str | None,
    part: str | None,
    encoding: str | None,
    no_header: bool,
) -> Mapping:
    """Return the mapping with what the command line says otherwise."""
    if chosen.layer != layer:
        raise click.UsageError(
            text(Message("the mapping is for the layer {layer}", layer=chosen.layer))
        )
    change: dict[str, object] = {}
    if crs:
        change["location"] = chosen.location.model_copy(update={"system": crs})
    if time_zone and chosen.time:
        change["time"] = mapping.TimeRule(**{**chosen.time.model_dump(), "zone": time_zone})
    change |= {"source_layer": part} if part else {}
    change |= {"encoding": encoding} if encoding else {}
    change |= {"header": False} if no_header else {}
    return chosen.model_copy(update=change)


def _with_words(session: Session, chosen: Mapping) -> Mapping:
    """Let a file of incidents name categories instead of giving their codes."""
    if chosen.layer != "incidents":
        return chosen
    words = {**category_words(session), **chosen.values.get("category", {})}  # noqa: PD011 - A field of the mapping.
    return chosen.model_copy(update={"values": {**chosen.values, "category": words}})  # noqa: PD011 - A field of the mapping.


def _add_codes(raw: RawTable, given: Mapping | None, prefix: str) -> None:
    """Give a file of units the column ``code``, made of its numbers or else its names."""
    plain = given or mapping.guess("units", [str(name) for name in raw.frame])
    column = plain.columns.get("code", CODE)
    if column == CODE:
        column = plain.columns.get("name", CODE)
    if not isinstance(column, str) or column not in raw.frame:
        raise click.UsageError(text("no column numbers or names the units"))
    values = raw.frame[column].astype("str").where(raw.frame[column].notna(), None)
    raw.frame[CODE] = number_codes(values.tolist(), prefix)


def _confirm(chosen: Mapping, raw: RawTable, yes: bool) -> None:
    """Show a guessed mapping and ask whether it is right."""
    table = mapping.describe(chosen, [str(name) for name in raw.frame])
    _print_table(
        N_("Guessed mapping"), [N_("Field"), N_("Column"), N_("Note")],
        table[["field", "source", "note"]].astype("str"),
    )  # fmt: skip
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(
            text("a guessed mapping must be confirmed: give --yes, or a file with --mapping")
        )
    click.confirm(text("Is this right?"), abort=True)


def _show(report: Report) -> None:
    """Print the numbers and, of each kind of problem, the first examples."""
    say(
        Message(
            "{layer}: {read} rows read: {inserted} inserted, {updated} updated, {unchanged} "
            "unchanged, {reversed} reversed, {repeated} repeated, {rejected} rejected",
            **{
                name: f"{value:,}" for name, value in report.as_dict().items() if name != "problems"
            },
            layer=report.layer,
        )
    )
    found = report.problems.to_frame(lambda template: translate(template, preferred_language()))
    if found.empty:
        return
    found["severity"] = pd.Categorical(found["severity"], _SEVERITIES)
    grouped = found.groupby(["severity", "code"], sort=False, observed=True)
    rows = [
        (text(str(severity)), f"{len(part):,}", message if position == 0 else f"  {message}")
        for (severity, _), part in sorted(grouped, key=_by_weight)
        for position, message in enumerate(part["message"].head(_EXAMPLES))
    ]
    table = pd.DataFrame(rows, columns=["severity", "count", "message"])
    repeated = table.duplicated(["severity", "count"]) & table["message"].str.startswith("  ")
    table.loc[repeated, ["severity", "count"]] = ""
    _print_table(N_("Problems"), [N_("Severity"), N_("Count"), N_("Examples")], table)


def _by_weight(item: tuple[Any, pd.DataFrame]) -> tuple[int, int]:
    """Put errors first, and of one severity what is most frequent."""
    (severity, _), part = item
    return _SEVERITIES.index(str(severity)), -len(part)


def _print_table(title: str, headers: list[str], rows: pd.DataFrame) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PLAIN_WIDTH)
    table = Table(title=text(title), title_justify="left")
    for header in headers:
        table.add_column(text(header))
    for row in rows.itertuples(index=False):
        # What a file holds is no markup.
        table.add_row(*(str(value).replace("[", r"\[") for value in row))
    console.print(table)


def _write_rejected(raw: RawTable, chosen: Mapping, problems: Problems) -> None:
    def say_it(template: str) -> str:
        return translate(template, preferred_language())

    table, beside = write_rejected(raw, chosen, problems, Path.cwd(), say_it, text(N_("reason")))
    say(
        Message(
            "The rejected rows are in {file}. Mend them and import them with --mapping {mapping}.",
            file=str(table),
            mapping=str(beside),
        )
    )


def _analyse(engine: Engine) -> None:
    """Tell the planner of the new rows, which it would notice only later."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sql("ANALYZE incident, incident_bin, building, place, road, ground"))
