"""The form of a report: kept, warned of likenesses, with photos."""

from __future__ import annotations

import io

from flask.testing import FlaskClient
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.webui.cases.ground import Ground, SignIn, Token, new_case


def test_what_was_typed_is_kept(client: FlaskClient, csrf: Token, ground: Ground) -> None:
    sent = {"csrf_token": csrf(client), "description": "井盖丢了", "category": "D4",
            "reporter": "hotline", "address": "东门"}  # fmt: skip
    answer = client.post("/cases/new", data=sent)
    assert answer.status_code == 400
    assert "井盖丢了" in answer.text
    assert 'value="东门"' in answer.text
    assert '<option value="D4" selected>' in answer.text


def test_similar_ones_are_named_before_saving(sign_in: SignIn, csrf: Token, ground: Ground) -> None:
    boss = sign_in("supervisor")
    case = new_case(boss, csrf, ground, category="D1", description="垃圾成堆")
    items = boss.get(f"/cases/similar?category=D1&lon={ground.lon}&lat={ground.lat}").get_json()[
        "items"
    ]
    assert items[0]["url"] == f"/cases/{max(item['case'] or 0 for item in items)}"
    assert any(item["case"] == case and item["metres"] == 0 for item in items)


def test_large_photos_may_be_sent_and_other_forms_stay_small(
    client: FlaskClient, csrf: Token, ground: Ground
) -> None:
    noise = io.BytesIO()
    Image.effect_noise((1500, 1500), 90).save(noise, "PNG")
    assert noise.tell() > 1 << 20
    noise.seek(0)
    # Made here, for the client would leave a file open for so large a form.
    boundary, form = encode_multipart(
        {"csrf_token": csrf(client), "lon": ground.lon, "lat": ground.lat, "category": "B1",
         "description": "x", "reporter": "citizen", "photos": FileStorage(noise, "x.png")}
    )  # fmt: skip
    kind = f"multipart/form-data; boundary={boundary}"
    assert client.post("/cases/new", data=form, content_type=kind).status_code == 302
    sent = {"csrf_token": csrf(client), "name": "x" * (1 << 20)}
    assert client.post("/cases/views", data=sent).status_code == 413
