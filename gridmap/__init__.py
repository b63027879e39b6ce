"""The domain: a package per capability, on PostGIS."""
