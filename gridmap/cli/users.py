"""The commands that make the first administrator and help who forgot a password."""

from __future__ import annotations

import sys

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.cli.say import say, text
from gridmap.cli.work import working
from gridmap.errors import GridmapError, NotFoundError
from gridmap.settings import Settings
from gridmap.territory.models import Unit
from gridmap.workforce.accounts import create_user, find_user, reset_password, set_password
from gridmap.workforce.passwords import check_password
from gridmap.workforce.rights import Role
from gridmap.workforce.sign_in import normal_login


@click.group()
def user() -> None:
    """Make users, and give them new passwords."""


@user.command()
@click.argument("login")
@click.option("--name", help="The name people see; without it the sign-in name.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.ADMINISTRATOR.value,
    show_default=True,
    help="What the user may do.",
)
@click.option("--area", "areas", multiple=True, help="The code of a unit; may be given often.")
@click.option(
    "--language",
    type=click.Choice(["zh", "en"]),
    default="zh",
    show_default=True,
    help="The language of the user's pages.",
)
@click.option("--one-time", is_flag=True, help="Make a password that must be changed at once.")
@click.pass_obj
def add(
    settings: Settings,
    login: str,
    name: str | None,
    role: str,
    areas: tuple[str, ...],
    language: str,
    one_time: bool,
) -> None:
    """Make a user.

    The password is asked for, or read from the first line of the input when that is no terminal.
    """
    login = normal_login(login)
    password = None if one_time else _ask(login)
    with working(settings) as (session, actor):
        made, given = create_user(
            session,
            actor,
            login,
            name or login,
            Role(role),
            areas=[_unit(session, code) for code in areas],
            password=password,
            language=language,
        )
        login = made.login
    say(Message("Made the user {login}.", login=login))
    _show(given)


@user.command()
@click.argument("login")
@click.option("--one-time", is_flag=True, help="Make a password that must be changed at once.")
@click.pass_obj
def reset(settings: Settings, login: str, one_time: bool) -> None:
    """Give a user a new password, and unlock the sign-in.

    The password is asked for, or read from the first line of the input when that is no terminal.
    """
    login = normal_login(login)
    password = None if one_time else _ask(login)
    given = None
    with working(settings) as (session, actor):
        found = find_user(session, login)
        if password is None:
            given = reset_password(session, actor, found.id)
        else:
            set_password(session, actor, found.id, password)
    say(Message("The user {login} has a new password and is signed out everywhere.", login=login))
    _show(given)


def _ask(login: str) -> str:
    """Read a password, which never stands on the command line for others to see."""
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
        check_password(password, login)
        return password
    while True:
        password = str(click.prompt(text("Password"), hide_input=True, confirmation_prompt=True))
        try:
            check_password(password, login)
        except GridmapError as error:
            say(error.message, err=True)
        else:
            return password


def _show(password: str | None) -> None:
    if password is not None:
        say(Message("One-time password: {password}", password=password))


def _unit(session: Session, code: str) -> int:
    found = session.scalar(select(Unit.id).where(Unit.code == code))
    if found is None:
        raise NotFoundError(Message("There is no unit with the code {code}.", code=code))
    return found
