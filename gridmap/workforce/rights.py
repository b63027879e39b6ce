"""Who may do what: the roles, the acts, and the person on whose behalf a service works."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from geodata.messages import N_, Message
from gridmap.errors import ForbiddenError, NotFoundError
from gridmap.territory.scope import EVERYTHING, Scope


class Role(StrEnum):
    """What a user is; the area is told apart from it."""

    ADMINISTRATOR = "administrator"
    SUPERVISOR = "supervisor"
    PLANNER = "planner"
    ANALYST = "analyst"
    CADRE = "cadre"


class Action(StrEnum):
    """What a right allows."""

    VIEW_MAP = "view_map"
    VIEW_DASHBOARD = "view_dashboard"
    VIEW_WORKFORCE = "view_workforce"
    ASSIGN = "assign"
    MANAGE_CADRES = "manage_cadres"
    EDIT_CELLS = "edit_cells"
    PLAN_PATROLS = "plan_patrols"
    REPORT_INCIDENT = "report_incident"
    HANDLE_CASE = "handle_case"
    DISPATCH_CASE = "dispatch_case"
    IMPORT = "import"
    EXPORT = "export"
    ANALYSE = "analyse"
    RECORD_ACTIVITY = "record_activity"
    WRITE_REPORT = "write_report"
    MANAGE_REPORTS = "manage_reports"
    MANAGE_USERS = "manage_users"
    MANAGE_SETTINGS = "manage_settings"
    MANAGE_AGENCIES = "manage_agencies"
    VIEW_AUDIT = "view_audit"


_EVERYBODY = {Action.VIEW_MAP, Action.REPORT_INCIDENT, Action.RECORD_ACTIVITY}
_OFFICE = _EVERYBODY | {
    Action.VIEW_DASHBOARD,
    Action.VIEW_WORKFORCE,
    Action.EXPORT,
    Action.ANALYSE,
    Action.WRITE_REPORT,
}

#: The audit log tells of the whole town and cannot be cut along areas, so that only those who
#: see everything read it.
RIGHTS: dict[Role, frozenset[Action]] = {
    Role.ADMINISTRATOR: frozenset(Action),
    Role.SUPERVISOR: frozenset(
        _OFFICE
        | {
            Action.ASSIGN,
            Action.MANAGE_CADRES,
            Action.EDIT_CELLS,
            Action.PLAN_PATROLS,
            Action.HANDLE_CASE,
            Action.DISPATCH_CASE,
            Action.IMPORT,
            Action.MANAGE_REPORTS,
        }
    ),
    Role.PLANNER: frozenset(_OFFICE | {Action.PLAN_PATROLS, Action.EDIT_CELLS}),
    Role.ANALYST: frozenset(_OFFICE),
    Role.CADRE: frozenset(_EVERYBODY | {Action.HANDLE_CASE}),
}

ROLE_NAMES: dict[Role, str] = {
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.SUPERVISOR: N_("Supervisor"),
    Role.PLANNER: N_("Patrol planner"),
    Role.ANALYST: N_("Analyst"),
    Role.CADRE: N_("Grid cadre"),
}


@dataclass(frozen=True)
class Actor:
    """The person on whose behalf a service reads and writes.

    Attributes
    ----------
    user_id : int or None
        None for the command line, which whoever may use it could bypass anyway.
    name : str
        What the audit log calls the person.
    role : Role
    scope : Scope
        The communities of the areas, for every query.
    units : frozenset of int or None
        The areas and all units below them; None stands for all.
    address : str or None
        Where the request came from.
    """

    user_id: int | None
    name: str
    role: Role
    scope: Scope = EVERYTHING
    units: frozenset[int] | None = None
    login: str = ""
    language: str = "zh"
    must_change_password: bool = False
    address: str | None = None

    def may(self, action: Action) -> bool:
        """Return whether the role has a right; a one-time password gives none."""
        return not self.must_change_password and action in RIGHTS[self.role]

    def sees_unit(self, unit_id: int) -> bool:
        """Return whether a unit lies in the areas."""
        return self.units is None or unit_id in self.units


#: The command line and the program itself.
SYSTEM = Actor(None, "gridmap", Role.ADMINISTRATOR)


def require(actor: Actor, action: Action) -> None:
    """Refuse an act that the actor's role has no right to.

    Raises
    ------
    ForbiddenError
        If it has not.
    """
    if not actor.may(action):
        raise ForbiddenError(Message("You do not have the right to do this."))


def require_unit(actor: Actor, unit_id: int) -> None:
    """Refuse a unit outside the actor's areas as if it did not exist.

    Raises
    ------
    NotFoundError
        If it lies outside.
    """
    if not actor.sees_unit(unit_id):
        raise NotFoundError(Message("There is no unit with the id {id}.", id=unit_id))
