"""Has everything that a person can meet its place on a page: errors, events, commands, settings, policies? Do links lead somewhere?"""

import ast
import re
from pathlib import Path

import pytest

from klokker.core.timetables.text import FORMS
from klokker.watch.finding import Kind

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "klokker"
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
POLICIES = ("catchup", "closed", "jitter", "overlap", "placement", "retention", "retry", "timeout")
EVERYWHERE = "\n".join(page.read_text() for page in PAGES)


def descendants(root: str) -> dict[str, str]:
    """The classes of the source below the class `root`, each with where it stands; read, not imported."""
    bases: dict[str, tuple[str, list[str]]] = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = (
                    str(path.relative_to(SOURCE)),
                    [ast.unparse(base).split(".")[-1] for base in node.bases],
                )
    below = {root}
    while more := {name for name, (_, of) in bases.items() if below & set(of)} - below:
        below |= more
    return {name: bases[name][0] for name in sorted(below - {root}) if not name.startswith("_")}


def fields(module: str, *classes: str) -> list[str]:
    """The annotated names of these classes in a module, or nothing where the module does not exist."""
    path = SOURCE / module
    if not path.exists():
        return []
    return [
        item.target.id
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and node.name in classes
        for item in node.body
        if isinstance(item, ast.AnnAssign)
        and isinstance(item.target, ast.Name)
        and not item.target.id.startswith(("_", "model_"))
    ]


def text(page: str) -> str:
    path = DOCS / page
    return path.read_text() if path.exists() else ""


def test_every_error_has_its_place() -> None:
    missing = [
        f"{error} ({where})" for error, where in descendants("KlokkerError").items() if f"`{error}`" not in EVERYWHERE
    ]
    assert missing == [], "say in docs/errors.md, or on its concept's page, what it asks of a person"


def test_every_event_has_its_place() -> None:
    assert [event for event in descendants("Event") if f"`{event}`" not in text("events.md")] == [], (
        "missing in docs/events.md"
    )


def test_every_command_has_a_page() -> None:
    commands = sorted(path.stem for path in (SOURCE / "cli" / "commands").glob("[a-z]*.py"))
    missing = [command for command in commands if f"klokker {command}" not in text(f"commands/{command}.md")]
    assert missing == [], "each has a page docs/commands/COMMAND.md"


def test_every_setting_has_its_place() -> None:
    settings = fields("wiring/settings.py", "Settings") + fields("service/configuration.py", "ServiceSettings")
    assert {"node", "database"} <= set(settings)
    assert [name for name in settings if f"`KLOKKER_{name.upper()}`" not in text("settings.md")] == [], (
        "missing in docs/settings.md"
    )


def test_every_policy_has_a_page() -> None:
    """A policy is a module of the core, and its page has its name."""
    policies = [policy for policy in POLICIES if (SOURCE / "core" / f"{policy}.py").exists()]
    assert policies
    assert [policy for policy in policies if not text(f"policies/{policy}.md")] == [], (
        "each has a page docs/policies/POLICY.md"
    )


def test_every_kind_of_incident_has_its_place_and_says_what_to_do() -> None:
    kinds = [kind.value for kind in Kind]
    assert [kind for kind in kinds if f"| {kind} |" not in text("concepts/incident.md")] == []
    assert [kind for kind in kinds if f"| {kind} |" not in text("operating.md")] == [], "what is to be done, at 3 a.m.?"


def test_every_key_of_a_file_of_schedules_has_its_place() -> None:
    page = text("schedules-file.md")
    keys = set(fields("core/definition.py", "Definition")) - {"name", "declared_in", "calendars", "places"}
    assert {"when", "catch_up"} <= keys
    assert sorted(key for key in keys if f"`{key}`" not in page or f"{key} = " not in page) == []


def test_every_kind_of_timetable_has_a_page() -> None:
    kinds = ("cron", "every", "once", "completion", "recurrence", "sun")
    assert len(FORMS) == len(kinds), "name the new kind's page here"
    assert [kind for kind in (*kinds, "combine", "calendars") if not text(f"timetables/{kind}.md")] == []


def test_every_exit_code_has_its_place() -> None:
    page = text("commands/exit-codes.md")
    path = SOURCE / "cli" / "exits.py"
    codes = [
        node.value.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, int)
    ]
    assert codes
    assert [code for code in codes if f"| {code} |" not in page] == [], "missing in docs/commands/exit-codes.md"


LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")


def links(page: Path) -> list[tuple[str, Path, str]]:
    """Each link of a page into this project: as written, the file it means, and the heading."""
    prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    found = []
    for match in LINK.finditer(prose):
        target = match["target"]
        if re.match(r"[a-z]+:", target):
            continue
        file, _, heading = target.partition("#")
        found.append((target, (page.parent / file).resolve() if file else page, heading))
    return found


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub names them."""
    prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    }


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *PAGES], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = [
        written
        for written, target, heading in links(page)
        if not target.exists() or (heading and target.suffix == ".md" and heading not in headings(target))
    ]
    assert broken == []


def test_every_page_is_on_the_map() -> None:
    """From docs/index.md each page is reached by links; a link to a folder stands for the pages in it."""
    reached: set[Path] = set()
    ahead = [DOCS / "index.md"]
    while ahead:
        page = ahead.pop()
        if page in reached:
            continue
        reached.add(page)
        for _, target, _ in links(page):
            ahead += sorted(target.glob("*.md")) if target.is_dir() else [target] if target.suffix == ".md" else []
    assert [str(page.relative_to(DOCS)) for page in PAGES if page not in reached] == []


MODULE = re.compile(r"`([a-z_]+(?:/[a-z_]+)+\.py)`")


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *PAGES], ids=lambda page: str(page.relative_to(ROOT)))
def test_modules_that_a_page_names_are_there(page: Path) -> None:
    named = MODULE.findall(page.read_text())
    roots = (ROOT, ROOT / "src", SOURCE, SOURCE / "django")
    assert [module for module in named if not any((root / module).exists() for root in roots)] == []


def test_what_shows_a_capability_is_there() -> None:
    """docs/status.md names tests beside what it says works."""
    named = re.findall(r"`((?:tests|benchmarks|examples)/[\w./-]*)`", text("status.md"))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_capability_has_a_state_and_what_works_has_something_that_shows_it() -> None:
    rows = re.findall(r"^\| (?!capability|promise|measured|-)(.+?) \| (.+?) \|(.*)\|$", text("status.md"), re.MULTILINE)
    assert rows
    assert [
        what
        for what, state, shown_by in rows
        if state not in ("works", "not yet") or (state == "works" and not shown_by.strip())
    ] == []
