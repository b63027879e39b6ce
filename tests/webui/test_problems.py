"""Faults below the addresses for programs are problem documents, elsewhere pages or JSON."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from gunicorn.http.errors import InvalidChunkSize

from geodata.messages import Message
from gridmap.errors import NotFoundError, ParameterError
from gridmap.settings import Settings
from webui import create_app
from webui.access import public
from webui.ogc.problems import problem


@pytest.fixture(scope="module")
def failing(database_url: str) -> Iterator[Flask]:
    """An application with addresses that fail."""
    app = create_app(Settings(database_url=database_url, lang="en"))

    @app.get("/ogc/fails/<how>")
    @app.get("/open311/fails/<how>")
    @app.get("/packages/fails/<how>")
    @app.get("/fails/<how>")
    @public
    def fail(how: str) -> str:
        if how == "parameter":
            raise ParameterError(
                "bbox", Message("{value} is too large for {name}.", value=1, name="bbox")
            )
        if how == "missing":
            raise NotFoundError(
                Message("There is no layer {layer}. There are: {layers}.", layer="x", layers="y")
            )
        if how == "body":
            # The server reads a body in pieces while we do, and finds that it is none.
            raise InvalidChunkSize(b"ZZ")
        raise ValueError("a fault of ours")

    yield app
    app.extensions["gridmap.engine"].dispose()


@pytest.fixture
def asking(failing: Flask) -> FlaskClient:
    return failing.test_client()


@pytest.mark.parametrize("prefix", ["/ogc", "/open311", "/packages"])
@pytest.mark.parametrize(
    ("method", "address", "status", "title"),
    [
        ("GET", "/fails/parameter", 400, "Bad Request"),
        ("GET", "/fails/missing", 404, "Not Found"),
        ("GET", "/fails/body", 400, "Bad Request"),
        ("GET", "/there/is/nothing", 404, "Not Found"),
        ("GET", "/fails/broken", 500, "Internal Server Error"),
    ],
)
def test_a_fault_is_a_problem_document(
    asking: FlaskClient, prefix: str, method: str, address: str, status: int, title: str
) -> None:
    answer = asking.open(prefix + address, method=method, headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    told = answer.json
    assert (told["type"], told["title"], told["status"]) == ("about:blank", title, status)
    assert told["detail"].endswith(".")
    assert "a fault of ours" not in answer.text


def test_the_wrong_parameter_is_named(asking: FlaskClient) -> None:
    told = asking.get("/ogc/fails/parameter").json
    assert told["parameter"] == "bbox"
    assert told["detail"] == "1 is too large for bbox."


def test_the_sentence_is_in_the_language_asked_for(asking: FlaskClient) -> None:
    assert asking.get("/ogc/fails/parameter?lang=zh").json["detail"] == "1 超出了 bbox 的范围。"


def test_a_wrong_method_is_told_the_right_ones(asking: FlaskClient) -> None:
    answer = asking.put("/ogc/fails/broken")
    # A write without a form's token is refused before anything is known of the address.
    assert answer.status_code in {400, 405}
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("path", ["/fails/missing", "/ogcx", "/open311x/y"])
def test_other_addresses_keep_their_pages(asking: FlaskClient, path: str) -> None:
    answer = asking.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"


def test_a_document_takes_members_of_our_own(failing: Flask) -> None:
    with failing.test_request_context("/ogc"):
        answer = problem(400, "Bad Request", "请改正。", parameter="limit", allowed=[1, 10])
    assert answer.json is not None
    assert answer.json["allowed"] == [1, 10]
    assert "请改正。" in answer.get_data(as_text=True)
