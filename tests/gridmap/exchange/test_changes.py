"""The feed of changes: its order, and what it tells to whom."""

from __future__ import annotations

import pandas as pd
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from gridmap.errors import ForbiddenError, GridmapError, NotFoundError
from gridmap.exchange.collections import COLLECTIONS
from gridmap.exchange.grant import Grant, LayerGrant
from gridmap.incidents.importing import write_incidents
from gridmap.territory.importing.origin import Origin
from tests.gridmap.exchange.copying import (
    Copy,
    add_incident,
    do,
    parse,
    read,
    settle,
)


def ids_of(engine: Engine, table: str, where: str = "true") -> set[int]:
    with engine.connect() as connection:
        return set(connection.scalars(text(f"SELECT id FROM {table} WHERE {where}")))


def log(connection: Connection) -> list[tuple[object, ...]]:
    rows = connection.execute(
        text("SELECT layer, last_id - first_id + 1, departed FROM layer_change ORDER BY seq")
    )
    return [tuple(row) for row in rows]


def test_a_copy_begins_whole_and_goes_on_with_what_changes(
    town: Engine, readers: dict[str, Grant]
) -> None:
    with town.begin() as connection:
        added = [add_incident(connection) for _ in range(5)]
    copy = Copy(town, "incidents", readers["all"], limit=2)
    assert sorted(copy.poll()) == added
    assert copy.rows[added[0]]["properties"]["community_code"] == "990101001001"
    assert copy.rows[added[0]]["geometry"] == {"type": "Point", "coordinates": [110.005, 30.005]}
    page = read(town, "incidents", readers["all"], copy.cursor)
    assert (page.features, page.deleted, page.more) == (b"", (), False)

    with town.begin() as connection:
        new = add_incident(connection)
    settle(town)
    do(town, f"UPDATE incident SET source = 'hotline' WHERE id = {added[0]}",
       f"DELETE FROM incident WHERE id = {added[1]}")  # fmt: skip
    page = read(town, "incidents", readers["all"], copy.cursor)
    assert [feature["id"] for feature in parse(page)] == [added[0], new]
    assert page.deleted == (added[1],)
    assert copy.poll()[added[0]]["properties"]["source"] == "hotline"
    assert set(copy.rows) == ids_of(town, "incident")


def test_an_end_that_became_known_is_a_change(town: Engine, readers: dict[str, Grant]) -> None:
    with town.begin() as connection:
        number = add_incident(connection)
    copy = Copy(town, "incidents", readers["all"])
    assert copy.poll()[number]["properties"]["ended_at"] is None
    do(town, f"UPDATE incident SET ended_at = occurred_at + interval '1 hour' WHERE id = {number}")
    assert copy.poll()[number]["properties"]["ended_at"] is not None


def test_a_change_that_commits_late_is_not_missed(town: Engine, readers: dict[str, Grant]) -> None:
    copy = Copy(town, "places", readers["all"])
    copy.poll()
    # Incidents would do as well, but their writers take turns for the map's counts.
    place = "INSERT INTO place (name, geom) VALUES ('x', 'SRID=4326;POINT(110.005 30.005)')"
    with town.connect() as slow:
        slow.execute(text(place))
        with town.begin() as quick:
            quick.execute(text(place))
        # What came later waits, so that the reader's place in the log stays one number.
        assert copy.poll(settled=False) == {}
        slow.commit()
    assert set(copy.poll()) == ids_of(town, "place")
    assert len(copy.rows) == 2


def test_what_was_rolled_back_never_shows(town: Engine, readers: dict[str, Grant]) -> None:
    copy = Copy(town, "incidents", readers["all"])
    copy.poll()
    with town.connect() as connection:
        add_incident(connection)
        with connection.begin_nested() as inner:
            add_incident(connection)
            inner.rollback()
        connection.rollback()
    assert copy.poll() == {}


def test_the_borders_of_area_and_period_make_additions_and_deletions(
    town: Engine, readers: dict[str, Grant]
) -> None:
    with town.begin() as connection:
        one = add_incident(connection, 0.015)
    copies = {name: Copy(town, "incidents", grant) for name, grant in readers.items()}

    def holders() -> set[str]:
        return {name for name, copy in copies.items() if copy.poll()}

    assert holders() == {"all", "steps", "middle", "march", "both"}
    do(town, "UPDATE incident SET geom = ST_SetSRID(ST_MakePoint(110.005, 30.005), 4326)")
    assert holders() == {"all", "steps", "march"}
    do(town, "UPDATE incident SET occurred_at = '2025-03-31T16:00:00Z'")
    assert holders() == {"all", "steps"}
    do(town, "UPDATE incident SET geom = ST_SetSRID(ST_MakePoint(110.015, 30.005), 4326)")
    assert holders() == {"all", "steps", "middle"}
    do(town, "UPDATE incident SET occurred_at = '2025-02-28T16:00:00Z'")
    assert holders() == {"all", "steps", "middle", "march", "both"}
    do(town, f"DELETE FROM incident WHERE id = {one}")
    assert holders() == set()


def test_what_happens_elsewhere_is_not_told(town: Engine, readers: dict[str, Grant]) -> None:
    copies = [Copy(town, key, readers["middle"]) for key in ("incidents", "places", "cells")]
    for copy in copies:
        copy.poll()
    do(town,
       "INSERT INTO place (name, geom) VALUES ('x', 'SRID=4326;POINT(110.005 30.005)')",
       "UPDATE place SET geom = 'SRID=4326;POINT(110.025 30.005)'",
       "UPDATE cell SET name = 'x' WHERE code LIKE '990101001001%'",
       "DELETE FROM place", "DELETE FROM cell WHERE code = '990101001003004'")  # fmt: skip
    with town.begin() as connection:
        foreign = add_incident(connection, 0.005)
    do(town, f"DELETE FROM incident WHERE id = {foreign}")
    for copy in copies:
        page = read(town, copy.key, copy.grant, copy.cursor)
        assert (page.features, page.deleted, page.more) == (b"", (), False)


def test_the_log_of_runs_is_short_and_paged(town: Engine, readers: dict[str, Grant]) -> None:
    copies = [Copy(town, "places", readers[name], limit=7) for name in ("all", "middle")]
    for copy in copies:
        copy.poll()
    do(town, "TRUNCATE layer_change", """
        INSERT INTO place (name, geom)
        SELECT n, ST_SetSRID(ST_MakePoint(110 + 0.03 * n / 60, 30.005), 4326)
        FROM generate_series(1, 59) AS n""")  # fmt: skip
    with town.connect() as connection:
        assert log(connection) == [("places", 59, False)]
    for copy in copies:
        seen = set()
        while copy.step():
            assert not seen & set(copy.rows) - seen
            seen |= set(copy.rows)
        everywhere = copy.grant.scope.communities is None
        where = "true" if everywhere else f"community_id = {copy.grant.scope.communities[0]}"
        assert set(copy.rows) == ids_of(town, "place", where)
    assert 15 < len(copies[1].rows) < 25
    # All of them move into the middle, and then go.
    do(town, "UPDATE place SET geom = 'SRID=4326;POINT(110.015 30.005)'")
    assert [len(copy.poll()) for copy in copies] == [59, 59]
    do(town, "TRUNCATE layer_change", "DELETE FROM place")
    with town.connect() as connection:
        assert log(connection) == [("places", 59, True)]
    assert [len(copy.poll()) for copy in copies] == [0, 0]
    assert [copy.started for copy in copies] == [1, 1]


def test_an_import_of_a_new_year_is_a_row_of_the_log(
    town: Engine, readers: dict[str, Grant]
) -> None:
    copies = [Copy(town, "incidents", readers[name], limit=400) for name in ("all", "middle")]
    for copy in copies:
        copy.poll()
    frame = pd.DataFrame({
        "external_id": [str(number) for number in range(1500)],
        "category_id": 1,
        "occurred_at": pd.date_range("2025-03-01", periods=1500, freq="min", tz="UTC"),
        "lon": [110 + 0.03 * (number + 0.5) / 1500 for number in range(1500)],
        "lat": 30.005,
    })  # fmt: skip
    with Session(town) as session, session.begin():
        session.execute(text("TRUNCATE layer_change"))
        write_incidents(session, frame, Origin("import"))
        assert log(session.connection()) == [("incidents", 1500, False)]
    assert [len(copy.poll()) for copy in copies] == [1500, 500]
    with Session(town) as session, session.begin():
        # Of what is sent again only what differs is told.
        write_incidents(
            session, frame.assign(lon=frame["lon"].clip(upper=110.02)), Origin("import")
        )
    settle(town)
    page = read(town, "incidents", readers["all"], copies[0].cursor, limit=1000)
    assert page.count == 500
    assert [copy.started for copy in copies] == [1, 1]


def test_counts_steps_and_contacts_reach_only_who_was_given_them(
    town: Engine, readers: dict[str, Grant]
) -> None:
    do(town, "INSERT INTO building (name, geom) VALUES ('b', 'SRID=4326;POINT(110.005 30.005)')")
    with town.begin() as connection:
        add_incident(connection)
    names = LayerGrant(frozenset({"name"}))
    copies = {
        "counts": Copy(town, "buildings", readers["all"]),
        "names": Copy(town, "buildings", Grant("names", {"buildings": names})),
        "steps": Copy(town, "incidents", readers["steps"]),
        "all": Copy(town, "incidents", readers["all"]),
    }

    def told() -> set[str]:
        pages = {name: read(town, c.key, c.grant, c.cursor) for name, c in copies.items()}
        for copy in copies.values():
            copy.poll()
        return {name for name, page in pages.items() if page.count}

    told()
    do(town, """INSERT INTO building_count (building_id, month, households)
                SELECT id, '2025-01-01', 7 FROM building""")  # fmt: skip
    assert told() == {"counts"}
    assert next(iter(copies["counts"].rows.values()))["properties"]["households"] == 7
    do(town, "INSERT INTO case_rules (deadlines) VALUES ('{}')", """
        INSERT INTO incident_case (incident_id, occurred_at, category_version_id, rules_id,
            description, reporter, step, opened_at, step_entered_at, due_at)
        SELECT i.id, i.occurred_at, v.id, r.id, 'noise', 'hotline', 'filing', now(), now(), now()
        FROM incident i JOIN category_version v USING (category_id), case_rules r""")  # fmt: skip
    assert told() == {"steps"}
    do(town, "INSERT INTO case_contact (case_id, name) SELECT id, 'Li' FROM incident_case")
    assert told() == {"steps"}
    step = next(iter(copies["steps"].rows.values()))["properties"]
    assert (step["step"], step["reporter"]) == ("filing", "Li")
    do(town, "DELETE FROM case_contact", "DELETE FROM building_count")
    assert told() == {"counts", "steps"}
    assert next(iter(copies["steps"].rows.values()))["properties"]["reporter"] is None


@pytest.mark.parametrize("limit", [1, 1000])
def test_codes_of_others_follow(town: Engine, readers: dict[str, Grant], limit: int) -> None:
    with town.begin() as connection:
        add_incident(connection, 0.006)
        add_incident(connection, 0.016)
    copy = Copy(town, "incidents", readers["all"], limit)

    def codes() -> list[tuple[str, ...]]:
        columns = ("category", "cell_code", "community_code")
        return sorted(tuple(row["properties"][c] for c in columns) for row in copy.poll().values())

    assert codes() == [("A", f"99010100100{n}003", f"99010100100{n}") for n in (1, 2)]
    do(town, "UPDATE category SET code = 'A1' WHERE code = 'A'",
       "UPDATE cell SET code = 'c' WHERE code = '990101001001003'",
       "UPDATE unit SET code = '990101001009' WHERE code = '990101001002'")  # fmt: skip
    assert codes() == [
        ("A1", "990101001002003", "990101001009"),
        ("A1", "c", "990101001001"),
    ]
    units = Copy(town, "units", readers["all"], limit)
    units.poll()
    do(town, "UPDATE unit SET code = '990101009000' WHERE level = 'town'")
    parents = [row["properties"]["parent_code"] for row in units.poll().values()]
    assert parents.count("990101009000") == 3


def test_what_cannot_be_followed_is_refused(engine: Engine) -> None:
    grant = Grant("x", {"incidents": LayerGrant(snap="cell")})
    with pytest.raises(NotFoundError):
        read(engine, "places", grant)
    with pytest.raises(ForbiddenError):
        read(engine, "incidents", grant)
    for limit in (0, 10_001):
        with pytest.raises(GridmapError):
            read(engine, "places", Grant("x", {"places": LayerGrant()}), limit=limit)


def test_small_counts_and_who_answers_today_stay_out(town: Engine) -> None:
    do(town, "INSERT INTO building (name, geom) VALUES ('b', 'SRID=4326;POINT(110.005 30.005)')",
       """INSERT INTO building_count (building_id, month, households, residents)
          SELECT id, '2025-01-01', 4, 11 FROM building""")  # fmt: skip
    every = {key: LayerGrant(frozenset(one.by_name)) for key, one in COLLECTIONS.items()}
    grant = Grant("x", every, smallest_count=5)
    [building] = parse(read(town, "buildings", grant))
    # Which counts are hidden depends on those of neighbours, so the feed tells none of them.
    assert not {"households", "residents"} & building["properties"].keys()
    whole = parse(read(town, "buildings", Grant("x", every)))
    assert whole[0]["properties"]["residents"] == 11
    cell = parse(read(town, "cells", grant))[0]
    assert "responsible" not in cell["properties"]
