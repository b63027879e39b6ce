import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gridmap.embedded import SOCKET_PATH_LIMIT, Cluster, EmbeddedError, socket_folder
from gridmap.postgres import PORT, PostgresMissingError, find_server


@pytest.fixture(scope="module")
def initialised() -> Iterator[Path]:
    """A cluster's folder that each test copies, which is quicker than making one."""
    with scratch() as folder:
        with Cluster(folder / "cluster", durable=False).running():
            pass
        yield folder / "cluster"


@pytest.fixture
def folder(initialised: Path) -> Iterator[Path]:
    with scratch() as parent:
        subprocess.run(["cp", "-a", str(initialised), str(parent / "cluster")], check=True)
        yield parent / "cluster"


class scratch:  # noqa: N801 - It is used as a function.
    """A folder that the unprivileged account can enter, unlike pytest's own under root."""

    def __enter__(self) -> Path:
        self.path = Path(tempfile.mkdtemp(prefix="gridmap-"))
        self.path.chmod(0o755)
        return self.path

    def __exit__(self, *error: object) -> None:
        shutil.rmtree(self.path)


def postmaster(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().split("\n")[0])


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_copy_of_the_process_that_ends_does_not_stop_it(folder: Path) -> None:
    cluster = Cluster(folder, durable=False)
    running = cluster.running()
    running.__enter__()
    copy = os.fork()
    if copy == 0:
        # As a worker of the web server does, which is renewed now and then.
        running.__exit__(None, None, None)
        os._exit(0)
    assert os.waitpid(copy, 0)[1] == 0
    assert cluster.is_running()
    running.__exit__(None, None, None)
    assert not cluster.is_running()


def test_it_runs_as_no_root_and_listens_on_no_port(folder: Path) -> None:
    with Cluster(folder, durable=False).running() as cluster:
        assert Path(f"/proc/{postmaster(cluster)}").stat().st_uid != 0
        with cluster.connect() as server:
            assert server.execute("SHOW listen_addresses").fetchone() == ("",)
        assert cluster.directory.stat().st_mode & 0o077 == 0
        assert cluster.socket.stat().st_mode & 0o077 == 0


def test_what_was_stored_is_there_after_a_restart(folder: Path) -> None:
    cluster = Cluster(folder, durable=False)
    with cluster.running():
        url = cluster.ensure_database("kept")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    assert not cluster.is_running()
    with cluster.running():
        assert cluster.ensure_database("kept") == url
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_the_program_is_no_superuser(folder: Path) -> None:
    with (
        Cluster(folder, durable=False).running() as cluster,
        psycopg.connect(cluster.ensure_database("gridmap")) as connection,
    ):
        assert connection.execute("SHOW is_superuser").fetchone() == ("off",)
        assert connection.execute("SELECT postgis_version() IS NOT NULL").fetchone() == (True,)


def test_the_last_user_stops_it(folder: Path) -> None:
    first, second = Cluster(folder, durable=False), Cluster(folder, durable=False)
    with first.running():
        with second.running():
            process = postmaster(first)
        assert alive(process)
        assert first.is_running()
    assert not alive(process)


def test_another_process_keeps_it_running(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from gridmap.embedded import Cluster\n"
        "with Cluster(Path(sys.argv[1]), durable=False).running():\n"
        "    print('up', flush=True); sys.stdin.read()"
    )
    cluster = Cluster(folder, durable=False)
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "up\n"
        with cluster.running():
            process = postmaster(cluster)
        assert cluster.is_running()
        # Killed at once it leaves the server, and the next start takes that over.
        other.kill()
        other.wait()
        assert cluster.is_running()
        with cluster.running():
            assert postmaster(cluster) == process
    assert not cluster.is_running()


def test_ctrl_c_stops_it(folder: Path) -> None:
    program = (
        "import signal, sys, time; from pathlib import Path\n"
        "from gridmap.embedded import Cluster\n"
        # What a shell starts in the background ignores Ctrl-C.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with Cluster(Path(sys.argv[1]), durable=False).running():\n"
        "    print('up', flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "up\n"
        os.killpg(other.pid, signal.SIGINT)
        other.wait()
    assert not Cluster(folder).is_running()


def test_it_starts_after_a_crash(folder: Path) -> None:
    cluster = Cluster(folder, durable=False)
    with cluster.running():
        os.kill(postmaster(cluster), signal.SIGKILL)
        while cluster.is_running():
            time.sleep(0.05)
    with cluster.running():
        assert cluster.is_running()


def test_a_lock_file_whose_number_belongs_to_another_process_is_no_hindrance(folder: Path) -> None:
    cluster = Cluster(folder, durable=False)
    # The number of a process that is alive and works elsewhere, as after a container's restart.
    (folder / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    with cluster.running():
        assert postmaster(cluster) != os.getpid()


def test_a_folder_of_another_version_is_named(folder: Path) -> None:
    (folder / "data" / "PG_VERSION").write_text("9\n")
    with (
        pytest.raises(PostgresMissingError, match="made by PostgreSQL 9, which is not installed"),
        Cluster(folder).running(),
    ):
        pass


def test_a_half_made_data_folder_is_made_anew() -> None:
    with scratch() as parent:
        (parent / "cluster" / "data.draft").mkdir(parents=True)
        (parent / "cluster" / "data.draft" / "PG_VERSION").write_text("15\n")
        if os.geteuid() == 0:
            shutil.chown(parent / "cluster", "postgres", "postgres")
        with Cluster(parent / "cluster", durable=False).running() as cluster:
            assert cluster.is_running()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as another account")
def test_a_folder_the_account_cannot_reach_is_refused() -> None:
    with scratch() as parent:
        parent.chmod(0o700)
        with (
            pytest.raises(EmbeddedError, match=f"may not enter {parent}"),
            Cluster(parent / "deep" / "cluster").running(),
        ):
            pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as another account")
def test_a_strict_umask_does_not_shut_the_account_out() -> None:
    former = os.umask(0o077)
    try:
        with scratch() as parent, Cluster(parent / "deep" / "cluster").running() as cluster:
            assert cluster.is_running()
    finally:
        os.umask(former)


def test_a_long_path_puts_the_socket_elsewhere() -> None:
    with scratch() as parent:
        deep = parent / ("d" * 60) / ("e" * 60)
        assert len(os.fsencode(socket_folder(deep) / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT
        with Cluster(deep, durable=False).running() as cluster:
            assert cluster.is_running()
        shutil.rmtree(cluster.socket)


def test_a_short_path_holds_the_socket() -> None:
    assert socket_folder(Path("/var/lib/gridmap")) == Path("/var/lib/gridmap/socket")


def test_without_postgresql_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gridmap.postgres.installed", dict)
    with pytest.raises(PostgresMissingError, match="postgresql-postgis"):
        find_server()
