"""What the pages of cases say: names of codes, labels of buttons, and scripts' words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from geodata.messages import N_
from gridmap.incidents.cases.categories import WHOLE
from gridmap.incidents.cases.workflow import ACT_NAMES, LEVEL_NAMES, STEP_NAMES, Act
from webui.language import named

STEPS = {str(step): name for step, name in STEP_NAMES.items()} | {WHOLE: N_("Whole case")}
ACTS = {str(act): name for act, name in ACT_NAMES.items()}
LEVELS = {str(level): name for level, name in LEVEL_NAMES.items()}

#: What stands on the button of an act.
BUTTONS = {
    Act.SUBMIT: N_("Submit"),
    Act.FILE: N_("File the case"),
    Act.DISPATCH: N_("Dispatch"),
    Act.REASSIGN: N_("Give to somebody else"),
    Act.FINISH: N_("Report the handling done"),
    Act.FEED_BACK: N_("Give feedback"),
    Act.VERIFY: N_("Verify"),
    Act.CLOSE: N_("Close the case"),
    Act.RETURN: N_("Return"),
    Act.ESCALATE: N_("Escalate"),
    Act.REQUEST_EXTENSION: N_("Ask for more time"),
    Act.GRANT_EXTENSION: N_("Grant more time"),
    Act.REFUSE_EXTENSION: N_("Refuse more time"),
    Act.WITHDRAW: N_("Withdraw the case"),
    Act.REOPEN: N_("Reopen the case"),
}
#: What each act means, below its heading.
MEANINGS = {
    Act.SUBMIT: N_("Send it to the governance centre."),
    Act.FILE: N_("The report is complete and ours to handle."),
    Act.DISPATCH: N_("Without a choice it goes to the cadre who answers for the cell today."),
    Act.REASSIGN: N_("Without a choice it goes to the cadre who answers for the cell today."),
    Act.FINISH: N_("Add a photo of the result if there is one."),
    Act.FEED_BACK: N_("Who reported it has been told of the result."),
    Act.VERIFY: N_("The result was checked."),
    Act.CLOSE: N_("Nothing is left to do."),
    Act.RETURN: N_("It goes back one step. Say what is missing."),
    Act.ESCALATE: N_("It goes from the spot to the community, or from there to the town."),
    Act.REQUEST_EXTENSION: N_("The people who run the cases decide."),
    Act.GRANT_EXTENSION: N_("The deadline moves by the time asked for."),
    Act.REFUSE_EXTENSION: N_("The deadline stays. Say why."),
    Act.WITHDRAW: N_("It was reported by mistake, or is another authority's. Say why."),
    Act.REOPEN: N_("It goes to dispatch again with a new deadline. Say why."),
}
#: The ordinary way forward; the other acts come second.
FORWARD = (
    Act.SUBMIT, Act.GRANT_EXTENSION, Act.FILE, Act.DISPATCH, Act.FINISH, Act.FEED_BACK, Act.VERIFY,
    Act.CLOSE,
)  # fmt: skip
REPORTERS = {
    "citizen": N_("A resident"),
    "cadre": N_("A grid cadre"),
    "hotline": N_("The hotline"),
    "patrol": N_("A patrol"),
}
UNITS = {"hours": N_("work hours"), "days": N_("workdays")}
SORTS = {
    "due": N_("Next due first"),
    "newest": N_("Newest first"),
    "oldest": N_("Oldest first"),
    "entered": N_("Latest change first"),
}
TABS = {
    "all": N_("All"),
    "mine": N_("Mine"),
    "today": N_("Due today"),
    "overdue": N_("Overdue"),
}
STATES = {"open": N_("Open"), "ended": N_("Closed or withdrawn"), "any": N_("Open and ended")}

#: What the scripts say.
SCRIPT = {
    "failed": N_("The data could not be read. Check the connection and try again."),
    "none": N_("Nothing is called so. Try fewer characters, or choose the place on the map."),
    "locating": N_("Looking for your position …"),
    "located": N_("Your position, to about {metres} m. Move the map to correct it."),
    "no_position": N_("Your position is not known. Choose the place on the map."),
    "chosen": N_("Chosen on the map."),
    "similar": N_("{count} similar nearby in these days. Is it one of them?"),
    "metres": N_("{metres} m away"),
    "no_case": N_("without a case"),
    "chosen_cases": N_("{count} chosen"),
    "photos": N_("{count} photos, {kilobytes} KB"),
    "too_many": N_("Only the first {count} photos are sent."),
    "sending": N_("Sending …"),
    "shown": N_("{count} open cases, {overdue} overdue"),
    "first": N_("Only the {count} most urgent are shown. Filter to see the others."),
    "open": N_("Open case {id}"),
    "overdue": N_("Overdue"),
    "today": N_("Due today"),
    "later": N_("Later"),
}


OUTCOMES = {
    "valid": N_("Not withdrawn"),
    "closed": N_("Closed"),
    "on_time": N_("Closed by the deadline"),
    "not_on_time": N_("Not closed by the deadline"),
}


def category(row: Row[Any]) -> str:
    """Return the name of a case's category in the reader's language."""
    return named(row, "category_name")
