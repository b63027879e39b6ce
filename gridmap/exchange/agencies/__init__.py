"""Other agencies: their keys, what each key may be given, and what was asked with it."""
