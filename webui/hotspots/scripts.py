"""What the scripts of hotspots say, by key."""

from __future__ import annotations

from geodata.messages import N_

SCRIPT = {
    "failed": N_("The data could not be read. Check the connection and try again."),
    "count": N_("{count} incidents"),
    "expected": N_("{count} expected"),
    "incidents": N_("Incidents"),
    "play": N_("Play the months"),
    "stop": N_("Stop"),
    "whole": N_("whole period"),
    "other_categories": N_("Other categories"),
    "per_circle": N_("Incidents per circle"),
    "waiting": N_("The connection is lost; trying again."),
}
