"""Evaluation: scores of cells, cadres' areas, communities, towns and departments for a period."""
