import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from gridmap.cli import cli


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("GRIDMAP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GRIDMAP_LANG", "en")


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def run_program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gridmap", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_command_has_a_help() -> None:
    with click.Context(cli) as context:
        for name in cli.list_commands(context):
            command = cli.get_command(context, name)
            assert command is not None
            assert command.help, name
            options = [each for each in command.params if isinstance(each, click.Option)]
            assert all(option.help for option in options), name


def test_a_database_is_migrated_examined_and_backed_up(
    own_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", own_database_url)
    monkeypatch.setenv("GRIDMAP_DATA_DIR", str(tmp_path / "unused"))
    assert run("migrate").output == "The database is up to date.\n"
    assert "PostGIS 3" in run("doctor").output
    file = tmp_path / "town.backup"
    assert run("backup", str(file)).exit_code == 0
    again = run("backup", str(file))
    assert again.exit_code == 1
    assert again.output == f"Error: {file} exists: name another file, or add --force\n"
    # With an external database nothing embedded is made.
    assert not (tmp_path / "unused").exists()


def test_restoring_over_data_asks_first(
    own_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", own_database_url)
    file = tmp_path / "town.backup"
    run("backup", str(file))
    refused = CliRunner().invoke(cli, ["restore", str(file)], input="n\n")
    assert refused.exit_code == 1
    assert "holds data" in refused.output


def test_serve_asks_for_a_key() -> None:
    refused = run("serve")
    assert refused.exit_code == 1
    assert "GRIDMAP_SECRET_KEY is not set" in refused.output


def test_a_port_in_use_is_named_before_anything_starts(
    busy_port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRIDMAP_DATA_DIR", str(tmp_path / "data"))
    refused = run("demo", "--port", str(busy_port))
    assert refused.exit_code == 1
    assert f"make demo PORT={busy_port + 1}" in refused.output
    assert not (tmp_path / "data").exists()


def test_a_database_that_does_not_answer_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    refused = run("migrate")
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: the database cannot be used: ")


def test_the_wrong_call_and_the_wrong_setting_exit_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("no-such-command").exit_code == 2
    monkeypatch.setenv("GRIDMAP_PORT", "many")
    refused = run("migrate")
    assert refused.exit_code == 2
    assert "GRIDMAP_PORT cannot be used" in refused.output


def test_the_program_speaks_chinese() -> None:
    told = run_program("demo", "--help", GRIDMAP_LANG="zh")
    assert told.returncode == 0
    assert "生成示范城镇并启动服务。" in told.stdout
    assert "选项" in told.stdout
    refused = run_program("no-such-command", GRIDMAP_LANG="zh")
    assert refused.returncode == 2
    assert "没有命令" in refused.stderr
