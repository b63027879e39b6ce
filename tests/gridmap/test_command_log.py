"""What is done by the command line stands in the log, under the account that did it."""

from __future__ import annotations

import os
import pwd
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from gridmap.backup import Target
from gridmap.cli import cli
from gridmap.cli.work import operator
from gridmap.embedded import Cluster
from tests.gridmap.small_town import import_all, write_files


@pytest.fixture
def url(own_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", own_database_url)
    monkeypatch.setenv("GRIDMAP_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("GRIDMAP_LANG", "en")
    return own_database_url


def run(*arguments: str | Path, given: str = "") -> None:
    result = CliRunner().invoke(cli, [str(each) for each in arguments], input=given)
    assert result.exit_code == 0, result.output


def entries(url: str, act: str) -> list[tuple[str, str, Any, Any]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT user_name, subject, before, after FROM audit_log WHERE act = %s ORDER BY id",
            [act],
        ).fetchall()


def test_imports_exports_and_settings_are_told(url: str, tmp_path: Path) -> None:
    import_all(write_files(tmp_path))
    run("export", "cells", tmp_path / "out.geojson")
    run("sketch", "cells", tmp_path / "sketch.gpkg", "--target", "5000")
    run("check", "--geojson", tmp_path / "found.geojson", "--only", "overlap")
    run("setting", "overlap_tolerance_m2", "2")
    run("setting")

    me = f"os {pwd.getpwuid(os.getuid()).pw_name}"
    imported = {subject: after for _, subject, _, after in entries(url, "import")}
    assert imported["cell"]["inserted"] == 2
    assert imported["cell"]["file"].startswith("cells")
    [(who, subject, _, after)] = entries(url, "export")
    assert who == me
    assert subject == "cell"
    assert (after["file"], after["rows"]) == ("out.geojson", 2)
    assert len(entries(url, "export.sketch")) == 1
    assert len(entries(url, "export.check")) == 1
    [(who, _, before, after)] = entries(url, "settings.territory")
    assert who == me
    assert (before, after) == ({"overlap_tolerance_m2": 1.0}, {"overlap_tolerance_m2": 2.0})


def test_a_dry_run_tells_nothing(url: str, tmp_path: Path) -> None:
    files = write_files(tmp_path)
    run("import", "units", files["units"], "--yes", "--dry-run")
    assert entries(url, "import") == []


def test_users_backups_and_restores_are_told(
    url: str, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("user", "add", "boss", given="nine-green-lanterns\n")
    run("user", "reset", "boss", given="ten-green-lanterns\n")
    run("backup", tmp_path / "town.backup")
    # Only a superuser sets PostGIS up, and the tests' cluster has one.
    target = nullcontext(Target(url, cluster))
    monkeypatch.setattr("gridmap.cli.upkeep.copies.restoring", lambda settings: target)
    run("restore", tmp_path / "town.backup", "--yes")
    me = operator().name
    assert [who for who, *_ in entries(url, "user.create")] == [me]
    assert [who for who, *_ in entries(url, "user.reset_password")] == [me]
    [(who, subject, _, after)] = entries(url, "restore")
    assert (who, subject, after) == (me, "database", {"file": "town.backup"})
    # The backup was read from before it was told of.
    assert entries(url, "backup") == []


def test_who_is_behind_sudo_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "mei")
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert operator().name == "os mei (sudo)"
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert operator().name == "os 54321"
