from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from gridmap.jobs.processes import beside
from gridmap.jobs.service import ask
from gridmap.models import jobs as tables
from gridmap.settings import Settings


def put(engine: Engine) -> int:
    """Ask for a run that there is none of, which a process cancels."""
    with Session(engine) as session, session.begin():
        return ask(session, "hotspots", {"run": 0}).id


def state(engine: Engine, job_id: int) -> str:
    with Session(engine) as session:
        job = session.get(tables.Job, job_id)
        assert job is not None
        return job.state


def wait(engine: Engine, job_id: int) -> str:
    for _ in range(600):
        if (found := state(engine, job_id)) not in ("waiting", "running"):
            return found
        time.sleep(0.1)
    return state(engine, job_id)


def children(process: int) -> set[int]:
    """Return the numbers of what the threads of a process have started."""
    lists = Path(f"/proc/{process}/task").glob("*/children")
    return {int(number) for each in lists for number in each.read_text().split()}


def there(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


def test_processes_begin_with_the_server_are_renewed_and_end_with_it(
    own_engine: Engine, own_database_url: str, tmp_path: Path
) -> None:
    settings = Settings(database_url=own_database_url, data_dir=tmp_path, job_processes=1)
    before = children(os.getpid())
    with beside(settings) as process:
        assert process is not None
        assert wait(own_engine, put(own_engine)) == "cancelled"
        # One for jobs, one for packages, one for tracks; all are killed as a full memory would.
        killed = children(process)
        assert len(killed) == 3
        for each in killed:
            os.kill(each, signal.SIGKILL)
        assert wait(own_engine, put(own_engine)) == "cancelled"
        renewed = children(process)
        assert not renewed & killed
        # What keeps them is killed, and is itself started again.
        os.kill(process, signal.SIGKILL)
        for _ in range(300):
            if not any(map(there, renewed)):
                break
            time.sleep(0.1)
        assert wait(own_engine, put(own_engine)) == "cancelled"
        [keeper] = children(os.getpid()) - before
        last = children(keeper)
        assert len(last) == 3
    assert not any(map(there, {process, keeper} | renewed | last))
    assert state(own_engine, put(own_engine)) == "waiting"


def test_no_process_where_none_is_wanted(own_database_url: str) -> None:
    with beside(Settings(database_url=own_database_url, job_processes=0)) as process:
        assert process is None
