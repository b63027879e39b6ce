"""A first mapping from the headers of a file, to be shown to a person before it is used."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from geodata.mapping.fields import Field
from geodata.mapping.layers import LAYERS
from geodata.mapping.model import Location, Mapping, TimeRule

_LON = ("lon", "lng", "long", "longitude", "经度", "东经", "x经度", "lngwgs84", "point_x", "pointx")
_LAT = ("lat", "latitude", "纬度", "北纬", "y纬度", "latwgs84", "pointy")
_X = ("x", "xcoord", "xcoordinate", "x坐标", "横坐标", "坐标x", "东坐标", "easting", "east")
_Y = ("y", "ycoord", "ycoordinate", "y坐标", "纵坐标", "坐标y", "北坐标", "northing", "north")
_WKT = (
    "wkt", "geom", "geometry", "thegeom", "shape", "ewkt", "wkb", "wkbgeometry", "空间", "图形",
    "几何",
)  # fmt: skip
_YEAR, _MONTH, _DAY = ("year", "年", "年份"), ("month", "月", "月份"), ("day", "日")
_HOUR, _MINUTE = ("hour", "时", "小时"), ("minute", "分", "分钟")
_CLOCK = ("时刻", "具体时间", "时分", "clock", "timeofday", "发生时刻", "时间", "time")
_DATE = ("日期", "发生日期", "案发日期", "date")
_SYSTEMS = (
    ("gcj", "GCJ-02"), ("火星", "GCJ-02"), ("高德", "GCJ-02"), ("腾讯", "GCJ-02"),
    ("bd09", "BD-09"), ("百度", "BD-09"), ("wgs", "EPSG:4326"), ("2000", "CGCS2000"),
)  # fmt: skip


def plain(header: str) -> str:
    """Return a header as it is compared: lower case, without blanks, marks and units."""
    without_units = re.sub(r"[(（\[].*?[)）\]]", "", str(header))
    return re.sub(r"[\s_\-:：./]+", "", without_units.casefold())


def guess(layer: str, columns: Sequence[str], sample: pd.DataFrame | None = None) -> Mapping:
    """Guess which column is which from Chinese and English headers.

    Parameters
    ----------
    layer : str
        A key of `geodata.mapping.layers.LAYERS`.
    columns : sequence of str
        The file's columns.
    sample : pandas.DataFrame, optional
        Some rows, by which coordinates in degrees are known.

    Returns
    -------
    Mapping
        What nothing fits stays out; show `describe` to a person before use.
    """
    names = {plain(column): str(column) for column in reversed(list(columns))}
    taken: set[str] = set()
    location = _location(names, sample, taken) if LAYERS[layer].shapes else Location()
    fields = LAYERS[layer].fields
    time = _time(names, fields, taken) if any(f.kind == "time" for f in fields.values()) else None
    until = _until(names, fields, taken) if time is not None else None
    found: dict[str, str | list[str]] = {}
    wanted = [(name, field) for name, field in fields.items() if field.kind != "time"]
    # The best words of all fields are tried first, so that a general word such as 名称 does not
    # take the column that another field names exactly.
    for rank in range(max((len(field.words) for _, field in wanted), default=0)):
        for name, field in wanted:
            column = names.get(field.words[rank]) if rank < len(field.words) else None
            if name not in found and column is not None and column not in taken:
                found[name] = column
                taken.add(column)
    for name, _ in wanted:
        column = names.get(_cut(name))
        if name not in found and column is not None and column not in taken:
            found[name] = column
            taken.add(column)
    ordered = {name: found[name] for name in fields if name in found}
    return Mapping(layer=layer, columns=ordered, time=time, until=until, location=location)


def _cut(field: str) -> str:
    """Return the name of a field as a shapefile of ours cuts it, to 10 characters."""
    return plain(field[:10])


def _first(names: dict[str, str], words: tuple[str, ...], taken: set[str]) -> str | None:
    for word in words:
        if word in names and names[word] not in taken:
            return names[word]
    return None


def _location(names: dict[str, str], sample: pd.DataFrame | None, taken: set[str]) -> Location:
    for x_words, y_words, degrees in ((_LON, _LAT, True), (_X, _Y, False)):
        x, y = _near(names, x_words, taken), _near(names, y_words, taken)
        if x is None or y is None:
            continue
        taken |= {x, y}
        system = _named_system(plain(x))
        if degrees or _in_degrees(sample, x, y):
            # Without a name in the header this is a guess, which the person is shown.
            system = system or "EPSG:4326"
        elif system == "CGCS2000":
            system = "CGCS2000 GK"
        return Location(x=x, y=y, system=system)
    wkt = _first(names, _WKT, taken)
    if wkt is not None:
        taken.add(wkt)
        return Location(wkt=wkt)
    return Location()


def _named_system(header: str) -> str | None:
    return next((system for mark, system in _SYSTEMS if mark in header), None)


def _near(names: dict[str, str], words: tuple[str, ...], taken: set[str]) -> str | None:
    """Return an exact match, or a header that has the name of a datum beside the word."""
    exact = _first(names, words, taken)
    if exact is not None:
        return exact
    for name, column in names.items():
        mark = next((mark for mark, _ in _SYSTEMS if mark in name), None)
        if mark is not None and column not in taken:
            rest = re.sub(r"cgcs|84|02|坐标系?|\d+$", "", name.replace(mark, "", 1))
            if rest in words or any(len(word) > 1 and word in rest for word in words):
                return column
    return None


def _in_degrees(sample: pd.DataFrame | None, x: str, y: str) -> bool:
    if sample is None or x not in sample or y not in sample:
        return False
    values = sample[[x, y]].apply(pd.to_numeric, errors="coerce").abs().max()
    return bool(values[x] <= 180 and values[y] <= 90)


def _time(names: dict[str, str], fields: dict[str, Field], taken: set[str]) -> TimeRule | None:
    parts = {
        "year": _first(names, _YEAR, taken), "month": _first(names, _MONTH, taken),
        "day": _first(names, _DAY, taken), "hour": _first(names, _HOUR, taken),
        "minute": _first(names, _MINUTE, taken),
    }  # fmt: skip
    if parts["year"] and parts["month"]:
        taken |= {name for name in parts.values() if name}
        return TimeRule.model_validate(parts)
    date = _first(names, _DATE, taken)
    clock = _first(names, _CLOCK, taken)
    if date and clock and date != clock:
        taken |= {date, clock}
        return TimeRule(column=date, time_column=clock)
    name, words = next(
        (name, field.words) for name, field in fields.items() if field.kind == "time"
    )
    column = _first(names, (*words, _cut(name)), taken)
    if column is None:
        return None
    taken.add(column)
    return TimeRule(column=column)


def _until(names: dict[str, str], fields: dict[str, Field], taken: set[str]) -> TimeRule | None:
    column = _first(names, fields["ended_at"].words, taken) if "ended_at" in fields else None
    if column is None:
        return None
    taken.add(column)
    return TimeRule(column=column)


def describe(mapping: Mapping, columns: Sequence[str]) -> pd.DataFrame:
    """Return a mapping as rows to show to a person.

    Parameters
    ----------
    mapping : Mapping
        Guessed or loaded.
    columns : sequence of str
        The file's columns; those not used come last, with an empty field.

    Returns
    -------
    pandas.DataFrame
        Columns field, source (a column, or a constant in quotes), note and required; source is
        empty where nothing gives a field.
    """
    lines: list[tuple[str, str, str, bool]] = []
    for name, field in LAYERS[mapping.layer].fields.items():
        source, note = mapping.columns.get(name, ""), ""
        if isinstance(source, list):
            source = " + ".join(source)
        time = mapping.rule(name)
        if field.kind == "time" and time is not None:
            source = " + ".join(time.columns())
            note = f"{time.format}, {time.zone}"
        elif not source and name in mapping.constants:
            source = f'"{mapping.constants[name]}"'
        lines.append((name, source, note, field.required))
    location = mapping.location
    where = location.wkt or " + ".join(part for part in (location.x, location.y) if part)
    lines.append(("geometry", where, location.system or "", bool(LAYERS[mapping.layer].shapes)))
    if mapping.reverses is not None:
        rule = mapping.reverses
        lines.append(("reverses", rule.column, f"= {rule.equals}; {', '.join(rule.key)}", False))
    used = set(mapping.used_columns())
    lines += [("", str(column), "", False) for column in columns if column not in used]
    return pd.DataFrame(lines, columns=["field", "source", "note", "required"])
