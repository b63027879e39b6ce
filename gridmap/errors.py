"""What can go wrong in the domain, one class per kind of fault, and its HTTP status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError

from geodata.messages import GeodataError, Message


class GridmapError(GeodataError):
    """A fault a person can understand and mend; ``status`` is its HTTP status."""

    status = 400


class ParameterError(GridmapError):
    """A parameter of a request cannot be used.

    Parameters
    ----------
    parameter : str
        Its name, which programs are told beside the sentence.
    message : Message
    """

    def __init__(self, parameter: str, message: Message) -> None:
        super().__init__(message)
        self.parameter = parameter


class ForbiddenError(GridmapError):
    """The person is known and has no right to the act."""

    status = 403


class NotFoundError(GridmapError):
    """The thing asked for does not exist, or not for this person."""

    status = 404


class ConflictError(GridmapError):
    """The act contradicts what is stored: an overlap, a code in use, an outdated row."""

    status = 409


class GoneError(GridmapError):
    """What was handed out before holds no longer, and the person must start over."""

    status = 410


class UnavailableError(GridmapError):
    """The installation cannot do this now: no database, no PostGIS, no assets."""

    status = 503


# The triggers raise these states (class GM is ours alone) with the facts as JSON in DETAIL.
_TRIGGER_MESSAGES = {
    "GM001": Message(
        "Cells {left} and {right} overlap by {area_m2} m². Redraw one of them; up to "
        "{tolerance_m2} m² is tolerated."
    ),
    "GM002": Message(
        "Cell {left} reaches {area_m2} m² outside its community {right}. Redraw it, or check "
        "that it names the right community; up to {tolerance_m2} m² is tolerated."
    ),
    "GM003": Message(
        "Cell {left} cannot be placed: community {right} has no outline. Import the outline first."
    ),
    "GM004": Message(
        "Incident {left} of source {right} is already stored. Update it instead of adding it again."
    ),
    "GM006": Message("Case {case} refers to this incident, which therefore stays."),
}


def from_database(error: DBAPIError) -> ConflictError | None:
    """Turn what a guard in the database refused into a typed error.

    Parameters
    ----------
    error : DBAPIError
        The error SQLAlchemy raised.

    Returns
    -------
    ConflictError or None
        None if no guard of ours raised it; the caller then lets the error pass.
    """
    state = getattr(error.orig, "sqlstate", None)
    template = _TRIGGER_MESSAGES.get(state or "")
    if template is not None:
        facts: dict[str, Any] = json.loads(error.orig.diag.message_detail or "{}")  # type: ignore[union-attr]
        return ConflictError(Message(template.template, **facts))
    if state == "23P01":
        return ConflictError(
            Message("This code is already used by another valid cell. Choose another code.")
        )
    return None


def refuse_identity_number(words: str) -> None:
    """Refuse a text with a number of an identity card; this is no register of persons.

    Raises
    ------
    GridmapError
        Without the number.
    """
    # The libraries for columns take a second to load, and commands import this module.
    from geodata.mapping.identity import holds_identity_number

    if any(character.isdigit() for character in words) and holds_identity_number(words):
        raise GridmapError(
            Message("Leave out the identity-card number: persons are not registered here.")
        )


@contextmanager
def guarded() -> Iterator[None]:
    """Raise what a guard in the database refuses as a typed error; other errors pass."""
    try:
        yield
    except DBAPIError as error:
        known = from_database(error)
        if known is None:
            raise
        raise known from error
