"""The commands that keep an installation well: migrate, doctor, backup, restore."""

from __future__ import annotations

from pathlib import Path

import click

from geodata.messages import Message
from gridmap import backup as copies
from gridmap.cli.say import say, text
from gridmap.cli.work import connected, tell, working
from gridmap.db import make_sessions
from gridmap.doctor import State, examine
from gridmap.embedded import provide_database
from gridmap.exchange.change_log import prune_changes
from gridmap.hotspots.scheduling import prune_runs
from gridmap.incidents.cases.photos import photo_folder
from gridmap.incidents.importing.partitions import drop_left
from gridmap.migrate import migrate as apply_migrations
from gridmap.reports.documents.late import forget_changes
from gridmap.settings import Settings

_COLOURS = {State.OK: "green", State.WARNING: "yellow", State.ERROR: "red"}


@click.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring the database to this version of gridmap."""
    from gridmap.patrols.streets.service import build_first

    with provide_database(settings) as url, connected(url) as engine:
        steps = apply_migrations(engine)
        if steps:
            tell(engine, "migrate", {"steps": steps})
        with make_sessions(engine).begin() as session:
            build_first(session)
    for step in steps:
        say(Message("Applied {step}", step=step))
    say("The database is up to date.")


@click.command()
@click.pass_obj
def doctor(settings: Settings) -> None:
    """Say what is wrong with the installation and how to mend it.

    The exit code is 1 if something keeps gridmap from working.
    """
    grave = False
    with provide_database(settings) as url, connected(url) as engine:
        for finding in examine(settings, engine):
            grave |= finding.state is State.ERROR
            mark = click.style(f"{finding.state:8}", fg=_COLOURS[finding.state])
            say(finding.message, before=mark)
            if finding.remedy:
                say(finding.remedy, before=" " * 8)
    if grave:
        raise click.exceptions.Exit(1)


@click.command()
@click.pass_obj
def tidy(settings: Settings) -> None:
    """Delete what has been kept long enough: the log of old changes, runs of schedules.

    Tables of imports that were cut off are deleted too.

    Let the system's timer call it each night.
    """
    with working(settings) as (session, _):
        count = prune_changes(session, settings.changes_days)
        records = forget_changes(session, settings.changes_days)
        runs = prune_runs(session, settings.run_days)
        tables = drop_left(session, locked=False)
    say(Message("Deleted {count} rows of the log of changes.", count=count))
    say(Message("Deleted {count} changes of records that no report tells of.", count=records))
    say(Message("Deleted {count} runs of schedules.", count=runs))
    if tables:
        say(Message("Deleted {count} tables of imports that were cut off.", count=tables))


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@click.pass_obj
def backup(settings: Settings, file: Path, force: bool) -> None:
    """Write the whole database, the photos and the sheet's template to a file."""
    with provide_database(settings) as url, connected(url) as engine:
        packed = copies.backup(url, file, settings, replace=force)
        tell(engine, "backup", {"file": file.name, "size": packed.size, "photos": packed.photos})
    say(
        Message(
            "Wrote {file}, {megabytes:.1f} MB, with {photos} photos.",
            file=str(file),
            megabytes=packed.size / 1e6,
            photos=packed.photos,
        )
    )
    if packed.missing:
        say(
            Message(
                "{count} photos that the database names are not in {folder} and are left out.",
                count=packed.missing,
                folder=str(photo_folder(settings)),
            ),
            err=True,
        )


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask before the data are replaced.")
@click.pass_obj
def restore(settings: Settings, file: Path, yes: bool) -> None:
    """Replace the database by a backup, and bring its photos back.

    The backup is read into a new database, which takes the other's place when it is whole.
    """

    def told(url: str) -> None:
        with connected(url) as engine:
            tell(engine, "restore", {"file": file.name})

    with copies.restoring(settings) as target:
        if target.has_data() and not yes:
            say(Message("The database {name} holds data.", name=target.name))
            say("They will be replaced by the backup.")
            click.confirm(text("Replace them?"), abort=True)
        photos = target.restore(file, settings, told)
    say(Message("Restored {file}.", file=str(file)))
    if photos:
        say(Message("{count} photos were brought back.", count=photos))
