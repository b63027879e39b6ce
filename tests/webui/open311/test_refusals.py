"""Open311 GeoReport v2 against what nobody should send."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.webui.open311.asking import GOOD, ROOT, post, xml


@pytest.mark.parametrize("kind", ["json", "xml"])
@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"service_code": ""}, 400),
        ({"service_code": "nothing"}, 404),
        ({"service_code": "A2"}, 404),
        ({"lat": "95"}, 400),
        ({"lat": "north"}, 400),
        ({"lat": "nan"}, 400),
        ({"lat": ""}, 400),
        ({"lat": "", "long": ""}, 400),
        ({"description": "长" * 4001}, 400),
        ({"first_name": "x" * 201}, 400),
        ({"description": "a\x00b"}, 400),
        ({"description": "x" * (1 << 20)}, 413),
    ],
)  # fmt: skip
def test_a_faulty_request_is_refused(
    client: FlaskClient, grant: Callable[..., None], kind: str, form: dict[str, str], status: int
) -> None:
    answer = post(client, kind, **{**GOOD, **form})
    assert answer.status_code == status
    if kind == "json":
        assert answer.json is not None
        [error] = answer.json
        code, description = error["code"], error["description"]
    else:
        root = xml(answer)
        assert root.tag == "errors"
        code, description = root.findtext("error/code"), root.findtext("error/description")
    assert str(code) == str(status)
    assert description


@pytest.mark.parametrize(
    "asked",
    [
        "requests.yaml", "services.html", "discovery.", "requests/x.json", "requests/1,x.json",
        "requests/99999999999999999999.json", "requests.json?status=late",
        "requests.json?start_date=yesterday", "requests.json?page_size=1001",
        "requests.json?page=-1", "requests.json?service_request_id=%00",
        "requests.json?service_code=%00", "services/%00.json", "tokens/x.xml",
        "requests.json?start_date=2025-01-01T00:00:00Z&end_date=2025-06-01T00:00:00Z",
        "requests.json?start_date=0001-01-01", "requests.json?status=open&status=closed",
        "requests.json?end_date=9999-12-31T00:00:00Z",
    ],
)  # fmt: skip
def test_a_faulty_question_is_refused(
    client: FlaskClient, grant: Callable[..., None], asked: str
) -> None:
    assert 400 <= client.get(f"{ROOT}/{asked}").status_code < 500


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("requests.json?status=late", "status"), ("requests.json?page_size=1001", "page_size"),
        ("requests.json?page=-1", "page"), ("requests.json?start_date=yesterday", "start_date"),
        ("requests.json?service_request_id=1,x", "service_request_id"),
        ("requests.json?service_code=%00", "service_code"), ("tokens/x.json", "token"),
        ("requests.yaml", ".json"),
        ("requests.json?end_date=9999-12-31T00:00:00Z", "2279"),
        ("requests.json?status=open&status=closed", "status"),
    ],
)  # fmt: skip
def test_a_fault_names_what_is_wrong(
    client: FlaskClient, grant: Callable[..., None], asked: str, named: str
) -> None:
    [told] = client.get(f"{ROOT}/{asked}").json  # type: ignore[misc,union-attr]
    assert named in told["description"]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    form=st.dictionaries(
        st.sampled_from([*GOOD, "address_string", "email", "phone", "first_name", "media_url"]),
        st.text(max_size=40) | st.sampled_from(["A1", "30.005", "110.015", "1e400", "-0"]),
    ),
    query=st.dictionaries(
        st.sampled_from(["status", "start_date", "end_date", "page", "page_size", "service_code",
                         "service_request_id", "jurisdiction_id"]),
        st.text(max_size=20) | st.sampled_from(["open", "1", "2025-01-01T00:00:00Z", "A1"]),
    ),
    kind=st.sampled_from(["json", "xml"]),
)  # fmt: skip
def test_nothing_that_is_sent_breaks_it(
    client: FlaskClient,
    grant: Callable[..., None],
    form: dict[str, str],
    query: dict[str, str],
    kind: str,
) -> None:
    for answer in (post(client, kind, **form), client.get(f"{ROOT}/requests.{kind}",
                                                          query_string=query)):  # fmt: skip
        assert answer.status_code < 500, answer.text
        if kind == "json":
            json.loads(answer.data)
        else:
            xml(answer)
