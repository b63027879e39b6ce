"""Standard interfaces for other programs, under ``/ogc``."""
