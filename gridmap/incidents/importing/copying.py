"""Incidents in PostgreSQL's binary COPY format, made column by column.

Every field of a row but the external id has a fixed width, so the rows are one structured array
of numpy, and Arrow puts the external ids between them. The format is described in PostgreSQL's
manual under COPY, "Binary Format": a row is the number of its fields and, for each of them, its
length in bytes and its value; numbers have the most significant byte first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

COLUMNS = (
    "id", "occurred_at", "ended_at", "category_id", "geom", "source", "import_id", "cell_id",
    "community_id", "external_id",
)  # fmt: skip

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
_CHUNK = 1 << 15
_NULL = -1
# Microseconds from 1970 to 2000, where PostgreSQL's count begins.
_EPOCH_US = 946_684_800_000_000
# A point in extended well-known binary: little-endian, a point with SRID, 4326, x, y.
_POINT = [("order", "u1"), ("type", "<u4"), ("srid", "<u4"), ("x", "<f8"), ("y", "<f8")]
_POINT_TYPE = 0x20000001


#: In place of the end of a span; numpy's NaT.
KNOWN = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Finished:
    """Incidents ready to be stored.

    Attributes
    ----------
    external_id : pyarrow.Array of large_string, shape (n,)
    occurred_us : ndarray of int64, shape (n,)
        Microseconds since 1970, UTC.
    ended_us : ndarray of int64, shape (n,)
        The end where only a span is known, `KNOWN` where the moment is.
    category_id, cell_id, community_id : ndarray of int64, shape (n,)
        0 for no cell and no community.
    x, y : ndarray of float64, shape (n,)
        Longitude and latitude in WGS 84.
    """

    external_id: pa.Array
    occurred_us: npt.NDArray[np.int64]
    ended_us: npt.NDArray[np.int64]
    category_id: npt.NDArray[np.int64]
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    cell_id: npt.NDArray[np.int64]
    community_id: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.x)

    def take(self, index: npt.NDArray[np.int64]) -> Finished:
        """Return some of the rows, in the order of `index`."""
        return Finished(
            self.external_id.take(pa.array(index)),
            self.occurred_us[index],
            self.ended_us[index],
            self.category_id[index],
            self.x[index],
            self.y[index],
            self.cell_id[index],
            self.community_id[index],
        )


def by_place(rows: Finished) -> npt.NDArray[np.int64]:
    """Return the order by cell, community and time, rows without a cell last, spans behind all.

    Neighbours on the map then lie together on the disk, and the indexes are built from rows
    nearly in their order.
    """
    if not len(rows):
        return np.empty(0, dtype=np.int64)
    last_cell, last_community = rows.cell_id.max(), rows.community_id.max()
    nowhere = last_cell + last_community + 1
    community = np.where(rows.community_id == 0, nowhere, last_cell + rows.community_id)
    place = np.where(rows.cell_id == 0, community, rows.cell_id)
    seconds = (rows.occurred_us - rows.occurred_us.min()) // 1_000_000
    span = int(seconds.max()) + 1
    order: npt.NDArray[np.int64]
    if int(nowhere) * span < np.iinfo(np.int64).max:
        # One number sorts several times faster than several.
        order = np.argsort(place * span + seconds)
    else:
        order = np.lexsort((seconds, place))
    # Rows of one width go together into a part of the stream.
    spans = rows.ended_us[order] != KNOWN
    return np.concatenate([order[~spans], order[spans]]) if spans.any() else order


def stream(
    rows: Finished, ids: npt.NDArray[np.int64], source: str, import_id: int | None
) -> Iterator[memoryview | bytes]:
    """Write rows as the parts of one binary COPY with the columns of `COLUMNS`.

    Parameters
    ----------
    rows : Finished
        In any order; parts are largest when rows with a cell and without, and moments and spans,
        are not mixed.
    ids : ndarray of int64, shape (n,)
    source : str
    import_id : int or None
    """
    yield HEADER
    kind = (rows.cell_id != 0).astype("int8") * 2 + (rows.community_id != 0)
    kind += (rows.ended_us != KNOWN).astype("int8") * 4
    cuts = np.unique(np.concatenate(
        [[0], np.flatnonzero(np.diff(kind)) + 1, np.arange(0, len(rows), _CHUNK), [len(rows)]]
    ))  # fmt: skip
    for start, end in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        yield _part(rows, ids, slice(start, end), source.encode(), import_id)
    yield TRAILER


def _part(
    rows: Finished,
    ids: npt.NDArray[np.int64],
    part: slice,
    source: bytes,
    import_id: int | None,
) -> memoryview:
    """Write rows that all have a cell or all have none, and so with community and span."""
    external_id = rows.external_id[part]
    cell_id, community_id = rows.cell_id[part], rows.community_id[part]
    ended_us = rows.ended_us[part]
    record = np.zeros(
        len(cell_id),
        dtype=np.dtype([
            ("fields", ">i2"),
            ("id_", ">i4"), ("id", ">i8"),
            ("occurred_at_", ">i4"), ("occurred_at", ">i8"),
            ("ended_at_", ">i4"), ("ended_at", ">i8", (int(ended_us[0] != KNOWN),)),
            ("category_id_", ">i4"), ("category_id", ">i4"),
            ("geom_", ">i4"), ("geom", _POINT),
            ("source_", ">i4"), ("source", f"V{len(source)}"),
            ("import_id_", ">i4"), ("import_id", ">i4", (int(import_id is not None),)),
            ("cell_id_", ">i4"), ("cell_id", ">i8", (int(cell_id[0] != 0),)),
            ("community_id_", ">i4"), ("community_id", ">i8", (int(community_id[0] != 0),)),
            ("external_id_", ">i4"),
        ]),
    )  # fmt: skip
    record["fields"] = len(COLUMNS)
    record["geom"]["order"], record["geom"]["type"], record["geom"]["srid"] = 1, _POINT_TYPE, 4326
    record["geom_"] = record.dtype["geom"].itemsize
    record["geom"]["x"], record["geom"]["y"] = rows.x[part], rows.y[part]
    record["source_"] = len(source)
    if source:
        record["source"] = np.void(source)
    for name, values in (
        ("id", ids[part]),
        ("occurred_at", rows.occurred_us[part] - _EPOCH_US),
        ("ended_at", ended_us - _EPOCH_US if ended_us[0] != KNOWN else ended_us),
        ("category_id", rows.category_id[part]),
        ("import_id", np.full(len(record), import_id or 0)),
        ("cell_id", cell_id),
        ("community_id", community_id),
    ):
        target = record[name]
        record[f"{name}_"] = record.dtype[name].itemsize or _NULL
        if target.ndim == 1:
            record[name] = values
        elif target.shape[1]:
            record[name] = values[:, None]
    record["external_id_"] = pc.binary_length(external_id).to_numpy(zero_copy_only=False)
    return _interleave(record, external_id)


def _interleave(record: npt.NDArray[np.void], texts: pa.Array) -> memoryview:
    """Put a text behind each record: Arrow keeps the joined values in one piece of memory."""
    width = record.dtype.itemsize
    fixed = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(width), len(record), [None, pa.py_buffer(record)]
    ).cast(pa.large_binary())
    # A slice is joined from its own first value on, so the result begins at offset nought.
    joined = pc.binary_join_element_wise(
        fixed, texts.cast(pa.large_binary()), pa.scalar(b"", pa.large_binary())
    )
    offsets = np.frombuffer(joined.buffers()[1], dtype=np.int64)[joined.offset :]
    return memoryview(joined.buffers()[2])[offsets[0] : offsets[len(record)]]
