"""What a mapping is, and its file."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from geodata.mapping.layers import LAYERS
from geodata.messages import N_, GeodataError, Message

Scalar = str | int | float | bool


class _RefusedError(ValueError):
    """Carries a sentence that can be translated through pydantic, which knows only texts."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


# What pydantic finds wrong -> what a person is told; {value} is what stands in the file.
_FAULTS = {
    "missing": N_("this is missing"),
    "extra_forbidden": N_("there is no such key"),
    "string_type": N_("a text must stand here, not {value}"),
    "bool_type": N_("true or false must stand here, not {value}"),
    "bool_parsing": N_("true or false must stand here, not {value}"),
    "list_type": N_("a list must stand here, not {value}"),
    "dict_type": N_("an object must stand here, not {value}"),
    "model_type": N_("an object must stand here, not {value}"),
    "model_attributes_type": N_("an object must stand here, not {value}"),
}
_OTHER_FAULT = N_("{value} cannot stand here")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeRule(_Strict):
    """Where a time stands and how it is written.

    Attributes
    ----------
    column : str, optional
        The column with the time, or with the date when ``time_column`` is given.
    time_column : str, optional
        The column with the time of day.
    year, month, day, hour, minute : str, optional
        Columns of the parts, instead of ``column``; without hour it is midnight.
    format : str
        ``auto``, ``ymd``, ``mdy`` (month first), ``dmy``, ``excel`` (serial days), ``epoch``
        (seconds or milliseconds since 1970), or a strptime format with per cent signs.
    zone : str
        The IANA time zone of local times; a time with its own offset keeps that.
    """

    column: str | None = None
    time_column: str | None = None
    year: str | None = None
    month: str | None = None
    day: str | None = None
    hour: str | None = None
    minute: str | None = None
    format: str = "auto"
    zone: str = "Asia/Shanghai"

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise _RefusedError(Message("there is no time zone {value}", value=value)) from error
        return value

    @field_validator("format")
    @classmethod
    def _format_known(cls, value: str) -> str:
        if "%" not in value and value not in {"auto", "ymd", "mdy", "dmy", "excel", "epoch"}:
            raise _RefusedError(
                Message(
                    "there is no time format {value}; there are auto, ymd, mdy, dmy, excel, epoch, "
                    "or one with per cent signs such as %Y-%m-%d",
                    value=value,
                )
            )
        return value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.column is None) == (self.year is None):
            raise _RefusedError(Message("give either column or year, month, day ..."))
        return self

    def columns(self) -> list[str]:
        """Return the columns it uses."""
        names = [self.column, self.time_column, self.year, self.month, self.day, self.hour,
                 self.minute]  # fmt: skip
        return [name for name in names if name is not None]


class Location(_Strict):
    """Where the position of a row stands.

    Attributes
    ----------
    x, y : str, optional
        Columns with longitude and latitude, or easting and northing.
    wkt : str, optional
        A column with well-known text.
    system : str, optional
        The coordinate system, in words that `geodata.crs` knows: ``EPSG:4326``, ``GCJ-02`` ...
        Without it the file must declare its own.

    Without columns the file's own geometry is used.
    """

    x: str | None = None
    y: str | None = None
    wkt: str | None = None
    system: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.x is None) != (self.y is None):
            raise _RefusedError(Message("x and y are needed together"))
        if self.x is not None and self.wkt is not None:
            raise _RefusedError(Message("give either x and y or wkt"))
        return self


class Reversal(_Strict):
    """A row that takes back an earlier one.

    Attributes
    ----------
    column : str
        The column that tells, such as ``Count``.
    equals : str
        Its value in a row that takes back, such as ``-1``.
    key : list of str
        The columns that are equal in the row and in the one it takes back. A missing value
        equals nothing.
    otherwise : list of str
        The columns compared where a row lacks part of the key, such as its number.
    """

    column: str
    equals: str
    key: list[str]
    otherwise: list[str] = []


class Mapping(_Strict):
    """How the columns of one file become the fields of one layer.

    Attributes
    ----------
    layer : str
        A key of `geodata.mapping.layers.LAYERS`.
    columns : dict
        Field -> column, or a list of columns that are joined by a hyphen; a row that lacks one
        of them has no value.
    constants : dict
        Field -> a value for all rows.
    values : dict
        Field -> {value in the file -> value}; the value ``*`` stands for all not named.
    time : TimeRule, optional
        For a layer with a time.
    until : TimeRule, optional
        For incidents of which only a span is known: ``time`` is its beginning, this its end.
    location : Location
        Where the position stands.
    reverses : Reversal, optional
        Which rows take back earlier ones.
    source_layer, encoding, header
        What `geodata.files.reading.read` is to be given.
    """

    layer: str
    columns: dict[str, str | list[str]] = {}
    constants: dict[str, Scalar] = {}
    values: dict[str, dict[str, str]] = {}
    time: TimeRule | None = None
    until: TimeRule | None = None
    location: Location = Location()
    reverses: Reversal | None = None
    source_layer: str | None = None
    encoding: str | None = None
    header: bool | None = None

    @model_validator(mode="after")
    def _fields_exist(self) -> Self:
        if self.layer not in LAYERS:
            raise _RefusedError(
                Message(
                    "there is no layer {value}; there are: {layers}",
                    value=self.layer,
                    layers=", ".join(LAYERS),
                )
            )
        fields = LAYERS[self.layer].fields
        if self.until is not None and "ended_at" not in fields:
            raise _RefusedError(
                Message("only incidents have an end, not {layer}", layer=self.layer)
            )
        for part in ("columns", "constants", "values"):
            for name in getattr(self, part):
                if name not in fields:
                    raise _RefusedError(
                        Message(
                            "{part}.{name}: {layer} has no field {name}; it has: {fields}",
                            part=part,
                            name=name,
                            layer=self.layer,
                            fields=", ".join(fields),
                        )
                    )
        return self

    def rule(self, field: str) -> TimeRule | None:
        """Return where a field of the kind ``time`` stands."""
        return self.until if field == "ended_at" else self.time

    def used_columns(self) -> list[str]:
        """Return every column of the file that the mapping names, without repeats."""
        names: list[str] = []
        for value in self.columns.values():
            names += [value] if isinstance(value, str) else value
        for rule in (self.time, self.until):
            names += rule.columns() if rule else []
        names += [name for name in (self.location.x, self.location.y, self.location.wkt) if name]
        if self.reverses:
            names += [self.reverses.column, *self.reverses.key, *self.reverses.otherwise]
        return list(dict.fromkeys(names))

    def save(self, path: str | Path) -> None:
        """Write the mapping as JSON, only what differs from the defaults."""
        content = self.model_dump(exclude_defaults=True)
        Path(path).write_text(
            json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )


def parse_mapping(content: dict[str, Any], name: str = "mapping") -> Mapping:
    """Make a mapping of the content of a file or form.

    Raises
    ------
    GeodataError
        Naming the key at fault.
    """
    try:
        return Mapping.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise GeodataError(
            Message(
                "{file}: {key}: {reason}", file=name, key=key or "mapping", reason=_reason(first)
            )
        ) from error


def _reason(fault: ErrorDetails) -> Message:
    own = fault.get("ctx", {}).get("error")
    if isinstance(own, _RefusedError):
        return own.message
    value = json.dumps(fault["input"], ensure_ascii=False, default=str)[:60]
    return Message(_FAULTS.get(fault["type"], _OTHER_FAULT), value=value)


def load_mapping(path: str | Path) -> Mapping:
    """Read a mapping from a .json or .toml file.

    Raises
    ------
    GeodataError
        If it cannot be read or a key is wrong; the sentence names the key.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise GeodataError(
            Message("{file} cannot be read as a mapping: {reason}", file=path.name, reason=error)
        ) from error
    if not isinstance(content, dict):
        raise GeodataError(
            Message("{file} cannot be read as a mapping: {reason}", file=path.name,
                    reason="it is not an object")
        )  # fmt: skip
    return parse_mapping(content, path.name)
