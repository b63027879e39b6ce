"""The command that imports files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from geodata import mapping
from geodata.files.reading import read
from geodata.files.table import RawTable
from geodata.mapping import Mapping
from geodata.messages import N_, Message
from geodata.problems import Problems
from gridmap.cli.reporting import print_table, show_report
from gridmap.cli.say import say, text
from gridmap.cli.work import connected, operator
from gridmap.db import make_sessions
from gridmap.embedded import provide_database
from gridmap.exchange.imports import LAYERS, OSM_LAYERS, import_layer, import_osm
from gridmap.i18n import preferred_language, translate
from gridmap.incidents.importing.layers import category_words
from gridmap.progress import track
from gridmap.settings import Settings
from gridmap.territory.importing.layer import Choices
from gridmap.territory.importing.rejected import source_of, write_rejected
from gridmap.territory.importing.report import Report
from gridmap.territory.importing.units import number_codes

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
def import_(settings: Settings, /, layer: str, file: Path, **given: Any) -> None:
    """Import a file into a layer.

    The exit code is 1 if bad rows kept the file from being imported, or would have.
    """
    call = _Call(layer=layer, file=file, **given)
    with provide_database(settings) as url, connected(url) as engine:
        with make_sessions(engine).begin() as session:
            fits = _import_osm(session, call) if layer == "osm" else _import(session, call)
        if fits and not call.dry_run and layer in {"incidents", "osm"}:
            _analyse(engine)
    if call.dry_run:
        say("Nothing was written: this was a dry run.")
    elif not fits:
        say(
            "Nothing was imported. Mend the rows named above, or import the good ones with "
            "--skip-bad.",
            err=True,
        )
    if not fits:
        raise click.exceptions.Exit(1)


@dataclass(frozen=True)
class _Call:
    """What the command was called with; the options tell what each means."""

    layer: str
    file: Path
    mapping_file: Path | None
    save_mapping: Path | None
    crs: str | None
    encoding: str | None
    part: str | None
    no_header: bool
    source: str | None
    time_zone: str | None
    osm_layers: tuple[str, ...]
    dry_run: bool
    skip_bad: bool
    new_categories: bool
    keep_outside: bool
    code_prefix: str | None
    code_scheme: str
    yes: bool

    def choices(self, advance: Callable[[int], None]) -> Choices:
        """Return what the import itself must know."""
        osm = self.layer == "osm"
        return Choices(
            dry_run=self.dry_run,
            skip_bad=self.skip_bad,
            new_categories=self.new_categories,
            keep_outside=self.keep_outside or osm,
            source=self.source or ("osm" if osm else source_of(self.file)),
            scheme=self.code_scheme,
            advance=advance,
        )

    def accepts(self, report: Report) -> bool:
        """Tell whether bad rows do not keep the file out."""
        return self.skip_bad or not report.problems.severities()["error"]

    def title(self) -> Message:
        """Return what the progress bar says."""
        return Message("Importing {file}", file=self.file.name)


def _import_osm(session: Session, call: _Call) -> bool:
    """Import all layers of an extract or none, and tell whether they fit."""
    with track(call.title()) as advance:
        layers = call.osm_layers or OSM_LAYERS
        reports = import_osm(session, operator(), call.file, layers, call.choices(advance))
    for report in reports:
        show_report(report)
    fits = all(call.accepts(report) for report in reports)
    if not fits:
        session.rollback()
    return fits


def _import(session: Session, call: _Call) -> bool:
    """Import a file of one layer, and tell whether it fits."""
    raw, chosen = _understood(session, call)
    with track(call.title(), len(raw)) as advance:
        choices = call.choices(advance)
        report = import_layer(session, operator(), LAYERS[call.layer], raw, chosen, choices)
    show_report(report)
    if report.rejected and report.applied:
        _write_rejected(raw, chosen, report.problems)
    return call.accepts(report)


def _understood(session: Session, call: _Call) -> tuple[RawTable, Mapping]:
    """Read the file and settle which column is which, if need be by asking."""
    given = mapping.load_mapping(call.mapping_file) if call.mapping_file else None
    raw = _read(call, given)
    if call.code_prefix is not None:
        _add_codes(raw, given, call.code_prefix)
    columns = [str(name) for name in raw.frame]
    chosen = given or mapping.guess(call.layer, columns, raw.frame.head(1000))
    chosen = _with_words(session, _changed(chosen, call))
    if given is None:
        _confirm(chosen, raw, call.yes)
    if call.save_mapping is not None:
        chosen.save(call.save_mapping)
    return raw, chosen


def _read(call: _Call, given: Mapping | None) -> RawTable:
    return read(
        call.file,
        call.part or (given.source_layer if given else None),
        call.encoding or (given.encoding if given else None),
        header=False if call.no_header else given.header if given else None,
    )


def _changed(chosen: Mapping, call: _Call) -> Mapping:
    """Return the mapping with what the command line says otherwise."""
    if chosen.layer != call.layer:
        raise click.UsageError(
            text(Message("the mapping is for the layer {layer}", layer=chosen.layer))
        )
    change: dict[str, object] = {}
    if call.crs:
        change["location"] = chosen.location.model_copy(update={"system": call.crs})
    for name in ("time", "until"):
        if call.time_zone and (rule := getattr(chosen, name)):
            change[name] = mapping.TimeRule(**{**rule.model_dump(), "zone": call.time_zone})
    if call.code_prefix is not None:
        change["columns"] = {**chosen.columns, "code": CODE}
    change |= {"source_layer": call.part} if call.part else {}
    change |= {"encoding": call.encoding} if call.encoding else {}
    change |= {"header": False} if call.no_header else {}
    return chosen.model_copy(update=change)


def _with_words(session: Session, chosen: Mapping) -> Mapping:
    """Let a file of incidents name categories instead of giving their codes."""
    if chosen.layer != "incidents":
        return chosen
    words = {**category_words(session), **chosen.values.get("category", {})}
    return chosen.model_copy(update={"values": {**chosen.values, "category": words}})


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
    print_table(
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
