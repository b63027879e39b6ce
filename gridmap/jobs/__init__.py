"""Long work apart from the requests: a queue in the database, and what takes from it."""
