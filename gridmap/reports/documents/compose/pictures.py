"""The pictures of reports: charts and maps of figures that the text tells, drawn when asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from sqlalchemy import text

from gridmap.reports.documents.compose.matter import Matter
from gridmap.reports.documents.compose.prose import MONTHS, Both, Language, plain, say
from gridmap.reports.pictures import charts, maps
from gridmap.reports.pictures.ground import Ground, read_ground

#: Of the kinds of hotspots the signs that tell how sure they are; all others are hot.
_LEVELS = {"hot90": 1, "hot95": 2, "hot99": 3}
Series = Mapping[Both, Sequence[float | None]]


class Atlas:
    """Draws the pictures of one report; the ground is read once, and only if there is a map.

    Parameters
    ----------
    matter : Matter
    """

    def __init__(self, matter: Matter) -> None:
        self.matter = matter

    @cached_property
    def ground(self) -> Ground:
        """Return what maps are drawn on."""
        return read_ground(self.matter.session, self.matter.area.id, self.matter.span.last)

    def bars(
        self, language: Language, labels: Sequence[Both], series: Series, unit: str = ""
    ) -> bytes:
        """Draw bars that lie, since names are long."""
        return charts.bars(
            [getattr(label, language) for label in labels], _named(series, language), unit=unit,
            language=language, horizontal=True,
        )  # fmt: skip

    def months(self, language: Language, months: Sequence[date], series: Series) -> bytes:
        """Draw lines over the months of a period."""
        labels = [
            f"{month.month}月" if language == "zh" else MONTHS[month.month - 1][:3]
            for month in months
        ]
        return charts.lines(labels, _named(series, language), unit="", language=language)

    def week(self, language: Language, hours: Sequence[Sequence[int]]) -> bytes:
        """Draw the hours of a week."""
        return charts.week(np.asarray(hours), language=language)

    def map(
        self,
        language: Language,
        title: Both,
        source: Both,
        values: Mapping[int, float | None],
        *,
        unit: str = "",
        hot: gpd.GeoDataFrame | None = None,
        routes: gpd.GeoDataFrame | None = None,
    ) -> bytes:
        """Draw the cells of a community or the communities of an area, coloured by values.

        Parameters
        ----------
        language : {"zh", "en"}
        title : Both
            Of the legend.
        source : Both
            What the figures come from; the period is added.
        values : mapping of int to float or None
            By the id of the cell or community; without any only outlines are drawn.
        unit : str
        hot, routes : GeoDataFrame, optional
            See `maps.MapPicture`.
        """
        told = say(Both("{source}，{period}", "{source}, {period}"), source=source,
                   period=self.matter.period)  # fmt: skip
        return maps.draw(
            maps.MapPicture(
                ground=self.ground,
                areas=self._areas(language),
                values=values,
                title=getattr(title, language),
                source=plain(told, language),
                day=self.matter.span.last,
                language=language,
                unit=unit,
                hot=hot,
                routes=routes,
            )
        )

    def _areas(self, language: Language) -> gpd.GeoDataFrame:
        if not self.matter.area.parts_are_cells:
            return self.ground.named_units("community", language)
        # Micro cells lie in others.
        areas = self.ground.named_cells(language)
        return areas[(self.ground.cells["kind"] != "micro").to_numpy()]


def _named(series: Series, language: Language) -> dict[str, Sequence[float | None]]:
    return {getattr(name, language): values for name, values in series.items()}


def has_outline(matter: Matter) -> bool:
    """Tell whether a map of the area can be drawn."""
    found = matter.session.execute(
        text("SELECT EXISTS (SELECT FROM unit WHERE id = ANY(:units) AND geom IS NOT NULL)"),
        {"units": list(matter.area.units)},
    ).scalar_one()
    return bool(found)


def hot_shapes(matter: Matter, run_id: int) -> gpd.GeoDataFrame:
    """Read the hot places that a run found in the area, as `maps.MapPicture` wants them."""
    scope = matter.area.scope
    rows = matter.session.execute(
        text(f"""
            SELECT h.kind, ST_AsBinary(h.geom) AS shape FROM hotspot h
            WHERE h.run_id = :run AND h.kind NOT LIKE 'cold%'
              AND {scope.condition("h.community_id")} ORDER BY h.rank
        """),
        {"run": run_id, **scope.params},
    ).all()
    return gpd.GeoDataFrame(
        {"level": [_LEVELS.get(row.kind, 3) for row in rows]},
        geometry=_shapes(rows),
        crs="EPSG:4326",
    )


def route_shapes(matter: Matter) -> gpd.GeoDataFrame:
    """Read the patrol routes of today, as `maps.MapPicture` wants them."""
    rows = matter.session.execute(
        text("""
            SELECT name, ST_AsBinary(geom) AS shape FROM patrol_route
            WHERE unit_id = ANY(:units) AND archived_at IS NULL ORDER BY name, id
        """),
        {"units": list(matter.area.units)},
    ).all()
    return gpd.GeoDataFrame(
        {"name": [row.name for row in rows]}, geometry=_shapes(rows), crs="EPSG:4326"
    )


def _shapes(rows: Sequence[Any]) -> Any:
    return shapely.from_wkb(np.array([bytes(row.shape) for row in rows], dtype=object))
