"""Patrols: the street network, routes, plans, shifts, and what was walked."""
