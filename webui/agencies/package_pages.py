"""Packages on the administrator's page of a key: order, watch, schedule, download."""

from __future__ import annotations

from flask import current_app, flash, jsonify, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.exchange.agencies.models import Package
from gridmap.exchange.packages.service import (
    look_at_package,
    order_package,
    schedule_packages,
)
from gridmap.workforce import audit
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.agencies.blueprint import blueprint
from webui.asking import id_of
from webui.database import writing


@blueprint.post("/keys/<int:key_id>/package")
@needs(Action.MANAGE_AGENCIES)
def order(key_id: int) -> ResponseReturnValue:
    """Ask for a package now."""
    with writing() as session:
        order_package(session, current_actor(), id_of(key_id, _("Key")))
    return redirect(url_for("agencies.look_key", key_id=key_id) + "#packages")


@blueprint.post("/keys/<int:key_id>/schedule")
@needs(Action.MANAGE_AGENCIES)
def schedule(key_id: int) -> ResponseReturnValue:
    """Choose when packages are made by themselves."""
    hour = request.form.get("hour", "")
    with writing() as session:
        schedule_packages(
            session,
            current_actor(),
            id_of(key_id, _("Key")),
            request.form.get("every") or None,
            int(hour) if hour.isdecimal() and len(hour) < 3 else -1,
        )
    flash(_("The schedule is changed."), "done")
    return redirect(url_for("agencies.look_key", key_id=key_id) + "#packages")


@blueprint.get("/packages/<int:package_id>.json")
@needs(Action.MANAGE_AGENCIES)
def progress(package_id: int) -> ResponseReturnValue:
    """Tell how far a package is."""
    with writing() as session:
        package = look_at_package(session, current_actor(), id_of(package_id, _("Package")))
    return jsonify(state=package.state, rows=package.rows, expected=package.rows_expected)


@blueprint.get("/packages/<int:package_id>/file")
@needs(Action.MANAGE_AGENCIES)
def download(package_id: int) -> ResponseReturnValue:
    """Send a package to the administrator."""
    with writing() as session:
        actor = current_actor()
        package = look_at_package(session, actor, id_of(package_id, _("Package")))
        audit.record(
            session, actor, "export", ("api_key", package.key_id), after={"rows": package.rows}
        )
    return send_package(package)


def send_package(package: Package) -> ResponseReturnValue:
    """Send a package's file; a broken download goes on where it stopped.

    Raises
    ------
    NotFoundError
        If it is not made yet, or its file is gone.
    """
    path = current_app.config["DATA_DIR"] / "packages" / (package.file or "-")
    if package.state != "done" or not path.is_file():
        raise NotFoundError(Message("There is no such package. Ask for one first."))
    response = send_file(
        path,
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"gridmap-{package.id}.zip",
        conditional=True,
        etag=package.sha256 or True,
        max_age=0,
    )
    response.headers["X-Checksum-SHA256"] = package.sha256 or ""
    return response
