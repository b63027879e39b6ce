"""Users and their rights, cadres, teams, and who answers for which cell."""
