"""Categories and incidents as layers that are imported."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from geodata.problems import Problems
from gridmap.incidents.importing.linking import Links, prepare
from gridmap.incidents.importing.writing import link_frame, lock, lock_outlines, write_incidents
from gridmap.incidents.models import Category
from gridmap.territory.importing.layer import Choices, LayerImport
from gridmap.territory.importing.origin import Counts, Origin
from gridmap.territory.importing.positions import check_positions
from gridmap.territory.importing.staging import count, stage, upsert


def check_categories(
    session: Session, frame: pd.DataFrame, problems: Problems, choices: Choices
) -> pd.DataFrame:
    """Check that each parent is in the file or in the database, and no branch is a ring."""
    stored = set(session.scalars(select(Category.code)))
    parents = frame["parent_code"]
    unknown = (parents.notna() & ~parents.isin(stored | set(frame["code"]))).to_numpy(bool)
    problems.add_many(
        "parent-unknown",
        "row {row}: neither the file nor the database has a category {value}",
        frame.index.to_numpy()[unknown],
        field="parent_code",
        values=parents.to_numpy()[unknown],
    )
    above = dict(zip(frame["code"], parents, strict=True))
    top = frame["code"]
    for _ in range(len(frame)):
        top = top.map(above)
        if top.isna().all():
            break
    ring = top.notna().to_numpy(bool)
    problems.add_many(
        "parent-ring",
        "row {row}: the category {value} is above itself",
        frame.index.to_numpy()[ring],
        field="parent_code",
        values=frame["code"].to_numpy()[ring],
    )
    return frame


def write_categories(
    session: Session, frame: pd.DataFrame, origin: Origin, choices: Choices, write: bool = True
) -> Counts:
    """Insert categories or rename those with the same code, then hang them below their parents."""
    stage(
        session, "arriving", frame,
        {"code": "text", "parent_code": "text", "name": "text", "name_en": "text"},
    )  # fmt: skip
    states = upsert(session, "category", ["code", "name", "name_en"], "t.code = a.code", None)
    ids = category_ids(session)
    for parent, rows in frame[frame["parent_code"].notna()].groupby("parent_code"):
        session.execute(
            update(Category)
            .where(Category.code.in_(rows["code"].tolist()))
            .values(parent_id=ids[str(parent)])
        )
    choices.advance(len(frame))
    return count(states)


def category_ids(session: Session) -> dict[str, int]:
    """Return the id of each category by its code."""
    return dict(session.execute(select(Category.code, Category.id)).all())


def known_categories(session: Session, choices: Choices) -> Mapping[str, Collection[str]]:
    """Return the codes of the categories, unless unknown ones are to be added."""
    return {} if choices.new_categories else {"category": list(category_ids(session))}


def category_words(session: Session) -> dict[str, str]:
    """Return the names of the categories and the codes that they mean, where that is clear."""
    words: dict[str, set[str]] = {}
    for category in session.scalars(select(Category)):
        for name in (category.name, category.name_en):
            if name:
                words.setdefault(name, set()).add(category.code)
    return {name: codes.pop() for name, codes in words.items() if len(codes) == 1}


def check_incidents(
    session: Session, frame: pd.DataFrame, problems: Problems, choices: Choices
) -> pd.DataFrame:
    """Link the incidents and check those that lie nowhere; adds the links as columns."""
    if frame.empty:
        return frame
    lock(session)
    ids = category_ids(session)
    coded = pa.array(frame["category"], pa.large_string())
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    coded = coded.dictionary_encode()
    for code in coded.dictionary.to_pylist():
        if code not in ids:
            added = Category(code=code, name=code)
            session.add(added)
            session.flush()
            ids[code] = added.id
            problems.add(
                "category-new",
                "the category {name} is new and is added",
                field="category",
                severity="warning",
                name=code,
            )
    numbers = np.array([ids[code] for code in coded.dictionary.to_pylist()], dtype="int64")
    links = link_frame(session, frame)
    frame = frame.assign(
        category_id=numbers[coded.indices.to_numpy()],
        cell_id=links.cell_id,
        community_id=links.community_id,
    )
    nowhere = (links.cell_id == 0) & (links.community_id == 0)
    check_positions(
        session, frame["lon"].to_numpy(), frame["lat"].to_numpy(), frame.index.to_numpy(),
        problems, outside=nowhere, keep=choices.keep_outside,
    )  # fmt: skip
    uncelled = int(((links.cell_id == 0) & ~nowhere).sum())
    if uncelled:
        problems.add(
            "no-cell",
            "{count} rows lie in a community and in no cell; they are kept and listed by check",
            field="geometry",
            severity="warning",
            count=uncelled,
        )
    return frame


def store_incidents(
    session: Session, frame: pd.DataFrame, origin: Origin, choices: Choices, write: bool
) -> Counts:
    """Write checked incidents, see `write_incidents`."""
    links = Links(frame["cell_id"].to_numpy("int64"), frame["community_id"].to_numpy("int64"))
    return write_incidents(
        session, frame, origin, links=links, write=write, advance=choices.advance
    )


def prepare_incidents(session: Session) -> None:
    """Begin to work the outlines up while the columns of the file are still being read."""
    lock_outlines(session)
    prepare(session)


CATEGORIES = LayerImport("categories", check_categories, write_categories)
INCIDENTS = LayerImport(
    "incidents", check_incidents, store_incidents, known_categories, prepare_incidents
)
