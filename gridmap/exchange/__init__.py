"""What leaves the database: the layer registry, tiles, search and details."""
