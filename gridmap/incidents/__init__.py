"""Incidents: points in space and time, and their categories."""
