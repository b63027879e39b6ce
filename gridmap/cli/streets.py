"""The command that builds the network of streets at once."""

from __future__ import annotations

import click

from geodata.messages import Message
from gridmap.cli.say import say
from gridmap.cli.work import working
from gridmap.settings import Settings


@click.command()
@click.pass_obj
def streets(settings: Settings) -> None:
    """Build the network of streets anew.

    The server does so by itself after an import of roads; this is for one without jobs.
    """
    from gridmap.patrols.streets.service import build_network

    with working(settings) as (session, _):
        report = build_network(session)
    say(
        Message(
            "{roads} roads made {segments} segments, {km} km; {share} % of what can be walked "
            "hangs together; {gaps} gaps, {islands} islands.",
            roads=report["roads"],
            segments=report["segments"],
            km=round(report["km"], 1),
            share=round(100 * (report["largest"] or 0), 1),
            gaps=report["gaps"],
            islands=max(report["parts"] - 1, 0),
        )
    )
