"""The description of the open interfaces, and what it promises, tried with any input."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import Client

from gridmap.exchange.agencies.service import AgencyWish, KeyWish, create_agency, create_key
from gridmap.exchange.collections import COLLECTIONS
from gridmap.exchange.features import MOST, USUAL
from gridmap.exchange.grant import LayerGrant
from gridmap.workforce.rights import SYSTEM


@pytest.fixture(scope="module")
def key(app: Flask) -> Iterator[str]:
    """A key for everything, with small counts hidden and incidents on their street."""
    engine = app.extensions["gridmap.engine"]
    layers = {one: LayerGrant() for one in COLLECTIONS} | {"incidents": LayerGrant(snap="cell")}
    with Session(engine) as session, session.begin():
        agency = create_agency(session, SYSTEM, AgencyWish("统计局")).id
        wish = KeyWish("全部", layers, None, rate_per_minute=60_000)
        _, token = create_key(session, SYSTEM, agency, wish)
    yield token.secret
    # What waits of the log of requests names the key.
    app.extensions["gridmap.access_log"].flush()
    with Session(engine) as session, session.begin():
        session.execute(text("DELETE FROM agency WHERE id = :id"), {"id": agency})


@pytest.fixture(scope="module")
def interface(app: Flask, key: str) -> Any:
    description = Client(app).get("/ogc/api?f=json", headers={"X-API-Key": key})
    assert description.status_code == 200
    described = schemathesis.openapi.from_dict(json.loads(description.data))
    described.app = app
    return described


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow,
                           HealthCheck.filter_too_much, HealthCheck.data_too_large],
)  # fmt: skip
@given(data=st.data())
def test_any_question_is_answered_as_described(interface: Any, key: str, data: Any) -> None:
    operations = [found.ok() for found in interface.get_all_operations()]
    operation = data.draw(st.sampled_from(operations))
    mode = data.draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
    case = data.draw(operation.as_strategy(generation_mode=mode))
    response = case.call(headers={"X-API-Key": key, "Accept-Encoding": "identity"})
    case.validate_response(
        response,
        checks=(
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ),
    )


def test_map_programs_find_how_large_a_page_may_be(app: Flask, key: str) -> None:
    """QGIS (qgsoapifapirequest.cpp) looks among the components alone."""
    described = Client(app).get("/ogc/api?f=json", headers={"X-API-Key": key}).json
    assert described is not None
    limit = described["components"]["parameters"]["limit"]["schema"]
    assert (limit["default"], limit["maximum"]) == (USUAL, MOST)
    asked = described["paths"]["/collections/places/items"]["get"]["parameters"]
    assert {"$ref": "#/components/parameters/limit"} in asked
