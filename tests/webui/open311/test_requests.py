"""Open311 GeoReport v2 against what the standard shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from gridmap.exchange.grant import LayerGrant
from gridmap.territory.scope import Scope
from tests.webui.open311.asking import GOOD, ROOT, hand_in, post, xml


def test_discovery(place: Flask) -> None:
    stranger = place.test_client()
    endpoint = {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": "http://localhost/open311/v2",
        "changeset": "2026-07-01T00:00:00+00:00",
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    found = stranger.get(f"{ROOT}/discovery.json?lang=en")
    assert found.json is not None
    assert found.json["endpoints"] == [endpoint]
    assert "governance centre" in found.json["contact"]
    assert "Keys" in found.json["key_service"]
    root = xml(stranger.get(f"{ROOT}/discovery.xml"))
    assert root.tag == "discovery"
    assert root.findtext("endpoints/endpoint/url") == endpoint["url"]
    formats = [one.text for one in root.findall("endpoints/endpoint/formats/format")]
    assert formats == endpoint["formats"]


def test_services_are_the_active_categories(place: Flask) -> None:
    stranger = place.test_client()
    found = stranger.get(f"{ROOT}/services.json?jurisdiction_id=anlan").json
    assert found is not None
    assert [one["service_code"] for one in found] == ["A", "A1", "B"]
    assert found[1] == {
        "service_code": "A1", "service_name": "路灯", "description": "Street lights",
        "metadata": False, "type": "realtime", "keywords": "", "group": "治安",
    }  # fmt: skip
    answer = stranger.get(f"{ROOT}/services.xml")
    assert answer.data.startswith(b"<?xml version='1.0' encoding='utf-8'?>\n<services><service>")
    service = xml(answer)[1]
    assert [part.tag for part in service] == list(found[1])
    assert (service.findtext("service_name"), service.findtext("metadata")) == ("路灯", "false")


def test_a_service_asks_for_nothing_more(place: Flask) -> None:
    stranger = place.test_client()
    found = {"service_code": "A1", "attributes": []}
    assert stranger.get(f"{ROOT}/services/A1.json").json == found
    root = xml(stranger.get(f"{ROOT}/services/A1.xml"))
    assert ElementTree.tostring(root) == (
        b"<service_definition><service_code>A1</service_code><attributes /></service_definition>"
    )
    for code in ("A2", "nothing"):
        missing = stranger.get(f"{ROOT}/services/{code}.json")
        assert missing.status_code == 404
        assert missing.json is not None
        assert [set(one) for one in missing.json] == [{"code", "description"}]


def test_a_request_is_handed_in_and_followed(
    place: Flask, client: FlaskClient, grant: Callable[..., None]
) -> None:
    number = hand_in(
        client, jurisdiction_id="anlan", first_name="四", last_name="李", phone="10012345678",
        email="li@example.org", address_string="滨江路18号", device_id="x", account_id="7",
    )  # fmt: skip
    found = client.get(f"{ROOT}/requests/{number}.json").json
    assert found is not None
    [row] = found
    assert list(row) == [
        "service_request_id", "status", "service_name", "service_code", "description",
        "agency_responsible", "requested_datetime", "updated_datetime", "expected_datetime",
        "address", "lat", "long", "status_notes", "service_notice", "address_id", "zipcode",
        "media_url",
    ]  # fmt: skip
    assert (row["service_request_id"], row["status"], row["service_code"]) == (number, "open", "A1")
    assert (row["lat"], row["long"], row["address"]) == (30.005, 110.015, "滨江路18号")
    assert (row["description"], row["agency_responsible"]) == ("路灯不亮", "社区2")
    assert datetime.fromisoformat(row["requested_datetime"]).tzinfo is not None
    root = xml(client.get(f"{ROOT}/requests/{number}.xml"))
    assert root.tag == "service_requests"
    assert [one.tag for one in root] == ["request"]
    assert root.findtext("request/service_request_id") == str(number)
    assert root.findtext("request/description") == "路灯不亮"

    with place.extensions["gridmap.engine"].begin() as connection:
        contact = connection.execute(
            text("SELECT name, phone FROM case_contact WHERE case_id = :id"), {"id": number}
        ).one()
        assert tuple(contact) == ("李 四", "10012345678")
        connection.execute(
            text("""UPDATE incident_case SET step = 'closed', ended_at = now(), step_due_at = NULL
                    WHERE id = :id"""), {"id": number},
        )  # fmt: skip
    for kind in ("json", "xml"):
        for asked in (f"/requests/{number}", "/requests", f"/tokens/{number}"):
            answer = client.get(f"{ROOT}{asked}.{kind}").text
            assert str(number) in answer
            assert not {"李", "四", "10012345678", "li@"} & {part for part in ("李", "四",
                        "10012345678", "li@") if part in answer}  # fmt: skip
    assert client.get(f"{ROOT}/requests/{number}.json").json[0]["status"] == "closed"  # type: ignore[index]


def test_what_is_handed_in_is_answered_in_both_formats(
    client: FlaskClient, grant: Callable[..., None]
) -> None:
    answer = post(client, "xml", **GOOD)
    number = xml(answer).findtext("request/service_request_id")
    assert answer.text.endswith(
        f"<service_requests><request><service_request_id>{number}</service_request_id>"
        "<service_notice /><account_id /></request></service_requests>"
    )
    assert client.get(f"{ROOT}/tokens/{number}.json").json == [
        {"service_request_id": int(number or 0), "token": number}
    ]


def test_an_address_is_enough(client: FlaskClient, grant: Callable[..., None]) -> None:
    asked = {"service_code": "A1", "description": "x"}
    answer = post(client, **asked, address_string="滨江路18号")
    assert answer.status_code == 200, answer.text
    number = answer.json[0]["service_request_id"]  # type: ignore[index]
    row = client.get(f"{ROOT}/requests/{number}.json").json[0]  # type: ignore[index]
    assert (row["lat"], row["long"]) == (30.005, 110.012)
    for unclear in ("同名路", "无此路"):
        assert post(client, **asked, address_string=unclear).status_code == 400


@pytest.mark.parametrize(
    "others",
    [{}, {"places": LayerGrant()}, {"buildings": LayerGrant(snap="cell")},
     {"buildings": LayerGrant(frozenset({"name", "external_id"}))}],
)  # fmt: skip
def test_an_address_that_the_key_is_not_told_is_not_found(
    client: FlaskClient, grant: Callable[..., None], others: Any
) -> None:
    grant(others=others)
    sent = ("滨江路18号", "无此路")
    there, not_there = (post(client, service_code="A1", address_string=one) for one in sent)
    assert (there.status_code, there.data) == (400, not_there.data)


def test_the_list_is_filtered_and_paged(
    place: Flask, client: FlaskClient, grant: Callable[..., None]
) -> None:
    numbers = [hand_in(client, service_code=code) for code in ("A1", "B", "B")]
    old, closed = numbers[0], numbers[1]
    with place.extensions["gridmap.engine"].begin() as connection:
        connection.execute(
            text("""UPDATE incident_case SET opened_at = now() - interval '100 days'
                    WHERE id = :id"""), {"id": old},
        )  # fmt: skip
        connection.execute(
            text("""UPDATE incident_case SET step = 'withdrawn', ended_at = now(),
                    step_due_at = NULL WHERE id = :id"""), {"id": closed},
        )  # fmt: skip

    def ask(query: str) -> list[int]:
        found = client.get(f"{ROOT}/requests.json?{query}").json
        assert isinstance(found, list)
        return [row["service_request_id"] for row in found if row["service_request_id"] in numbers]

    then = (datetime.now(UTC) - timedelta(days=110)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert ask("") == [numbers[2], closed]
    assert ask(f"start_date={then}") == [closed, old][1:]
    assert ask(f"end_date={then}") == []
    assert ask("status=closed") == [closed]
    assert ask("status=open,closed&service_code=B") == [numbers[2], closed]
    assert ask("service_code=A1") == []
    assert ask(f"service_request_id={old},{closed}&status=open") == [closed, old]
    assert ask("page_size=1") == [numbers[2]]
    assert ask("page_size=1&page=2") == [closed]


def test_a_grant_holds_here_too(client: FlaskClient, grant: Callable[..., None]) -> None:
    number = hand_in(client)
    one = f"{ROOT}/requests/{number}.json"
    grant(LayerGrant(frozenset({"step"}), snap="cell"))
    row = client.get(one).json[0]  # type: ignore[index]
    assert [row[name] for name in ("description", "address", "lat", "long")] == [None] * 4
    assert post(client, **GOOD).status_code == 403
    grant(LayerGrant())
    assert client.get(one).status_code == 403
    grant(scope=Scope(()), units=frozenset())
    assert client.get(one).status_code == 404
    assert client.get(f"{ROOT}/tokens/{number}.xml").status_code == 404
    grant(last=date(2020, 1, 1))
    assert client.get(one).status_code == 404
    grant()
    outside = post(client, **{**GOOD, "long": "110.005"})
    assert outside.status_code == 400


def test_without_a_description_the_service_tells_it(
    client: FlaskClient, grant: Callable[..., None]
) -> None:
    number = hand_in(client, description="")
    row = client.get(f"{ROOT}/requests/{number}.json").json[0]  # type: ignore[index]
    assert row["description"] == "路灯"


def test_texts_stay_texts(client: FlaskClient, grant: Callable[..., None]) -> None:
    nasty = '<!ENTITY x>&amp; {{7*7}} ]]> "quoted" 😀'
    number = hand_in(client, description=nasty)
    root = xml(client.get(f"{ROOT}/requests/{number}.xml"))
    assert root.findtext("request/description") == nasty
    assert client.get(f"{ROOT}/requests/{number}.json").json[0]["description"] == nasty  # type: ignore[index]
