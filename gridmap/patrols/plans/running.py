"""Makes the plans that wait."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from geoalchemy2.shape import from_shape
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from geodata.messages import N_, Message
from gridmap.errors import GridmapError
from gridmap.jobs.running import Cancelled, Doing, Handlers
from gridmap.patrols.planning.planner import FixedVisitsError, MustsMissedError, plan
from gridmap.patrols.planning.problem import Kind, Visit
from gridmap.patrols.planning.result import Plan, Tour
from gridmap.patrols.planning.search import Effort
from gridmap.patrols.planning.variety import Variety
from gridmap.patrols.plans.dividing import divided
from gridmap.patrols.plans.making import Ground, Made, make_problem
from gridmap.patrols.plans.models import PatrolPlan, PatrolPlanTour
from gridmap.patrols.plans.reading import read_ground
from gridmap.patrols.plans.service import KIND
from gridmap.patrols.plans.telling import line_of, summary, visit_row
from gridmap.patrols.plans.wishes import EFFORTS, Wish
from gridmap.workforce.rights import SYSTEM

MEASURING, PLANNING, STORING = (
    N_("Measuring the ways on streets"),
    N_("Planning"),
    N_("Storing the result"),
)
#: Iterations of the search for each second of it; the same seed then gives the same plan.
_PER_SECOND = 400


def make_plan(doing: Doing) -> None:
    """Make the plan that a job names."""
    plan_id = int(doing.parameters["plan"])
    doing.step(MEASURING, 0.0)
    with Session(doing.engine) as session:
        asked = session.get(PatrolPlan, plan_id)
        if asked is None:
            raise Cancelled
        wish, day = Wish.model_validate(asked.wish), asked.day
        # Who asked was allowed to; since then rights may have changed, but not the plan's ground.
        ground = read_ground(session, SYSTEM, wish)
        zone = ZoneInfo(
            session.execute(text("SELECT time_zone FROM territory_settings")).scalar_one()
        )
        yesterday = _yesterday(session, wish)
    made = make_problem(wish, ground)
    if wish.divide:
        made.problem = divided(made, ground.placed, wish.seed or 0)
    doing.step(PLANNING, 0.2)
    planned, unmet = _plan(wish, made, yesterday)
    doing.step(STORING, 0.95)
    with Session(doing.engine) as session, session.begin():
        _store(session, plan_id, _Day(day, zone), made, ground, wish, planned, unmet)


HANDLERS: Handlers = {KIND: make_plan}


class _Day:
    """The day of a plan: from its seconds to moments."""

    def __init__(self, day: date, zone: ZoneInfo) -> None:
        self._midnight = datetime(day.year, day.month, day.day, tzinfo=zone)

    def moment(self, seconds: float) -> datetime:
        # Wall clocks count, also where they are put forward in the night.
        return (self._midnight + timedelta(seconds=round(seconds))).astimezone(UTC)


def _plan(wish: Wish, made: Made, yesterday: Plan | None) -> tuple[Plan, bool]:
    """Return the plan, and whether a must is missed in it.

    Raises
    ------
    GridmapError
        If what is to be kept contradicts itself.
    """
    seconds = EFFORTS[wish.effort]
    effort = Effort(iterations=seconds * _PER_SECOND, seconds=3.0 * seconds, seed=wish.seed or 0)
    variety = None
    if wish.seed is not None:
        variety = Variety(wish.seed, most_loss=wish.most_loss, yesterday=yesterday)
    try:
        return plan(made.problem, effort, balance=wish.balance or None, variety=variety), False
    except MustsMissedError as missed:
        return missed.plan, True
    except FixedVisitsError as refused:
        raise GridmapError(
            Message("What is to be kept cannot be walked so. Free one of the visits.")
        ) from refused


def _yesterday(session: Session, wish: Wish) -> Plan | None:
    """Return the plan whose ways are to be avoided; only its order of visits matters."""
    if wish.yesterday_id is None:
        return None
    rows = session.execute(
        select(PatrolPlanTour.team, PatrolPlanTour.visits, PatrolPlanTour.length_m)
        .where(PatrolPlanTour.plan_id == wish.yesterday_id)
        .order_by(PatrolPlanTour.number)
    ).all()
    if not rows:
        return None
    tours = tuple(
        Tour(
            row.team, 0.0, 0.0,
            tuple(
                Visit(
                    each["of"], each["number"],
                    Kind.STREET if each["kind"] == "street" else Kind.STOP, 0, 0,
                    each["arrives"], each["begins"], each["ends"],
                )
                for each in row.visits if each["kind"] != "break"
            ),
            row.length_m, 0.0,
        )
        for row in rows
    )  # fmt: skip
    return Plan(tours, (), 0.0, 0.0, 0.0, 0.0, 0.0, repeatable=True)


def _store(
    session: Session, plan_id: int, day: _Day, made: Made, ground: Ground, wish: Wish,
    planned: Plan, unmet: bool,
) -> None:  # fmt: skip
    stored = session.get(PatrolPlan, plan_id, with_for_update=True)
    if stored is None:
        raise Cancelled
    session.execute(delete(PatrolPlanTour).where(PatrolPlanTour.plan_id == plan_id))
    by_name = {team.name: number for number, team in enumerate(made.problem.teams)}
    for tour in planned.tours:
        number = by_name[tour.team]
        session.add(
            PatrolPlanTour(
                plan_id=plan_id,
                number=number,
                team_id=wish.teams[number].team_id,
                team=ground.teams[wish.teams[number].team_id],
                mode=wish.teams[number].mode,
                sets_off=day.moment(tour.sets_off),
                back=day.moment(tour.back),
                length_m=tour.metres,
                working_s=tour.working,
                visits=_visits(made, ground, number, tour),
                geom=from_shape(line_of(made, ground.placed, tour), srid=4326),
            )
        )
    stored.summary = {**summary(made, planned), "unmet": unmet}
    stored.finished_at = datetime.now(UTC)


def _visits(made: Made, ground: Ground, number: int, tour: Tour) -> list[dict[str, Any]]:
    team = made.problem.teams[number]
    return [visit_row(made, ground.placed, team, visit) for visit in tour.visits]
