"""Record, change and delete activities, their notices to rectify and their photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import (
    ConflictError,
    ForbiddenError,
    GridmapError,
    NotFoundError,
    refuse_identity_number,
)
from gridmap.incidents.cases.photos import MOST, prepare_all, write_picture
from gridmap.reports.activities.kinds import COUNTS, KINDS, typed_counts
from gridmap.reports.activities.models import Activity, ActivityPhoto
from gridmap.workforce import audit
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action, Actor, require, require_unit

MOST_COUNT, LONGEST_NOTE = 1_000_000, 2000
_FIRST_DAY = date(1990, 1, 1)
SUBJECT = "activity"


@dataclass(frozen=True)
class Draft:
    """An activity as somebody tells it.

    Attributes
    ----------
    kind : str
        A key of `kinds.KINDS`.
    day : date
    unit_id : int or None
        May be left out where the cell or the place tells it.
    cell_id, place_id : int or None
    note : str
    counts : mapping of str to int
        By keys of `kinds.COUNTS`; only those of the kind, and none that is counted by itself.
    """

    kind: str
    day: date
    unit_id: int | None = None
    cell_id: int | None = None
    place_id: int | None = None
    note: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


def record(
    session: Session, actor: Actor, draft: Draft, photos: Sequence[bytes], folder: Path
) -> Activity:
    """Record an activity.

    Parameters
    ----------
    session : Session
        Nothing is committed.
    actor : Actor
    draft : Draft
    photos : sequence of bytes
        Files as they were sent.
    folder : Path
        Where photos lie, see `gridmap.incidents.cases.photos.photo_folder`.

    Raises
    ------
    GridmapError
        If something of the draft or a photo cannot be used.
    NotFoundError
        If the unit, cell or place does not lie in the actor's area.
    """
    require(actor, Action.RECORD_ACTIVITY)
    unit = _checked(session, actor, draft)
    activity = Activity(
        kind=draft.kind, recorded_by=actor.user_id, recorded_name=actor.name, version=1,
        **_columns(draft, unit),
    )  # fmt: skip
    session.add(activity)
    session.flush()
    session.refresh(activity)
    add_photos(session, activity, photos, folder)
    audit.record(session, actor, "activity.create", (SUBJECT, activity.id), None, state(activity))
    return activity


def change(
    session: Session,
    actor: Actor,
    activity_id: int,
    version: int,
    draft: Draft,
    photos: Sequence[bytes],
    folder: Path,
) -> Activity:
    """Change an activity, its kind excepted, and add photos; errors as `record`.

    Raises
    ------
    ConflictError
        If somebody changed it since the version that the actor saw.
    """
    activity = find_changeable(session, actor, activity_id, version)
    if draft.kind != activity.kind:
        raise GridmapError(Message("The kind of an activity stays; record another one."))
    unit = _checked(session, actor, draft)
    _refuse_after_notices(session, activity.id, draft.day)
    before = state(activity)
    for name, value in _columns(draft, unit).items():
        setattr(activity, name, value)
    activity.version += 1
    session.flush()
    session.refresh(activity)
    add_photos(session, activity, photos, folder)
    audit.record_difference(
        session, actor, "activity.change", (SUBJECT, activity.id), before, state(activity)
    )
    return activity


def delete(session: Session, actor: Actor, activity_id: int, version: int) -> list[str]:
    """Delete an activity with its notices and photos.

    Returns
    -------
    list of str
        The names of the photos, whose files the caller removes once this is committed.
    """
    activity = find_changeable(session, actor, activity_id, version)
    photos = session.scalars(
        select(ActivityPhoto.name).where(ActivityPhoto.activity_id == activity.id)
    ).all()
    notices = session.execute(
        text("SELECT finding, due, rechecked_on, corrected FROM activity_notice "
             "WHERE activity_id = :id ORDER BY id"),
        {"id": activity.id},
    )  # fmt: skip
    told = [
        f"{row.finding} ({row.due}{', ✓' if row.corrected else ''})" for row in notices
    ]  # The log keeps what goes with it.
    before = state(activity) | ({"findings": told} if told else {})
    session.delete(activity)
    session.flush()
    audit.record(session, actor, "activity.delete", (SUBJECT, activity_id), before, None)
    return list(photos)


def add_photos(
    session: Session, activity: Activity, photos: Sequence[bytes], folder: Path
) -> list[ActivityPhoto]:
    """Store photos of an activity; the files come first, so that no row lacks its file.

    Raises
    ------
    GridmapError
        If there are too many, or one cannot be read.
    """
    if not photos:
        return []
    stored = session.scalar(
        text("SELECT count(*) FROM activity_photo WHERE activity_id = :id"), {"id": activity.id}
    )
    if (stored or 0) + len(photos) > MOST:
        raise GridmapError(Message("An activity has up to {count} photos.", count=MOST))
    rows = [
        ActivityPhoto(
            activity_id=activity.id,
            name=write_picture(folder, picture),
            width=picture.width,
            height=picture.height,
            size=len(picture.full),
        )
        for picture in prepare_all(photos)
    ]
    session.add_all(rows)
    session.flush()
    return rows


def remove_photo(session: Session, actor: Actor, activity_id: int, photo_id: int) -> str:
    """Remove a photo; returns its name, whose files the caller removes once this is committed."""
    activity = find_changeable(session, actor, activity_id)
    photo = find_photo(session, actor, activity.id, photo_id)
    session.delete(photo)
    session.flush()
    audit.record(
        session, actor, "activity.photo_remove", (SUBJECT, activity.id), {"photo": photo.id}, None
    )
    return photo.name


def find_photo(session: Session, actor: Actor, activity_id: int, photo_id: int) -> ActivityPhoto:
    """Return a photo of an activity of the actor's area; raises `NotFoundError` for any other."""
    activity = find_activity(session, actor, activity_id)
    photo = session.get(ActivityPhoto, photo_id)
    if photo is None or photo.activity_id != activity.id:
        raise NotFoundError(Message("There is no such photo."))
    return photo


def find_activity(
    session: Session, actor: Actor, activity_id: int, *, lock: bool = False
) -> Activity:
    """Return an activity of the actor's area.

    Raises
    ------
    NotFoundError
        If there is none for this person, also where the id was guessed.
    """
    query = select(Activity).where(Activity.id == activity_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(query).one_or_none()
    if found is None or not actor.sees_unit(found.unit_id):
        raise NotFoundError(Message("There is no activity with the number {id}.", id=activity_id))
    return found


def may_change(actor: Actor, activity: Activity | Row[Any]) -> bool:
    """Tell whether somebody may change an activity: who recorded it, and who leads the area."""
    own = activity.recorded_by is not None and activity.recorded_by == actor.user_id
    return actor.may(Action.RECORD_ACTIVITY) and (own or actor.may(Action.MANAGE_REPORTS))


def find_changeable(
    session: Session, actor: Actor, activity_id: int, version: int | None = None
) -> Activity:
    """Return an activity that the actor may change, locked.

    Raises
    ------
    ForbiddenError
        If somebody else recorded it and the actor does not lead the area.
    ConflictError
        If it was changed since.
    """
    activity = find_activity(session, actor, activity_id, lock=True)
    if not may_change(actor, activity):
        raise ForbiddenError(Message("You do not have the right to do this."))
    if version is not None and version != activity.version:
        raise ConflictError(Message("Somebody changed this activity meanwhile. Look at it again."))
    return activity


def state(activity: Activity) -> dict[str, Any]:
    """Return an activity as the log tells it."""
    return {
        "kind": activity.kind,
        "day": activity.day,
        "unit_id": activity.unit_id,
        "cell_id": activity.cell_id,
        "place_id": activity.place_id,
        "note": activity.note,
        **{name: getattr(activity, name) for name in typed_counts(activity.kind)},
    }


def check_day(day: date, present: date) -> None:
    """Refuse a day on which nothing can have been done; raises `GridmapError`."""
    if day > present:
        raise GridmapError(Message("The day {day} has not come yet.", day=day))
    if day < _FIRST_DAY:
        raise GridmapError(Message("The day {day} is too long ago.", day=day))


def _checked(session: Session, actor: Actor, draft: Draft) -> int:
    """Check a draft and return its unit."""
    if draft.kind not in KINDS:
        raise GridmapError(Message("Choose what was done."))
    check_day(draft.day, today(session))
    if len(draft.note) > LONGEST_NOTE:
        raise GridmapError(
            Message("The note may have up to {count} characters.", count=LONGEST_NOTE)
        )
    refuse_identity_number(draft.note)
    own = typed_counts(draft.kind)
    for name, number in draft.counts.items():
        if name not in own or not 0 <= number <= MOST_COUNT:
            raise GridmapError(
                Message(
                    "{name}: give a whole number from 0 to {most}.",
                    name=Message(COUNTS.get(name, name)),
                    most=MOST_COUNT,
                )
            )
    return _where(session, actor, draft)


def _refuse_after_notices(session: Session, activity_id: int, day: date) -> None:
    """Refuse a day of an inspection on which its notices would be due or rechecked before it."""
    due, rechecked = session.execute(
        text("SELECT min(due), min(rechecked_on) FROM activity_notice WHERE activity_id = :id"),
        {"id": activity_id},
    ).one()
    if due is not None and due < day:
        raise GridmapError(Message("The notice would be due before the inspection."))
    if rechecked is not None and rechecked < day:
        raise GridmapError(Message("The re-check lies before the inspection."))


def _where(session: Session, actor: Actor, draft: Draft) -> int:
    """Return the unit of a draft, whose cell or place must lie in the actor's area."""
    if draft.place_id is not None:
        place = session.execute(
            text("SELECT community_id FROM place WHERE id = :id"), {"id": draft.place_id}
        ).one_or_none()
        unit = None if place is None else place.community_id or draft.unit_id
        if unit is None or not actor.sees_unit(unit):
            raise NotFoundError(
                Message("There is no place with the number {id}.", id=draft.place_id)
            )
        return int(unit)
    if draft.cell_id is not None:
        cell = session.execute(
            text("SELECT code, community_id, (valid @> CAST(:day AS date)) IS TRUE AS valid "
                 "FROM cell WHERE id = :id"),
            {"id": draft.cell_id, "day": draft.day},
        ).one_or_none()  # fmt: skip
        if cell is None or not actor.sees_unit(cell.community_id):
            raise NotFoundError(Message("There is no cell with the id {id}.", id=draft.cell_id))
        if not cell.valid:
            raise GridmapError(
                Message("On {day} the cell {code} was not valid.", day=draft.day, code=cell.code)
            )
        return int(cell.community_id)
    if draft.unit_id is None:
        raise GridmapError(Message("Choose where it was done: a community, a cell or a place."))
    require_unit(actor, draft.unit_id)
    if session.scalar(text("SELECT id FROM unit WHERE id = :id"), {"id": draft.unit_id}) is None:
        raise NotFoundError(Message("There is no unit with the id {id}.", id=draft.unit_id))
    return draft.unit_id


def _columns(draft: Draft, unit: int) -> dict[str, Any]:
    return {
        "day": draft.day,
        "unit_id": unit,
        "cell_id": draft.cell_id,
        "place_id": draft.place_id,
        "note": draft.note.strip(),
        **{name: draft.counts.get(name) for name in typed_counts(draft.kind)},
    }
