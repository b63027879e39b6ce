"""The analyses there are: the page loops over them, and a new one is one entry here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from geodata.messages import N_
from gridmap.hotspots.analyses import parameters

if TYPE_CHECKING:
    from gridmap.hotspots.analyses.events import Area, Context, Events
    from gridmap.hotspots.analyses.result import Result
    from gridmap.hotspots.ticks import Tick


@dataclass(frozen=True)
class Analysis:
    """An entry of the registry, which pages read; what computes is loaded when it runs.

    Attributes
    ----------
    key : str
        In the address and the database, and the module beside this one that has ``run``.
    title, answers, method : str
        Its name; the question it answers, in plain words; how it goes about it, for the note
        below the result. English templates.
    legend : str
        Which classes it paints, see the pages' words.
    parameters : type of BaseModel
        What can be chosen.
    homes : tuple of str
        The choices that ask where people live, which is then read beside the incidents.
    categories : tuple of str
        The choices that ask for the category of each incident.
    least : int
        Incidents below which nothing is painted.
    of_places : bool
        Whether it compares places, and so needs more than one.
    """

    key: str
    title: str
    answers: str
    method: str
    legend: str
    parameters: type[BaseModel]
    homes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    least: int = 30
    of_places: bool = True

    def load(self) -> Callable[[Events, Area, Context, Any, Tick], Result]:
        """Return what computes, with its libraries, which take seconds the first time."""
        run: Callable[[Events, Area, Context, Any, Tick], Result] = resolve_name(
            f"{__package__}.{self.key}:run"
        )
        return run

    def asks_homes(self, asked: BaseModel) -> bool:
        """Tell whether what was chosen needs to know where people live."""
        return any(choice in self.homes for _, choice in asked)

    def asks_categories(self, asked: BaseModel) -> bool:
        """Tell whether what was chosen needs to know the category of each incident."""
        return any(choice in self.categories for _, choice in asked)


_ENTRIES = (
    Analysis(
        key="gi_star",
        title=N_("Hot and cold areas"),
        answers=N_("Where do more incidents happen together than chance explains?"),
        method=N_(
            "The area is divided into equal shapes, and each is looked at with its neighbours. It"
            " is hot if two tests agree: there is more than area and homes explain, so much that "
            "of random maps with as many incidents at most one in twenty has so strong a place "
            "anywhere; and more than the town's usual ups and downs (Getis-Ord Gi*, false "
            "discovery rate controlled). The p is the greater of both. A hot part of the town is "
            "told as places that reach at most 300 m from their strongest shape. Cold is judged "
            "likewise."
        ),
        legend="significance",
        parameters=parameters.GiStar,
        homes=("mixed", "households"),
    ),
    Analysis(
        key="getis_ord",
        title=N_("Hot and cold areas, settings by hand (Gi*)"),
        answers=N_("Which shapes or grid cells are hot with the neighbours I choose?"),
        method=N_(
            "The Getis-Ord Gi* of desktop GIS: the sum of a shape and its neighbours is compared "
            "with what as many shapes drawn anywhere would have, by the normal distribution or by "
            "permutation. Of the shapes called hot or cold at 95 %, about one in twenty is so by "
            "chance (false discovery rate). A map without any hotspot shows one more often than "
            "with “Hot and cold areas”, which judges the whole map at once."
        ),
        legend="significance",
        parameters=parameters.GetisOrd,
        homes=("rate", "smoothed"),
    ),
    Analysis(
        key="moran",
        title=N_("Clusters and outliers (local Moran)"),
        answers=N_(
            "Which places are high among high ones, and which stand out from their surroundings?"
        ),
        method=N_(
            "Each shape is compared with its neighbours. High among high is a cluster; high among "
            "low is a single spot, such as one address with many calls; low among high is a gap in"
            " a busy district. Of the shapes painted, about one in twenty is so by chance (false "
            "discovery rate 5 %). Grey shapes are no different from what chance brings together."
        ),
        legend="moran",
        parameters=parameters.Moran,
        homes=("rate", "smoothed"),
    ),
    Analysis(
        key="density",
        title=N_("Density of incidents"),
        answers=N_("Where are the densest places, whatever the borders of cells?"),
        method=N_(
            "Each incident is spread over its surroundings and all are added up (kernel density)."
            " Shown are the smallest areas that hold 10, 25, 50 and 75 % of the incidents. The "
            "picture describes; it does not test whether chance would look the same."
        ),
        legend="density",
        parameters=parameters.Density,
    ),
    Analysis(
        key="relative_risk",
        title=N_("More than its share (relative risk)"),
        answers=N_(
            "Where are incidents more frequent than households, other categories or another "
            "period would suggest?"
        ),
        method=N_(
            "Two densities are divided: that of the incidents and that of what they are compared "
            "with (kernel relative risk). 2 means that the place has twice its share; 1 is the "
            "mean of the whole area, so an increase everywhere does not show. Numbered are places "
            "where the excess is one that at most one in twenty maps has anywhere, if chance alone"
            " decides; p counts the whole map. Grey is where too little is known to divide."
        ),
        legend="risk",
        parameters=parameters.RelativeRisk,
        homes=("households",),
    ),
    Analysis(
        key="streets",
        title=N_("Streets with most incidents"),
        answers=N_("On which stretches of street does most happen?"),
        method=N_(
            "Each incident is moved to the nearest street and spread along the network, round the"
            " corners too. Shown are the shortest stretches that hold 10, 25, 50 and 75 % of the "
            "incidents on streets. The picture describes; it does not test."
        ),
        legend="streets",
        parameters=parameters.Streets,
    ),
    Analysis(
        key="scan",
        title=N_("Clusters in space and time"),
        answers=N_("Where and when were there more incidents than usual, for how long?"),
        method=N_(
            "Circles of all sizes and spans of all lengths are tried at every place, and the one "
            "with the greatest excess is compared with that of many random arrangements "
            "(Kulldorff's scan statistic). So p already counts how much was tried. Listed is what"
            " fewer than one in twenty of these have anywhere."
        ),
        legend="clusters",
        parameters=parameters.SpaceTimeScan,
        homes=("poisson",),
        categories=("own",),
    ),
    Analysis(
        key="st_dbscan",
        title=N_("Series of incidents"),
        answers=N_("Which incidents are close in place and time, as a series would be?"),
        method=N_(
            "Incidents that have many others near them, in place and in time at once, make a "
            "group, and groups that touch are one (ST-DBSCAN). Such a series ends when nothing "
            "follows; it describes and does not test."
        ),
        legend="groups",
        parameters=parameters.StDbscan,
    ),
    Analysis(
        key="near_repeat",
        title=N_("Near repeats"),
        answers=N_("After an incident, is another more likely nearby, how near and for how long?"),
        method=N_(
            "All pairs of incidents are counted by how far apart they are in place and time "
            "(Knox), and compared with the same incidents with their dates dealt anew. Where more"
            " pairs are close than chance gives, the risk is raised around each recent incident "
            "for a while."
        ),
        legend="near",
        parameters=parameters.NearRepeat,
        least=50,
    ),
    Analysis(
        key="emerging",
        title=N_("How hot areas develop"),
        answers=N_("Which hot areas are new, which last, which grow or fade?"),
        method=N_(
            "For each month every shape is tested with its neighbours, this month and the one "
            "before (Gi* in a space-time cube). From the months in which it was hot and from the "
            "trend of its scores (Mann-Kendall) follows one of 17 classes, as in desktop GIS."
        ),
        legend="emerging",
        parameters=parameters.Emerging,
        least=60,
    ),
    Analysis(
        key="comparison",
        title=N_("More or less than before"),
        answers=N_("Where did the number of incidents really change?"),
        method=N_(
            "The counts of both periods are compared in each shape by an exact test of two "
            "Poisson counts, with the false discovery rate controlled. Where so few happened that"
            " no change could be told, it says too few."
        ),
        legend="change",
        parameters=parameters.Comparison,
    ),
    Analysis(
        key="rhythm",
        title=N_("Hours, seasons and holidays"),
        answers=N_(
            "At which hours, on which days and in which months does most happen, and do "
            "holidays differ?"
        ),
        method=N_(
            "Each hour of the week is compared with an even spread over the days there were (exact "
            "binomial test, false discovery rate controlled), each month of the year with whole "
            "years, and each public holiday with the other days of the same weekday and month."
        ),
        legend="none",
        parameters=parameters.Rhythm,
        of_places=False,
    ),
    Analysis(
        key="forecast",
        title=N_("What to expect next"),
        answers=N_("Where is most to be expected next week or month, and can that be relied on?"),
        method=N_(
            "Expected is what density, incidents of the last weeks nearby and the season "
            "foretell, weighted so that the past is foretold best. The same forecasts are made "
            "for periods that are over and compared with naive ones: as many as last time, and as"
            " many as on average."
        ),
        legend="forecast",
        parameters=parameters.Forecast,
        least=100,
    ),
)
ANALYSES = MappingProxyType[str, Analysis]({each.key: each for each in _ENTRIES})
