"""What leaves the database: the layer registry, tiles, search and details."""

# Whoever imports a part of this package finds all layers registered.
from gridmap.exchange.collections import COLLECTIONS

__all__ = ["COLLECTIONS"]
