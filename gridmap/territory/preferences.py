"""The settings of the territory, which lie in the database because its guards must know them."""

from __future__ import annotations

from zoneinfo import available_timezones

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError, NotFoundError
from gridmap.territory.models import TerritorySettings

NAMES = ("overlap_tolerance_m2", "outside_tolerance_m2", "time_zone")


def territory_settings(session: Session) -> TerritorySettings:
    """Return the one row of settings."""
    return session.scalars(select(TerritorySettings)).one()


def change_setting(session: Session, name: str, value: str) -> None:
    """Change one setting.

    Parameters
    ----------
    session : Session
        Nothing is committed.
    name : str
        One of `NAMES`.
    value : str
        As a person writes it.

    Raises
    ------
    NotFoundError
        If there is no such setting.
    GridmapError
        If the value cannot be used.
    ConflictError
        If the time zone is to change although incidents are stored: they would have to be
        linked and counted anew.
    """
    settings = territory_settings(session)
    if name not in NAMES:
        raise NotFoundError(
            Message(
                "There is no setting {name}. There are: {names}.",
                name=name,
                names=", ".join(NAMES),
            )
        )
    if name == "time_zone":
        if value not in available_timezones():
            raise GridmapError(
                Message("{value} is no time zone. Give a name such as Asia/Shanghai.", value=value)
            )
        # Incidents may import the territory, never the reverse; the table alone is asked.
        if value != settings.time_zone and session.scalar(
            text("SELECT EXISTS (SELECT FROM incident)")
        ):
            raise ConflictError(
                Message(
                    "The time zone cannot change any more, because incidents are stored. Set it "
                    "in an empty database and import them again."
                )
            )
        settings.time_zone = value
    else:
        setattr(settings, name, _area(value))
    session.flush()


def _area(value: str) -> float:
    try:
        area = float(value)
    except ValueError:
        area = -1
    if not 0 <= area < 1e6:
        raise GridmapError(
            Message("{value} is no area. Give square metres, 0 or more.", value=value)
        )
    return area
