"""The command that does the long work: analyses, the streets, packages for other agencies."""

from __future__ import annotations

import os
import threading
from contextlib import suppress

import click
from sqlalchemy.exc import OperationalError

from gridmap.db import make_engine
from gridmap.embedded import provide_database
from gridmap.settings import Settings

_BEHIND_PAGES = 5


@click.command()
@click.option("--parent", type=int, hidden=True, help="End with the process of this number.")
@click.pass_obj
def jobs(settings: Settings, parent: int | None) -> None:
    """Do what waits in the queue, until Ctrl-C.

    gridmap serve does so by itself, unless GRIDMAP_JOB_PROCESSES is 0. The command is for a
    machine of its own, or for a service beside the server's.
    """
    # Beside a server pages come first: somebody waits for each of them.
    if parent is not None:
        os.nice(_BEHIND_PAGES)
    # Loaded before the processes divide, the libraries' memory is shared.
    from gridmap.exchange.packages.running import watch
    from gridmap.handlers import HANDLERS
    from gridmap.hotspots import running as hotspots
    from gridmap.jobs.processes import keep_running
    from gridmap.jobs.running import listening, work
    from gridmap.patrols.tracks import running as tracks

    hotspots.load()
    with provide_database(settings) as url:

        def do_jobs(end: threading.Event) -> None:
            engine = make_engine(url, pool_size=4)
            # A database that is not there yet is waited for below. Who asks for something while
            # this process warms itself is told that it is there.
            with suppress(OperationalError), listening(engine):
                hotspots.warm(engine)
            work(engine, HANDLERS, end)

        def make_packages(end: threading.Event) -> None:
            watch(make_engine(url, pool_size=3, max_overflow=0), settings, end)

        def look_after_tracks(end: threading.Event) -> None:
            tracks.watch(make_engine(url, pool_size=2, max_overflow=0), end)

        works = [do_jobs] * max(1, settings.job_processes)
        keep_running([*works, make_packages, look_after_tracks], parent)
