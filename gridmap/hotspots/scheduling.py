"""What schedules need, the next period, and what becomes of the runs they made."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from gridmap.hotspots.models import HotspotRun
from gridmap.workforce import audit
from gridmap.workforce.rights import SYSTEM


def next_period(first: date, last: date, today: date) -> tuple[date, date]:
    """Return as long a period that ends with the last full month.

    Whole months stay whole months: two months up to the end of April, made again in June, are
    April and May.
    """
    end = today.replace(day=1) - timedelta(days=1)
    whole = first.day == 1 and (last + timedelta(days=1)).day == 1
    if not whole:
        return end - (last - first), end
    months = (last.year - first.year) * 12 + last.month - first.month
    index = end.year * 12 + end.month - 1 - months
    return date(index // 12, index % 12 + 1, 1), end


def prune_runs(session: Session, days: int) -> int:
    """Delete the runs that schedules made so long ago, but for shared ones and those kept.

    Those stay, too, that bear a schedule of their own. Returns how many are deleted.
    """
    before = datetime.now(UTC) - timedelta(days=days)
    gone = session.scalars(
        delete(HotspotRun)
        .where(HotspotRun.scheduled, ~HotspotRun.shared, ~HotspotRun.kept)
        .where(HotspotRun.schedule_id.is_(None), HotspotRun.asked_at < before)
        .returning(HotspotRun.id)
    ).all()
    if gone:
        told = {"runs": len(gone), "days": days}
        audit.record(session, SYSTEM, "hotspots.prune", ("hotspot_run", None), told)
    return len(gone)
