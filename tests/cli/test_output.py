"""What `--json` prints is what docs/commands/json.md promises: the same keys, none more, none fewer."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from klokker.cli.app import CATALOGUE
from klokker.core.text import printable
from tests.cli.chores import HOSTILE
from tests.cli.conftest import Cli, Hands

PAGE = (Path(__file__).parents[2] / "docs" / "commands" / "json.md").read_text()
SHAPES = dict(re.findall(r"^\| (`[^|]+`) \| (.+) \|$", PAGE, re.MULTILINE))
FREE = {"changes", "definition", "details", "counts", "args", "kwargs", "result", "labels", "lanes of a process"}
"""What holds keys of somebody else's: a task's, a schedule's, or outcomes and reasons."""
OUTCOMES = ("lines", ("runs", "dismissals", "tally_runs", "tally_dismissals"))

NOT_HERE = {
    "migrate": {"newer", "pending"},
    "check": {
        "code",
        "fix",
        "lane",
        "lint",
        "module",
        "moment",
        "page",
        "schedules",
        "sentence",
        "severity",
        "silenced",
        "spread",
    },
    "preview": {"between", "complete", "matches", "moment", "name", "schedules", "task", "when", "why"},
    "pause": {"after", "count", "reason", "until"},
    "node enrol": {"after", "count", "reason", "until", "done"},
    "node retire": {"after", "count", "reason", "until", "done"},
    "node list": {"heartbeat", "host", "id", "lanes", "pid", "roles", "time_data", "version"},
    "tick": {"again_at", "due", "error", "node", "outcome", "queued", "run", "schedule", "since", "task"},
    "account": {"at", "count", "fault", "trouble", "words", "of_them"},
}
"""Promised keys of what this shop has none of, or of another option."""

SHOP = """
[schedules.clean-up]
task = "shop.clean_up"
when = "*/5 * * * *"

[schedules.foreign]
task = "elsewhere.work"
when = "*/5 * * * *"

[schedules.everywhere]
task = "shop.clean_up"
when = "@yearly"
placement = "each"
"""


def promised(command: str) -> set[str]:
    """The keys that the page promises for a command; "as in" another command's means those too."""
    shape = next(shape for commands, shape in SHAPES.items() if f"`{command}`" in commands)
    keys = set(re.findall(r'"(\w+)"', shape))
    for other in re.findall(r"as in `([\w ]+)`", shape):
        keys |= promised(other) - (
            {"schedules"} if other == "list" else {"calendars"} if other == "calendar list" else {"runs"}
        )
    return keys


def printed(value: Any, *, within: str = "") -> set[str]:
    """The keys in what was printed, but for those that are free."""
    if isinstance(value, list):
        return {key for each in value for key in printed(each, within=within)}
    if not isinstance(value, dict):
        return set()
    keys = set(value)
    for key, inner in value.items():
        free = (
            key in FREE or (within == OUTCOMES[0] and key in OUTCOMES[1]) or (within == "processes" and key == "lanes")
        )
        if not free:
            keys |= printed(inner, within=key)
    return keys


@pytest.fixture
def shop(cli: Cli, hands: Hands) -> Cli:
    """A shop in which something of everything has happened."""
    cli.sync(SHOP)
    hands.on(hours=1)
    cli("tick")
    cli("run", "shop.import_prices", "-a", "file=/nowhere")
    hands.on(minutes=2)
    return cli


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("list", ()),
        ("runs", ()),
        ("show", ("clean-up",)),
        ("logs", ("clean-up",)),
        ("preview", ("clean-up",)),
        ("migrate", ()),
        ("check", ()),
        ("pause", ("clean-up", "-r", "x")),
        ("cancel", ("foreign",)),
        ("retry", ("1",)),
        ("lane list", ()),
        ("node list", ()),
        ("run", ("clean-up",)),
        ("tick", ()),
        ("account", ()),
        ("restore", ("copy.sqlite3", "--yes", "--force")),
        ("lane set", ("heavy", "--limit", "2")),
        ("lane pause", ("default",)),
        ("node enrol", ("there",)),
        ("node retire", ("here", "--yes")),
        ("backup", ("copy.sqlite3",)),
    ],
)
def test_a_command_prints_the_keys_that_are_promised(shop: Cli, command: str, arguments: tuple[str, ...]) -> None:
    if command == "restore":
        shop("backup", str(shop.folder / arguments[0]))
    if command in ("backup", "restore"):
        arguments = (str(shop.folder / arguments[0]), *arguments[1:])
    said = shop(*command.split(), *arguments, "--json")
    assert said.code in (0, 1), said
    keys = printed(said.json)
    assert keys == promised(command) - NOT_HERE.get(command, set())


NIGHT = """
[calendars]
night = "daily 22:00-06:00"

[schedules.by-night]
task = "shop.clean_up"
when = "0 * * * * only calendar night"
"""


@pytest.mark.parametrize(
    ("command", "arguments", "not_here"),
    [
        ("calendar list", (), set()),
        ("calendar show", ("night",), {"schedule", "count", "since"}),
        (
            "calendar edit",
            ("night", "daily 21:00-06:00", "--take-over", "--yes"),
            {"after", "count", "reason", "until", "why"},
        ),
    ],
)
def test_calendars_print_the_keys_that_are_promised(
    cli: Cli, command: str, arguments: tuple[str, ...], not_here: set[str]
) -> None:
    cli.sync(NIGHT)
    said = cli(*command.split(), *arguments, "--json")
    assert said.code == 0, said
    assert printed(said.json) == promised(command) - not_here


def test_every_command_that_takes_json_has_its_shape_on_the_page() -> None:
    on_page = {name for commands in SHAPES for name in re.findall(r"`(\w+)", commands)}
    without = {"serve", "beat", "worker", "demo"}
    assert {"lane", "node", "calendar", *on_page} >= set(CATALOGUE) - without


PAINTED = f"""
[calendars]
paint = {{ text = {json.dumps("# " + HOSTILE.replace(chr(13), " ") + chr(10) + "daily 01:00-02:00")}, description = {json.dumps(HOSTILE)} }}

[schedules.paint]
task = "shop.paint"
when = "@daily"
owner = {json.dumps(HOSTILE)}
description = {json.dumps(HOSTILE + chr(10) + "state  active")}
"""


@pytest.mark.parametrize(
    "command",
    [
        "list",
        "show paint",
        "show paint --json",
        "runs",
        "runs --json",
        "logs paint",
        "logs paint --json",
        "account",
        "calendar list",
        "calendar show paint",
        "calendar show paint --json",
        "calendar edit paint weekly MON --take-over --yes",
    ],
)
def test_what_others_wrote_never_steers_the_terminal(cli: Cli, command: str) -> None:
    cli.sync(PAINTED)
    cli("run", "paint")
    cli("pause", "paint", "--reason", HOSTILE)
    said = cli(*command.split())
    assert said.code == 0, said
    assert (said.out, said.err) == (printable(said.out), printable(said.err))


def test_a_refusal_does_not_steer_the_terminal_either(cli: Cli) -> None:
    refused = cli("sync", cli.file('"\\u001b[2J" = 1\n'))
    assert "\\x1b[2J: has no meaning here" in refused.error


def test_a_text_of_several_lines_fills_one_row(cli: Cli) -> None:
    cli.sync(PAINTED)
    assert "\\nstate  active\n" in cli("show", "paint").out


@pytest.mark.parametrize(
    "command", ["show nobody", "logs 99", "pause nobody -r x", "sync nowhere.toml", "preview nonsense"]
)
def test_what_is_refused_leaves_stdout_to_json_empty(cli: Cli, command: str) -> None:
    refused = cli(*command.split(), "--json")
    assert refused.code != 0
    assert refused.out == ""
    assert refused.error
