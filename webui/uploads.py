"""Files that were uploaded and reported on, kept until somebody confirms them."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from pathlib import Path

from flask import current_app
from werkzeug.datastructures import FileStorage

from geodata.messages import Message
from gridmap.errors import GridmapError
from webui.access import current_actor

_KEY = re.compile(r"[0-9a-f]{32}")
#: Seconds after which a file that nobody confirmed is removed.
_KEPT_S = 3600


def keep_upload(sent: FileStorage) -> tuple[str, Path]:
    """Keep a file of the present person's, and forget old ones.

    Returns
    -------
    key : str
        By which `kept_upload` finds it again.
    path : Path
        In a folder of its own.
    """
    _forget_old()
    key = secrets.token_hex(16)
    path = _folder() / key / _file_name(sent.filename or "")
    path.parent.mkdir(mode=0o700)
    sent.save(path)
    return key, path


def kept_upload(key: str) -> Path:
    """Return a file that the present person uploaded; raises `GridmapError` if it is gone."""
    path = next((_folder() / key).glob("*"), None) if _KEY.fullmatch(key) else None
    if path is None:
        raise GridmapError(Message("The file is no longer here. Upload it again."))
    return path


def _folder() -> Path:
    """Return where uploaded files lie; the person's id in it keeps others away."""
    folder = Path(current_app.config["DATA_DIR"]) / "uploads" / str(current_actor().user_id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _file_name(given: str) -> str:
    """Return the file's name for messages and the log, without any path before it."""
    name = re.sub(r"[\x00-\x1f\x7f/]", "", given.replace("\\", "/").rpartition("/")[2])
    path = Path(name)
    return f"{path.stem[:60] or 'file'}{path.suffix.lower()}"


def _forget_old() -> None:
    for folder in _folder().iterdir():
        if folder.stat().st_mtime < time.time() - _KEPT_S:
            shutil.rmtree(folder, ignore_errors=True)
