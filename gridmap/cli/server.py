"""The commands that serve the pages: demo and serve."""

from __future__ import annotations

import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click
from pydantic import SecretStr

from geodata.messages import Message
from gridmap.errors import ConflictError, UnavailableError
from gridmap.settings import Settings

if TYPE_CHECKING:
    from geodata.town.plan import Size


@click.command()
@click.option(
    "--size",
    type=click.Choice(["small", "town", "city"]),
    default="town",
    show_default=True,
    help="How large a town to make.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Another number makes another town."
)
@click.option("--port", type=click.IntRange(0, 65535), help="The port, instead of GRIDMAP_PORT.")
@click.pass_obj
def demo(settings: Settings, size: Size, seed: int, port: int | None) -> None:
    """Make the demo town and serve it.

    The second start finds the town made.
    """
    # Libraries that take a second to load wait until the port is known to be free.
    settings = settings if port is None else settings.model_copy(update={"port": port})
    _require_free(settings.host, settings.port)
    from gridmap.cli.say import say
    from gridmap.db import make_engine
    from gridmap.demo import database_name, load
    from gridmap.embedded import provide_database
    from gridmap.hotspots.demo import ask_first_run
    from gridmap.migrate import migrate
    from gridmap.reports.documents.demo import ask_first_reports
    from gridmap.server import run

    with _ending_on_signals(), provide_database(settings, database_name(size, seed)) as url:
        engine = make_engine(url)
        migrate(engine)
        load(engine, size, seed)
        ask_first_run(engine)
        ask_first_reports(engine)
        _show_sign_ins()
        # Connections must not be shared with the server's processes.
        engine.dispose()
        say(
            Message(
                "Other commands work on the demo town, while it runs, after: "
                "export GRIDMAP_DATABASE_URL='{url}'",
                url=url,
            )
        )
        key = settings.secret_key or _demo_key(settings.data_dir)
        run(settings.model_copy(update={"database_url": url, "secret_key": key}))


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="The port, instead of GRIDMAP_PORT.")
@click.option("--dev", is_flag=True, help="Load the program anew when its files change.")
@click.pass_obj
def serve(settings: Settings, port: int | None, dev: bool) -> None:
    """Serve the pages."""
    settings = settings if port is None else settings.model_copy(update={"port": port})
    if settings.secret_key is None:
        raise UnavailableError(
            Message(
                "GRIDMAP_SECRET_KEY is not set: give it a long random text and keep that secret, "
                "for example {example}",
                example=secrets.token_hex(32),
            )
        )
    _require_free(settings.host, settings.port)
    from gridmap.db import make_engine
    from gridmap.embedded import provide_database
    from gridmap.migrate import pending
    from gridmap.server import run

    with _ending_on_signals(), provide_database(settings) as url:
        engine = make_engine(url)
        steps = pending(engine)
        engine.dispose()
        if steps:
            raise UnavailableError(
                Message(
                    "the database lacks {count} migrations: make a backup, then run "
                    "gridmap migrate",
                    count=len(steps),
                )
            )
        run(settings.model_copy(update={"database_url": url}), dev=dev)


def _require_free(host: str, port: int) -> None:
    """Refuse a port that another program listens on, before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # A port whose last connections are only fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConflictError(
                Message(
                    "{host}:{port} cannot be used ({reason}): stop the other program, or choose "
                    "another port with --port, as in: make demo PORT={other}",
                    host=host,
                    port=port,
                    reason=error.strerror,
                    other=port + 1 if port < 65535 else 8000,
                )
            ) from error


@contextmanager
def _ending_on_signals() -> Iterator[None]:
    """End in order, the database included, when asked to end or when the terminal closes."""

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    former: dict[signal.Signals, Any] = {
        number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _show_sign_ins() -> None:
    from gridmap.cli.say import say
    from gridmap.workforce.demo import PASSWORD, USERS

    say(
        Message(
            "Sign in as {names}; the password of each is {password}",
            names=", ".join(USERS),
            password=PASSWORD,
        )
    )


def _demo_key(folder: Path) -> SecretStr:
    """Return the demo's own key, which is made once so that sign-ins survive a restart."""
    path = folder / "demo-secret-key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return SecretStr(path.read_text())
