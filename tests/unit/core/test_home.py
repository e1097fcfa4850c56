"""The cache folder: what the user says, else what the system does."""

from pathlib import Path

import pytest

from nasbed.core.home import home


@pytest.fixture
def user(tmp_path, monkeypatch):
    """A user who has said nothing."""
    for name in ("NASBED_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("platform", "place"),
    [
        ("linux", ".cache/nasbed"),
        ("darwin", "Library/Caches/nasbed"),
        ("win32", "AppData/Local/nasbed/Cache"),
    ],
)
def test_every_system_has_its_own_place(user, monkeypatch, platform, place):
    monkeypatch.setattr("sys.platform", platform)
    assert home() == user / place


def test_the_standard_variable_moves_it(user, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "elsewhere")
    assert home() == Path("elsewhere/nasbed")


def test_what_the_user_says_wins_and_may_change(user, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "elsewhere")
    monkeypatch.setenv("NASBED_HOME", "first")
    assert home() == Path("first")
    monkeypatch.setenv("NASBED_HOME", "second")
    assert home() == Path("second")
    assert not Path("second").exists()
