import stat
from pathlib import Path

import psycopg
import pytest

from gridmap.backup import BackupError, Target, backup
from gridmap.embedded import Cluster
from gridmap.errors import ConflictError

ADD_UNIT = (
    "INSERT INTO unit (code, level, name, name_en)"
    " VALUES ('110101000000', 'county', '东城', 'Dongcheng')"
)


def count_units(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM unit").fetchone()
    assert row is not None
    return int(row[0])


def test_what_was_backed_up_comes_back(
    cluster: Cluster, own_database_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(own_database_url) as connection:
        connection.execute(ADD_UNIT)
    file = tmp_path / "town.backup"
    assert backup(own_database_url, file) == file.stat().st_size
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with psycopg.connect(own_database_url) as connection:
        connection.execute("DELETE FROM unit")

    Target(own_database_url, cluster).restore(file)

    assert count_units(own_database_url) == 1
    with psycopg.connect(own_database_url) as connection:
        owner = "SELECT DISTINCT tableowner FROM pg_tables WHERE tablename = 'unit'"
        assert connection.execute(owner).fetchone() == ("gridmap",)


def test_a_file_is_replaced_only_when_told_so(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "town.backup"
    file.write_text("precious")
    with pytest.raises(ConflictError, match="exists"):
        backup(database_url, file)
    assert file.read_text() == "precious"
    backup(database_url, file, replace=True)
    assert file.read_bytes().startswith(b"PGDMP")
    assert [path.name for path in tmp_path.iterdir()] == ["town.backup"]


def test_a_folder_that_is_not_there_is_named(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="No such file or directory"):
        backup(database_url, tmp_path / "absent" / "town.backup")


@pytest.mark.parametrize("cut", [0, 5, 2000])
def test_a_damaged_backup_changes_nothing(
    cluster: Cluster, own_database_url: str, tmp_path: Path, cut: int
) -> None:
    with psycopg.connect(own_database_url) as connection:
        connection.execute(ADD_UNIT)
    file = tmp_path / "town.backup"
    backup(own_database_url, file)
    file.write_bytes(file.read_bytes()[: cut or -200])
    with pytest.raises(BackupError):
        Target(own_database_url, cluster).restore(file)
    assert count_units(own_database_url) == 1
    with cluster.connect() as server:
        drafts = server.execute("SELECT 1 FROM pg_database WHERE datname LIKE '%\\_restore\\_%'")
        assert drafts.fetchall() == []


def test_an_empty_database_has_no_data(cluster: Cluster, own_database_url: str) -> None:
    assert Target(own_database_url, cluster).has_data()
    with psycopg.connect(own_database_url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
    assert not Target(own_database_url, cluster).has_data()
