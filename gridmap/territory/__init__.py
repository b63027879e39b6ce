"""Units, cells, buildings, places and roads: the ground everything stands on."""
