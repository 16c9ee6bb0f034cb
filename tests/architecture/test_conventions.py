"""Do names, places and words follow the conventions (CONTRIBUTING.md)? What no tool checks is walked here."""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "klokker"
TESTS = ROOT / "tests"

# Folders of tests that belong to no one module of the source.
OF_THE_WHOLE = ("acceptance", "architecture", "benchmarks", "docs", "examples", "real")

MODULES = sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)
TEST_FILES = sorted(TESTS.rglob("test_*.py"))


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("the list of tracked files: this is not a git work tree")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_names_say_what_a_module_is_about() -> None:
    says_nothing = {
        "util",
        "utils",
        "helper",
        "helpers",
        "common",
        "base",
        "manager",
        "managers",
        "misc",
        "tools",
        "shared",
    }
    named = {part for path in [*MODULES, *TEST_FILES] for part in path.relative_to(ROOT).with_suffix("").parts}
    assert named & says_nothing == set()


def test_every_module_says_which_question_it_answers() -> None:
    assert [shown(path) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_every_test_file_stands_where_its_subject_stands() -> None:
    """`tests/core/test_overlap.py` is about `core/overlap.py`; `test_overlap_under_load.py` beside it is too."""
    misplaced = [shown(path) for path in TEST_FILES if not stands_with_its_subject(path.relative_to(TESTS))]
    assert misplaced == [], (
        f"no module of that name in the mirrored folder; or does it belong to one of {OF_THE_WHOLE}?"
    )


def stands_with_its_subject(test: Path) -> bool:
    if test.parts[0] in OF_THE_WHOLE:
        return True
    folder = SOURCE / test.parent
    about = test.stem.removeprefix("test_")
    subjects = [folder.name if test.parent.parts else "package"]
    subjects += [path.stem for path in (folder.iterdir() if folder.is_dir() else []) if path.suffix in ("", ".py")]
    return folder.is_dir() and any(about == subject or about.startswith(f"{subject}_") for subject in subjects)


def test_a_test_file_without_its_subject_is_seen() -> None:
    assert stands_with_its_subject(Path("core/test_overlap.py"))
    assert not stands_with_its_subject(Path("core/test_nothing_there.py"))
    assert not stands_with_its_subject(Path("nowhere/test_overlap.py"))


def test_no_test_sleeps() -> None:
    """Also not in the text of a script that a test starts, where ruff does not look."""
    sleep = re.compile(r"\btime\." + r"sleep\(")
    assert [shown(path) for path in TESTS.rglob("*.py") if sleep.search(path.read_text())] == []


def test_the_core_asks_nothing_for_the_time() -> None:
    """Ruff refuses `datetime.now`; this refuses it under any alias: nothing in the core is called by these names."""
    asked = [
        f"{shown(path)}:{node.lineno} .{node.func.attr}()"
        for path in MODULES
        if path.is_relative_to(SOURCE / "core")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("now", "today", "utcnow")
    ]
    assert asked == []


# One word per thing (docs/glossary.md): what others say, and what is said here.
OTHER_WORDS = {
    "blackout": "calendar",
    "coalesce": "catch-up latest",
    "cronjob": "schedule",
    "idempotent": "repeatable",
    "job": "task, or run",
    "jobs": "tasks, or runs",
    "lifeline": "rescuer",
    "misfire": "missed",
    "orphan": "lost",
    "orphaned": "lost",
    "rehearsal": "dry run",
    "trigger": "timetable, or run now",
    "triggers": "timetables",
    "watermark": "handled until",
    "zombie": "lost",
}

# These speak with foreign tools, in their words.
SPEAK_FOREIGN = ("celery", "moving")


def test_names_use_the_words_of_the_glossary() -> None:
    used = [
        f"{shown(path)}:{line} {name}: say {OTHER_WORDS[word]}"
        for path in MODULES
        if path.relative_to(SOURCE).parts[0] not in SPEAK_FOREIGN
        for line, name in names_given(ast.parse(path.read_text()))
        for word in re.split(r"_+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())
        if word in OTHER_WORDS
    ]
    assert used == []


def names_given(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The names that a module gives: classes, functions, parameters, variables, fields. What it only uses is others' word."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def test_a_foreign_word_is_seen_wherever_a_name_is_given() -> None:
    given = "class CronJob:\n    trigger_at: int\n    def misfire(self, zombie):\n        self.orphan = lost = foreign.coalesce()"
    names = [name for _, name in names_given(ast.parse(given))]
    assert sorted(names) == ["CronJob", "lost", "misfire", "orphan", "self", "trigger_at", "zombie"]


def test_nothing_tracked_names_a_path_of_one_machine() -> None:
    # Pieced together, so that this file does not name one itself.
    places = ["/wo" + "rk/", "/ho" + "me/[a-z]", "/ro" + "ot/", "/tm" + "p/trees", "/Us" + "ers/"]
    path = re.compile(rf"(?<![\w./<-])(?:{'|'.join(places)})")
    assert found_in_tracked(path) == []


def test_nothing_tracked_names_a_package_registry() -> None:
    """Where packages come from is each machine's own matter; the hashes say that they are the right ones."""
    registry = re.compile(r"--(?:extra-)?index-" + r"url|--find-" + r"links|https?://[^\s'\"]*/simp" + "le/?")
    assert found_in_tracked(registry) == []


def found_in_tracked(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{shown(path)}:{number}" for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]
    return found


def test_each_decision_has_a_number_of_its_own() -> None:
    numbers = Counter(path.name.split("-")[0] for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [number for number, count in numbers.items() if count > 1] == []
