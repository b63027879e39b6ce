"""A group of an evaluation as a file: CSV that Excel opens, or a workbook."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue
from openpyxl import Workbook
from sqlalchemy import Row

from geodata.files.excel import MEDIA_TYPE as EXCEL
from geodata.files.formulas import harmless
from geodata.messages import N_
from gridmap.reports.evaluation import queries
from gridmap.reports.evaluation.scoring import RANKED
from gridmap.reports.evaluation.service import SUBJECT
from gridmap.reports.evaluation.weights import parts_of
from gridmap.reports.measures import MEASURES
from gridmap.workforce import audit
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import writing
from webui.evaluation import words
from webui.evaluation.blueprint import blueprint
from webui.evaluation.single import Opened, open_for
from webui.language import named, say

_HEAD = (N_("Code"), N_("Name"), N_("Unit"), N_("Rank"), N_("Score"), N_("Change"),
         N_("Weight with data"))  # fmt: skip


@blueprint.get("/<int:evaluation_id>/members.<any(csv, xlsx):kind>")
@needs(Action.EXPORT)
def export(evaluation_id: int, kind: str) -> ResponseReturnValue:
    """Send all members of the choice with values and counts; the export is recorded."""
    with writing() as session:
        it = open_for(session, evaluation_id)
        rows = list(queries.all_members(session, it.reader, evaluation_id, it.former, it.wanted))
        lines = [_head(it), *(_line(it, row) for row in rows)]
        after = {"format": kind, "group": it.wanted.group, "rows": len(rows)}
        audit.record(session, current_actor(), "export", (SUBJECT, evaluation_id), None, after)
    content = _csv(lines) if kind == "csv" else _workbook(lines)
    answer = Response(content, mimetype="text/csv" if kind == "csv" else EXCEL)
    name = f"evaluation-{it.evaluation.kind}-{it.evaluation.first:%Y-%m}-{it.wanted.group}.{kind}"
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer


def _head(it: Opened) -> list[object]:
    titles = [say(title) for title in (*_HEAD, words.DUE[it.wanted.group])]
    for key in parts_of(it.version, it.wanted.group):
        measure = MEASURES[key]
        unit = f" ({measure.unit})" if measure.unit else ""
        titles.append(f"{say(measure.title)}{unit}")
        titles.append(say(measure.numerator))
        if measure.denominator:
            titles.append(say(measure.denominator))
    return list(titles)


def _line(it: Opened, row: Row[Any]) -> list[object]:
    few = row.due < it.version.few
    rank = say(words.FEW) if few and it.wanted.group in RANKED else row.rank
    line: list[object] = [
        row.code, harmless(named(row)), harmless(named(row, "community")), rank, row.score,
        row.change, row.weight, row.due,
    ]  # fmt: skip
    for key in parts_of(it.version, it.wanted.group):
        part = row.parts.get(key) or {"v": None, "n": None, "d": None}
        line.append(None if part["v"] is None else float(part["v"]))
        line.append(part["n"])
        if MEASURES[key].denominator:
            line.append(part["d"])
    return line


def _csv(lines: Sequence[Sequence[object]]) -> Iterator[str]:
    out = io.StringIO()
    # The mark tells Excel that the text is UTF-8.
    out.write("\ufeff")
    csv.writer(out).writerows(lines)
    yield out.getvalue()


def _workbook(lines: Sequence[Sequence[object]]) -> bytes:
    book = Workbook(write_only=True)
    table = book.create_sheet(say(N_("Evaluation")))
    table.freeze_panes = "C2"
    for line in lines:
        table.append(list(line))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
