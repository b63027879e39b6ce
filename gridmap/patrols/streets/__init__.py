"""The street network: built from the roads, read, and travelled."""
