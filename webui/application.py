"""The application factory."""

from __future__ import annotations

import secrets
from pathlib import Path

from flask import Flask, redirect
from flask.typing import ResponseReturnValue
from flask_babel import Babel
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from geodata.messages import Message
from gridmap.db import make_engine
from gridmap.errors import UnavailableError
from gridmap.exchange.agencies.access_log import AccessLog
from gridmap.i18n import TRANSLATIONS, compile_catalogues
from gridmap.incidents.cases.photos import photo_folder
from gridmap.settings import Settings
from webui import (
    access,
    account,
    activities,
    agencies,
    assets,
    assignments,
    audit,
    cases,
    changes,
    compression,
    dashboard,
    errors,
    evaluation,
    health,
    hotspots,
    indicators,
    language,
    map_data,
    map_page,
    navigation,
    ogc_tiles,
    open311,
    paging,
    patrols,
    plans,
    reports,
    security,
    shifts,
    staff,
    streets,
    tiles,
    tracks,
    users,
)
from webui.agencies import keys
from webui.ogc.blueprint import blueprint as open_interfaces
from webui.ogc.writing import blueprint as open_writing

PACKAGE = Path(__file__).resolve().parent


def make_application(settings: Settings) -> Flask:
    """Put the application together; `webui.create_app` describes it."""
    app = Flask("webui", root_path=str(PACKAGE))
    key = settings.secret_key
    app.config.update(
        # Without a key of the operator's nothing signed outlives this process.
        SECRET_KEY=key.get_secret_value() if key else secrets.token_hex(32),
        BABEL_TRANSLATION_DIRECTORIES=str(TRANSLATIONS),
        DATA_DIR=settings.data_dir,
        MAX_CONTENT_LENGTH=1 << 20,
        SESSION_COOKIE_NAME="gridmap_form",
        SESSION_COOKIE_SAMESITE="Lax",
        # A form may stay open over lunch; its token ends with the browser.
        WTF_CSRF_TIME_LIMIT=None,
        DEFAULT_LANGUAGE=settings.lang or "zh",
        RUN_DAYS=settings.run_days,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    # All processes and the next start take what one has compiled, from a folder that others cannot
    # write.
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache()
    app.extensions["gridmap.engine"] = _engine(settings)
    app.extensions["gridmap.photos"] = photo_folder(settings)

    compile_catalogues()
    Babel(app, locale_selector=language.choose, timezone_selector=language.zone)
    for part in (security, compression, language, errors, assets, access, navigation, paging):
        part.install(app)
    keys.install(app, AccessLog(app.extensions["gridmap.engine"], settings.access_log_days))
    for blueprint in (
        account.blueprint,
        dashboard.blueprint,
        dashboard.cells,
        dashboard.buildings,
        map_page.blueprint,
        map_data.blueprint,
        tiles.blueprint,
        ogc_tiles.blueprint,
        health.blueprint,
        users.blueprint,
        audit.blueprint,
        assignments.blueprint,
        staff.blueprint,
        cases.blueprint,
        cases.phone.own,
        open_interfaces,
        open_writing,
        agencies.blueprint,
        agencies.packages,
        changes.blueprint,
        open311.blueprint,
        hotspots.blueprint,
        tracks.blueprint,
        plans.blueprint,
        patrols.blueprint,
        streets.blueprint,
        shifts.blueprint,
        activities.blueprint,
        reports.blueprint,
        indicators.blueprint,
        evaluation.blueprint,
    ):
        app.register_blueprint(blueprint)

    @app.get("/")
    @access.signed_in
    def home() -> ResponseReturnValue:
        return redirect(navigation.first_page(app))

    access.check_routes(app)
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    return app


def _engine(settings: Settings) -> Engine:
    if settings.database_url is None:
        raise UnavailableError(
            Message("No database is named: start the pages with gridmap serve or gridmap demo.")
        )
    return make_engine(
        settings.database_url,
        pool_size=settings.pool_size,
        max_overflow=0,
        # What was given back last still has its tables and plans in the processor's cache.
        pool_use_lifo=True,
        connect_args={
            # A plan made for any tile is a bad one for each of them: no plan is kept but where a
            # statement asks for it.
            "prepare_threshold": 1 << 31,
            "options": f"-c statement_timeout={settings.statement_timeout_s * 1000}",
        },
    )
