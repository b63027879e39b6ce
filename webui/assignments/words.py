"""What the scripts of the map and the list say, by key."""

from __future__ import annotations

from geodata.messages import N_

WORDS = {
    "failed": N_("The data could not be read. Check the connection and try again."),
    "above": N_("above the band"),
    "within": N_("within the band"),
    "below": N_("below the band"),
    "none": N_("no cells"),
    "vacant": N_("no responsible cadre"),
    "other_area": N_("a cadre of another area"),
    "households_above": N_("more than {high} households"),
    "households_within": N_("{low} to {high} households"),
    "households_below": N_("fewer than {low} households"),
    "zoom_in": N_("Zoom in to see the cells."),
    "load": N_("{cells} cells · {households} households · {tasks} open cases · {area} km²"),
    "no_cadre": N_("No cadre is called so."),
    "chosen": N_("{count} cells chosen"),
    "nothing_chosen": N_("Click cells on the map, or drag a box around several with Shift held."),
    "remove": N_("Take {code} off the list"),
    "assigned": N_("{count} cells given to {name}."),
    "same": N_("It is so already; nothing was changed."),
    "ended": N_("{count} cells have nobody for this task from {day}."),
    "undone": N_("Taken back: {count} cells are as before."),
    "undo": N_("Undo"),
    "close": N_("Close"),
    "choose_cadre": N_("Choose a cadre from the list."),
    "confirm_assign": N_("Give {count} cells to {name} from {day}?"),
    "confirm_end": N_("Take the task from whoever holds it in {count} cells from {day}?"),
    "now": N_("now: {name}"),
    "more": N_("and {count} more"),
    "cells": N_("{count} cells"),
    "history": N_("History"),
}
