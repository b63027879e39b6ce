"""Work in numbered pieces on all cores, its results in order.

Threads suffice, since the compiled kernels release the interpreter's lock; unlike the threads of
numba's own `prange` they can be started from several jobs at once.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")

#: Seconds after which whoever waits is told so, that a cancelled analysis ends soon.
BEAT_S = 0.4


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(
    work: Callable[[int], T],
    count: int,
    beat: Callable[[], None] | None = None,
    threads: int | None = None,
) -> Generator[T, None, None]:
    """Yield `work(0)`, `work(1)`, ... `work(count - 1)`, worked out ahead on all cores.

    Whoever stops asking stops the work; what is under way is finished and dropped.

    Parameters
    ----------
    work
        Is called from several threads at once; its result must not depend on which.
    count
        How many pieces there are.
    beat
        Is called about twice a second while a piece is waited for.
    threads
        How many at once, otherwise one for each core.
    """
    ahead: deque[Future[T]] = deque()
    threads = threads or cores()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for number in range(count):
                ahead.append(pool.submit(work, number))
                if len(ahead) > 2 * threads:
                    yield _awaited(ahead.popleft(), beat)
            while ahead:
                yield _awaited(ahead.popleft(), beat)
        finally:
            for future in ahead:
                future.cancel()


def _awaited(future: Future[T], beat: Callable[[], None] | None) -> T:
    while beat and not wait([future], BEAT_S).done:
        beat()
    return future.result()
