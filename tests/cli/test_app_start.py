"""What does a command wait for before it begins? For nothing that it does not use."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from klokker.cli.app import CATALOGUE
from tests.cli.conftest import Klokker

pytestmark = pytest.mark.acceptance

ENGINE = (
    "klokker.store.contract",
    "klokker.operations",
    "klokker.engine.worker",
    "klokker.events",
    "klokker.executors",
)


def test_a_list_loads_neither_engine_nor_operations(klokker: Klokker, tmp_path: Path) -> None:
    klokker("migrate")
    code = f"""
import sys
from klokker.service.main import main
sys.argv = ["klokker", "list"]
try:
    main()
except SystemExit:
    pass
print([name for name in {ENGINE} if name in sys.modules])
"""
    environment = os.environ | {"KLOKKER_HOME": str(tmp_path / "home")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_does_not_set_the_project_up() -> None:
    code = """
import sys
from klokker.service.main import main
sys.argv = ["klokker", "--help"]
try:
    main()
except SystemExit:
    pass
print("django.db" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Run scheduler and workers in one process." in done.stdout
    assert done.stdout.splitlines()[-1] == "False"


def test_a_slip_in_a_commands_name_is_answered_with_the_one_that_was_meant(klokker: Klokker) -> None:
    assert "Did you mean 'tick'?" in klokker("tik").stderr


def test_a_commands_own_help_is_its_own(klokker: Klokker) -> None:
    assert "klokker tick" in klokker("tick", "--help").stdout


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_command_offers_no_completion_that_it_has_not_got(name: str) -> None:
    command: Any = typer.main.get_command(import_module(f"klokker.cli.commands.{name}").app)
    assert "install_completion" not in {option.name for option in command.params}
