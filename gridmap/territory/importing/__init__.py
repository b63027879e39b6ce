"""Import of the territory: canonical frames in, rows in the database out."""
