"""Where a town's own Word templates of reports lie."""

from __future__ import annotations

from pathlib import Path

from gridmap.i18n import LANGUAGES


def template_path(data_dir: Path, language: str) -> Path:
    """Return where a town's own template of a language lies."""
    return data_dir / "templates" / f"report-{language}.docx"


def template_paths(data_dir: Path) -> dict[str, Path]:
    """Return where the own templates lie, by the names they have in a backup."""
    paths = [template_path(data_dir, language) for language in LANGUAGES]
    return {f"templates/{path.name}": path for path in paths}


def read_template(data_dir: Path, language: str) -> bytes | None:
    """Return the town's own template, if it has one."""
    path = template_path(data_dir, language)
    return path.read_bytes() if path.is_file() else None
