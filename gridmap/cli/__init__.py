"""The command ``gridmap``.

Exit codes: 0 done; 1 a fault that the message explains; 2 the command was called wrongly;
130 interrupted.
"""

from __future__ import annotations

import gettext
import importlib.util
import os
import sys
from typing import Any

import click
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from geodata.messages import GeodataError, Message
from gridmap.i18n import TRANSLATIONS, compile_catalogues, preferred_language, translate
from gridmap.settings import Settings

#: The module and the name of each command, loaded when it is called, for most of them need
#: libraries that take a second to load.
_COMMANDS = {
    "demo": "gridmap.cli.server:demo",
    "serve": "gridmap.cli.server:serve",
    "migrate": "gridmap.cli.upkeep:migrate",
    "import": "gridmap.cli.importing:import_",
    "export": "gridmap.cli.exporting:export",
    "jobs": "gridmap.cli.jobs:jobs",
    "packages": "gridmap.cli.packages:packages",
    "streets": "gridmap.cli.streets:streets",
    "sketch": "gridmap.cli.sketch:sketch",
    "check": "gridmap.cli.check:check",
    "user": "gridmap.cli.users:user",
    "setting": "gridmap.cli.setting:setting",
    "doctor": "gridmap.cli.upkeep:doctor",
    "tidy": "gridmap.cli.upkeep:tidy",
    "backup": "gridmap.cli.upkeep:backup",
    "restore": "gridmap.cli.upkeep:restore",
}


class _Commands(click.Group):
    """Commands that load when called, and whose errors are sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        if importlib.util.find_spec(module) is None:
            return None
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101 - For the type checker.
        _localise(command, preferred_language())
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GeodataError as error:
            message = error.message
            cause: Exception = error
        except OperationalError as error:
            message = Message("the database cannot be used: {reason}", reason=str(error.orig))
            cause = error
        raise click.ClickException(translate(message, preferred_language())) from cause


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gridmap")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Grid-based community management on PostGIS."""
    ctx.obj = read_settings()


def read_settings() -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    click.UsageError
        If one of them cannot be used; it is named.
    """
    try:
        return Settings()
    except ValidationError as error:
        language = preferred_language()
        faults = "\n".join(
            translate(
                Message(
                    "the setting {name} cannot be used: {reason}",
                    name=f"GRIDMAP_{fault['loc'][0]}".upper(),
                    reason=fault["msg"],
                ),
                language,
            )
            for fault in error.errors()
        )
        raise click.UsageError(faults) from error


def main() -> None:
    """Run the command line in the language of the environment."""
    language = preferred_language()
    if language != "en":
        # Click looks its own words up in the process's text domain.
        compile_catalogues()
        os.environ["LANGUAGE"] = language
        gettext.bindtextdomain("messages", TRANSLATIONS)
    _localise(cli, language)
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo(translate("Interrupted.", language), err=True)
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


def _localise(command: click.Command, language: str) -> None:
    """Put a command's help into a language."""
    if command.help:
        # Click keeps paragraphs apart by an empty line and breaks the lines anew.
        paragraphs = [" ".join(part.split()) for part in command.help.split("\n\n")]
        command.help = "\n\n".join(translate(part, language) for part in paragraphs)
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            parameter.help = translate(parameter.help, language)
    if isinstance(command, click.Group):
        for each in command.commands.values():
            _localise(each, language)
