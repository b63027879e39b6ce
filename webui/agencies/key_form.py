"""The form of a key: what was typed becomes a wish, and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from gridmap.errors import GridmapError
from gridmap.exchange.agencies.models import Agency
from gridmap.exchange.agencies.service import WRITABLE, KeyWish
from gridmap.exchange.collections import COLLECTIONS
from gridmap.exchange.grant import LayerGrant, Snap
from gridmap.exchange.privacy import MOVABLE, TELLING
from gridmap.territory.preferences import territory_settings
from gridmap.workforce.user_list import unit_tree
from webui.agencies.words import SNAPS
from webui.asking import id_of, optional_day
from webui.language import say
from webui.unit_choice import below, opened

_DAYS = 365


@dataclass
class KeyForm:
    """What the form shows: what was typed, or what is stored.

    Attributes
    ----------
    layers : dict
        By key of the collection: the chosen ``fields``, ``snap`` and ``write``.
    """

    name: str = ""
    layers: dict[str, dict[str, Any]] = field(default_factory=dict)
    everywhere: bool = False
    areas: set[int] = field(default_factory=set)
    first: str = ""
    last: str = ""
    rate: str = "600"
    expires: str = ""


def empty() -> KeyForm:
    """Return the form of a new key, which ends after a year unless somebody wants otherwise."""
    return KeyForm(expires=(datetime.now(UTC).date() + timedelta(days=_DAYS)).isoformat())


def of_wish(session: Session, wish: KeyWish) -> KeyForm:
    """Return the form of a key as it is stored."""
    layers = {
        key: {
            "fields": {column.name for column in granted.columns(COLLECTIONS[key])},
            "snap": granted.snap,
            "write": granted.write,
        }
        for key, granted in wish.layers.items()
    }
    last_day = None
    if wish.expires_at is not None:
        # The moment is the end of a day, and the form tells the day.
        last_day = (wish.expires_at.astimezone(_zone(session)) - timedelta(seconds=1)).date()
    return KeyForm(
        wish.name,
        layers,
        wish.units is None,
        set(wish.units or ()),
        wish.first.isoformat() if wish.first else "",
        wish.last.isoformat() if wish.last else "",
        str(wish.rate_per_minute),
        last_day.isoformat() if last_day else "",
    )


def typed() -> KeyForm:
    """Return what was typed, whether it can be used or not."""
    sent: MultiDict[str, str] = request.form
    layers = {
        key: {
            "fields": set(sent.getlist(f"field-{key}")),
            "snap": sent.get(f"snap-{key}", "exact"),
            "write": f"write-{key}" in sent,
        }
        for key in COLLECTIONS
        if key in sent.getlist("layer")
    }
    return KeyForm(
        sent.get("name", "")[:200],
        layers,
        sent.get("where") == "everywhere",
        {id_of(area, _("Area covered")) for area in sent.getlist("area")},
        sent.get("first", "")[:10],
        sent.get("last", "")[:10],
        sent.get("rate", "")[:10],
        sent.get("expires", "")[:10],
    )


def wish_of(session: Session, form: KeyForm) -> KeyWish:
    """Return what was typed as a wish.

    Raises
    ------
    GridmapError
        If a value cannot be read.
    """
    snaps: tuple[Snap, ...] = get_args(Snap)
    layers = {
        key: LayerGrant(
            # The fields there are now: one that a later version adds is granted by a person.
            frozenset(chosen["fields"]),
            chosen["write"],
            next((snap for snap in snaps if snap == chosen["snap"]), "exact"),
        )
        for key, chosen in form.layers.items()
    }
    day = optional_day(form.expires)
    expires = None
    if day is not None:
        expires = datetime.combine(day + timedelta(days=1), time.min, _zone(session))
    return KeyWish(
        name=form.name,
        layers=layers,
        units=None if form.everywhere else frozenset(form.areas),
        first=optional_day(form.first),
        last=optional_day(form.last),
        rate_per_minute=int(form.rate) if form.rate.isdecimal() else 0,
        expires_at=expires,
    )


def render(
    session: Session,
    agency: Agency,
    form: KeyForm,
    key: Any = None,
    error: GridmapError | None = None,
) -> str:
    """Return the form as a page."""
    nodes = unit_tree(session)
    return render_template(
        "agencies/key_form.html",
        agency=agency,
        form=form,
        key=key,
        error=say(error.message) if error else None,
        collections=list(COLLECTIONS.values()),
        movable=MOVABLE,
        writable=WRITABLE,
        telling=TELLING,
        snaps={code: say(name) for code, name in SNAPS.items()},
        say=say,
        units=below(nodes),
        opened=opened(nodes, form.areas),
    )


def _zone(session: Session) -> ZoneInfo:
    return ZoneInfo(territory_settings(session).time_zone)
