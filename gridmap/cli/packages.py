"""The command that makes packages for other agencies, for cron or a timer."""

from __future__ import annotations

import click

from geodata.messages import Message
from gridmap.cli.say import say
from gridmap.db import make_engine
from gridmap.embedded import provide_database
from gridmap.exchange.packages.running import run_packages
from gridmap.progress import track
from gridmap.settings import Settings


@click.command()
@click.pass_obj
def packages(settings: Settings) -> None:
    """Make the packages for other agencies that are due, and remove old ones.

    gridmap serve does so by itself. The command is for a timer, where packages are to be made at
    another time or by another machine than the server's.
    """
    with provide_database(settings) as url:
        engine = make_engine(url)
        try:
            with track(Message("Making packages")) as advance:
                made = run_packages(engine, settings, advance=advance)
        finally:
            engine.dispose()
    say(Message("Made {count} packages.", count=made))
