"""Folium's maps as parts of our pages: markup, a script at its own address, local files.

Folium writes a whole document with scripts inside. Our pages allow no script inside a page, so
the parts are taken from its macros: the markup goes into a template, the script gets an address,
and the files it names are replaced by local ones. Its style for a map that fills a document of
its own is left out; ours is in ``static/css/map.css``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType, SimpleNamespace
from typing import Any, TypeVar

import folium
from branca.element import CssLink, Element, JavascriptLink, MacroElement
from flask import Response, request
from folium.map import Layer as FoliumLayer
from jinja2 import Template

from geodata.messages import Message
from gridmap.errors import UnavailableError
from webui import assets

#: Leaflet is all the map's script needs: no jQuery, icon fonts or marker plugins.
_SCRIPTS = [("leaflet", "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js")]
_STYLES = [
    ("leaflet_css", "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.css"),
    (
        "bootstrap_css",
        "https://cdn.jsdelivr.net/npm/bootstrap@5.2.2/dist/css/bootstrap.min.css",
    ),
]

#: The page's own script moves the map to its data, and makes the controls.
_OPTIONS: Mapping[str, Any] = MappingProxyType(
    {
        "location": [30, 110],
        "zoom_start": 4,
        "min_zoom": 3,
        "max_zoom": 19,
        "control_scale": False,
        "zoom_control": False,
        "attributionControl": False,
        "zoomSnap": 0.5,
    }
)

_Element = TypeVar("_Element", bound=Element)


@dataclass(frozen=True)
class MapParts:
    """What a page needs of a map.

    Parameters
    ----------
    html : str
        The markup of its frame.
    script : str
        The script that makes it, to be served from an address of its own.
    scripts, styles : list of str
        Local addresses of the files to load before.
    """

    html: str
    script: str
    scripts: list[str]
    styles: list[str]


class SwitchedLayer(FoliumLayer):
    """A layer that is only switched here; the page's own script draws it from tiles.

    Parameters
    ----------
    key : str
        The layer's key in the registry.
    title : str
        Its name in the layer control.
    show : bool
        Whether it is drawn at first.
    """

    _template = Template("""
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.layerGroup([], { key: {{ this.key|tojson }} });
        {% endmacro %}
    """)

    def __init__(self, key: str, title: str, *, show: bool) -> None:
        super().__init__(name=title, overlay=True, control=True, show=show)
        self.key = key


def stable(element: _Element, name: str) -> _Element:
    """Give an element a name of ours instead of a random one: the same map, the same script."""
    element._name, element._id = name, "1"
    return element


def base_map(name: str, **options: Any) -> folium.Map:
    """Make a map without a background from the internet.

    Parameters
    ----------
    name : str
        The map is the script's variable and the element `<name>_1`.
    **options : Any
        For :class:`folium.Map`, beyond `_OPTIONS`.
    """
    made = folium.Map(tiles=None, **_OPTIONS, **options)
    made.default_js, made.default_css = list(_SCRIPTS), list(_STYLES)
    return stable(made, name)


def map_parts(made: folium.Map) -> MapParts:
    """Render a map into the parts of a page.

    Parameters
    ----------
    made : folium.Map
        With its layers and controls; it cannot be rendered twice.

    Raises
    ------
    UnknownAssetError
        If it needs a file that has no local copy.
    UnavailableError
        If something on it writes scripts or styles into the page's head.
    """
    figure: Any = made.get_root()
    _take_text_literally(made)
    for child in list(figure._children.values()):
        child.render()
    scripts, styles = [], []
    for name, element in figure.header._children.items():
        if isinstance(element, JavascriptLink):
            scripts.append(assets.local(element.url))
        elif isinstance(element, CssLink):
            styles.append(assets.local(element.url))
        elif name not in {"meta_http", made.get_name()}:
            raise UnavailableError(
                Message(
                    "{name} writes into the head of the page, which its security policy forbids.",
                    name=name,
                )
            )
    return MapParts(figure.html.render(), figure.script.render(), scripts, styles)


def script_answer(parts: MapParts) -> Response:
    """Answer with the script that makes a map, which a browser keeps while it is the same."""
    response = Response(parts.script, mimetype="text/javascript")
    response.cache_control.no_cache = True
    response.add_etag()
    response.make_conditional(request)
    return response


def _take_text_literally(element: Element) -> None:
    """Keep branca from rendering rendered text.

    Branca 0.8 takes what a macro has rendered as a Jinja template once more: ``{{ ... }}`` in a
    name would run on the server. So each opening brace is handed on as an expression that
    yields one.
    """
    if isinstance(element, MacroElement):
        macros = element._template.module.__dict__
        element._template = SimpleNamespace(
            module=SimpleNamespace(
                **{
                    kind: _literal(macros[kind])
                    for kind in ("header", "html", "script")
                    if macros.get(kind) is not None
                }
            )
        )
    for child in element._children.values():
        _take_text_literally(child)


def _literal(macro: Callable[..., str]) -> Callable[..., str]:
    def render(*arguments: Any) -> str:
        return str(macro(*arguments)).replace("{", "{{ '{' }}")

    return render
