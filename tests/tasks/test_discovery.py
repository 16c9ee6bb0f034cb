"""Discovery: where tasks are found, and what a broken module does to the others (docs/concepts/tasks.md)."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from klokker.tasks.discovery import discover
from klokker.tasks.registry import TaskNameTaken, registry

TASK = "from klokker import task\n\n@task\ndef sweep() -> None: ...\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that modules are imported from, forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        registry.forget_module(name)
        del sys.modules[name]


def write(project: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)


def known() -> list[str]:
    return [task.name for task in registry if task.name.startswith("stall")]


def test_an_apps_tasks_are_found_in_a_file_or_a_package(project: Path) -> None:
    write(project, {"stall_a/tasks.py": TASK, "stall_b/tasks/__init__.py": "", "stall_b/tasks/daily.py": TASK})
    write(
        project, {"stall_b/tasks/deep/__init__.py": "", "stall_b/tasks/deep/nightly.py": TASK, "stall_c/models.py": ""}
    )
    found = discover(["stall_a", "stall_b", "stall_c"])
    assert found.faults == ()
    assert known() == ["stall_a.tasks.sweep", "stall_b.tasks.daily.sweep", "stall_b.tasks.deep.nightly.sweep"]
    assert found.modules == (
        "stall_a.tasks",
        "stall_b.tasks",
        "stall_b.tasks.daily",
        "stall_b.tasks.deep",
        "stall_b.tasks.deep.nightly",
    )


def test_the_tests_of_a_package_of_tasks_are_not_imported(project: Path) -> None:
    write(
        project, {"stall/tasks/daily.py": TASK, "stall/tasks/test_daily.py": "1 / 0", "stall/tasks/tests.py": "1 / 0"}
    )
    assert discover(["stall"]).faults == ()


def test_a_module_that_is_an_app_by_itself_has_no_tasks_and_is_no_fault(project: Path) -> None:
    write(project, {"stall.py": ""})
    assert discover(["stall"]) == discover([])


def test_modules_of_a_setting_must_exist(project: Path) -> None:
    write(project, {"stall.py": TASK})
    found = discover(modules=["stall", "stall_elsewhere.chores"])
    assert found.modules == ("stall",)
    [fault] = found.faults
    assert fault.module == "stall_elsewhere.chores"
    assert isinstance(fault.error, ModuleNotFoundError)
    assert "No module named 'stall_elsewhere'" in str(fault)


@pytest.mark.parametrize(
    ("text", "error", "line"),
    [
        ("x = 1\nimport missing_library\n", ImportError, 2),
        ("def broken(:\n", SyntaxError, 1),
        ("\n\nraise SystemExit(1)\n", SystemExit, 3),
        ("import json\njson.loads('{')\n", ValueError, 2),
        ("class Odd(BaseException): ...\nraise Odd\n", BaseException, 2),
        ("class Mute(Exception):\n    def __str__(self): raise RuntimeError\nraise Mute\n", Exception, 3),
    ],
)
def test_a_module_that_raises_is_named_with_its_line_and_stops_no_other(
    project: Path, text: str, error: type[BaseException], line: int
) -> None:
    write(project, {"stall_a/tasks.py": text, "stall_b/tasks.py": TASK})
    found = discover(["stall_a", "stall_b"])
    assert known() == ["stall_b.tasks.sweep"]
    [fault] = found.faults
    assert fault.module == "stall_a.tasks"
    assert isinstance(fault.error, error)
    assert fault.__cause__ is fault.error
    assert fault.location == f"{project / 'stall_a' / 'tasks.py'}:{line}"


def test_an_app_that_cannot_be_imported_is_named_itself(project: Path) -> None:
    write(project, {"stall/__init__.py": "1 / 0\n", "stall/tasks.py": TASK})
    [fault] = discover(["stall"]).faults
    assert (fault.module, fault.location) == ("stall", f"{project / 'stall' / '__init__.py'}:1")


def test_half_a_module_does_not_run(project: Path) -> None:
    write(project, {"stall/tasks.py": f"{TASK}\n1 / 0\n"})
    assert discover(["stall"]).modules == ()
    assert known() == []


def test_two_modules_that_want_one_name_leave_the_first(project: Path) -> None:
    named = TASK.replace("@task", "@task('stall.sweep')")
    write(project, {"stall_a/tasks.py": named, "stall_b/tasks.py": named})
    [fault] = discover(["stall_a", "stall_b"]).faults
    assert isinstance(fault.error, TaskNameTaken)
    assert registry.find("stall.sweep").function.__module__ == "stall_a.tasks"


def test_installed_packages_bring_tasks_by_entry_points(project: Path) -> None:
    write(project, {"stall_plugin.py": TASK})
    metadata = "Metadata-Version: 2.1\nName: stall-plugin\nVersion: 1.0\n"
    entries = "[klokker.tasks]\nshop = stall_plugin\ngone = stall_gone:tasks\n"
    folder = "stall_plugin-1.0.dist-info"
    write(project, {f"{folder}/METADATA": metadata, f"{folder}/entry_points.txt": entries})
    assert discover().modules == ()
    found = discover(entry_points=True)
    assert "stall_plugin" in found.modules
    assert [fault.module for fault in found.faults] == ["stall_gone"]
    assert known() == ["stall_plugin.sweep"]
