"""Other agencies at /agencies: their keys, what these may be given, and what was asked."""
