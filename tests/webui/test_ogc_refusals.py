"""What OGC API Features refuses, and that it names what is wrong."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from tests.webui.test_ogc import ask


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"limit": "0"}, "limit"), ({"limit": "x"}, "limit"), ({"limit": "-3"}, "limit"),
        ({"bbox": "1,2,3"}, "bbox"), ({"bbox": "1,2,nan,4"}, "bbox"),
        ({"bbox": "1,5,3,4"}, "bbox"), ({"bbox": "0,-95,3,4"}, "bbox"),
        ({"bbox": "1,2,3,4", "bbox-crs": "EPSG:1"}, "bbox-crs"),
        ({"bbox": "1_0,2,30,4"}, "bbox"), ({"bbox": "１,2,3,4"}, "bbox"),
        ({"bbox": "19e6,3e6,-19e6,4e6", "bbox-crs": "EPSG:3857"}, "bbox"),
        ({"datetime": "yesterday"}, "datetime"), ({"datetime": "2025-02-30"}, "datetime"),
        ({"datetime": "2025-03-01/2025-01-01"}, "datetime"), ({"datetime": ""}, "datetime"),
        ({"crs": "EPSG:27700"}, "crs"), ({"properties": "phone"}, "properties"),
        ({"sortby": "phone"}, "sortby"), ({"sortby": "source,-source"}, "sortby"),
        ({"filter": "category = "}, "filter"), ({"filter": "reporter = 'x'"}, "filter"),
        ({"filter": "category = 3"}, "filter"), ({"filter": "pg_sleep(9) = 1"}, "filter"),
        ({"filter": "{}", "filter-lang": "cql2-json"}, "filter"),
        ({"filter": "[1]", "filter-lang": "cql2-json"}, "filter"),
        ({"filter": "category = 'A'", "filter-lang": "ecql"}, "filter-lang"),
        ({"cursor": "x"}, "cursor"), ({"cursor": "WyJpbmNpZGVudHMiLDFd"}, "cursor"),
        ({"filter": "category LIKE 'A\\'"}, "filter"), ({"filter": "2 ^ 99999 > 1"}, "filter"),
        ({"filter": "T_AFTER(INTERVAL(category,'..'), DATE('2026-01-01'))"}, "filter"),
        ({"cursor": "WyJpbmNpZGVudHMiLCJ4IiwiMSJd", "sortby": "occurred_at"}, "cursor"),
        ({"cursor": "WyJpbmNpZGVudHMiLCLCsiJd"}, "cursor"), ({"cursor": "W1tb" * 900}, "cursor"),
        ({"f": "xml"}, "f"), ({"lang": "fr"}, "lang"),
        ({"occurred_at": "x"}, "occurred_at"), ({"occurred_at": "2026-02-30"}, "occurred_at"),
        ({"category": "\0"}, "category"),
        ({"color": "red"}, "color"), ({"reporter": "x"}, "reporter"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(
    client: FlaskClient, given: dict[str, str], named: str
) -> None:
    answer = ask(client, "/collections/incidents/items", **given)
    problem = json.loads(answer.data)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json"), problem
    assert problem["parameter"] == named
    assert problem["detail"]


@pytest.mark.parametrize(
    "path",
    ["", "/api", "/guide", "/collections", "/tileMatrixSets", "/collections/cells/changes",
     "/collections/cells/tiles"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["f", "lang", "color"])
def test_every_address_refuses_what_it_does_not_know(
    client: FlaskClient, path: str, name: str
) -> None:
    answer = ask(client, path, **{name: "xx"})
    assert (answer.status_code, json.loads(answer.data)["parameter"]) == (400, name)


def test_a_layer_that_is_only_read_says_so(client: FlaskClient) -> None:
    for key, writable in (("places", False), ("incidents", True)):
        for path, ways in (("items", {"POST"}), ("items/1", {"PUT", "PATCH", "DELETE"})):
            allowed = client.options(f"/ogc/collections/{key}/{path}").allow
            assert {"GET", "HEAD", "OPTIONS"} <= set(allowed), path
            assert ways <= set(allowed) if writable else not ways & set(allowed), path


@pytest.mark.parametrize("path", ["/collections/people", "/collections/people/items",
                                  "/collections/cells/items/999999999", "/nowhere"])  # fmt: skip
def test_what_is_not_there_is_told_as_a_problem(client: FlaskClient, path: str) -> None:
    answer = ask(client, path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_a_filter_that_cannot_be_reckoned_is_no_fault_of_ours(client: FlaskClient) -> None:
    asked = {"filter": "2 ^ 99999 > 1"}
    for method in (client.get, client.head):
        answer = method("/ogc/collections/incidents/items", query_string=asked)
        assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("places", {"filter": "name LIKE 'a\\'"}),
        ("buildings", {"filter": "storeys ^ -1 = 0"}),
        ("buildings", {"filter": "storeys ^ 99999 > 1"}),
        ("cells", {"datetime": "2025-03-05/2025-03-04T10:00:00Z"}),
    ],
)
def test_what_cannot_be_reckoned_is_no_fault_of_ours(
    client: FlaskClient, key: str, given: dict[str, str]
) -> None:
    answer = ask(client, f"/collections/{key}/items", **given)
    assert answer.status_code in {200, 400}, answer.text
