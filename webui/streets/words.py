"""What the page of streets says."""

from __future__ import annotations

from geodata.messages import N_

#: The modes in their order, by the name that the network's report uses.
MODES = {"foot": N_("On foot"), "bicycle": N_("By bicycle"), "car": N_("By car")}
#: What the page's script says, by key.
SCRIPT = {
    "failed": N_("The data could not be read. Check the connection and try again."),
    "waiting": N_("The connection is lost; trying again."),
    "unnamed": N_("Street without a name"),
    "oneway": N_("One way"),
    "gap": N_("Gap of {metres} m"),
    "island": N_("Island of {metres} m"),
}
#: What the building of the network is at while it waits.
WAITING = N_("Waiting")
