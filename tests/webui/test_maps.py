"""Text that goes through Folium stays text, and nothing reaches for the internet."""

from __future__ import annotations

import folium
import pytest
from flask import Flask
from folium.plugins import Fullscreen

from gridmap.errors import UnavailableError
from webui.assets import FOLIUM, UnknownAssetError, local
from webui.map_page import prepare
from webui.maps import SwitchedLayer, base_map, map_parts, stable

NASTY = [
    "{{7*7}}",
    "{% raw",
    "{% endraw %}{{7*7}}",
    "{# never closed",
    "${1}",
    "`${alert(1)}`",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "{{ ''.__class__.__mro__ }}",
]


@pytest.mark.parametrize("name", NASTY)
def test_a_name_is_never_run(app: Flask, name: str) -> None:
    made = base_map("map")
    made.add_child(stable(SwitchedLayer("cell", name, show=True), "layer_cell"))
    made.add_child(stable(folium.LayerControl(), "layer_control"))
    with app.test_request_context():
        parts = map_parts(made)
    assert "49" not in parts.script
    assert "<class" not in parts.script
    # Folium writes it as a string of JavaScript in which no tag can end the script.
    escaped = name.replace("<", "\\u003c").replace(">", "\\u003e").replace("'", "\\u0027")
    assert f'"{escaped}"' in parts.script
    assert "</script>" not in parts.script
    assert name not in parts.html


def test_the_same_map_has_the_same_script(app: Flask) -> None:
    with app.test_request_context():
        # What is kept would equal itself in any case.
        assert prepare("zh") == prepare.__wrapped__("zh")
        assert "var map_1" in prepare("zh").script
        assert 'id="map_1"' in prepare("zh").html


def test_only_local_files_are_named(app: Flask) -> None:
    with app.test_request_context():
        parts = prepare("zh")
        assert all(url.startswith("/static/vendor/") for url in parts.scripts + parts.styles)
        assert "http" not in parts.script
        for url in FOLIUM:
            assert local(url).startswith("/static/vendor/")


def test_an_unknown_file_is_refused(app: Flask) -> None:
    made = base_map("map")
    made.add_child(Fullscreen())
    with app.test_request_context(), pytest.raises(UnknownAssetError, match="no local copy"):
        map_parts(made)


def test_what_writes_into_the_head_is_refused(app: Flask) -> None:
    made = base_map("map")
    made.get_root().header.add_child(folium.Element("<script>1</script>"), name="own")
    with app.test_request_context(), pytest.raises(UnavailableError, match="security policy"):
        map_parts(made)
