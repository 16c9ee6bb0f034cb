"""The data folder and the secret key of the standalone service."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from klokker.service.home import HomeUnusable, found, kept_key


def test_the_first_start_makes_a_folder_and_a_key_that_others_cannot_read(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "klokker"
    assert kept_key(home) == ""
    found(home)
    assert len(kept_key(home)) >= 50
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "secret-key").stat().st_mode & 0o777 == 0o600


def test_the_key_stays_the_same(tmp_path: Path) -> None:
    found(tmp_path)
    key = kept_key(tmp_path)
    found(tmp_path)
    assert kept_key(tmp_path) == key


def test_processes_that_start_at_once_get_one_key(tmp_path: Path) -> None:
    def start(_: int) -> str:
        found(tmp_path)
        return kept_key(tmp_path)

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(start, range(32)))
    assert len(keys) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secret-key"]


def test_a_file_in_the_folders_place_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(HomeUnusable, match="Name another one with KLOKKER_HOME"):
        found(tmp_path / "home")


def test_an_empty_key_is_refused(tmp_path: Path) -> None:
    """A full disk or a slip leaves one; nothing may be signed with it."""
    (tmp_path / "secret-key").touch()
    with pytest.raises(HomeUnusable, match="secret-key is empty; delete it, and a new one is made"):
        found(tmp_path)
    (tmp_path / "secret-key").unlink()
    found(tmp_path)
    assert len(kept_key(tmp_path)) >= 50
