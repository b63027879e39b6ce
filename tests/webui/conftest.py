"""The application over a database with the small demo town, made once, and its users."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from gridmap.embedded import Cluster
from gridmap.settings import Settings
from gridmap.workforce.demo import PASSWORD
from gridmap.workforce.sign_in import sign_in as enter
from tests.conftest import small_town
from webui import create_app
from webui.access import COOKIE
from webui.agencies import keys


@pytest.fixture(scope="session")
def town_url(cluster: Cluster) -> Iterator[str]:
    with small_town(cluster) as url:
        yield url


@pytest.fixture(scope="session")
def app(town_url: str) -> Iterator[Flask]:
    with ExitStack() as stack:
        made = create_app(Settings(database_url=town_url))
        stack.callback(made.extensions["gridmap.engine"].dispose)
        # What waits of the log of requests is written while the database is there.
        stack.callback(keys.close, made)
        yield made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """The demo's administrator, signed in."""
    return signed_in(app, "admin")


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """Somebody who is not signed in."""
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask) -> Callable[[str], FlaskClient]:
    """Make a client signed in as one of the demo's users: admin, supervisor, planner and so on."""
    return lambda login: signed_in(app, login)


def signed_in(app: Flask, login: str) -> FlaskClient:
    client = app.test_client()
    client.set_cookie(COOKIE, session_token(app, login), httponly=True, samesite="Lax")
    return client


def session_token(app: Flask, login: str) -> str:
    """Sign in at the service, which costs a password's hash; once for each user of a run."""
    tokens: dict[str, str] = app.extensions.setdefault("tokens of the tests", {})
    if login not in tokens:
        with Session(app.extensions["gridmap.engine"]) as session, session.begin():
            tokens[login] = enter(session, login, PASSWORD).token or ""
    return tokens[login]


@pytest.fixture(scope="session")
def browser_session(app: Flask, server: str) -> Callable[[BrowserContext, str], None]:
    """Sign a browser's context in as one of the demo's users."""

    def put(context: BrowserContext, login: str = "admin") -> None:
        context.add_cookies([{"name": COOKIE, "value": session_token(app, login), "url": server}])

    return put


def form_token(client: FlaskClient, address: str = "/account") -> str:
    """Return the token that forms and scripts of a client's pages must send."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get(address).text)
    assert found
    return found[1]


@pytest.fixture
def csrf() -> Callable[[FlaskClient], str]:
    """Return a client's token for forms, to be sent as ``csrf_token`` or ``X-CSRFToken``."""
    return form_token


@pytest.fixture(scope="session")
def server(app: Flask) -> Iterator[str]:
    """The address of a running server."""
    running = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, which `make test` installs; without it the browser tests fail."""
    # The shell without a window spares what Chromium draws around each page, a third of the time.
    programs = ("chromium-headless-shell", "chromium", "chromium-browser")
    chromium = next(filter(None, map(shutil.which, programs)), None)
    assert chromium is not None, "Chromium is not installed: run make test, which installs it"
    # Root may not run Chromium's sandbox, and these tests open no page but ours.
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()
