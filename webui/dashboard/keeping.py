"""Counts that are kept for a moment: fifty people who look at a county cost as much as one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from flask import current_app

_MOST = 200
_Kept = TypeVar("_Kept")
_lock = threading.Lock()
#: Held by the thread that makes what others wait for, by key.
_making: dict[Hashable, threading.Lock] = {}


def kept(key: Hashable, seconds: float, make: Callable[[], _Kept]) -> _Kept:
    """Return what was made for a key within so many seconds, or make it now.

    Who asks for what another is making waits for it, so that it is made once.
    """
    if seconds <= 0:
        return make()
    store: dict[Hashable, tuple[float, Any]] = current_app.extensions.setdefault(
        "gridmap.dashboard", {}
    )
    found = _fresh(store, key, seconds)
    if found is not None:
        return cast(_Kept, found[1])
    with _lock:
        alone = _making.setdefault(key, threading.Lock())
    with alone:
        found = _fresh(store, key, seconds)
        if found is not None:
            return cast(_Kept, found[1])
        try:
            made = make()
            _put(store, key, made)
        finally:
            with _lock:
                _making.pop(key, None)
    return made


def _fresh(
    store: dict[Hashable, tuple[float, Any]], key: Hashable, seconds: float
) -> tuple[float, Any] | None:
    found = store.get(key)
    return found if found is not None and time.monotonic() - found[0] < seconds else None


def _put(store: dict[Hashable, tuple[float, Any]], key: Hashable, made: object) -> None:
    with _lock:
        if len(store) >= _MOST:
            for old in sorted(store, key=lambda one: store[one][0])[: _MOST // 4]:
                del store[old]
        store[key] = time.monotonic(), made
