"""OpenStreetMap extracts (.osm.pbf): the canonical frames that one file gives."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geodata.files.vector import layer_names, read_layer
from geodata.messages import GeodataError, Message

# GDAL makes columns of the keys named here; what is not named it leaves in one packed text.
_ADDRESS = "addr:full,addr:street,addr:housenumber"
_PLACE_KEYS = "amenity,shop,office,tourism,leisure,healthcare,railway,public_transport,police"
_CONFIGURATION = f"""[general]
closed_ways_are_polygons=aeroway,amenity,boundary,building,craft,geological,historic,landuse,leisure,military,natural,office,place,shop,sport,tourism,highway=platform,public_transport=platform
[points]
osm_id=yes
attributes=name,name:zh,name:en,{_PLACE_KEYS},{_ADDRESS}
other_tags=no
[lines]
osm_id=yes
attributes=name,name:zh,name:en,highway,waterway,railway,oneway,bridge,tunnel,junction,layer,access,foot,bicycle,vehicle,motor_vehicle,motorcar
other_tags=no
[multipolygons]
osm_id=yes
attributes=name,name:zh,name:en,type,admin_level,boundary,building,building:levels,landuse,natural,water,waterway,ref,{_PLACE_KEYS},{_ADDRESS}
other_tags=no
[multilinestrings]
osm_id=yes
attributes=name,type
other_tags=no
[other_relations]
osm_id=yes
attributes=name,type
other_tags=no
"""

_NO_ROADS = {"proposed", "construction", "platform", "bus_stop", "elevator", "rest_area",
             "services", "raceway", "abandoned", "razed"}  # fmt: skip
_YES = {"yes", "true", "1", "-1", "reverse"}
_OPEN = ("yes", "designated", "official", "permissive")
_CLOSED = ("no", "use_sidepath")

# The first key of these that says something gives the kind of a place.
_PLACE_KINDS = {
    "amenity": {
        "police": "police_room", "townhall": "service_centre",
        "community_centre": "community_office",
        "school": "school", "college": "school", "university": "school",
        "kindergarten": "kindergarten", "childcare": "kindergarten", "clinic": "clinic",
        "doctors": "clinic", "dentist": "clinic", "pharmacy": "clinic", "hospital": "hospital",
        "marketplace": "market", "bank": "bank", "bus_station": "station",
        "place_of_worship": "worship", "social_facility": "care_home", "nursing_home": "care_home",
        "toilets": "toilet", "parking": "parking", "library": "other", "cinema": "other",
        "restaurant": "enterprise", "cafe": "enterprise", "fast_food": "enterprise",
        "fuel": "enterprise", "bar": "enterprise", "pub": "enterprise",
    },
    "healthcare": {"hospital": "hospital", "*": "clinic"},
    "railway": {"station": "station", "halt": "station"},
    "public_transport": {"station": "station"},
    "leisure": {"park": "park", "garden": "park", "sports_centre": "other"},
    "shop": {"supermarket": "market", "*": "enterprise"},
    "office": {"government": "service_centre", "*": "enterprise"},
    "tourism": {"hotel": "enterprise", "guest_house": "enterprise", "museum": "other"},
}  # fmt: skip

_GROUND = {
    "natural": {"water": "water", "wetland": "water", "wood": "green", "scrub": "green",
                "grassland": "green"},
    "waterway": {"river": "water", "stream": "water", "canal": "water", "riverbank": "water",
                 "drain": "water", "dock": "water"},
    "landuse": {"reservoir": "water", "basin": "water", "forest": "green", "grass": "green",
                "meadow": "green", "recreation_ground": "green", "village_green": "green",
                "cemetery": "green", "orchard": "green", "farmland": "farmland",
                "residential": "built", "commercial": "built", "industrial": "built",
                "retail": "built", "railway": "rail"},
    "leisure": {"park": "green", "garden": "green", "pitch": "green", "golf_course": "green",
                "nature_reserve": "green"},
    "railway": {"rail": "rail", "light_rail": "rail", "tram": "rail"},
}  # fmt: skip

Rows = npt.NDArray[np.bool_]


def read_osm(path: str | Path) -> dict[str, gpd.GeoDataFrame]:
    """Read an OpenStreetMap extract.

    Parameters
    ----------
    path : str or Path
        An .osm.pbf or .osm file.

    Returns
    -------
    dict of str to GeoDataFrame, all in EPSG:4326
        ``roads``, ``buildings``, ``places`` and ``ground`` as canonical frames, and ``units``:
        the administrative relations with external_id, code (the tag ``ref``), name, name_en,
        admin_level (int) and a MultiPolygon. Identifiers are ``node/1``, ``way/2``,
        ``relation/3``. A Chinese name wins over the local one. A relation of which parts lie
        outside the extract is left out by the reader.

    Raises
    ------
    GeodataError
        If it is no such file.
    """
    path = Path(path)
    if not path.is_file() or path.stat().st_size == 0:
        raise GeodataError(Message("there is no file {file}, or it is empty", file=path.name))
    with path.open("rb") as stream:
        head = stream.read(512)
    if b"OSMHeader" not in head and b"<osm" not in head:
        raise GeodataError(
            Message("{file} is no {kind} file, whatever its name says", file=path.name, kind="OSM")
        )
    with TemporaryDirectory(prefix="gridmap-") as folder:
        configuration = Path(folder) / "osm.ini"
        configuration.write_text(_CONFIGURATION, encoding="utf-8")
        present = layer_names(path)
        points, lines, areas = (
            _layer(path, name, configuration, present)
            for name in ("points", "lines", "multipolygons")
        )
    places = pd.concat([_places(points), _places(areas)], ignore_index=True)
    ground = pd.concat([_ground(areas), _ground(lines)], ignore_index=True)
    return {
        "roads": _roads(lines),
        "buildings": _buildings(areas),
        "places": _framed(places),
        "ground": _framed(ground),
        "units": _units(areas),
    }


def _layer(path: Path, name: str, configuration: Path, present: list[str]) -> gpd.GeoDataFrame:
    """Read a layer; shapes that a cut through the data has broken are repaired or left out."""
    if name not in present:
        raise GeodataError(Message("{file} holds no layer with data", file=path.name))
    meta, table = read_layer(path, name, CONFIG_FILE=str(configuration))
    column = meta.get("geometry_name") or "wkb_geometry"
    shapes = shapely.from_wkb(table.column(column).to_numpy(), on_invalid="ignore")
    frame = table.drop_columns([column]).to_pandas()
    if name == "multipolygons":
        broken = ~shapely.is_missing(shapes) & ~shapely.is_valid(shapes)
        shapes[broken] = shapely.make_valid(shapes[broken], method="structure")
        areal = np.isin(shapely.get_type_id(shapes), [3, 6]) & ~shapely.is_empty(shapes)
        relation = frame["osm_id"].notna()
        number = frame["osm_id"].where(relation, frame["osm_way_id"])
        kind = np.where(relation, "relation/", "way/")
    else:
        areal = ~shapely.is_missing(shapes)
        number = frame["osm_id"]
        kind = np.full(len(frame), "node/" if name == "points" else "way/")
    frame["external_id"] = pd.Series(kind, index=frame.index, dtype="str") + number.astype("str")
    frame["name"] = frame["name_zh"].fillna(frame["name"])
    result = gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4326")
    return result[areal].reset_index(drop=True)


def _framed(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4326")


def _roads(lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    roads = lines[lines["highway"].notna() & ~lines["highway"].isin(_NO_ROADS)].copy()
    oneway = roads["oneway"].fillna("")
    # A roundabout and a motorway are one-way without a tag, unless it says otherwise.
    implied = (
        roads["junction"].isin(["roundabout", "circular"]) | (roads["highway"] == "motorway")
    ) & (oneway != "no")
    backwards = oneway.isin(["-1", "reverse"]).to_numpy()
    shapes = roads.geometry.to_numpy().copy()
    shapes[backwards] = shapely.reverse(shapes[backwards])
    bridge = roads["bridge"].notna() & (roads["bridge"] != "no")
    tunnel = roads["tunnel"].notna() & (roads["tunnel"] != "no")
    layer = pd.to_numeric(roads["layer"], errors="coerce")
    columns = {
        "external_id": roads["external_id"],
        "name": roads["name"],
        "kind": roads["highway"],
        "oneway": (oneway.isin(_YES) | implied).astype(bool),
        "bridge": (bridge | (layer > 0)).astype(bool),
        "tunnel": (tunnel | (layer < 0)).astype(bool),
        **_access(roads),
        "geometry": shapes,
    }
    return _framed(pd.DataFrame(columns).reset_index(drop=True))


def _access(roads: pd.DataFrame) -> dict[str, pd.Series[bool]]:
    """Tell what the tags say of who may use a road, the closer one first; often they say nothing.

    A private road is nobody's to forbid to a patrol: only "no" closes it.
    """
    tags = {
        "foot": ("foot", "access"),
        "bicycle": ("bicycle", "vehicle", "access"),
        "car": ("motorcar", "motor_vehicle", "vehicle", "access"),
    }
    found = {}
    for mode, keys in tags.items():
        marks = pd.Series(None, index=roads.index, dtype="boolean")
        for number, key in enumerate(keys):
            # A general tag says who is kept out, not that all kinds of road take everybody.
            opened = dict.fromkeys(_OPEN, True) if number == 0 else {}
            marks = marks.fillna(
                roads[key].map({**opened, **dict.fromkeys(_CLOSED, False)}).astype("boolean")
            )
        found[mode] = marks
    return found


def _buildings(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    found = areas[areas["building"].notna() & (areas["building"] != "no")].reset_index(drop=True)
    levels = pd.to_numeric(found["building_levels"], errors="coerce").round()
    columns = {
        "external_id": found["external_id"],
        "name": found["name"],
        "address": _address(found),
        "kind": found["building"],
        "storeys": levels.where(levels.between(1, 200)).astype("Int64"),
        "month": pd.Series(None, index=found.index, dtype="object"),
    }
    for count in ("households", "residents", "temporary_residents", "rented_homes", "shops"):
        columns[count] = pd.Series(pd.NA, index=found.index, dtype="Int64")
    return _framed(pd.DataFrame({**columns, "geometry": found.geometry}))


def _address(frame: pd.DataFrame) -> pd.Series[str]:
    street = frame["addr_street"].fillna("") + " " + frame["addr_housenumber"].fillna("")
    address: pd.Series[str] = frame["addr_full"].fillna(street.str.strip()).replace("", None)
    return address


def _kinds(frame: pd.DataFrame, table: dict[str, dict[str, str]]) -> pd.Series[str]:
    """Return the kind that the first telling key gives, missing where none does."""
    kinds = pd.Series(None, index=frame.index, dtype="str")
    for key, words in table.items():
        if key in frame:
            kinds = kinds.fillna(frame[key].map(words).astype("str"))
            if "*" in words:
                kinds = kinds.where(kinds.notna() | frame[key].isna(), words["*"])
    return kinds


def _places(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the places, of areas their inner point; without a name only public ones."""
    kind = _kinds(frame, _PLACE_KINDS)
    kept = kind.notna() & (frame["name"].notna() | kind.isin(["toilet", "parking", "police_room"]))
    found = frame[kept].reset_index(drop=True)
    shapes = found.geometry.to_numpy()
    area = shapely.get_dimensions(shapes) == 2
    metres = found.geometry[area].to_crs("+proj=cea +datum=WGS84").area
    columns = {
        "external_id": found["external_id"],
        "name": found["name"],
        "kind": kind[kept].to_numpy(),
        "address": _address(found),
        # A cylindrical equal-area projection keeps areas true wherever the place is.
        "area_m2": metres.round(1).reindex(found.index),
        "geometry": shapely.point_on_surface(shapes),
    }
    return _framed(pd.DataFrame(columns))


def _ground(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    kind = _kinds(frame, _GROUND)
    found = frame[kind.notna()]
    columns = {
        "external_id": found["external_id"],
        "name": found["name"],
        "kind": kind[kind.notna()],
        "geometry": found.geometry,
    }
    return _framed(pd.DataFrame(columns).reset_index(drop=True))


def _units(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    found = areas[(areas["boundary"] == "administrative") & areas["admin_level"].notna()]
    level = pd.to_numeric(found["admin_level"], errors="coerce")
    found, level = found[level.notna()], level[level.notna()].astype("int64")
    columns = {
        "external_id": found["external_id"],
        "code": found["ref"],
        "name": found["name"],
        "name_en": found["name_en"],
        "admin_level": level,
        "geometry": found.geometry,
    }
    return _framed(pd.DataFrame(columns).sort_values("admin_level").reset_index(drop=True))
