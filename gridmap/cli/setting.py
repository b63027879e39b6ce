"""The command that shows and changes the settings of the territory."""

from __future__ import annotations

import click

from gridmap.cli.say import say, text
from gridmap.db import make_engine, make_sessions
from gridmap.embedded import provide_database
from gridmap.settings import Settings
from gridmap.territory.preferences import NAMES, change_setting, territory_settings


@click.command()
@click.argument("name", required=False)
@click.argument("value", required=False)
@click.pass_obj
def setting(settings: Settings, name: str | None, value: str | None) -> None:
    """Show the settings of the territory, or change one."""
    if name is not None and value is None:
        raise click.UsageError(text("Give the new value after the name."))
    with provide_database(settings) as url:
        engine = make_engine(url)
        try:
            with make_sessions(engine).begin() as session:
                if name is not None and value is not None:
                    change_setting(session, name, value)
                stored = territory_settings(session)
                for each in NAMES:
                    say(f"{each} = {getattr(stored, each)}")
        finally:
            engine.dispose()
