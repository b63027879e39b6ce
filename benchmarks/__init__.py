"""Measurements, one module each: ``make bench B=name``. Each ends with a line of JSON."""
