"""Packages at /packages for the keys themselves: ask, look, download, and verify."""

from __future__ import annotations

from flask import Response, current_app, jsonify, url_for
from flask.typing import ResponseReturnValue

from geodata.messages import Message
from gridmap.errors import ForbiddenError, NotFoundError
from gridmap.exchange.agencies.models import Package
from gridmap.exchange.packages.service import ask_for_package, find_package
from gridmap.exchange.packages.signing import Signer
from webui.access import public
from webui.agencies.blueprint import packages
from webui.agencies.keys import current_grant, open_interface, told
from webui.agencies.package_pages import send_package
from webui.asking import LARGEST
from webui.database import writing


@packages.post("")
@open_interface
def ask() -> ResponseReturnValue:
    """Ask for a package of all that the key may be given."""
    with writing() as session:
        package = ask_for_package(session, _own_key())
    address = url_for("packages.look", package_id=package.id)
    return jsonify(_told(package)), 200 if package.state == "done" else 202, {"Location": address}


@packages.get("/<int:package_id>")
@open_interface
def look(package_id: int) -> ResponseReturnValue:
    """Tell how far a package is, and where its file will be."""
    with writing() as session:
        package = find_package(session, _own_key(), _known(package_id))
    return jsonify(_told(package))


@packages.get("/<int:package_id>/file")
@open_interface
def fetch(package_id: int) -> ResponseReturnValue:
    """Send a package."""
    with writing() as session:
        package = find_package(session, _own_key(), _known(package_id))
    told(package.rows)
    return send_package(package)


@packages.get("/latest.zip")
@open_interface
def fetch_latest() -> ResponseReturnValue:
    """Send the newest package, for a script that fetches each night what the schedule made."""
    with writing() as session:
        package = find_package(session, _own_key())
    told(package.rows)
    return send_package(package)


@packages.get("/public-key.pem")
@public
def public_key() -> ResponseReturnValue:
    """Tell the public key, with which anybody can verify a package without asking us."""
    signer = Signer(current_app.config["DATA_DIR"])
    return Response(signer.public_key(), mimetype="application/x-pem-file")


def _own_key() -> int:
    """Return the key that asks; a person finds packages on the pages of agencies."""
    key_id = current_grant().key_id
    if key_id is None:
        raise ForbiddenError(Message("Packages are made for keys. Send one."))
    return key_id


def _known(package_id: int) -> int:
    """Return the id of a package if there can be one of it."""
    if package_id > LARGEST:
        raise NotFoundError(Message("There is no such package. Ask for one first."))
    return package_id


def _told(package: Package) -> dict[str, object]:
    done = package.state == "done"
    return {
        "id": package.id,
        "state": package.state,
        "rows": package.rows,
        "rows_expected": package.rows_expected,
        "bytes": package.bytes,
        "sha256": package.sha256,
        "self": url_for("packages.look", package_id=package.id, _external=True),
        "file": url_for("packages.fetch", package_id=package.id, _external=True) if done else None,
    }
