"""Cadres as a layer that is imported, from Excel as a rule."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geodata.problems import Problems
from gridmap.territory.importing.layer import Choices, LayerImport
from gridmap.territory.importing.origin import Counts, Origin
from gridmap.territory.importing.staging import stage
from gridmap.territory.models import Unit
from gridmap.workforce.models import Cadre
from gridmap.workforce.rights import Action, Actor, require

_TEXTS = ("external_id", "name", "phone", "unit_code", "kind", "skills", "languages")
# Several words in one field, however they are kept apart.
_LIST = r"regexp_split_to_array(nullif(btrim(a.{name}), ''), '\s*[、，,;；/]\s*|\s+')"


def check_cadres(
    session: Session, frame: pd.DataFrame, problems: Problems, choices: Choices
) -> pd.DataFrame:
    """Check that each home unit is known, by its code or a name that only one unit has.

    Who has no staff number is known by the phone number, or else by the name.
    """
    units = session.execute(select(Unit.code, Unit.name)).all()
    words = {code: code for code, _ in units}
    names = pd.Series([name for _, name in units])
    single = set(names[~names.duplicated(keep=False)])
    words |= {name: code for code, name in units if name in single}
    frame = frame.copy()
    frame["unit_code"] = frame["unit"].map(words)
    unknown = frame["unit_code"].isna().to_numpy(bool)
    problems.add_many(
        "unit-unknown",
        "row {row}: no unit has the code {value}, or several have it as their name",
        frame.index.to_numpy()[unknown],
        field="unit",
        values=frame["unit"].fillna("").to_numpy()[unknown],
    )
    # Rows without a number come with one that was made of all they say, so that it would change
    # with the phone number or the home unit.
    made = frame["external_id"].astype(str).str.fullmatch(r"h\d{15,}").to_numpy(bool)
    number = frame["external_id"].mask(made)
    frame["external_id"] = number.fillna(frame["phone"]).fillna(frame["name"]).astype(object)
    twice = frame["external_id"].duplicated(keep="first").to_numpy(bool)
    problems.add_many(
        "cadre-twice",
        "row {row}: the file names the cadre {value} twice",
        frame.index.to_numpy()[twice],
        field="external_id",
        values=frame["external_id"].to_numpy()[twice],
    )
    return frame


def write_cadres(
    session: Session, frame: pd.DataFrame, origin: Origin, choices: Choices, write: bool = True
) -> Counts:
    """Insert cadres or update those of the same source and number.

    A field that a file leaves empty keeps what is stored. Nothing is committed, and the caller
    takes back what a dry run wrote.
    """
    stage(session, "arriving", frame, dict.fromkeys(_TEXTS, "text"))
    written = session.execute(
        text(f"""
            INSERT INTO cadre AS t (source, external_id, import_id, name, phone, kind, unit_id,
                                    skills, languages)
            SELECT :source, a.external_id, :import_id, a.name, coalesce(a.phone, ''),
                   coalesce(a.kind, 'full_time'), u.id,
                   coalesce({_LIST.format(name="skills")}, '{{}}'),
                   coalesce({_LIST.format(name="languages")}, '{{}}')
            FROM arriving a JOIN unit u ON u.code = a.unit_code
            ON CONFLICT (source, external_id) DO UPDATE SET
                name = excluded.name, unit_id = excluded.unit_id, import_id = excluded.import_id,
                phone = coalesce(nullif(excluded.phone, ''), t.phone),
                kind = CASE WHEN :kinds THEN excluded.kind ELSE t.kind END,
                skills = coalesce(nullif(excluded.skills, '{{}}'), t.skills),
                languages = coalesce(nullif(excluded.languages, '{{}}'), t.languages)
            WHERE (t.name, t.unit_id, t.phone, t.skills, t.languages) IS DISTINCT FROM
                  (excluded.name, excluded.unit_id, coalesce(nullif(excluded.phone, ''), t.phone),
                   coalesce(nullif(excluded.skills, '{{}}'), t.skills),
                   coalesce(nullif(excluded.languages, '{{}}'), t.languages))
               OR (:kinds AND t.kind <> excluded.kind)
            RETURNING xmax = 0 AS fresh
        """),  # noqa: S608 - All parts are written by us.
        {
            "source": origin.source,
            "import_id": origin.import_id,
            "kinds": "kind" in frame and bool(frame["kind"].notna().any()),
        },
    ).all()
    inserted = sum(row.fresh for row in written)
    choices.advance(len(frame))
    return Counts(inserted, len(written) - inserted, len(frame) - len(written))


CADRES = LayerImport("cadres", check_cadres, write_cadres)


def cadres_for(actor: Actor) -> LayerImport:
    """Return the import as a person may do it: no row reaches beyond the person's area.

    A row whose unit lies elsewhere, or whose number a cadre of elsewhere has, is an error.

    Raises
    ------
    ForbiddenError
        If the person may not manage cadres.
    """
    require(actor, Action.MANAGE_CADRES)
    units = actor.units
    if units is None:
        return CADRES

    def check(
        session: Session, frame: pd.DataFrame, problems: Problems, choices: Choices
    ) -> pd.DataFrame:
        frame = check_cadres(session, frame, problems, choices)
        own = set(session.scalars(select(Unit.code).where(Unit.id.in_(units))))
        foreign = (frame["unit_code"].notna() & ~frame["unit_code"].isin(own)).to_numpy(bool)
        problems.add_many(
            "unit-elsewhere",
            "row {row}: the unit {value} does not lie in your area",
            frame.index.to_numpy()[foreign],
            field="unit",
            values=frame["unit"].fillna("").to_numpy()[foreign],
        )
        taken = set(
            session.scalars(
                select(Cadre.external_id).where(
                    Cadre.source == choices.source,
                    Cadre.external_id.in_(frame["external_id"].dropna().tolist()),
                    Cadre.unit_id.not_in(units),
                )
            )
        )
        used = frame["external_id"].isin(taken).to_numpy(bool)
        problems.add_many(
            "cadre-elsewhere",
            "row {row}: a cadre outside your area has the number {value}",
            frame.index.to_numpy()[used],
            field="external_id",
            values=frame["external_id"].to_numpy()[used],
        )
        return frame

    return LayerImport("cadres", check, write_cadres)
