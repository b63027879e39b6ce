"""Activities: records of work in cells, communities and places, and plans of what is due."""
