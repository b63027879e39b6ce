"""Counts that are kept for a moment: fifty people who look at a county cost as much as one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from flask import current_app

_MOST = 200
_Kept = TypeVar("_Kept")
_lock = threading.Lock()


def kept(key: Hashable, seconds: float, make: Callable[[], _Kept]) -> _Kept:
    """Return what was made for a key within so many seconds, or make it now."""
    store: dict[Hashable, tuple[float, Any]] = current_app.extensions.setdefault(
        "gridmap.dashboard", {}
    )
    found = store.get(key)
    if found is not None and time.monotonic() - found[0] < seconds:
        value: _Kept = found[1]
        return value
    made = make()
    with _lock:
        if len(store) >= _MOST:
            oldest = sorted(store, key=lambda one: store[one][0])[: _MOST // 4]
            for old in oldest:
                del store[old]
        store[key] = time.monotonic(), made
    return made
