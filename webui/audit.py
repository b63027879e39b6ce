"""The audit log at /audit: who did what, when, with the values before and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError, NotFoundError
from gridmap.workforce import audit
from gridmap.workforce.accounts import find_user
from gridmap.workforce.audit_names import REFERENCES, Key, names_in
from gridmap.workforce.models import AuditEntry
from gridmap.workforce.rights import Action
from webui import audit_acts, audit_fields
from webui.access import current_actor, needs
from webui.asking import optional_day, optional_id
from webui.database import writing
from webui.language import say

blueprint = Blueprint("audit", __name__, url_prefix="/audit")


@dataclass(frozen=True)
class _Change:
    """One value of an entry, before and after, as people read it."""

    field: str
    before: str
    after: str


@blueprint.get("")
@needs(Action.VIEW_AUDIT)
def show() -> ResponseReturnValue:
    """Search the log by person, act, subject and period; the newest entries come first."""
    actor, error, status = current_actor(), None, 200
    entries: list[AuditEntry] = []
    end: audit.Place | None = None
    with writing() as session:
        try:
            user_id, operator = _person(session, _asked("person"))
            wanted = audit.Wanted(
                user_id=user_id,
                operator=operator,
                act=_asked("act"),
                subject=_asked("subject"),
                subject_id=optional_id(_asked("id"), _("Number")),
                since=optional_day(_asked("from")),
                until=optional_day(_asked("to")),
            )
            found, end = audit.page(session, actor, wanted, after=_place(_asked("after")))
            entries = list(found)
        except GridmapError as refused:
            error, status = say(refused.message), 400
        names = names_in(session, entries, english=str(get_locale()) == "en")
        acts, subjects = audit.words(session, actor)
    shown = render_template(
        "audit/list.html",
        entries=entries,
        changes={entry.id: _changes(entry, names) for entry in entries},
        names=names,
        person=audit_acts.person,
        acts={act: audit_acts.act(act) for act in acts},
        subjects={subject: audit_acts.subject(subject) for subject in subjects},
        error=error,
        older=_older(end),
    )
    return shown, status


def _asked(name: str) -> str | None:
    return request.args.get(name, "").strip()[:100] or None


def _person(session: Session, name: str | None) -> tuple[int | None, str | None]:
    """Return the user with a sign-in name, else the account of the server that has the name."""
    if name is None:
        return None, None
    try:
        return find_user(session, name).id, None
    except NotFoundError:
        if audit.has_operator(session, name):
            return None, name
        raise


def _place(value: str | None) -> audit.Place | None:
    """Read the place of a page, the time and id of the entry before it."""
    if value is None:
        return None
    at, _comma, number = value.rpartition(",")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise GridmapError(Message("The request cannot be understood.")) from None
    if moment.tzinfo is None:
        raise GridmapError(Message("The request cannot be understood."))
    return moment, optional_id(number, _("Number")) or 0


def _older(end: audit.Place | None) -> str | None:
    if end is None:
        return None
    after = f"{end[0].isoformat()},{end[1]}"
    return f"{url_for('audit.show')}?{urlencode({**request.args.to_dict(), 'after': after})}"


def _changes(entry: AuditEntry, names: dict[Key, str]) -> list[_Change]:
    before, after = entry.before or {}, entry.after or {}
    return [
        _Change(
            audit_fields.field(field),
            _said(field, before.get(field), names),
            _said(field, after.get(field), names),
        )
        for field in {**before, **after}
    ]


def _said(field: str, value: Any, names: dict[Key, str]) -> str:
    if value is None or value in ("", {}, []):
        return "—"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list):
        return str(_(", ")).join(_said(field, one, names) for one in value) or "—"
    if isinstance(value, dict):
        if value.keys() == {"amount", "unit"}:
            return f"{value['amount']} {audit_fields.value('unit', value['unit'])}"
        return str(_("; ")).join(
            f"{audit_fields.field(name)} {_said(name, one, names)}" for name, one in value.items()
        )
    if isinstance(value, int) and field in REFERENCES:
        return names.get((REFERENCES[field], value), f"#{value}")
    return audit_fields.value(field, str(value))
