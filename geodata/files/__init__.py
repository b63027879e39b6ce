"""Files in, frames out, and back: one module per family of formats."""

from geodata.files.osm import read_osm
from geodata.files.reading import read
from geodata.files.table import RawTable
from geodata.files.writing import Written, write, write_parts

__all__ = ["RawTable", "Written", "read", "read_osm", "write", "write_parts"]
