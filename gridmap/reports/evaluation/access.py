"""Who sees what of an evaluation, decided in one place.

Whoever works for an area sees its communities, towns, departments and patrol teams, as on the
pages of patrols; only who answers for it sees cells and the areas of single cadres; a cadre sees
what is his own, and the teams that he is in. A draft is seen by those who make it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.reports.evaluation.models import GROUPS, Evaluation
from gridmap.workforce.rights import Action, Actor

#: The largest id that the database takes.
LARGEST = (1 << 63) - 1
#: What only those see who answer for the area.
CLOSE = ("cell", "cadre")


@dataclass(frozen=True)
class Reader:
    """What a person may see of evaluations.

    Attributes
    ----------
    actor : Actor
    above : frozenset of int or None
        The person's units and all above them, whose evaluations tell of these; None for all.
    cadre_id : int or None
        Who the person is among the cadres.
    teams : tuple of int
        The teams that the person is in.
    """

    actor: Actor
    above: frozenset[int] | None
    cadre_id: int | None
    teams: tuple[int, ...] = ()

    @property
    def manages(self) -> bool:
        """Tell whether the person makes evaluations."""
        return self.actor.may(Action.MANAGE_REPORTS)

    @property
    def groups(self) -> tuple[str, ...]:
        """Return the groups whose members the person may see in the own area."""
        if not self.actor.may(Action.VIEW_DASHBOARD):
            return ()
        return GROUPS if self.manages else tuple(each for each in GROUPS if each not in CLOSE)

    def evaluations(self) -> tuple[str, dict[str, Any]]:
        """Return the condition on evaluations ``e`` that the person may open, and its values."""
        actor = self.actor
        if self.above is None or actor.units is None:
            return ("true" if self.manages else "e.state <> 'draft'"), {}
        own = "e.state <> 'draft' AND e.unit_id = ANY(:above)"
        values = {"units": sorted(actor.units), "above": sorted(self.above)}
        if not self.manages:
            return f"({own} OR e.state <> 'draft' AND e.unit_id = ANY(:units))", values
        return f"({own} OR e.unit_id = ANY(:units))", values

    def own(self) -> tuple[str, dict[str, Any]]:
        """Return the condition on members ``m`` that are the person's own, and its values."""
        own = """(m.grp = 'cadre' AND m.member_id = :own_cadre
            OR m.grp = 'team' AND m.member_id = ANY(:own_teams))"""
        return own, {"own_cadre": self.cadre_id, "own_teams": list(self.teams)}

    def members(self) -> tuple[str, dict[str, Any]]:
        """Return the condition on members ``m`` of such evaluations, and its values."""
        own, values = self.own()
        values["groups"] = list(self.groups)
        seen = "m.grp = ANY(:groups)"
        if self.actor.units is not None:
            seen += " AND m.unit_id = ANY(:units)"
            values["units"] = sorted(self.actor.units)
        return f"({seen} OR {own})", values


def reader_of(session: Session, actor: Actor) -> Reader:
    """Return what a person may see."""
    above = None
    if actor.units is not None:
        above = frozenset(
            session.scalars(
                text("""
                    WITH RECURSIVE up AS (
                        SELECT id, parent_id FROM unit WHERE id = ANY(:units)
                        UNION SELECT u.id, u.parent_id FROM unit u JOIN up ON u.id = up.parent_id
                    ) SELECT id FROM up
                """),
                {"units": sorted(actor.units)},
            )
        )
    cadre = session.execute(
        text("""
            SELECT id, ARRAY(SELECT team_id FROM team_member WHERE cadre_id = d.id ORDER BY 1)
                AS teams
            FROM cadre d WHERE user_id = :user AND active
        """),
        {"user": actor.user_id},
    ).one_or_none()
    if cadre is None:
        return Reader(actor, above, None)
    return Reader(actor, above, cadre.id, tuple(cadre.teams))


def find_evaluation(session: Session, reader: Reader, evaluation_id: int) -> Evaluation:
    """Return an evaluation that a person may open.

    Raises
    ------
    NotFoundError
        If there is none for this person.
    """
    where, values = reader.evaluations()
    found: Evaluation | None = session.scalar(
        select(Evaluation).from_statement(
            text(f"SELECT e.* FROM evaluation e WHERE e.id = :id AND {where}")
        ),
        {"id": min(evaluation_id, LARGEST), **values},
    )
    if found is None:
        raise NotFoundError(Message("There is no evaluation with the id {id}.", id=evaluation_id))
    return found
