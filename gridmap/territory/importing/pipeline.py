"""The one way of every file into the database."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from geodata.files.table import RawTable
from geodata.mapping import Mapping, apply
from geodata.problems import Problems
from gridmap.errors import guarded
from gridmap.territory.importing.layer import Choices, LayerImport
from gridmap.territory.importing.origin import Counts, Origin
from gridmap.territory.importing.report import Report, left_out
from gridmap.territory.models import ImportRun


def import_table(
    session: Session,
    layer: LayerImport,
    raw: RawTable,
    mapping: Mapping,
    choices: Choices,
) -> Report:
    """Import a file that was read: map it, check it and store it.

    With a bad row nothing is written, unless the choice is to skip bad rows.

    Parameters
    ----------
    session : Session
        Nothing is committed; where nothing is to be written, nothing is left in it.
    layer : LayerImport
    raw : RawTable
        From `geodata.files.reading.read`.
    mapping : Mapping
    choices : Choices

    Returns
    -------
    Report

    Raises
    ------
    GeodataError
        If the file as a whole cannot be used, or a guard of the database refuses it.
    """
    if layer.prepare is not None:
        layer.prepare(session)
    frame, problems = apply(raw, mapping, allowed=layer.known(session, choices))
    # Not a union, which sorts a million numbers for the sake of a few.
    read = len(raw.rows) + int((~np.isin(problems.bad_rows(), raw.rows)).sum())
    run = _run(layer.name, raw, mapping)
    return store_frame(session, layer, frame, problems, read, run, choices)


def store_frame(
    session: Session,
    layer: LayerImport,
    frame: pd.DataFrame,
    problems: Problems,
    read: int,
    run: ImportRun,
    choices: Choices,
) -> Report:
    """Check a canonical frame against the database and store it.

    Parameters
    ----------
    session, layer, choices
        See `import_table`.
    frame : pandas.DataFrame
        Canonical, indexed by source row.
    problems : Problems
        What was found so far; more is added.
    read : int
        How many rows the file has.
    run : ImportRun
        Without a report yet.

    Returns
    -------
    Report
    """
    apart = session.begin_nested()
    try:
        frame = layer.check(session, frame, problems, choices)
        bad = problems.bad_rows()
        errors = problems.severities()["error"] > 0
        apply_it = not choices.dry_run and (choices.skip_bad or not errors)
        good = frame[~frame.index.isin(bad)] if bad.size else frame
        if apply_it:
            session.add(run)
            session.flush()
        counts = Counts()
        if len(good):
            with guarded():
                counts = layer.write(
                    session, good, Origin(choices.source, run.id), choices, apply_it
                )
        reversals, repeated = left_out(problems)
        report = Report(layer.name, read, counts, reversals, repeated, apply_it, problems)
        run.report = report.as_dict()
        if apply_it:
            session.flush()
            apart.commit()
        else:
            apart.rollback()
    except BaseException:
        if apart.is_active:
            apart.rollback()
        raise
    return report


def _run(layer: str, raw: RawTable, mapping: Mapping) -> ImportRun:
    return ImportRun(
        layer=layer,
        file_name=raw.path.name if raw.path else "",
        sha256=digest(raw.path),
        coordinate_system=mapping.location.system or raw.system or "",
        mapping=mapping.model_dump(exclude_defaults=True),
        report={},
    )


def digest(path: Path | None) -> str:
    """Return the SHA-256 of a file, or of the files of a folder one after another."""
    found = hashlib.sha256()
    if path is not None:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                with file.open("rb") as stream:
                    while part := stream.read(1 << 20):
                        found.update(part)
    return found.hexdigest()
