"""Files in, frames out, and back: one module per family of formats."""

from geodata.files.reading import read
from geodata.files.table import RawTable

__all__ = ["RawTable", "read"]
