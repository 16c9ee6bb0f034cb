"""Database URLs of the standalone service."""

from pathlib import Path

import pytest

from klokker.service.database_url import read_database_url

HOME = Path("/srv/klokker")


def test_a_relative_sqlite_path_stands_in_the_data_folder() -> None:
    assert read_database_url("sqlite:///k.sqlite3", home=HOME)["NAME"] == "/srv/klokker/k.sqlite3"


def test_an_absolute_sqlite_path_stands_where_it_says() -> None:
    assert read_database_url("sqlite:////var/k.sqlite3", home=HOME)["NAME"] == "/var/k.sqlite3"


def test_every_part_of_a_postgresql_url_is_read_and_unquoted() -> None:
    read = read_database_url("postgresql://me:p%40ss@db:5433/chores?sslmode=require", home=HOME)
    assert read == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "chores",
        "USER": "me",
        "PASSWORD": "p@ss",
        "HOST": "db",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mongodb://x/y", "is not a database URL that Klokker knows"),
        ("sqlite://", "names no file"),
        ("sqlite:///chores%00.sqlite3", "names no file"),
        ("postgresql://db:5432", "names no database"),
        ("postgresql://db:many/chores", "the port is not a number"),
    ],
)
def test_a_wrong_url_is_told_with_what_would_be_right(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_database_url(url, home=HOME)


def test_a_message_never_shows_the_password() -> None:
    with pytest.raises(ValueError) as refused:
        read_database_url("mysql://me:secret@db/chores", home=HOME)
    assert "secret" not in str(refused.value)
