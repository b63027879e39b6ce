"""Indicators: a numerator and denominator per unit and period, rolled up from counts."""
