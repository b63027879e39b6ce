"""The analyses that people choose from, over incidents of an area and period."""
