"""Progress of long work: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from geodata.messages import Message
from gridmap.i18n import preferred_language, translate

#: Work that ends sooner shows nothing.
QUIET_S = 2.0
#: Seconds between two lines where the output is no terminal.
INTERVAL_S = 10.0

Advance = Callable[[int], None]


@contextmanager
def track(title: Message | str, total: int | None = None) -> Iterator[Advance]:
    """Show how a piece of work goes, with its rate and the time left.

    Parameters
    ----------
    title : Message or str
        What is being done. It is shown in the language of the environment.
    total : int, optional
        How many steps there are, where that is known.

    Yields
    ------
    Advance
        A function that takes the number of steps done since its last call.
    """
    said = translate(title, preferred_language())
    reporter = _Bar if sys.stderr.isatty() else _Lines
    report = reporter(said, total)
    try:
        yield report.advance
    finally:
        report.close()


class _Bar:
    """A bar that appears when the work turns out to take long."""

    def __init__(self, title: str, total: int | None) -> None:
        self._began = time.monotonic()
        self._shown = False
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            _Rate(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task(title, total=total)

    def advance(self, steps: int) -> None:
        self._progress.advance(self._task, steps)
        if not self._shown and time.monotonic() - self._began > QUIET_S / 2:
            self._shown = True
            self._progress.start()

    def close(self) -> None:
        if self._shown:
            self._progress.stop()


class _Rate(ProgressColumn):
    """Steps in a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "")


class _Lines:
    """A line at intervals, for logs."""

    def __init__(self, title: str, total: int | None) -> None:
        self._title, self._total, self._done = title, total, 0
        self._began = time.monotonic()
        self._next = self._began + QUIET_S

    def advance(self, steps: int) -> None:
        self._done += steps
        now = time.monotonic()
        if now >= self._next:
            self._next = now + INTERVAL_S
            print(self._line(now - self._began), file=sys.stderr, flush=True)

    def close(self) -> None:
        elapsed = time.monotonic() - self._began
        if elapsed >= QUIET_S:
            print(f"{self._title}: {elapsed:.1f} s", file=sys.stderr, flush=True)

    def _line(self, elapsed: float) -> str:
        rate = self._done / elapsed
        line = f"{self._title}: {self._done:,}"
        if self._total:
            line += f" / {self._total:,} ({self._done / self._total:.0%})"
        line += f", {rate:,.0f}/s"
        if self._total and rate:
            line += f", {max(0, self._total - self._done) / rate:.0f} s"
        return line
