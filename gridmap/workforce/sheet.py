"""The responsibility sheet 责任书 of an assignment, from a Word template the town can edit."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Literal

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.i18n import translate
from gridmap.word_templates import filled, saved
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require
from gridmap.workforce.sheet_template import default_template
from gridmap.workforce.words import ROLE_TITLES

Form = Literal["docx", "pdf", "html"]
#: What a template can name, with values to try one.
EXAMPLE: dict[str, str] = {
    "cell_code": "990101001002001",
    "cell_name": "第一网格",
    "community": "幸福社区",
    "town": "桃源街道",
    "cadre_name": "王芳",
    "cadre_phone": "10000000000",
    "role": "网格员",
    "starts": "2026-01-01",
    "ends": "2026-12-31",
    "buildings": "24",
    "households": "420",
    "residents": "1130",
    "area_km2": "0.12",
    "today": "2026-01-01",
}


def template_path(data_dir: Path) -> Path:
    """Return where a town's own template lies."""
    return data_dir / "templates" / "responsibility.docx"


def read_template(data_dir: Path, language: str) -> bytes:
    """Return the town's template, or the default one in a language."""
    path = template_path(data_dir)
    return path.read_bytes() if path.is_file() else default_template(language)


def store_template(session: Session, actor: Actor, data_dir: Path, content: bytes) -> None:
    """Store a template after trying it.

    Raises
    ------
    ForbiddenError
        If the actor may not change settings.
    GridmapError
        If it is no Word file, or names what does not exist.
    """
    require(actor, Action.MANAGE_SETTINGS)
    fill_template(content, EXAMPLE)
    path = template_path(data_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    audit.record(
        session, actor, "template.change", ("template", None), after={"bytes": len(content)}
    )
    # Who prints a sheet meanwhile gets the old template or the new one, never a half.
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    os.replace(file.name, path)


def remove_template(session: Session, actor: Actor, data_dir: Path) -> None:
    """Go back to the default template; raises `ForbiddenError` as `store_template`."""
    require(actor, Action.MANAGE_SETTINGS)
    audit.record(session, actor, "template.reset", ("template", None))
    template_path(data_dir).unlink(missing_ok=True)


def make_sheet(
    session: Session,
    actor: Actor,
    data_dir: Path,
    assignment_id: int,
    day: date,
    language: str,
    form: Form = "docx",
) -> tuple[bytes, Row[Any]]:
    """Make the sheet of an assignment, and tell the log of the export.

    Parameters
    ----------
    session : Session
    actor : Actor
    data_dir : Path
        Where the town's template lies, if it has one.
    assignment_id : int
    day : date
        The date on the sheet.
    language : {"zh", "en"}
        Of the default template, the role and the dates.
    form : {"docx", "pdf", "html"}
        As what the caller hands it out, for the log.

    Returns
    -------
    content : bytes
        A Word file.
    facts : row
        What it tells, among others the ``code`` of the cell, with ``cell_id``, ``community_id`` and
        ``cadre_id``.

    Raises
    ------
    NotFoundError
        If the assignment's cell does not lie in the actor's area.
    GridmapError
        If the town's template cannot be used.
    """
    require(actor, Action.EXPORT)
    row = _facts(session, actor, assignment_id)
    values = _values(row, day, language)
    content = fill_template(read_template(data_dir, language), values)
    told = {"sheet": row.code, "form": form}
    audit.record(session, actor, "export", ("assignment", assignment_id), after=told)
    return content, row


def fill_template(template: bytes, values: dict[str, str]) -> bytes:
    """Fill a template.

    Raises
    ------
    GridmapError
        As `gridmap.word_templates.filled`.
    """
    return saved(filled(template, values))


def _facts(session: Session, actor: Actor, assignment_id: int) -> Row[Any]:
    row = session.execute(
        text(f"""
            SELECT c.id AS cell_id, c.community_id, a.cadre_id,
                   c.code, c.name AS cell, u.name AS community, u.name_en AS community_en,
                   p.name AS town, p.name_en AS town_en,
                   d.name AS cadre, d.phone, a.role, a.starts, a.ends,
                   (SELECT count(*) FROM building WHERE cell_id = c.id) AS buildings,
                   coalesce(n.households, 0) AS households, coalesce(n.residents, 0) AS residents,
                   c.area_m2 / 1e6 AS area
            FROM assignment a JOIN cell c ON c.id = a.cell_id JOIN cadre d ON d.id = a.cadre_id
            JOIN unit u ON u.id = c.community_id LEFT JOIN unit p ON p.id = u.parent_id
            CROSS JOIN LATERAL (
                SELECT sum(households)::bigint AS households, sum(residents)::bigint AS residents
                FROM people_count WHERE cell_id = c.id
            ) n
            WHERE a.id = :id AND {actor.scope.condition("c.community_id")}
        """),  # noqa: S608 - The condition is written by us.
        {"id": assignment_id, **actor.scope.params},
    ).one_or_none()
    if row is None:
        raise NotFoundError(Message("There is no assignment with the id {id}.", id=assignment_id))
    return row


def _values(row: Row[Any], day: date, language: str) -> dict[str, str]:
    last = None if row.ends is None else row.ends - timedelta(days=1)
    english = language == "en"
    return {
        "cell_code": row.code,
        "cell_name": row.cell,
        "community": (english and row.community_en) or row.community,
        "town": (english and row.town_en) or row.town or "",
        "cadre_name": row.cadre,
        "cadre_phone": row.phone,
        "role": translate(ROLE_TITLES[row.role], language),
        "starts": _say_day(row.starts, language),
        "ends": translate(Message("further notice"), language)
        if last is None
        else _say_day(last, language),
        "buildings": str(row.buildings),
        "households": str(row.households),
        "residents": str(row.residents),
        "area_km2": f"{row.area:.2f}",
        "today": _say_day(day, language),
    }


def _say_day(day: date, language: str) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if language == "zh" else day.isoformat()
