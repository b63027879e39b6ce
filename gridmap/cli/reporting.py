"""Reports of imports as a person reads them: numbers, and examples of each kind of problem."""

from __future__ import annotations

from collections.abc import Hashable

import pandas as pd
from rich.console import Console
from rich.table import Table

from geodata.messages import N_, Message
from gridmap.cli.say import say, text
from gridmap.i18n import preferred_language, translate
from gridmap.territory.importing.report import Report

_PLAIN_WIDTH = 120
_EXAMPLES = 3
_SEVERITIES = [N_("error"), N_("repaired"), N_("warning"), N_("dropped")]


def show_report(report: Report) -> None:
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
    print_table(N_("Problems"), [N_("Severity"), N_("Count"), N_("Examples")], table)


def _by_weight(item: tuple[tuple[Hashable, ...], pd.DataFrame]) -> tuple[int, int]:
    """Put errors first, and of one severity what is most frequent."""
    (severity, _), part = item
    return _SEVERITIES.index(str(severity)), -len(part)


def print_table(title: str, headers: list[str], rows: pd.DataFrame) -> None:
    """Print rows under translated headers, as wide as the terminal."""
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
