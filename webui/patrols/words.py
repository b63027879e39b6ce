"""What pages of patrols say: kinds, modes, lengths and times, and the words of their scripts."""

from __future__ import annotations

from flask_babel import gettext as _

from geodata.messages import N_
from webui.language import named
from webui.numbers import length

__all__ = ["KINDS", "MODES", "SCRIPT", "STOP_KINDS", "length", "minutes", "named"]

KINDS = {
    "regular": N_("Regular patrol"),
    "key_hours": N_("Key hours"),
    "key_streets": N_("Key streets"),
    "inner": N_("Inner round"),
    "outer": N_("Outer round"),
}
MODES = {"foot": N_("On foot"), "bicycle": N_("By bicycle"), "car": N_("By car")}
STOP_KINDS = {
    "police_room": N_("Police room"),
    "school_gate": N_("School gate"),
    "blind_alley": N_("Blind alley"),
    "hotspot": N_("Hotspot"),
    "other": N_("Other"),
}
#: Signs of the kinds of stops on maps, by language.
STOP_SIGNS = {
    "zh": {"police_room": "警", "school_gate": "校", "blind_alley": "巷", "hotspot": "热",
           "other": "点"},
    "en": {"police_room": "P", "school_gate": "S", "blind_alley": "A", "hotspot": "H",
           "other": "•"},
}  # fmt: skip

#: Colours of routes, told apart by most colour-blind readers; with each its name.
COLOURS = {
    "#1f5fa8": N_("Blue"),
    "#d55e00": N_("Orange"),
    "#00796b": N_("Green"),
    "#a8326e": N_("Purple red"),
    "#6a4c9c": N_("Violet"),
    "#26323c": N_("Black"),
}

#: What the scripts say, by key.
SCRIPT = {
    "failed": N_("The data could not be read. Check the connection and try again."),
    "close": N_("Close"),
    "start": N_("Click on the map where the patrol begins; the line follows the streets."),
    "next": N_("Click on for the next point. With Alt the line goes freely."),
    "tracing": N_("Looking for the way …"),
    "length_km": N_("{km} km"),
    "length_m": N_("{m} m"),
    "time": N_("{hours} h {minutes} min"),
    "time_min": N_("{minutes} min"),
    "time_parts": N_("{moving} on the way, {dwell} at stops"),
    "no_hotspots": N_("no shared analysis names a hot place here"),
    "share": N_("{near} of {of}"),
    "near_failed": N_("not known now"),
    "point_help": N_("Point {number} of {count}: drag it, or move it by the arrow keys."),
    "middle": N_("Drag to insert a point"),
    "stop_here": N_("Click on the map where the patrol is to stop."),
    "stop_named": N_("Stop {number}"),
    "remove_stop": N_("Remove stop {number}"),
    "move_up": N_("Earlier"),
    "move_down": N_("Later"),
    "show_stop": N_("Show stop {number} on the map"),
    "name": N_("Name"),
    "kind": N_("Kind"),
    "dwell": N_("Minutes"),
    "opens": N_("From"),
    "closes": N_("Until"),
    "must": N_("Must"),
    "no_stops": N_("No stops yet. Click on “Add a stop”, or take places beside the route."),
    "no_places": N_("No named places lie beside the route."),
    "add_place": N_("Add {name} as a stop"),
    "already": N_("is a stop"),
    "metres": N_("{metres} m"),
    "saved": N_("Saved as version {version}."),
    "saving": N_("Saving …"),
    "unsaved": N_("Not saved yet"),
    "all_saved": N_("All is saved"),
    "kept": N_("There is a drawing of {moment} that was not saved."),
    "two_points": N_("Draw two points at least before you save."),
    "need_name": N_("Give the route a name."),
    "choose_point": N_("Choose a point between the ends first: there the route is split."),
    "split_name": N_("{name}, second part"),
    "copy_name": N_("{name} (copy)"),
    "split_done": N_("Split: the second part is a route of its own."),
    "joined": N_("{name} is added. It goes to the archive when you save."),
    "loop_already": N_("The route ends where it begins already."),
    "nothing_found": N_("No route is called so."),
    "streets_far": N_("Some parts lie apart from the streets and stay as they are in the file."),
    "off_route": N_("You are {metres} m off the route."),
    "on_route": N_("On the route"),
    "no_position": N_("Your position is not known. Allow it, and go where the sky is open."),
    "locating": N_("Looking for your position …"),
    "accuracy": N_("exact to {metres} m"),
    "record_way": N_("Record the way"),
    "end_way": N_("End and hand in the way"),
    "recorded": N_("{count} positions"),
    "checked": N_("Checked in at {time}"),
    "waits": N_("{count} check-ins wait for the network"),
    "all_done": N_("All stops are done."),
    "far_away": N_("You are {metres} m from the stop. Check in anyhow?"),
    "next_stop": N_("Next stop"),
    "window": N_("{opens} to {closes}"),
    "stay": N_("stay {minutes} min"),
}


def minutes(seconds: float) -> str:
    """Write a span of time in hours and minutes."""
    whole = round(seconds / 60)
    if whole < 60:
        return str(_("%(minutes)s min", minutes=whole))
    return str(_("%(hours)s h %(minutes)s min", hours=whole // 60, minutes=whole % 60))
