"""Documents: reports composed from records, kept as they were, and read, approved, published."""
