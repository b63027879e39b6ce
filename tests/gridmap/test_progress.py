import pytest

from gridmap import progress
from gridmap.progress import track


def test_short_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with track("Reading", 10) as advance:
        advance(10)
    assert capsys.readouterr().err == ""


def test_long_work_says_its_rate_and_the_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 3.0, 5.0, 20.0, 25.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with track("Reading", 4000) as advance:
        advance(600)
        advance(400)  # Too soon after the line before.
        advance(1000)
    assert capsys.readouterr().err.splitlines() == [
        "Reading: 600 / 4,000 (15%), 200/s, 17 s",
        "Reading: 2,000 / 4,000 (50%), 100/s, 20 s",
        "Reading: 25.0 s",
    ]


def test_a_failure_passes_through() -> None:
    with pytest.raises(ValueError, match="broken"), track("Reading"):
        raise ValueError("broken")
