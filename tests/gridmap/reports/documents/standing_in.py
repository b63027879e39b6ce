"""A composer so small that its figures are seen at once: the incidents of an area in a period."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span, clock
from gridmap.reports.documents.compose import Composed, Progress
from gridmap.reports.documents.order import Order
from gridmap.reports.structure import Document, Fact, Heading, Number, Paragraph, Picture, Source

#: The smallest PNG there is: one black pixel.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010100000000376ef9240000000a49444154789c6360000000"
    "020001485647d00000000049454e44ae426082"
)
STATEMENT = (
    "SELECT count(*) FROM incident WHERE community_id = :unit "
    "AND occurred_at >= :first AND occurred_at < :after"
)


def compose(
    session: Session, order: Order, progress: Progress, *, pictures: bool = True
) -> Composed:
    """Count the incidents, and say how many there are."""
    progress(0.5, "area")
    first, after = Span(order.first, order.last).moments(clock(session.connection()).zone)
    values = {"unit": order.unit_id, "first": first, "after": after}
    count = session.execute(text(STATEMENT), values).scalar_one()
    fact = Fact(key="incidents.count", value=count, source="incidents")
    told = {name: str(value) for name, value in values.items()}
    documents = {}
    for language, title, heading in (("zh", "半年报告", "警情"), ("en", "Report", "Incidents")):
        documents[language] = Document(
            language=language, title=title, area="幸福社区", period="2026", state="2026-07-01",
            blocks=(
                Heading(level=1, text=heading, section="incidents"),
                Paragraph(parts=("共 ", Number(shown=str(count), fact=fact.key), " 件")),
                Picture(key="map", caption="图", alt="一个点"),
                Heading(level=1, text="其他", section="other"),
                Paragraph(parts=("无",)),
            ),
            sources=(
                Source(key="incidents", title="事件", statement=STATEMENT, values=told,
                       records=count, endpoint="dashboard.records"),
            ),
        )  # fmt: skip
    drawn = {"map": PIXEL} if pictures else {}
    return Composed({fact.key: fact}, documents, drawn, {"newest": None})
