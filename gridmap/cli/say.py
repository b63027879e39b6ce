"""Print a message in the language of the environment."""

from __future__ import annotations

import click

from geodata.messages import Message
from gridmap.i18n import preferred_language, translate


def text(message: Message | str) -> str:
    """Return the message in the language of the environment."""
    return translate(message, preferred_language())


def say(message: Message | str, *, before: str = "", err: bool = False) -> None:
    """Print the message on a line of its own, after what is put before it."""
    click.echo(f"{before}{text(message)}", err=err)
