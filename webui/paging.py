"""Pages of a list and orders of its columns, as addresses that keep the rest of the query."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Flask, abort, redirect, request
from flask_babel import format_decimal

from webui.asking import page_number


def install(app: Flask) -> None:
    """Offer lists to templates: `with_query`, `sorted_by` and the filter `thousands`."""
    app.jinja_env.globals.update(with_query=with_query, sorted_by=sorted_by)
    app.jinja_env.filters["thousands"] = lambda number: str(format_decimal(number))


@dataclass(frozen=True)
class Pages:
    """Where the reader is in a list; who asks for a page past its end is led to its last one.

    An empty page would look like an empty list.
    """

    total: int
    size: int

    def __post_init__(self) -> None:
        """Turn to the last page, or to the first where a list that ended does not tell its length.

        Raises
        ------
        werkzeug.exceptions.HTTPException
            The redirection.
        """
        if self.number > self.count:
            last = self.count if self.count > 1 else None
            abort(redirect(request.path + with_query(page=last)))

    @property
    def number(self) -> int:
        """The page shown, the first being 1."""
        return page_number()

    @property
    def count(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """The number of the first row shown."""
        return min((self.number - 1) * self.size + 1, self.total)

    @property
    def last(self) -> int:
        """The number of the last row shown."""
        return min(self.number * self.size, self.total)


def with_query(**changes: object) -> str:
    """Return the present query with changes; None leaves a name out."""
    query: dict[str, object] = dict(request.args.to_dict(flat=False))
    query.pop("lang", None)
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return "?" + urlencode(query, doseq=True)


def sorted_by(key: str) -> str:
    """Return the query that sorts by a column, the other way round if it does so already."""
    again = request.args.get("sort") == key and request.args.get("order") != "desc"
    return with_query(sort=key, order="desc" if again else None, page=None)
