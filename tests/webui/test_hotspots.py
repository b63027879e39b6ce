"""Hotspots: the one button, the form, what a result says, exports, and faults in sentences."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pyogrio
import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gridmap.handlers import HANDLERS
from gridmap.hotspots.faults import Reason
from gridmap.hotspots.service import MOST_DAYS
from gridmap.jobs.running import do_waiting
from gridmap.territory.scope import Scope
from gridmap.workforce.rights import Actor, Role
from tests.webui.runs import make_run
from webui.assets import STATIC
from webui.hotspots import words
from webui.hotspots.choices import period_of

Csrf = Callable[[FlaskClient], str]


@pytest.fixture(scope="module")
def run_id(app: Flask) -> int:
    """A finished run of the whole town, shared."""
    return make_run(app.extensions["gridmap.engine"], None)


def engine_of(app: Flask) -> Engine:
    engine: Engine = app.extensions["gridmap.engine"]
    return engine


def press(app: Flask, client: FlaskClient, csrf: Csrf, **form: str) -> str:
    """Press the one button, let the job be done, and return the page."""
    answer = client.post("/hotspots/simple", data={"csrf_token": csrf(client), **form})
    assert answer.status_code == 302, answer.text
    waiting = client.get(answer.location)
    assert "progress" in waiting.text
    state = client.get(f"{answer.location}/state.json").json
    assert state is not None
    assert (state["over"], state["state"]) == (False, "waiting")
    do_waiting(engine_of(app), HANDLERS)
    assert client.get(f"{answer.location}/state.json").json["over"] is True
    return client.get(f"{answer.location}?lang=en").text


def test_one_button_says_where_when_and_how_sure(
    app: Flask, client: FlaskClient, csrf: Csrf
) -> None:
    page = press(app, client, csrf, period="all")
    said = re.findall(r"<p>([^<]+)</p>", page.split('class="card-box said"')[1])[:3]
    assert re.match(r"\d+ places stand out among [\d,]+ incidents", said[0])
    assert said[1].startswith(("Most happens between", "No hours stand out"))
    assert said[2].startswith("How sure:")
    # Over which incidents it speaks stands in the head.
    assert re.search(r'class="about">[^<]+all categories[^<]+<b>[\d,]+ incidents</b>', page)
    assert "a place to help, not people to suspect" in page.replace("\n", " ").lower()


def test_few_incidents_make_a_sentence_and_no_map(
    app: Flask, client: FlaskClient, csrf: Csrf
) -> None:
    page = press(app, client, csrf, period="month", category="A12")
    assert "the method needs at least 30" in page
    assert "Choose a longer period, a larger area or more categories" in page
    assert "hot-stage" not in page
    # What was chosen is in the form that one is led to.
    link = re.search(r'href="(/hotspots/new\?[^"]+)"', page)
    assert link
    form = client.get(link[1].replace("&amp;", "&")).text
    assert re.search(r'value="A12" checked', form)


def test_all_that_is_known_may_be_longer_than_a_period(
    app: Flask, client: FlaskClient, csrf: Csrf, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = (date(1990, 1, 1), date(2026, 1, 1))
    monkeypatch.setattr("webui.hotspots.new.period_of", lambda *_: long)
    answer = client.post("/hotspots/simple", data={"csrf_token": csrf(client), "period": "all"})
    assert answer.status_code == 302
    page = client.get(answer.location).text
    assert f"{date(2026, 1, 1) - timedelta(days=MOST_DAYS - 1)} – 2026-01-01" in page
    client.post(f"{answer.location}/cancel", data={"csrf_token": csrf(client)})


def test_a_run_is_changed_from_what_was_chosen(
    app: Flask, client: FlaskClient, run_id: int
) -> None:
    page = client.get(f"/hotspots/{run_id}?lang=en").text
    link = re.search(r'href="(/hotspots/new[^"]+)">Change and run again', page)
    assert link
    assert "gi_star-shape=hexagon" in link[1]
    # The page tells what was chosen, and what 0 chose.
    assert "<li>Shape: <b>Hexagons</b></li>" in page
    assert re.search(r"<li>Size of the shapes, m: <b>[1-9]\d*</b></li>", page)
    # A run of the whole town is not of "all I may see", whoever reads it.
    assert "All communities" in page
    form = client.get(link[1].replace("&amp;", "&")).text
    assert re.search(r'<option value="hexagon" selected', form)


def test_what_is_run_each_month_is_changed(
    app: Flask, client: FlaskClient, csrf: Csrf, run_id: int
) -> None:
    act = {"csrf_token": csrf(client)}
    client.post(f"/hotspots/{run_id}/schedule", data={"monthly": "1", **act})
    page = client.get(f"/hotspots/{run_id}?lang=en").text
    link = re.search(r'href="(/hotspots/new[^"]+)">Change what is run each month', page)
    assert link
    form = client.get(link[1].replace("&amp;", "&")).text
    assert f'name="monthly" value="{run_id}" checked' in form
    wish = {"analysis": "density", "first": "2026-01-01", "last": "2026-06-30", **act}
    answer = client.post("/hotspots/new", data=wish | {"monthly": str(run_id)})
    assert "No longer each month" not in client.get(f"/hotspots/{run_id}?lang=en").text
    do_waiting(engine_of(app), HANDLERS)
    assert "No longer each month" in client.get(f"{answer.location}?lang=en").text
    client.post(f"{answer.location}/delete", data=act)


def test_two_runs_of_the_list_are_compared(client: FlaskClient, run_id: int) -> None:
    assert f'name="run" value="{run_id}"' in client.get("/hotspots").text
    page = client.get(f"/hotspots/compare?run={run_id}&run={run_id}").text
    assert page.count(f'<option value="{run_id}" selected') == 2


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"events": 7, "least": 30}, "Incidents in this period: 7; the method needs at least 30"),
        ({"found": 1, "needed": 2}, "Incidents in this period: 1; the method needs at least 2"),
        ({"periods": 5, "least": 10}, "Whole weeks or months: 5; the method needs at least 10"),
        ({"places": 4, "least": 9}, "Shapes in this area: 4; the method needs at least 9"),
    ],
)
def test_too_few_is_said_of_what_there_is_too_little_of(
    app: Flask, figures: dict[str, int], said: str
) -> None:
    with app.test_request_context("/?lang=en"):
        first, remedy = words.fault({"reason": Reason.TOO_FEW.value, "figures": figures})
    assert said in first
    assert "Choose" in remedy


def test_a_bandwidth_that_is_not_possible_is_answered_by_one_that_is(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        wide = words.fault({
            "reason": Reason.BANDWIDTH_BEYOND_AREA.value,
            "figures": {"bandwidth_m": 20_000.0, "most_m": 2_431.7},
        })  # fmt: skip
        narrow = words.fault({
            "reason": Reason.BANDWIDTH_BELOW_PIXEL.value,
            "figures": {"bandwidth_m": 1.0, "least_m": 4.2},
        })  # fmt: skip
    assert wide[1:] == ["Here at most 2,431 m are possible."]
    assert narrow[1:] == ["Here at least 5 m are needed."]


def test_the_form_says_beside_the_field_what_cannot_be_used(
    client: FlaskClient, csrf: Csrf
) -> None:
    form = {"csrf_token": csrf(client), "analysis": "gi_star", "first": "2026-03-31",
            "last": "2026-03-01", "name": "Mine", "gi_star-size_m": "250"}  # fmt: skip
    answer = client.post("/hotspots/new?lang=en", data=form)
    assert answer.status_code == 400
    field = answer.text.split('name="last"')[1].split("</label>")[0]
    assert "lies before" in field
    # What was typed is not lost.
    assert 'value="Mine"' in answer.text
    assert re.search(r'name="gi_star-size_m" value="250"', answer.text)
    form |= {"last": "2026-05-31", "gi_star-size_m": "99999"}
    answer = client.post("/hotspots/new?lang=en", data=form)
    field = answer.text.split('name="gi_star-size_m"')[1].split("</label>")[0]
    assert "must be a whole number from 0 to 20,000" in field
    answer = client.post("/hotspots/new?lang=en", data=form | {"first": ""})
    assert "Choose a day." in answer.text.split('name="first"')[1].split("</label>")[0]


@pytest.mark.parametrize(
    ("name", "value", "needed"),
    [
        ("gi_star-size_m", "a little", "must be a whole number from 0 to 20,000"),
        ("gi_star-size_m", "1e9", "must be a whole number from 0 to 20,000"),
        ("density-bandwidth_m", "nan", "must lie between 0 and 20,000"),
        ("gi_star-shape", "triangle", "Choose a value for Shape."),
    ],
)
def test_what_cannot_be_read_is_answered_by_what_can(
    client: FlaskClient, csrf: Csrf, name: str, value: str, needed: str
) -> None:
    form = {"csrf_token": csrf(client), "analysis": name.split("-")[0], "first": "2026-03-01",
            "last": "2026-03-31", name: value}  # fmt: skip
    answer = client.post("/hotspots/new?lang=en", data=form)
    assert answer.status_code == 400
    field = answer.text.split(f'name="{name}"')[1].split("</label>")[0]
    assert needed in field
    # The form is long, and the browser goes to where something is to be mended.
    assert "autofocus" in field
    assert answer.text.count("autofocus") == 1


def test_the_table_counts_what_lies_in_each_hotspot(
    app: Flask, client: FlaskClient, run_id: int
) -> None:
    with engine_of(app).connect() as connection:
        run = connection.execute(
            text("SELECT first, last FROM hotspot_run WHERE id = :id"), {"id": run_id}
        ).one()
        rows = connection.execute(
            text("""
                SELECT f.rank, f.count, (
                    SELECT count(*) FROM incident t WHERE ST_Covers(f.geom, t.geom)
                      AND local_date(t.occurred_at) BETWEEN :first AND :last
                      AND t.community_id IS NOT NULL) AS counted
                FROM hotspot_feature f WHERE run_id = :id AND rank IS NOT NULL ORDER BY rank
            """),
            {"id": run_id, "first": run.first, "last": run.last},
        ).all()
    assert rows
    # A point on the very border of a shape may fall to either side of it.
    assert all(abs(row.count - row.counted) <= 1 for row in rows)
    page = client.get(f"/hotspots/{run_id}?lang=en").text
    shown = re.findall(r'<tr data-rank="(\d+)">', page)
    assert shown == [str(row.rank) for row in rows]
    turned = client.get(f"/hotspots/{run_id}?sort=rank&order=desc").text
    assert re.findall(r'<tr data-rank="(\d+)">', turned) == shown[::-1]


def test_a_run_leaves_as_geojson_geopackage_and_picture(
    app: Flask, client: FlaskClient, run_id: int
) -> None:
    with engine_of(app).connect() as connection:
        n = connection.execute(
            text("SELECT count(*) FROM hotspot_feature WHERE run_id = :id"), {"id": run_id}
        ).scalar_one()
    answer = client.get(f"/hotspots/{run_id}/export/geojson")
    features = json.loads(answer.data)["features"]
    assert len(features) == n
    assert features[0]["properties"]["rank"] == 1
    told = features[0]["properties"]
    # A file tells by itself of which incidents it speaks.
    assert told["analysis"] == "gi_star"
    assert (told["categories"], told["area"]) == ("全部类别", "全部社区")
    assert told["incidents"] > 100
    assert told["class"] in ("热点，可信度 99 %", "热点，可信度 95 %")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hotspots.gpkg"
        path.write_bytes(client.get(f"/hotspots/{run_id}/export/gpkg").data)
        assert pyogrio.read_info(path)["features"] == n
        assert pyogrio.read_info(path)["crs"] == "EPSG:4326"
    picture = Image.open(BytesIO(client.get(f"/hotspots/{run_id}/export/png").data)).convert("RGB")
    colours = {colour for _, colour in picture.getcolors(1 << 20) or []}
    # The colour of the surest class is in it, as good as.
    assert any(
        sum(abs(a - b) for a, b in zip(colour, (178, 24, 43), strict=True)) < 24
        for colour in colours
    )
    with engine_of(app).connect() as connection:
        told = connection.execute(
            text("SELECT after ->> 'format' FROM audit_log WHERE act = 'hotspots.export'")
        ).scalars()
        assert {"geojson", "gpkg", "png"} <= set(told)


def test_pages_of_hotspots_load_nothing_that_computes() -> None:
    program = (
        "import sys, webui.hotspots; "
        "print(*({each.split('.')[0] for each in sys.modules} & {'numba', 'scipy', 'contourpy'}))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert said.stdout.decode().strip() == ""


def test_runs_to_compare_are_searched_for(app: Flask, client: FlaskClient, run_id: int) -> None:
    option = f'<option value="{run_id}"'
    assert option in client.get("/hotspots/compare?q=hot cold&lang=en").text
    nothing = client.get("/hotspots/compare?q=nothing of the kind&lang=en").text
    assert option not in nothing
    assert "No run is like that." in nothing
    # What was chosen stays on offer.
    assert option in client.get(f"/hotspots/compare?q=nothing of the kind&left={run_id}").text


def test_a_name_is_text_and_nothing_else(
    app: Flask, client: FlaskClient, csrf: Csrf, run_id: int
) -> None:
    name = "{{7*7}}{% raw %}${1}`<img onerror=x>"
    with engine_of(app).begin() as connection:
        connection.execute(
            text("UPDATE hotspot_run SET name = :name WHERE id = :id"), {"name": name, "id": run_id}
        )
    for address in ("/hotspots", f"/hotspots/{run_id}", f"/hotspots/compare?left={run_id}"):
        page = client.get(address).text
        assert "{{7*7}}{% raw %}${1}`&lt;img onerror=x&gt;" in page
        assert "<img onerror" not in page
    client.post(f"/hotspots/{run_id}/name", data={"csrf_token": csrf(client), "name": "Two years"})
    assert "Two years" in client.get("/hotspots?q=two").text
    assert "Two years" not in client.get("/hotspots?q=three").text


def test_every_class_has_the_same_colour_in_words_and_styles() -> None:
    style = (STATIC / "css" / "hotspots.css").read_text()
    painted = {
        kind: rule[1]
        for rule in re.findall(r"((?:\.kind-\w+(?:, )?)+) \{ background: (#\w+); \}", style)
        for kind in re.findall(r"kind-(\w+)", rule[0])
    }
    for legend in words.LEGENDS.values():
        for kind, colour, _ in legend:
            assert painted[kind] == colour


@pytest.mark.parametrize("reason", Reason)
def test_every_fault_of_an_analysis_has_a_remedy(app: Flask, reason: Reason) -> None:
    with app.test_request_context("/?lang=en"):
        said = " ".join(words.fault({"reason": reason.value, "figures": {}}))
    assert re.search("Choose|Import|Check|Take", said)
    assert reason in words._FAULTS


def test_what_would_take_too_long_says_how_long_and_what_helps(app: Flask) -> None:
    figures = {"pairs": 12_500_000.0, "times": 7_999.0, "minutes": 9.9}
    with app.test_request_context("/?lang=en"):
        cost, remedy = words.fault({"reason": "too_long", "figures": figures})
    assert cost == (
        "To compare 12,500,000 pairs of incidents near each other 7,999 times would take some 10 "
        "minutes."
    )
    assert remedy.startswith("Choose fewer or narrower bands, fewer random arrangements,")


def test_the_periods_on_offer_are_those_of_the_readers_own_incidents(app: Flask) -> None:
    """The oldest and the newest incident of other communities are not told."""
    engine = engine_of(app)
    with Session(engine) as session:
        own = session.execute(
            text("SELECT community_id FROM incident WHERE community_id IS NOT NULL LIMIT 1")
        ).scalar_one()
        spans = "SELECT local_date(min(occurred_at)), local_date(max(occurred_at)) FROM incident"
        # The others' reach further on both sides.
        session.execute(
            text("""
                UPDATE incident SET occurred_at = CASE WHEN id % 2 = 0
                    THEN (SELECT min(occurred_at) FROM incident) - interval '40 days'
                    ELSE (SELECT max(occurred_at) FROM incident) + interval '1 day' END
                WHERE id IN (SELECT id FROM incident WHERE community_id <> :own
                             ORDER BY id LIMIT 2)
            """),
            {"own": own},
        )
        expected = session.execute(text(f"{spans} WHERE community_id = :own"), {"own": own}).one()
        with app.test_request_context():
            g.actor = Actor(1, "a", Role.ANALYST, Scope((own,)), frozenset({own}))
            assert period_of(session, "all") == tuple(expected)
        session.rollback()
