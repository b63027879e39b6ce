"""What an operator may set, read from the environment with the prefix ``GRIDMAP_``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_data_dir() -> Path:
    """Return where gridmap keeps its files when the operator names no place.

    Root's own home is closed to other accounts, and the embedded database never runs as root,
    so under root the files lie in ``/var/lib``.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/gridmap")
    data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data_home) / "gridmap"


class Settings(BaseSettings):
    """The settings of one installation; `docs/settings.md` explains each of them."""

    model_config = SettingsConfigDict(env_prefix="GRIDMAP_", env_ignore_empty=True, frozen=True)

    database_url: str | None = Field(
        default=None, description="An external PostGIS database; without it an embedded one runs."
    )
    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="The folder for the embedded database, its log and generated keys.",
    )
    host: str = Field(default="127.0.0.1", description="The address the server listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port it listens on.")
    workers: int = Field(
        default_factory=lambda: min(4, os.cpu_count() or 1),
        ge=1,
        description="Server processes.",
    )
    job_processes: int = Field(
        default_factory=lambda: min(2, os.cpu_count() or 1),
        ge=0,
        le=16,
        description="Processes for long work beside the server's; with 0 run gridmap jobs apart.",
    )
    threads: int = Field(default=8, ge=1, description="Threads in each server process.")
    lang: Literal["en", "zh"] | None = Field(
        default=None,
        description="The language of the command line and the pages' first choice.",
    )
    proxies: int = Field(
        default=0, ge=0, description="How many proxies before the server are believed."
    )
    secret_key: SecretStr | None = Field(
        default=None, description="Signs forms. It has no default outside the demo."
    )
    pool_size: int = Field(
        default=8, ge=1, description="Database connections each server process may keep open."
    )
    access_log_days: int = Field(
        default=180,
        ge=0,
        description="Days for which requests with keys of other agencies are logged; 0 for ever.",
    )
    package_days: int = Field(
        default=30, ge=1, description="Days for which packages for other agencies are kept."
    )
    licence: str = Field(
        default="",
        description="The terms of use that every package for other agencies tells.",
    )
    statement_timeout_s: int = Field(
        default=60,
        ge=0,
        description="Seconds after which a web request's statement is cancelled; 0 never.",
    )

    run_days: int = Field(
        default=370,
        ge=1,
        description="Days for which runs that a schedule made are kept, but for shared ones.",
    )
    changes_days: int = Field(
        default=90,
        ge=1,
        description="Days for which the feed of changes can be followed; older ones are tidied up.",
    )

    @field_validator("database_url")
    @classmethod
    def _mean_postgresql(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("postgresql://", "postgres://")):
            raise ValueError("it must look like postgresql://user:password@host:5432/database")
        return url

    @field_validator("data_dir")
    @classmethod
    def _make_absolute(cls, path: Path) -> Path:
        return path.expanduser().absolute()
