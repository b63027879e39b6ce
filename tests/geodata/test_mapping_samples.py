"""Mappings of real files: every row is taken, rejected or dropped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.files.reading import read
from geodata.files.table import RawTable
from geodata.mapping import (
    Mapping,
    apply,
    guess,
    parse_mapping,
)
from geodata.problems import Problems
from tests.geodata.mapping_tables import NOW


def _counts(raw: RawTable, frame: pd.DataFrame, problems: Problems) -> npt.NDArray[np.int64]:
    """Check that every row is in the frame, rejected or dropped, and in one of these only."""
    parts = [frame.index.to_numpy(), problems.bad_rows(), problems.dropped_rows()]
    together = np.concatenate(parts)
    assert len(np.unique(together)) == len(together) == len(raw)
    return np.array([len(part) for part in parts])


def test_st_louis(sample_data: Path) -> None:
    raw = read(sample_data / "stlouis" / "property_crime_2008_2019.csv.gz")
    mapping = parse_mapping(
        {
            "layer": "incidents",
            "columns": {"external_id": ["Complaint", "Crime"], "category": "Description"},
            "time": {"column": "DateOccur", "zone": "America/Chicago"},
            "location": {"x": "XCoord", "y": "YCoord", "system": "ESRI:102696"},
            "reverses": {
                "column": "Count",
                "equals": "-1",
                "key": ["Complaint", "Crime"],
                "otherwise": ["DateOccur", "District", "XCoord", "YCoord"],
            },
        }
    )
    frame, problems = apply(raw, mapping, now=NOW)
    good, bad, dropped = _counts(raw, frame, problems)
    assert good + bad + dropped == len(raw) == 342_700
    found = problems.counts()
    assert found["reversed"] == found["reversal"]
    assert found["reversal"] + found["reversal-unmatched"] == 7_094
    assert "time-unreadable" not in found
    assert frame["lon"].between(-90.33, -90.15).mean() > 0.999
    assert frame["external_id"].is_unique


def test_vancouver(sample_data: Path) -> None:
    raw = read(sample_data / "vancouver" / "vancouver_crimes_2020.zip")
    mapping = guess("incidents", list(raw.frame), raw.frame.head())
    assert mapping.time is not None
    time = mapping.time.model_copy(update={"zone": "America/Vancouver"})
    location = mapping.location.model_copy(update={"system": "EPSG:26910"})
    frame, problems = apply(
        raw, mapping.model_copy(update={"time": time, "location": location}), now=NOW
    )
    _counts(raw, frame, problems)
    assert problems.counts()["at-zero"] == 3_750
    assert frame["lat"].between(49.19, 49.32).all()


def test_lancashire(sample_data: Path) -> None:
    raw = read(sample_data / "lancashire" / "lancashire_asb.tab")
    mapping = parse_mapping(
        {
            "layer": "incidents",
            "constants": {"category": "D"},
            "time": {"column": "month", "zone": "Europe/London"},
            "location": {"x": "longitude", "y": "latitude", "system": "EPSG:4326"},
        }
    )
    frame, problems = apply(raw, mapping, now=NOW)
    assert len(frame) == 56_434
    assert len(problems) == 0
    assert frame["external_id"].is_unique, "coincident points are no repeats"
    wards = read(sample_data / "lancashire" / "lancashire_wards.gpkg")
    units, _ = apply(
        wards,
        Mapping(
            layer="units",
            constants={"level": "community"},
            columns={"code": "ward_code", "name": "ward_name"},
        ),
    )
    assert len(units) == 271
    assert units.total_bounds[0] < -3 < -2.1 < units.total_bounds[2]


def test_odd_geojson_shapes_are_told(sample_data: Path) -> None:
    folder = sample_data / "invalid_geojson"
    expected = {
        "invalid_geometries/invalid_less_three_unique_nodes": "geometry-invalid",
        "problematic_geometries/problematic_self_intersection_large": "geometry-invalid",
        "problematic_geometries/problematic_outside_lat_lon_boundaries": "off-the-globe",
        "problematic_geometries/problematic_crosses_antimeridian": "antimeridian",
        "problematic_geometries/problematic_inner_and_exterior_ring_intersect": "geometry-invalid",
        "problematic_geometries/problematic_feature_null_geometry": "geometry-missing",
        "problematic_structure/problematic_crs_defined": None,
        "invalid_geometries/invalid_exterior_not_ccw": None,
        "problematic_geometries/problematic_self_intersection_small": "geometry-repaired",
    }
    for name, code in expected.items():
        _, problems = apply(read(folder / f"{name}.geojson"), Mapping(layer="cells"))
        assert list(problems.counts()) == ([code] if code else []), name
