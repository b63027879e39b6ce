"""The weights of the measures; each change makes a new version, the newest of which holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError, NotFoundError, refuse_identity_number
from gridmap.reports.evaluation.models import EvaluationWeights
from gridmap.reports.evaluation.scoring import Part
from gridmap.reports.measures import MEASURES
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require

MOST_WEIGHT, MOST_HOURS, MOST_FEW = 100, 8760, 1000
LONGEST_NOTE = 200


def scorable() -> list[str]:
    """Return the measures that can count, in their order: rates and times."""
    return [key for key, measure in MEASURES.items() if measure.better is not None]


def parts_of(version: EvaluationWeights, group: str | None = None) -> dict[str, Part]:
    """Return what counts in a version, in the order of the measures; of one group, or of all."""
    return {
        key: Part(version.parts[key]["weight"], version.parts[key].get("bound"))
        for key in scorable()
        if key in version.parts and (group is None or group in MEASURES[key].groups)
    }


def current(session: Session) -> EvaluationWeights:
    """Return the newest version."""
    newest = select(EvaluationWeights).order_by(EvaluationWeights.id.desc()).limit(1)
    return session.scalars(newest).one()


def find_weights(session: Session, number: int) -> EvaluationWeights:
    """Return a version.

    Raises
    ------
    NotFoundError
        If there is none with this number.
    """
    found = session.get(EvaluationWeights, number)
    if found is None:
        raise NotFoundError(Message("There is no version {number} of the weights.", number=number))
    return found


def versions(session: Session) -> Sequence[Row[Any]]:
    """List the versions, the newest first: ``id``, ``made_at``, ``by``, ``note``, ``used``."""
    return session.execute(
        text("""
            SELECT w.id, w.made_at, u.display_name AS by, w.note,
                   (SELECT count(*) FROM evaluation e WHERE e.weights_id = w.id) AS used
            FROM evaluation_weights w LEFT JOIN app_user u ON u.id = w.made_by ORDER BY w.id DESC
        """)
    ).all()


def save_weights(
    session: Session,
    actor: Actor,
    parts: Mapping[str, Part],
    few: int,
    note: str = "",
    *,
    seen: int | None = None,
) -> EvaluationWeights:
    """Make a new version of the weights, unless nothing changed; evaluations keep theirs.

    Parameters
    ----------
    session : Session
    actor : Actor
    parts : mapping of str to Part
        By measure; one that is left out does not count.
    few : int
        With fewer cases due, or shifts of a team, a member is not compared.
    note : str
        Why.
    seen : int, optional
        The version that the person changed; without it whatever is the newest.

    Raises
    ------
    ForbiddenError
        If the actor may not manage evaluations.
    GridmapError
        If nothing counts, or a number makes no sense.
    ConflictError
        If somebody made another version since the one that was seen.
    """
    require(actor, Action.MANAGE_SETTINGS)
    refuse_identity_number(note)
    stored = _checked(parts, few)
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('evaluation weights'))"))
    before = current(session)
    if seen is not None and before.id != seen:
        raise ConflictError(
            Message("Somebody changed this meanwhile: look at it again, then change it.")
        )
    if (before.parts, before.few) == (stored, few):
        return before
    made = EvaluationWeights(
        made_by=actor.user_id, note=note.strip()[:LONGEST_NOTE], few=few, parts=stored
    )
    session.add(made)
    session.flush()
    audit.record_difference(
        session, actor, "evaluation.weights", ("evaluation_weights", made.id),
        _flat(before), _flat(made),
    )  # fmt: skip
    return made


def _checked(parts: Mapping[str, Part], few: int) -> dict[str, dict[str, Any]]:
    """Return weights as they are stored.

    Raises
    ------
    GridmapError
        If nothing counts, or a number makes no sense.
    """
    if not parts:
        raise GridmapError(Message("At least one measure must count."))
    for key, part in parts.items():
        _check(key, part)
    if not 0 <= few <= MOST_FEW:
        raise GridmapError(Message("Give a whole number from 0 to {most}.", most=MOST_FEW))
    return {
        key: {"weight": part.weight, **({} if part.bound is None else {"bound": part.bound})}
        for key, part in parts.items()
    }


def _check(key: str, part: Part) -> None:
    if key not in scorable():
        raise GridmapError(Message("There is no measure {key}.", key=key))
    if not 0 < part.weight <= MOST_WEIGHT:
        raise GridmapError(
            Message("A weight is a whole number from 0 to {most}.", most=MOST_WEIGHT)
        )
    timed = MEASURES[key].unit == "h"
    if timed != (part.bound is not None) or (part.bound and not 0 < part.bound <= MOST_HOURS):
        raise GridmapError(
            Message("A bound is a whole number of hours from 1 to {most}.", most=MOST_HOURS)
        )


def _flat(version: EvaluationWeights) -> dict[str, Any]:
    """Return weights and bounds by measure as the audit log tells them."""
    flat: dict[str, Any] = {"few": version.few}
    for key, part in version.parts.items():
        bound = f" / {part['bound']} h" if "bound" in part else ""
        flat[key] = f"{part['weight']}{bound}"
    return flat
