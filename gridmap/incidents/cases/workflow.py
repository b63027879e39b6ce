"""The workflow as data: which act leads from which step to which, and who may do it.

Nothing here reads the database, so that a page, a service and a test ask the same table.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

from geodata.messages import N_


class Step(StrEnum):
    """What a case waits for, and its two ends."""

    INTAKE = "intake"
    FILING = "filing"
    DISPATCH = "dispatch"
    HANDLING = "handling"
    FEEDBACK = "feedback"
    VERIFICATION = "verification"
    CLOSING = "closing"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What a person does to a case."""

    REPORT = "report"
    SUBMIT = "submit"
    FILE = "file"
    DISPATCH = "dispatch"
    REASSIGN = "reassign"
    FINISH = "finish"
    FEED_BACK = "feed_back"
    VERIFY = "verify"
    CLOSE = "close"
    RETURN = "return"
    ESCALATE = "escalate"
    REQUEST_EXTENSION = "request_extension"
    GRANT_EXTENSION = "grant_extension"
    REFUSE_EXTENSION = "refuse_extension"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"


class Who(StrEnum):
    """In which part a person meets a case."""

    #: Reported it.
    REPORTER = "reporter"
    #: The cadre who has it, or for one escalated to a unit, who leads that unit.
    HANDLER = "handler"
    #: Runs the cases of the area.
    DISPATCHER = "dispatcher"


class Level(StrEnum):
    """Where a case is handled; a dispute goes from the spot to the mediation rooms."""

    CELL = "cell"
    COMMUNITY = "community"
    TOWN = "town"


STEP_NAMES: dict[Step, str] = {
    Step.INTAKE: N_("Intake"),
    Step.FILING: N_("Filing"),
    Step.DISPATCH: N_("Dispatch"),
    Step.HANDLING: N_("Handling"),
    Step.FEEDBACK: N_("Feedback"),
    Step.VERIFICATION: N_("Verification"),
    Step.CLOSING: N_("Closing"),
    Step.CLOSED: N_("Closed"),
    Step.WITHDRAWN: N_("Case withdrawn"),
}

#: As a person reads them in the history of a case.
ACT_NAMES: dict[Act, str] = {
    Act.REPORT: N_("reported"),
    Act.SUBMIT: N_("submitted"),
    Act.FILE: N_("filed"),
    Act.DISPATCH: N_("dispatched"),
    Act.REASSIGN: N_("given to somebody else"),
    Act.FINISH: N_("handled"),
    Act.FEED_BACK: N_("fed back"),
    Act.VERIFY: N_("verified"),
    Act.CLOSE: N_("closed"),
    Act.RETURN: N_("returned"),
    Act.ESCALATE: N_("escalated"),
    Act.REQUEST_EXTENSION: N_("asked for more time"),
    Act.GRANT_EXTENSION: N_("granted more time"),
    Act.REFUSE_EXTENSION: N_("refused more time"),
    Act.WITHDRAW: N_("case withdrawn"),
    Act.REOPEN: N_("reopened"),
}

LEVEL_NAMES: dict[Level, str] = {
    Level.CELL: N_("On the spot"),
    Level.COMMUNITY: N_("Mediation room of the community"),
    Level.TOWN: N_("Mediation room of the town"),
}

OPEN_STEPS = tuple(step for step in Step if step not in (Step.CLOSED, Step.WITHDRAWN))
NEXT_LEVEL = {Level.CELL: Level.COMMUNITY, Level.COMMUNITY: Level.TOWN}

#: Steps that wait for the people who run the cases, for the one who handles, and who reported.
WAITS_FOR: dict[Step, Who] = {
    Step.INTAKE: Who.REPORTER,
    Step.FILING: Who.DISPATCHER,
    Step.DISPATCH: Who.DISPATCHER,
    Step.HANDLING: Who.HANDLER,
    Step.FEEDBACK: Who.HANDLER,
    Step.VERIFICATION: Who.DISPATCHER,
    Step.CLOSING: Who.DISPATCHER,
}


@dataclass(frozen=True)
class Move:
    """Where an act leads from a step, and who may do it."""

    to: Step
    who: frozenset[Who]


def _move(to: Step, *who: Who) -> Move:
    return Move(to, frozenset(who))


_R, _H, _D = Who.REPORTER, Who.HANDLER, Who.DISPATCHER

MOVES: dict[tuple[Step, Act], Move] = {
    (Step.INTAKE, Act.SUBMIT): _move(Step.FILING, _R, _D),
    (Step.FILING, Act.FILE): _move(Step.DISPATCH, _D),
    (Step.DISPATCH, Act.DISPATCH): _move(Step.HANDLING, _D),
    (Step.HANDLING, Act.REASSIGN): _move(Step.HANDLING, _D),
    (Step.HANDLING, Act.FINISH): _move(Step.FEEDBACK, _H),
    (Step.FEEDBACK, Act.FEED_BACK): _move(Step.VERIFICATION, _H, _D),
    (Step.VERIFICATION, Act.VERIFY): _move(Step.CLOSING, _D),
    (Step.CLOSING, Act.CLOSE): _move(Step.CLOSED, _D),
    # Back to whoever must do it again or better.
    (Step.FILING, Act.RETURN): _move(Step.INTAKE, _D),
    (Step.DISPATCH, Act.RETURN): _move(Step.FILING, _D),
    (Step.HANDLING, Act.RETURN): _move(Step.DISPATCH, _H),
    (Step.FEEDBACK, Act.RETURN): _move(Step.HANDLING, _D),
    (Step.VERIFICATION, Act.RETURN): _move(Step.HANDLING, _D),
    (Step.CLOSING, Act.RETURN): _move(Step.VERIFICATION, _D),
    (Step.HANDLING, Act.ESCALATE): _move(Step.HANDLING, _H, _D),
    (Step.HANDLING, Act.REQUEST_EXTENSION): _move(Step.HANDLING, _H),
    (Step.HANDLING, Act.GRANT_EXTENSION): _move(Step.HANDLING, _D),
    (Step.HANDLING, Act.REFUSE_EXTENSION): _move(Step.HANDLING, _D),
    (Step.INTAKE, Act.WITHDRAW): _move(Step.WITHDRAWN, _R, _D),
    (Step.FILING, Act.WITHDRAW): _move(Step.WITHDRAWN, _R, _D),
    (Step.DISPATCH, Act.WITHDRAW): _move(Step.WITHDRAWN, _D),
    (Step.CLOSED, Act.REOPEN): _move(Step.DISPATCH, _D),
}

#: Acts that must be explained to the next person.
NEEDS_NOTE = frozenset(
    {
        Act.RETURN,
        Act.ESCALATE,
        Act.REQUEST_EXTENSION,
        Act.REFUSE_EXTENSION,
        Act.WITHDRAW,
        Act.REOPEN,
    }
)
#: Acts after which the present step and its deadline go on.
KEEPS_DEADLINE = frozenset({Act.REQUEST_EXTENSION, Act.REFUSE_EXTENSION, Act.REASSIGN})
_DECIDES = frozenset({Act.GRANT_EXTENSION, Act.REFUSE_EXTENSION})


def move(
    step: Step, act: Act, *, level: Level = Level.CELL, extension_asked: bool = False
) -> Move | None:
    """Return where an act leads; None if it is not possible now, whoever asks.

    Parameters
    ----------
    step : Step
        What the case waits for.
    act : Act
    level : Level
        From the town there is nowhere to escalate to.
    extension_asked : bool
        Whether a request for more time waits for an answer.
    """
    found = MOVES.get((step, act))
    if act is Act.ESCALATE and level not in NEXT_LEVEL:
        return None
    if act in _DECIDES and not extension_asked:
        return None
    if act is Act.REQUEST_EXTENSION and extension_asked:
        return None
    return found


def allowed(
    step: Step, who: Set[Who], *, level: Level = Level.CELL, extension_asked: bool = False
) -> list[Act]:
    """List the acts possible for a person now, in the order of `Act`."""
    return [
        act
        for act in Act
        if (found := move(step, act, level=level, extension_asked=extension_asked)) is not None
        and found.who & who
    ]
