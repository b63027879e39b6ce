"""The demo town: a made-up county generated from a seed, for demos, tests and benchmarks."""

from geodata.town.hotspots import Hotspot
from geodata.town.make import UNTIL, Town, make_town

__all__ = ["UNTIL", "Hotspot", "Town", "make_town"]
