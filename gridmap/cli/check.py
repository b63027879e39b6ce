"""The command that lists what is wrong with the territory and the incidents."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import click
from rich.console import Console
from rich.table import Table

from geodata.messages import N_, Message
from gridmap.cli.say import say, text
from gridmap.cli.work import working
from gridmap.incidents import checks as incidents
from gridmap.settings import Settings
from gridmap.territory import checks as territory
from gridmap.territory.checks import Check, Finding
from gridmap.workforce import audit

CHECKS = {check.name: check for check in (*territory.CHECKS, *incidents.CHECKS)}
# Narrower than a terminal's default, a table that nobody watches would break every line.
_PLAIN_WIDTH = 120


@click.command()
@click.option(
    "--only",
    type=click.Choice(list(CHECKS)),
    multiple=True,
    help="Ask only this; may be given several times.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Pass over gaps and overlaps up to so many m².",
)
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Show at most so many findings of a kind.",
)
@click.option(
    "--geojson",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all findings to this file.",
)
@click.pass_obj
def check(
    settings: Settings, only: Sequence[str], tolerance: float, rows: int, geojson: Path | None
) -> None:
    """List gaps, overlaps, what lies outside and what lacks a kind.

    The exit code is 1 if something was found.
    """
    asked = [CHECKS[name] for name in only] or list(CHECKS.values())
    with ExitStack() as stack:
        session, actor = stack.enter_context(working(settings))
        writer = None
        if geojson is not None:
            writer = _Collection(stack.enter_context(geojson.open("w", encoding="utf-8")))
        total = 0
        for question in asked:
            shown: list[Finding] = []
            count = 0
            for found in territory.findings(session, question, tolerance):
                count += 1
                if count <= rows:
                    shown.append(found)
                if writer is not None:
                    writer.add(found, text(question.title))
            _print(question, shown, count)
            total += count
        if writer is not None:
            writer.close()
            told = {"file": geojson.name if geojson else "", "rows": total}
            audit.record(session, actor, "export.check", ("cell", None), after=told)
    if geojson is not None:
        say(Message("Wrote {file}.", file=str(geojson)))
    if total:
        raise click.exceptions.Exit(1)
    say("Nothing is wrong.")


def _print(question: Check, shown: Sequence[Finding], count: int) -> None:
    if not count:
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PLAIN_WIDTH)
    table = Table(title=f"{text(question.title)}: {count:,}", title_justify="left")
    table.add_column(text(N_("What")))
    table.add_column(text(N_("Beside")))
    if question.areal:
        table.add_column(text(N_("Area, m²")), justify="right")
    for found in shown:
        area = [] if found.area_m2 is None else [f"{found.area_m2:,.1f}"]
        table.add_row(found.subject, found.other, *area)
    console.print(table)
    if count > len(shown):
        say(Message("... and {count} more.", count=f"{count - len(shown):,}"))


class _Collection:
    """A GeoJSON FeatureCollection (RFC 7946) written one finding at a time."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._before = '{"type":"FeatureCollection","features":[\n'

    def add(self, found: Finding, title: str) -> None:
        properties = {
            "check": found.check,
            "title": title,
            "subject": found.subject,
            "other": found.other,
            "area_m2": None if found.area_m2 is None else round(found.area_m2, 1),
        }
        written = json.dumps(properties, ensure_ascii=False)
        self._file.write(
            f'{self._before}{{"type":"Feature","properties":{written},"geometry":{found.geojson}}}'
        )
        self._before = ",\n"

    def close(self) -> None:
        if self._before != ",\n":
            self._file.write(self._before)
        self._file.write("\n]}\n")
