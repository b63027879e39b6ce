import io
import stat
import subprocess
import tarfile
from pathlib import Path

import psycopg
import pytest

from gridmap.archive import BackupError
from gridmap.backup import Target, backup
from gridmap.db import make_engine, make_sessions
from gridmap.embedded import Cluster
from gridmap.errors import ConflictError
from gridmap.exchange.packages.signing import Signer, signing_key_path
from gridmap.incidents.cases.photos import photo_folder
from gridmap.postgres import find_tool
from gridmap.reports.documents.template_files import template_paths
from gridmap.settings import Settings
from gridmap.workforce.sheet import template_path
from tests.gridmap.incidents.conftest import open_desk
from tests.gridmap.incidents.test_case_photos import jpeg

ADD_UNIT = (
    "INSERT INTO unit (code, level, name, name_en)"
    " VALUES ('110101000000', 'county', '东城', 'Dongcheng')"
)


def here(folder: Path) -> Settings:
    """Settings of a machine whose data lie in the folder."""
    return Settings(data_dir=folder / "data")


def with_photo(url: str, settings: Settings) -> list[Path]:
    """Take in a case with a photo, and return the files of it."""
    engine = make_engine(url)
    with make_sessions(engine).begin() as session:
        open_desk(session, photo_folder(settings)).take(photos=[jpeg()])
    engine.dispose()
    return sorted(path for path in photo_folder(settings).rglob("*") if path.is_file())


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
    assert backup(own_database_url, file, here(tmp_path)).size == file.stat().st_size
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with psycopg.connect(own_database_url) as connection:
        connection.execute("DELETE FROM unit")

    Target(own_database_url, cluster).restore(file, here(tmp_path))

    assert count_units(own_database_url) == 1
    with psycopg.connect(own_database_url) as connection:
        owner = "SELECT DISTINCT tableowner FROM pg_tables WHERE tablename = 'unit'"
        assert connection.execute(owner).fetchone() == ("gridmap",)


def test_a_file_is_replaced_only_when_told_so(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "town.backup"
    file.write_text("precious")
    with pytest.raises(ConflictError, match="exists"):
        backup(database_url, file, here(tmp_path))
    assert file.read_text() == "precious"
    backup(database_url, file, here(tmp_path), replace=True)
    assert tarfile.is_tarfile(file)
    assert [path.name for path in tmp_path.iterdir()] == ["town.backup"]


def test_a_folder_that_is_not_there_is_named(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="No such file or directory"):
        backup(database_url, tmp_path / "absent" / "town.backup", here(tmp_path))


@pytest.mark.parametrize("cut", [0, 5, 2000])
def test_a_damaged_backup_changes_nothing(
    cluster: Cluster, own_database_url: str, tmp_path: Path, cut: int
) -> None:
    with psycopg.connect(own_database_url) as connection:
        connection.execute(ADD_UNIT)
    file = tmp_path / "town.backup"
    backup(own_database_url, file, here(tmp_path))
    whole = file.read_bytes()
    # The end of a tar is made of zeros, without which it is whole all the same.
    file.write_bytes(whole[:cut] if cut else whole.rstrip(b"\0")[:-200])
    with pytest.raises(BackupError):
        Target(own_database_url, cluster).restore(file, here(tmp_path))
    assert count_units(own_database_url) == 1
    with cluster.connect() as server:
        drafts = server.execute("SELECT 1 FROM pg_database WHERE datname LIKE '%\\_restore\\_%'")
        assert drafts.fetchall() == []


def test_an_empty_database_has_no_data(cluster: Cluster, own_database_url: str) -> None:
    assert Target(own_database_url, cluster).has_data()
    with psycopg.connect(own_database_url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
    assert not Target(own_database_url, cluster).has_data()


def with_report(url: str) -> int:
    """Put a report with a picture and a file into the database."""
    with psycopg.connect(url) as connection:
        (report,) = connection.execute(
            """
            WITH county AS (
                INSERT INTO unit (code, level, name) VALUES ('880001000000', 'county', '县')
                RETURNING id
            ) INSERT INTO report (kind, unit_id, first, last, state, frozen_at, documents)
            SELECT 'year', id, '2025-01-01', '2025-12-31', 'published', now(),
                   '{"zh": {"title": "报告"}}' FROM county RETURNING id
            """
        ).fetchone() or (0,)
        connection.execute(
            "INSERT INTO report_picture (report_id, key, content) VALUES (%s, 'map', %s)",
            [report, b"png"],
        )
        connection.execute(
            "INSERT INTO report_file (report_id, language, form, edition, content) "
            "VALUES (%s, 'zh', 'pdf', 0, %s)",
            [report, b"pdf"],
        )
    return int(report)


def test_photos_and_the_template_come_back_on_another_machine(
    cluster: Cluster, own_database_url: str, tmp_path: Path
) -> None:
    old, new = here(tmp_path / "old"), here(tmp_path / "new")
    photos = with_photo(own_database_url, old)
    assert len(photos) == 2
    # Of another database in the same folder, which has its own backup.
    (photos[0].parent / "stranger.jpg").write_bytes(b"x")
    template_path(old.data_dir).parent.mkdir()
    template_path(old.data_dir).write_bytes(b"ours")
    for inside, path in template_paths(old.data_dir).items():
        path.write_bytes(inside.encode())
    report = with_report(own_database_url)
    packed = backup(own_database_url, tmp_path / "town.backup", old)
    assert (packed.photos, packed.missing) == (1, 0)

    target = Target(own_database_url, cluster)
    assert target.restore(tmp_path / "town.backup", new) == 1

    for photo in photos:
        again = photo_folder(new) / photo.relative_to(photo_folder(old))
        assert again.read_bytes() == photo.read_bytes()
        assert stat.S_IMODE(again.stat().st_mode) == 0o600
    assert template_path(new.data_dir).read_bytes() == b"ours"
    kept = {inside: path.read_bytes() for inside, path in template_paths(new.data_dir).items()}
    assert kept == {inside: inside.encode() for inside in
                    ("templates/report-zh.docx", "templates/report-en.docx")}  # fmt: skip
    with psycopg.connect(own_database_url) as connection:
        row = connection.execute(
            "SELECT r.documents, p.content, f.content FROM report r "
            "JOIN report_picture p ON p.report_id = r.id JOIN report_file f ON f.report_id = r.id "
            "WHERE r.id = %s",
            [report],
        ).fetchone()
    assert row == ({"zh": {"title": "报告"}}, b"png", b"pdf")
    assert not list(photo_folder(new).rglob("stranger.jpg"))
    # What is there already stays as it is.
    assert target.restore(tmp_path / "town.backup", new) == 0


def test_the_key_that_signs_packages_comes_back_for_its_owner_alone(
    cluster: Cluster, own_database_url: str, tmp_path: Path
) -> None:
    old, new = here(tmp_path / "old"), here(tmp_path / "new")
    file = tmp_path / "town.backup"
    signature, public = Signer(old.data_dir).sign(b"SHA256SUMS"), Signer(old.data_dir).public_key()
    backup(own_database_url, file, old)
    with tarfile.open(file) as tar:
        assert tar.getmember("package-signing-key.pem").mode == 0o600
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    target = Target(own_database_url, cluster)
    target.restore(file, new)
    key = signing_key_path(new.data_dir)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    # Partners verify what is signed here with the key they have.
    assert Signer(new.data_dir).public_key() == public
    assert Signer(new.data_dir).sign(b"SHA256SUMS") == signature

    # Another one that was there is not lost, and one that is the same is left alone.
    key.unlink()
    other = Signer(new.data_dir).public_key()
    target.restore(file, new)
    target.restore(file, new)
    assert Signer(new.data_dir).public_key() == public
    [former] = set(key.parent.glob(f"{key.stem}.*.pem")) - {key}
    assert stat.S_IMODE(former.stat().st_mode) == 0o600
    former.replace(key)
    assert Signer(new.data_dir).public_key() == other


def test_a_backup_without_a_signing_key_leaves_the_one_that_is_there(
    cluster: Cluster, own_database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "town.backup"
    backup(own_database_url, file, here(tmp_path / "old"))
    with tarfile.open(file) as tar:
        assert tar.getnames() == ["database.dump"]
    public = Signer(here(tmp_path).data_dir).public_key()
    Target(own_database_url, cluster).restore(file, here(tmp_path))
    assert Signer(here(tmp_path).data_dir).public_key() == public


def test_a_photo_whose_file_is_gone_is_counted(own_database_url: str, tmp_path: Path) -> None:
    photo = with_photo(own_database_url, here(tmp_path))[0]
    photo.unlink()
    packed = backup(own_database_url, tmp_path / "town.backup", here(tmp_path))
    assert (packed.photos, packed.missing) == (0, 1)


def test_a_backup_of_an_early_version_is_read(
    cluster: Cluster, own_database_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(own_database_url) as connection:
        connection.execute(ADD_UNIT)
    file = tmp_path / "early.backup"
    subprocess.run(
        [find_tool("pg_dump"), "--format=custom", "--no-owner", "--no-privileges",
         f"--file={file}", f"--dbname={own_database_url}"], check=True,
    )  # fmt: skip
    assert file.read_bytes().startswith(b"PGDMP")
    assert Target(own_database_url, cluster).restore(file, here(tmp_path)) == 0
    assert count_units(own_database_url) == 1


def test_where_the_swap_fails_no_photo_is_left(
    cluster: Cluster, own_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_photo(own_database_url, here(tmp_path / "old"))
    backup(own_database_url, tmp_path / "town.backup", here(tmp_path / "old"))

    def fail(target: Target, draft: str) -> None:
        raise OSError("no server")

    monkeypatch.setattr(Target, "_swap", fail)
    with pytest.raises(OSError, match="no server"):
        Target(own_database_url, cluster).restore(tmp_path / "town.backup", here(tmp_path))
    assert not [path for path in photo_folder(here(tmp_path)).rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["../evil.jpg", "/etc/evil", "photos/ab/../../evil.jpg"])
def test_a_tar_with_other_paths_is_refused(
    cluster: Cluster, own_database_url: str, tmp_path: Path, name: str
) -> None:
    file = tmp_path / "town.backup"
    backup(own_database_url, file, here(tmp_path))
    with tarfile.open(file, "a") as tar:
        member = tarfile.TarInfo(name)
        member.size = 4
        tar.addfile(member, io.BytesIO(b"evil"))
    with pytest.raises(BackupError, match="no backup"):
        Target(own_database_url, cluster).restore(file, here(tmp_path))
    assert not (tmp_path / "data").exists()
