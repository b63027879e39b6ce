"""Shifts: who patrols when, patterns that repeat, swaps, attendance and the monthly sheet."""
