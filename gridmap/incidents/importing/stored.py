"""What the database already holds of a source, and the rows that changed since."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.incidents.importing.copying import COLUMNS, KNOWN, Finished, stream
from gridmap.territory.importing.copying import copy_in, copy_out
from gridmap.territory.importing.origin import Origin

_RECORD = np.dtype([
    ("fields", ">i2"), ("n_", ">i4"), ("n", ">i8"), ("same_", ">i4"), ("same", "u1"),
])  # fmt: skip


def compare(
    session: Session, rows: Finished, source: str
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tell which rows are stored already, and which of those differ.

    Leaves the rows behind in the temporary table ``arriving``, numbered by ``id``.

    Returns
    -------
    stored, changed : ndarray of bool, shape (n,)
    """
    stored, changed = np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
    if not session.scalar(text("SELECT EXISTS (SELECT FROM incident)")):
        return stored, changed
    session.execute(text("DROP TABLE IF EXISTS pg_temp.arriving"))
    session.execute(text("CREATE TEMPORARY TABLE arriving (LIKE incident) ON COMMIT DROP"))
    order = np.lexsort((rows.community_id != 0, rows.cell_id != 0, rows.ended_us != KNOWN))
    parts = stream(rows.take(order), order.astype("int64"), source, None)
    copy_in(session, f"arriving ({', '.join(COLUMNS)})", parts)
    session.execute(text("ANALYZE arriving"))
    found = copy_out(
        session,
        """
        SELECT a.id, (i.occurred_at, i.ended_at, i.category_id, i.geom::bytea)
            IS NOT DISTINCT FROM (a.occurred_at, a.ended_at, a.category_id, a.geom::bytea)
        FROM arriving a JOIN incident i USING (source, external_id)
        """,
        _RECORD,
    )
    numbers = found["n"].astype("int64")
    stored[numbers] = True
    changed[numbers] = found["same"] == 0
    return stored, changed


def update(session: Session, changed: npt.NDArray[np.bool_], origin: Origin) -> None:
    """Bring the stored rows that `compare` found changed up to date."""
    session.execute(
        text("""
            UPDATE incident i SET occurred_at = a.occurred_at, ended_at = a.ended_at,
                category_id = a.category_id, geom = a.geom, cell_id = a.cell_id,
                community_id = a.community_id, import_id = :import_id
            FROM arriving a JOIN unnest(CAST(:numbers AS bigint[])) AS changed (id) USING (id)
            WHERE i.source = a.source AND i.external_id = a.external_id
        """),
        {"numbers": np.flatnonzero(changed).tolist(), "import_id": origin.import_id},
    )
