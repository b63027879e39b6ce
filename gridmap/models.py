"""All models in one import, for the migrations and whoever needs the whole metadata."""

from gridmap.db import Base
from gridmap.exchange import change_log
from gridmap.exchange.agencies import models as agencies
from gridmap.hotspots import models as hotspots
from gridmap.incidents import models as incidents
from gridmap.incidents.cases import models as cases
from gridmap.jobs import models as jobs
from gridmap.patrols import models as patrols
from gridmap.patrols.plans import models as plans
from gridmap.patrols.shifts import models as shifts
from gridmap.patrols.tracks import models as tracks
from gridmap.reports.activities import models as activities
from gridmap.reports.documents import models as documents
from gridmap.reports.evaluation import models as evaluation
from gridmap.reports.indicators import models as indicators
from gridmap.territory import models as territory
from gridmap.workforce import models as workforce

__all__ = [
    "Base",
    "activities",
    "agencies",
    "cases",
    "change_log",
    "documents",
    "evaluation",
    "hotspots",
    "incidents",
    "indicators",
    "jobs",
    "patrols",
    "plans",
    "shifts",
    "territory",
    "tracks",
    "workforce",
]  # fmt: skip
