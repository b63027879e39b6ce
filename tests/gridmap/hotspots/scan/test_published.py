"""The scan statistics equal what SaTScan printed, digit by digit where it is not chance."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import pytest

from gridmap.hotspots.scan.clusters import Scan
from gridmap.hotspots.scan.models import permutation_scan, poisson_scan
from gridmap.hotspots.scan.settings import Chance, Method, Windows

# The degrees of New York's tracts were scanned as if they were lengths on a plane.
SCALE = 1e5
# Below: what the output files list, cluster by cluster: identifiers of the first, then the
# numbers of locations, cases and expected cases, relative risk, ratio and p.
TENTH = (
    [49, 48, 50, 47, 1, 15, 51, 2, 13, 14, 3, 35, 16, 52, 36, 37, 12, 11, 5, 17, 10, 4,
     6, 38, 18, 9],
    [
        (26, 85, 49.71, 1.84, 11.577255, 0.0010),
        (8, 38, 17.79, 2.22, 9.019716, 0.013),
        (33, 64, 40.85, 1.64, 6.114140, 0.216),
        (4, 25, 12.82, 1.99, 4.651839, 0.609),
        (7, 28, 15.54, 1.84, 4.169203, 0.755),
        (4, 12, 5.14, 2.37, 3.363518, 0.961),
        (3, 11, 4.61, 2.41, 3.209485, 0.976),
    ],
)  # fmt: skip
HALF = (
    [52, 50, 37, 49, 38, 48, 53, 39, 15, 47, 51, 1, 40, 44, 16, 2, 55, 36, 14, 43, 13, 45, 3, 35,
     17, 11, 12, 46],
    [
        (28, 100, 58.28, 1.87, 14.083511, 0.00015),
        (8, 38, 17.79, 2.22, 9.019716, 0.016),
        (33, 64, 40.85, 1.64, 6.114140, 0.248),
        (4, 25, 12.82, 1.99, 4.651839, 0.645),
        (4, 12, 5.14, 2.37, 3.363518, 0.965),
        (3, 11, 4.61, 2.41, 3.209485, 0.982),
    ],
)  # fmt: skip


def within_three_errors(p: float, done: int, printed: float, replications: int) -> bool:
    """Whether two shares of replications differ by less than three standard errors."""
    error = math.sqrt(printed * (1 - printed) * (1 / done + 1 / replications))
    return abs(p - printed) <= 3 * error


@pytest.fixture(scope="module")
def leukemia(oracles: Path) -> dict[str, Any]:
    folder = oracles / "ny_leukemia"
    places, cases, people = (
        np.loadtxt(folder / f"satscan_ny_{name}.txt") for name in ("coords", "cases", "pop")
    )
    assert [*places[:, 0]] == [*range(1, 282)] == [*people[:, 0]]
    counts = np.bincount(cases[:, 0].astype(int) - 1, cases[:, 1], minlength=281).astype(int)
    assert counts.sum() == 552
    return {
        "x": places[:, 2] * SCALE,
        "y": places[:, 1] * SCALE,
        "counts": counts,
        "expected": people[:, 2],
    }


@pytest.mark.parametrize(("cap", "printed"), [(0.1, TENTH), (0.5, HALF)])
def test_leukemia_in_new_york(
    leukemia: dict[str, Any], cap: float, printed: tuple[list[int], list[tuple[float, ...]]]
) -> None:
    replications = 2999
    found = poisson_scan(
        **leukemia,
        windows=Windows(max_share=cap),
        chance=Chance(replications, seed=1, method=Method.RANK),
    ).clusters
    assert set(found["locations"][0] + 1) == set(printed[0])
    for (_, cluster), wanted in zip(found.iterrows(), printed[1], strict=False):
        size, cases, expected, risk, ratio, p = wanted
        assert (cluster["locations"].size, cluster["cases"]) == (size, cases)
        assert round(cluster["expected"], 2) == expected
        assert round(cluster["relative_risk"], 2) == risk
        assert round(cluster["llr"], 6) == ratio
        assert within_three_errors(cluster["p"], replications, p, 999)
    assert len(found) >= len(printed[1])


def test_the_radius_is_that_printed(leukemia: dict[str, Any]) -> None:
    found = poisson_scan(**leukemia, windows=Windows(max_share=0.1), chance=Chance(99)).clusters
    assert [round(radius / SCALE, 3) for radius in found["radius"][:5]] == pytest.approx(
        [0.070, 0.13, 0.040, 0.061, 0.043], abs=0.0051
    )
    assert (found["y"][0] / SCALE, found["x"][0] / SCALE) == pytest.approx(
        (42.1102, -75.9574), abs=5e-5
    )


def test_gumbel_reaches_beyond_the_replications(leukemia: dict[str, Any]) -> None:
    """SaTScan's .00015 for the cap of 50 % is Gumbel's, since it made 999 replications."""
    ps = [
        poisson_scan(**leukemia, chance=Chance(999, seed=seed, method=Method.GUMBEL))
        .clusters["p"]
        .iloc[0]
        for seed in range(4)
    ]
    assert abs(np.log(0.00015) - np.mean(np.log(ps))) <= 3 * np.std(np.log(ps))


@pytest.fixture(scope="module")
def fever(oracles: Path) -> dict[str, Any]:
    folder = oracles / "nyc_fever"
    places = pd.read_csv(
        folder / "NYCfever.geo", sep=r"\s+", header=None, names=["zip", "lat", "lon"]
    )
    cases = pd.read_csv(
        folder / "NYCfever.cas", sep=r"\s+", header=None, names=["zip", "count", "day"]
    )
    cases = cases.loc[cases.index.repeat(cases["count"])]
    plane = pyproj.Proj("+proj=aeqd +lat_0=40.72 +lon_0=-73.9 +R=6367000")
    x, y = plane(places["lon"].to_numpy(), places["lat"].to_numpy())
    days = (pd.to_datetime(cases["day"]) - pd.Timestamp("2001-11-01")).dt.days
    return {
        "zips": places["zip"].to_numpy(),
        "x": x,
        "y": y,
        "place": pd.Index(places["zip"]).get_indexer(cases["zip"]),
        "period": days.to_numpy(),
    }


def scan_fever(fever: dict[str, Any], chance: Chance) -> Scan:
    given = {name: fever[name] for name in ("x", "y", "place", "period")}
    windows = Windows(max_radius=3000, max_periods=7, prospective=True)
    return permutation_scan(**given, periods=24, windows=windows, chance=chance)


def test_fever_in_new_york(fever: dict[str, Any]) -> None:
    assert (fever["x"].size, fever["place"].size) == (192, 194)
    replications = 2999
    found = scan_fever(fever, Chance(replications, seed=1, method=Method.RANK)).clusters
    first = found.iloc[0]
    assert set(fever["zips"][first["locations"]]) == {
        11418, 11415, 11419, 11435, 11416, 11421, 11451, 11375, 11417,
    }  # fmt: skip
    assert fever["zips"][first["centre"]] == 11418
    assert round(first["radius"] / 1000, 2) == 2.90
    assert (first["first"], first["last"]) == (21, 23)  # 22 to 24 November.
    assert fever["zips"][found["locations"].iloc[1]].tolist() == [11372]
    assert fever["zips"][found["locations"].iloc[2]].tolist() == [10472]
    printed = [(4, 0.67, 5.97, 3.845418, 0.242), (2, 0.16, 12.12, 3.164201, 0.575),
               (2, 0.29, 6.81, 2.137259, 0.966)]  # fmt: skip
    for (_, cluster), (cases, expected, ratio, statistic, p) in zip(
        found.iterrows(), printed, strict=False
    ):
        assert cluster["cases"] == cases
        assert round(cluster["expected"], 2) == expected
        assert cluster["relative_risk"] == pytest.approx(ratio, abs=0.0051)
        assert round(cluster["llr"], 6) == statistic
        # SaTScan stopped after 207 replications.
        assert within_three_errors(cluster["p"], replications, p, 207)
    assert (found["p"] > 0.05).all()


def test_fever_stops_as_soon_as_fifty_replications_reach_it(fever: dict[str, Any]) -> None:
    scan = scan_fever(fever, Chance(seed=3))
    reached = int((scan.maxima >= 3.845418).sum())
    assert scan.stopped
    assert reached == 50
    assert scan.maxima[-1] >= 3.845418
    assert scan.clusters["p"].iloc[0] == 50 / scan.maxima.size
