"""What is wrong with the territory as it is today, each finding with its place on the map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.messages import N_


@dataclass(frozen=True)
class Check:
    """A question to the database.

    Attributes
    ----------
    name : str
        The word by which it is asked for.
    title : str
        What a finding means, as a template for translation.
    areal : bool
        Whether a finding is an area; it is then taken apart into its pieces, and small ones are
        passed over.
    sql : str
        Selects ``subject``, ``other`` and ``geom``.
    """

    name: str
    title: str
    areal: bool
    sql: str


@dataclass(frozen=True)
class Finding:
    """One thing found: what it is about, its size in m² where it has one, and its GeoJSON."""

    check: str
    subject: str
    other: str
    area_m2: float | None
    geojson: str


CHECKS = (
    Check(
        "overlap",
        N_("Two cells of one kind overlap"),
        True,
        """
        SELECT a.code AS subject, b.code AS other, ST_Intersection(a.geom, b.geom) AS geom
        FROM cell a JOIN cell b ON a.geom && b.geom AND a.kind = b.kind AND a.id < b.id
            AND a.valid && b.valid AND NOT ST_Relate(a.geom, b.geom, 'F********')
        WHERE (a.valid @> (SELECT local_date(now()))) IS TRUE
            AND (b.valid @> (SELECT local_date(now()))) IS TRUE
        """,
    ),
    Check(
        "gap",
        N_("Part of a community lies in no cell"),
        True,
        """
        SELECT u.code AS subject, u.name AS other, ST_Difference(u.geom, cells.geom) AS geom
        FROM unit u JOIN LATERAL (
            SELECT ST_Union(c.geom) AS geom FROM cell c
            WHERE c.community_id = u.id AND (c.valid @> (SELECT local_date(now()))) IS TRUE
        ) cells ON cells.geom IS NOT NULL
        WHERE u.level = 'community'
        """,
    ),
    Check(
        "outside_community",
        N_("A cell reaches out of its community"),
        True,
        """
        SELECT c.code AS subject, u.name AS other, ST_Difference(c.geom, u.geom) AS geom
        FROM cell c JOIN unit u ON u.id = c.community_id
        WHERE (c.valid @> (SELECT local_date(now()))) IS TRUE AND NOT ST_CoveredBy(c.geom, u.geom)
        """,
    ),
    Check(
        "unit_overlap",
        N_("Two units of one level overlap"),
        True,
        """
        SELECT a.name AS subject, b.name AS other, ST_Intersection(a.geom, b.geom) AS geom
        FROM unit a JOIN unit b ON a.geom && b.geom AND a.level = b.level AND a.id < b.id
            AND NOT ST_Relate(a.geom, b.geom, 'F********')
        """,
    ),
    Check(
        "outside_parent",
        N_("A unit reaches out of the one above it"),
        True,
        """
        SELECT u.name AS subject, p.name AS other, ST_Difference(u.geom, p.geom) AS geom
        FROM unit u JOIN unit p ON p.id = u.parent_id
        WHERE NOT ST_CoveredBy(u.geom, p.geom)
        """,
    ),
    Check(
        "no_outline",
        N_("A community has no outline"),
        False,
        """
        SELECT code AS subject, name AS other, geom
        FROM unit WHERE level = 'community' AND geom IS NULL
        """,
    ),
    Check(
        "building_outside",
        N_("A building stands in no cell"),
        False,
        """
        SELECT coalesce(nullif(name, ''), external_id, id::text) AS subject, address AS other,
            anchor AS geom
        FROM building WHERE cell_id IS NULL
        """,
    ),
    Check(
        "place_outside",
        N_("A place stands in no cell"),
        False,
        """
        SELECT coalesce(nullif(name, ''), external_id, id::text) AS subject, address AS other, geom
        FROM place WHERE cell_id IS NULL
        """,
    ),
    Check(
        "place_without_kind",
        N_("A place has no kind"),
        False,
        """
        SELECT coalesce(nullif(name, ''), external_id, id::text) AS subject, address AS other, geom
        FROM place WHERE kind IS NULL
        """,
    ),
)

_AREAS = """
SELECT subject, other, area_m2, ST_AsGeoJSON(geom, 7) FROM (
    SELECT subject, other, piece.geom, ST_Area(piece.geom::geography) AS area_m2
    FROM ({sql}) found CROSS JOIN LATERAL ST_Dump(ST_CollectionExtract(found.geom, 3)) piece
) pieces
WHERE area_m2 > :tolerance ORDER BY area_m2 DESC, subject
"""
_ROWS = """
SELECT subject, other, NULL, coalesce(ST_AsGeoJSON(geom, 7), 'null') FROM ({sql}) found
ORDER BY subject
"""


def findings(session: Session, check: Check, tolerance_m2: float) -> Iterator[Finding]:
    """Ask one question; the answers stream from the database, largest area first.

    Parameters
    ----------
    session : Session
        A transaction to read in.
    check : Check
        The question.
    tolerance_m2 : float
        Pieces of area up to this size are passed over.
    """
    statement = text((_AREAS if check.areal else _ROWS).format(sql=check.sql))
    rows = session.execute(
        statement,
        {"tolerance": tolerance_m2} if check.areal else {},
        execution_options={"yield_per": 1000},
    )
    for subject, other, area_m2, geojson in rows:
        yield Finding(check.name, subject, other, area_m2, geojson)
