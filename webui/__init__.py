"""The web application: pages, maps and tiles."""
