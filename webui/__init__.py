"""The web application: pages, maps and tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from gridmap.settings import Settings


def create_app(settings: Settings) -> Flask:
    """Make the web application.

    Parameters
    ----------
    settings : Settings
        With `database_url` set; the database is first asked when a request needs it, so that
        the application may be made before a server divides into processes.

    Returns
    -------
    Flask
    """
    # The script that fetches the browser assets imports this package before Flask is there.
    from webui.application import make_application

    return make_application(settings)
