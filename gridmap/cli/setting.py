"""The command that shows and changes the settings of the territory."""

from __future__ import annotations

import click

from gridmap.cli.say import say, text
from gridmap.cli.work import working
from gridmap.settings import Settings
from gridmap.territory.preferences import NAMES, change_setting, territory_settings
from gridmap.workforce import audit


@click.command()
@click.argument("name", required=False)
@click.argument("value", required=False)
@click.pass_obj
def setting(settings: Settings, name: str | None, value: str | None) -> None:
    """Show the settings of the territory, or change one."""
    if name is not None and value is None:
        raise click.UsageError(text("Give the new value after the name."))
    with working(settings) as (session, actor):
        stored = territory_settings(session)
        if name is not None and value is not None:
            audit.say_who(session, actor)
            change_setting(session, name, value)
        for each in NAMES:
            say(f"{each} = {getattr(stored, each)}")
