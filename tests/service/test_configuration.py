"""The standalone service's settings: the file, and the environment over it."""

from pathlib import Path

import pytest

from klokker.service.configuration import home, read_settings
from klokker.wiring.settings import InvalidSettings


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KLOKKER_HOME", str(tmp_path))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("/dev/zero", "it is too long; it may hold 16,777,216 bytes"),
        ("/", "Is a directory"),
        ("/nowhere/klokker.toml", "there is no file /nowhere/klokker.toml"),
        ("~nobody-of-this-name/x", "begins with a user's folder, and there is no such user"),
    ],
)
def test_a_file_of_settings_that_cannot_be_one_is_named(monkeypatch: pytest.MonkeyPatch, file: str, said: str) -> None:
    monkeypatch.setenv("KLOKKER_SETTINGS", file)
    with pytest.raises(InvalidSettings) as refused:
        read_settings()
    assert said in str(refused.value)


@pytest.mark.parametrize("text", ["poll = " + "[" * 100_000, "poll = " + "9" * 5000, "poll = "])
def test_settings_that_cannot_be_read_name_their_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "klokker.toml").write_text(text)
    with pytest.raises(InvalidSettings) as refused:
        read_settings()
    assert list(refused.value.faults) == [str(tmp_path / "klokker.toml")]


def test_a_data_folder_of_nobody_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLOKKER_HOME", "~nobody-of-this-name")
    with pytest.raises(InvalidSettings) as refused:
        home()
    assert "KLOKKER_HOME" in refused.value.faults
