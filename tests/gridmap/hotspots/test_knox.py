"""Knox tables, Mantel, Jacquez and near repeats equal published results and plain counts."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from gridmap.hotspots import parallel
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.knox import LOOK_S, MOST_LOOKS, Bands, Metric, knox
from gridmap.hotspots.mantel import jacquez, mantel
from gridmap.hotspots.near_repeat import raised, risk_zones

NEAR = "near_repeat/chicago_arson"


@pytest.fixture(scope="module")
def burkitt() -> dict[str, Any]:
    import libpysal

    table = libpysal.io.open(libpysal.examples.get_path("burkitt.dbf"))
    x, y, t = (np.array(table.by_col(name), float) for name in ("X", "Y", "T"))
    table.close()
    assert (x.size, x[0], y[0], t[0]) == (188, 300, 302, 413)
    return {"x": x, "y": y, "t": t}


def test_burkitts_lymphoma(burkitt: dict[str, Any]) -> None:
    """Knox (20 km, 5 days), both included, so the band ends with the next number."""
    bands = Bands((0, np.nextafter(20, 21)), (0, 6))
    found = knox(**burkitt, bands=bands).iloc[0]
    assert found["observed"] == 13
    assert round(found["expected"], 7) == 10.1438161
    assert round(found["p_poisson"], 8) == 0.14624558
    # By permutation pointpats finds about 0.2 (0.17 to 0.24 with 99).
    assert 0.15 < found["p"] < 0.28


def test_mantel_and_jacquez_of_burkitts_lymphoma(burkitt: dict[str, Any]) -> None:
    found = mantel(**burkitt)
    assert round(found.statistic, 6) == 0.048368
    assert found.p <= 0.02
    assert jacquez(**burkitt, k=3).statistic == 12


@pytest.fixture(scope="module")
def arson(oracles: Path) -> pd.DataFrame:
    """Chicago's arson, as the Near Repeat Calculator read it: to a decimetre."""
    frame = pd.read_csv(f"{oracles / NEAR}.csv", header=None, names=["x", "y", "date"])
    days = (pd.to_datetime(frame["date"]) - pd.Timestamp("2016-01-01")).dt.days
    return frame.assign(x=frame["x"].round(1), y=frame["y"].round(1), t=days.astype(float))


@pytest.fixture(scope="module")
def verbose(oracles: Path) -> list[dict[str, Any]]:
    """Cell by cell what the Near Repeat Calculator counted, in the order of a table's rows."""
    text = next((oracles / "near_repeat").glob("*verbose*.csv")).read_text("latin-1")
    cells = {}
    for row, column, body in re.findall(
        r"Row (\d) Column (\d)\s*\nExpected,(.*?)P value", text, flags=re.DOTALL
    ):
        simulated, rest = body.split("Observed,")
        after = text.split(f"Row {row} Column {column}")[1]
        cells[int(row), int(column)] = {
            "simulated": np.array(re.findall(r"\d+", simulated), float),
            "observed": int(rest.split()[0]),
            "p": float(re.search(r"P value, ([\d.]+)", after)[1]),  # type: ignore[index]
            "ratio": float(re.search(r"Obs over Mean Exp, ([\d.]+)", after)[1]),  # type: ignore[index]
        }
    assert len(cells) == 20
    return [cells[cell] for cell in sorted(cells)]


ARSON = Bands((0, 200, 400, 600), (0, 1, 2, 3), same_place=True, metric=Metric.MANHATTAN)


def test_arson_in_chicago(arson: pd.DataFrame, verbose: list[dict[str, Any]]) -> None:
    """All 20 cells; the calculator's expected number is the mean of its 99 permutations."""
    table = knox(arson["x"], arson["y"], arson["t"], ARSON)
    assert len(table) == len(verbose)
    for (_, found), printed in zip(table.iterrows(), verbose, strict=True):
        simulated = printed["simulated"]
        assert simulated.size == 99
        assert found["observed"] == printed["observed"]
        # Its ratio, from our count and its permutations, to all its digits.
        assert found["observed"] / simulated.mean() == pytest.approx(printed["ratio"], rel=1e-12)
        # A count of few pairs is spread as Poisson's; a complement as what was permuted.
        spread = max(simulated.std(ddof=1), math.sqrt(min(found["expected"], 1.0)))
        assert abs(simulated.mean() - found["expected"]) <= 3 * spread / math.sqrt(99)
        error = math.sqrt(found["p"] * (1 - found["p"]) * (1 / 99 + 1 / 999))
        # Its p is printed in hundredths.
        assert abs(found["p"] - printed["p"]) <= 3 * error + 1 / 100


def test_the_first_cells_of_arson_are_those_printed(
    arson: pd.DataFrame, verbose: list[dict[str, Any]]
) -> None:
    table = knox(arson["x"], arson["y"], arson["t"], ARSON)
    assert table["observed"].tolist() == [
        0, 2, 0, 8, 9, 1, 1, 45, 4, 0, 0, 140, 6, 0, 0, 234, 393, 710, 770, 133658,
    ]  # fmt: skip
    cell = table.iloc[4]
    assert (cell["from_m"], cell["to_m"], cell["from_day"], cell["to_day"]) == (0, 200, 0, 1)
    assert cell["p"] == 0.001
    # What it calls 1 to 200 m and 0 to 1 day: its Knox ratio.
    assert round(cell["observed"] / verbose[4]["simulated"].mean(), 2) == 74.25
    meaningful = raised(table)
    assert meaningful[["to_m", "to_day"]].to_numpy().tolist() == [
        [0, 2], [200, 1], [400, 1], [600, 1],
    ]  # fmt: skip


@given(
    seed=st.integers(0, 999),
    same_place=st.booleans(),
    metric=st.sampled_from(Metric),
    whole=st.booleans(),
)
def test_it_equals_a_plain_count(seed: int, same_place: bool, metric: Metric, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    places, t = rng.uniform(0, 30, (40, 2)), rng.uniform(0, 20, 40)
    if whole:
        places, t = places.round(), t.round()
    distances, days = (0, 3, 5, 10), (0, 1, 4)
    bands = Bands(distances, days, same_place=same_place, metric=metric)
    table = knox(*places.T, t, bands, permutations=9)
    away = pdist(places, "cityblock" if metric is Metric.MANHATTAN else "euclidean")
    apart = abs(t[:, None] - t)[np.triu_indices(40, 1)]
    rows = [(a, b, (away >= a) & (away < b)) for a, b in pairwise((*distances, math.inf))]
    if same_place:
        rows[0] = (0, 3, rows[0][2] & (away > 0))
        rows.insert(0, (0, 0, away == 0))
    plain = []
    for a, b, near in rows:
        for since, until in pairwise((*days, math.inf)):
            soon = (apart >= since) & (apart < until)
            plain.append([a, b, since, until, (near & soon).sum(), near.sum() * soon.sum() / 780])
    assert table.iloc[:, :6].to_numpy().tolist() == pytest.approx(np.array(plain))
    assert table["observed"].sum() == 780


def test_p_is_that_of_permutations_one_by_one() -> None:
    rng = np.random.default_rng(3)
    x, y, t = rng.uniform(0, 50, (3, 60))
    p = knox(x, y, t, Bands((0, 8), (0, 6)), permutations=1999)["p"].iloc[0]
    away, near = pdist(np.column_stack((x, y))), np.triu_indices(60, 1)

    def count(dates: Any) -> int:
        return int(((away < 8) & (abs(dates[:, None] - dates)[near] < 6)).sum())

    plain = np.mean([count(rng.permutation(t)) >= count(t) for _ in range(1999)])
    assert abs(p - plain) <= 3 * math.sqrt(2 * plain * (1 - plain) / 1999)


def test_the_number_of_threads_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, t = np.random.default_rng(4).uniform(0, 50, (3, 80))
    tables, others = [], []
    for threads in (1, 3):
        monkeypatch.setattr(parallel, "cores", lambda threads=threads: threads)
        tables.append(knox(x, y, t, Bands((0, 5, 9), (0, 2, 7)), permutations=50, seed=9))
        others.append((mantel(x, y, t, permutations=50), jacquez(x, y, t, 2, permutations=50)))
    pd.testing.assert_frame_equal(*tables)
    assert others[0] == others[1]


def test_the_share_done_rises_and_a_refusal_to_go_on_passes_through() -> None:
    x, y, t = np.random.default_rng(4).uniform(0, 50, (3, 80))
    shares: list[float] = []
    knox(x, y, t, Bands((0, 5), (0, 2)), permutations=30, tick=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1

    def stop(_share: float) -> None:
        raise KeyboardInterrupt

    for call in (
        lambda: knox(x, y, t, Bands((0, 5), (0, 2)), tick=stop),
        lambda: mantel(x, y, t, tick=stop),
    ):
        with pytest.raises(KeyboardInterrupt):
            call()


def test_followers_are_found_and_the_zones_expire() -> None:
    """Each of 60 incidents, far from the others, is followed after 3 days and 50 m."""
    rng = np.random.default_rng(1)
    x, y = np.tile(rng.uniform(0, 50_000, (2, 60)), 2)
    t = np.tile(rng.integers(0, 365, 60), 2).astype(float)
    x[60:] += 50
    t[60:] += 3
    table = knox(x, y, t, Bands((0, 100, 200), (0, 2, 4, 6)))
    bands = raised(table)
    assert bands[["from_m", "to_m", "from_day", "to_day"]].to_numpy().tolist() == [[0, 100, 2, 4]]
    when = np.datetime64("2024-01-01", "s") + t.astype("timedelta64[D]")
    now = when[7] + np.timedelta64(60, "h")
    today = (now - np.datetime64("2024-01-01", "s")) / np.timedelta64(1, "D")
    zones = risk_zones(x, y, when, bands, now)
    assert set(zones["incident"]) == set(np.flatnonzero((t + 2 <= today) & (t + 4 > today)))
    assert len(zones) > 0
    assert (zones["expires"] - zones["begins"] == pd.Timedelta(days=2)).all()
    assert (zones["expires"] > now).all()
    assert zones.area.to_numpy() == pytest.approx(math.pi * 100**2, rel=0.01)
    coming = risk_zones(x, y, when, bands, now, ahead_days=2)
    assert set(coming["incident"]) == set(np.flatnonzero((t <= today) & (t + 4 > today)))


def test_a_ring_by_blocks_is_a_square_on_its_corner() -> None:
    bands = pd.DataFrame({
        "from_m": [100.0, 0], "to_m": [200.0, 0], "from_day": [0.0, 0], "to_day": [1.0, 1],
        "ratio": [2.0, 3], "p": [0.01, 0.01],
    })  # fmt: skip
    day = np.array(["2024-05-01"], "datetime64[s]")
    zones = risk_zones([10.0], [20.0], day, bands, day[0], metric=Metric.MANHATTAN)
    assert zones["ratio"].tolist() == [3, 2]
    assert zones.geometry[0].wkt == "POINT (10 20)"
    assert zones.area[1] == pytest.approx(2 * 200**2 - 2 * 100**2)
    assert zones.total_bounds == pytest.approx([-190, -180, 210, 220])
    later = day[0] + np.timedelta64(1, "D")
    assert risk_zones([10.0], [20.0], day, bands, later).empty


def test_mantel_of_distances_is_their_correlation() -> None:
    x, y, t = np.random.default_rng(4).uniform(0, 50, (3, 30))
    away, apart = pdist(np.column_stack((x, y))), pdist(t[:, None])
    found = mantel(x, y, t, metres=0, days=0, power=1, permutations=9)
    assert found.statistic == pytest.approx(np.corrcoef(away, apart)[0, 1])


def test_what_cannot_be_tested_is_refused() -> None:
    bands, some = Bands((0, 5), (0, 2)), np.arange(4.0)
    for given_, reason in [
        (([0], [0], [0]), Reason.TOO_FEW),
        ((0 * some, 0 * some, some), Reason.ONE_PLACE),
        ((some, some, 0 * some), Reason.ONE_DAY),
    ]:
        for call in (lambda *a: knox(*a, bands), mantel, lambda *a: jacquez(*a, 1)):
            with pytest.raises(Unsuitable) as refused:
                call(*given_)
            assert refused.value.reason is reason
    for edges in [(5, 9), (0,), (0, 3, 3)]:
        with pytest.raises(ValueError, match="rise from 0"):
            Bands(edges, (0, 1))
    with pytest.raises(ValueError, match="k must be"):
        jacquez(some, some, some, 4)


def test_what_would_take_long_is_refused_before_it_begins() -> None:
    n, times = 5_000, 8_100
    x, y = np.random.default_rng(1).uniform(0, 10, (2, n))
    with pytest.raises(Unsuitable) as refused:
        knox(x, y, np.arange(n), Bands((0, 100), (0, 2)), permutations=times)
    # All are within reach of each other.
    pairs = n * (n - 1) // 2
    minutes = pairs * times * LOOK_S / 60
    assert refused.value.reason is Reason.TOO_LONG
    assert refused.value.figures == {"pairs": pairs, "times": times, "minutes": minutes}
    assert 10 < minutes < 11
    assert pairs * times > MOST_LOOKS > pairs * 999


def test_far_too_many_pairs_are_told_by_a_sample() -> None:
    """Half of 40,000 events are at one crossing, the others far from any."""
    n = 40_000
    x = np.where(np.arange(n) % 2, 0.0, 1_000.0 * np.arange(n))
    with pytest.raises(Unsuitable) as refused:
        knox(x, 0 * x, np.arange(n), Bands((0, 100), (0, 2)), permutations=9)
    assert refused.value.reason is Reason.TOO_MANY
    assert refused.value.figures["found"] == pytest.approx(n * n / 8, rel=0.15)
