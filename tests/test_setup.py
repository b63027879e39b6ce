import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from webui.fetch_assets import missing, wanted

ROOT = Path(__file__).parents[1]
NAME = re.compile(r"[A-Za-z0-9_.-]+")


def canonical(requirement: str) -> str:
    found = NAME.match(requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def locked(name: str) -> set[str]:
    lines = (ROOT / name).read_text().splitlines()
    return {canonical(line) for line in lines if line[:1].isalnum()}


@pytest.mark.parametrize(
    "name",
    [
        "requirements.lock",
        "requirements-dev.lock",
        "requirements-node.lock",
        "webui/package-lock.json",
    ],
)
def test_a_lock_file_names_no_index_and_holds_hashes(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "--index" not in text
    assert "--find-links" not in text
    assert '"resolved"' not in text
    if name.endswith(".lock"):
        assert "://" not in text
        entries = re.split(r"\n(?=[a-z])", text)
        assert all("--hash=sha256:" in entry for entry in entries if entry.strip())


def test_the_lock_files_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    runtime = {canonical(each) for each in project["dependencies"]}
    dev = {canonical(each) for each in project["optional-dependencies"]["dev"]}
    hint = "run: make lock"
    assert runtime <= locked("requirements.lock"), hint
    assert runtime | dev <= locked("requirements-dev.lock"), hint
    assert locked("requirements.lock") <= locked("requirements-dev.lock"), hint


def test_the_assets_are_those_of_the_lock_file() -> None:
    packages = json.loads((ROOT / "webui" / "package.json").read_text())
    lock = json.loads((ROOT / "webui" / "package-lock.json").read_text())["packages"]
    served, tested = set(), set()
    for name, source in wanted().items():
        package = re.match(r"(@[^/]+/)?[^/]+", source)[0]  # type: ignore[index]
        (served if name.startswith("static/") else tested).add(package)
    for kind, sources in (("dependencies", served), ("devDependencies", tested)):
        assert lock[""][kind] == packages[kind], "run: make lock"
        assert sources == set(packages[kind])


def test_the_assets_are_in_place() -> None:
    assert missing() == []


@pytest.mark.parametrize(
    ("purpose", "needed", "spared"),
    [("demo", "", "chromium"), ("test", "chromium curl gdal-bin", "-")],
)
def test_without_apt_it_says_what_to_install(
    tmp_path: Path, purpose: str, needed: str, spared: str
) -> None:
    for program in ("sh", "id", "find", "head"):
        path = shutil.which(program)
        assert path is not None
        (tmp_path / program).symlink_to(path)
    refused = subprocess.run(
        ["/bin/sh", str(ROOT / "setup" / "system.sh"), purpose],
        env={"PATH": str(tmp_path), "PYTHON": "/no/such/python"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    packages = refused.stderr.partition("packages:")[2].partition("\n")[0].split()
    assert packages[:2] == ["python3", "python3-venv"]
    assert set(needed.split()) <= set(packages)
    assert spared not in packages
