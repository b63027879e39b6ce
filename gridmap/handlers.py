"""All kinds of jobs in one import, for the processes that do them; see `gridmap.jobs`."""

from gridmap.hotspots import running as hotspots
from gridmap.jobs.running import Handlers
from gridmap.patrols.plans import running as plans
from gridmap.patrols.streets import service as streets
from gridmap.patrols.tracks import running as tracks
from gridmap.reports.documents import running as documents
from gridmap.reports.evaluation import running as evaluation

HANDLERS: Handlers = {
    **hotspots.HANDLERS,
    **streets.HANDLERS,
    **plans.HANDLERS,
    **tracks.HANDLERS,
    **documents.HANDLERS,
    **evaluation.HANDLERS,
}
