from __future__ import annotations

from datetime import date

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session

from gridmap.cli import cli
from gridmap.errors import ConflictError, GridmapError, NotFoundError
from gridmap.territory.preferences import change_setting, territory_settings
from tests.gridmap.conftest import Field


def test_a_tolerance_changes(session: Session) -> None:
    change_setting(session, "overlap_tolerance_m2", "2.5")
    assert territory_settings(session).overlap_tolerance_m2 == 2.5


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("overlap_tolerance_m2", "viel", GridmapError),
        ("overlap_tolerance_m2", "-1", GridmapError),
        ("outside_tolerance_m2", "nan", GridmapError),
        ("time_zone", "Asia/Shangai", GridmapError),
        ("tolerance", "1", NotFoundError),
    ],
)
def test_what_cannot_be_is_refused(
    session: Session, name: str, value: str, error: type[GridmapError]
) -> None:
    with pytest.raises(error):
        change_setting(session, name, value)


def test_the_time_zone_stays_once_there_are_incidents(field: Field) -> None:
    change_setting(field.session, "time_zone", "America/Chicago")
    field.incident(1, 1, date(2025, 6, 1))
    change_setting(field.session, "time_zone", "America/Chicago")
    with pytest.raises(ConflictError, match="cannot change any more"):
        change_setting(field.session, "time_zone", "Asia/Shanghai")


def test_the_command_shows_and_changes(
    own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", own_database_url)
    monkeypatch.setenv("GRIDMAP_LANG", "en")
    changed = CliRunner().invoke(cli, ["setting", "time_zone", "Asia/Urumqi"])
    assert changed.exit_code == 0
    assert "time_zone = Asia/Urumqi" in CliRunner().invoke(cli, ["setting"]).output
    assert CliRunner().invoke(cli, ["setting", "time_zone"]).exit_code == 2
