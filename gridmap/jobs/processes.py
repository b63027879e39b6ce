"""The processes that do the jobs: started with the server, renewed when one dies, ended with it."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.context import ForkProcess
from types import FrameType

from gridmap.settings import Settings

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
#: A process that dies at once is not started again at once.
_PAUSE_S = 5.0
Work = Callable[[threading.Event], None]


@contextmanager
def beside(settings: Settings) -> Iterator[int | None]:
    """Run ``gridmap jobs`` beside what is in the block, and start it again should it end.

    Parameters
    ----------
    settings : Settings
        With the database's URL.

    Yields
    ------
    int or None
        The number of the process, if there is to be one.
    """
    if settings.job_processes == 0:
        yield None
        return
    environment = {
        **os.environ,
        "GRIDMAP_DATABASE_URL": settings.database_url or "",
        "GRIDMAP_DATA_DIR": str(settings.data_dir),
        "GRIDMAP_JOB_PROCESSES": str(settings.job_processes),
    }
    command = [sys.executable, "-m", "gridmap", "jobs", "--parent", str(os.getpid())]
    process, own, over = _begin(command, environment), os.getpid(), threading.Event()

    def renew() -> None:
        nonlocal process
        while not over.wait(_LOOK_EVERY_S):
            code = process.poll()
            if code is not None and not over.wait(_PAUSE_S):
                log.error("What does the jobs ended with %s and is started again", code)
                process = _begin(command, environment)

    watcher = threading.Thread(target=renew, daemon=True)
    watcher.start()
    try:
        yield process.pid
    finally:
        # The server's workers leave the block too, as copies of this process.
        if os.getpid() == own:
            over.set()
            watcher.join()
            _end(process)


def _begin(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # Ctrl-C reaches all processes of the terminal's group, and these end when they are told to.
    return subprocess.Popen(command, env=environment, start_new_session=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def keep_running(works: Sequence[Work], parent: int | None) -> None:
    """Run each work in a process of its own until a signal, or until the parent is gone.

    Parameters
    ----------
    works : sequence of callables
        Each is given an event that tells it to end.
    parent : int, optional
        The number of the process that started this one.
    """
    end = threading.Event()

    def leave(number: int, frame: FrameType | None) -> None:
        end.set()

    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, leave)
    own = os.getpid()
    processes = [_start(work, own) for work in works]
    started = [time.monotonic()] * len(works)
    # The libraries are loaded once, and no thread runs here, so that dividing is safe.
    while not end.wait(_LOOK_EVERY_S):
        if parent is not None and os.getppid() != parent:
            break
        for number, process in enumerate(processes):
            if process.exitcode is not None and time.monotonic() > started[number] + _PAUSE_S:
                log.error("A process for jobs ended with %s and is renewed", process.exitcode)
                processes[number], started[number] = _start(works[number], own), time.monotonic()
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(timeout=10)
        if process.is_alive():
            process.kill()
            process.join()


def _start(work: Work, parent: int) -> ForkProcess:
    process = multiprocessing.get_context("fork").Process(target=_run, args=(work, parent))
    process.start()
    return process


def _run(work: Work, parent: int) -> None:
    end = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: end.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch_parent() -> None:
        while not end.wait(_LOOK_EVERY_S):
            if os.getppid() != parent:
                end.set()

    threading.Thread(target=watch_parent, daemon=True).start()
    work(end)
