from pathlib import Path

import pytest
from pydantic import ValidationError

from gridmap.settings import Settings, default_data_dir

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


def test_every_setting_is_documented() -> None:
    documented = {
        line.split("`")[1]
        for line in DOCUMENT.read_text().splitlines()
        if line.startswith("| `GRIDMAP_")
    }
    assert documented == {f"GRIDMAP_{name}".upper() for name in Settings.model_fields}


def test_values_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDMAP_PORT", "8010")
    monkeypatch.setenv("GRIDMAP_DATA_DIR", "~/gridmap")
    settings = Settings()
    assert settings.port == 8010
    assert settings.data_dir == Path.home() / "gridmap"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GRIDMAP_PORT", "70000"),
        ("GRIDMAP_DATABASE_URL", "mysql://somewhere/gridmap"),
        ("GRIDMAP_LANG", "fr"),
    ],
)
def test_an_unusable_value_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_the_secret_key_has_no_default_and_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRIDMAP_SECRET_KEY", raising=False)
    assert Settings().secret_key is None
    monkeypatch.setenv("GRIDMAP_SECRET_KEY", "hush")
    assert "hush" not in repr(Settings())


def test_root_keeps_its_data_where_another_account_can_reach(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_data_dir() == Path("/var/lib/gridmap")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_data_dir() == tmp_path / "gridmap"
