"""Files of schedules: read whole, or refused whole with every fault named (docs/commands/sync.md)."""

from pathlib import Path

import pytest

from klokker.core.known import Known
from klokker.moving.declared import InvalidFile, NoSuchFile, read_file


def refused(tmp_path: Path, text: str) -> dict[str, str]:
    file = tmp_path / "chores.toml"
    file.write_text(text)
    with pytest.raises(InvalidFile) as refusal:
        read_file(file)
    return refusal.value.faults


def test_defaults_hold_for_every_schedule_that_says_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "chores.toml"
    file.write_text(
        """
        [defaults]
        zone = "Europe/Oslo"
        [schedules.a]
        task = "t"
        when = "@daily"
        [schedules.b]
        task = "t"
        when = "@daily"
        zone = "UTC"
        """
    )
    declared = read_file(file)
    assert declared.source == "chores"
    assert [(each.name, each.zone, each.declared_in) for each in declared.definitions] == [
        ("a", "Europe/Oslo", "chores"),
        ("b", "UTC", "chores"),
    ]


def test_every_fault_is_named_at_once_with_its_place(tmp_path: Path) -> None:
    faults = refused(
        tmp_path,
        """
        [schedules.a]
        task = "t"
        when = "0 25 * * *"
        [schedules.b]
        tsk = "t"
        when = "@daily"
        [schedules.c]
        task = "t"
        when = "@daily"
        zone = "Europe/Atlantis"
        """,
    )
    assert "25" in faults["schedules.a.when"]
    assert "did you mean task?" in faults["schedules.b.tsk"]
    assert "Europe/Atlantis" in faults["schedules.c.zone"]


def test_a_slip_at_the_top_is_named_with_what_was_meant(tmp_path: Path) -> None:
    assert refused(tmp_path, "[schedule.a]\n") == {"schedule": "has no meaning here; did you mean schedules?"}


def test_names_that_differ_only_in_case_are_one(tmp_path: Path) -> None:
    faults = refused(tmp_path, '[schedules.a]\ntask="t"\nwhen="@daily"\n[schedules.A]\ntask="t"\nwhen="@daily"\n')
    assert "only in case" in faults["schedules.A"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"[schedules", "it is no TOML"), (b"\xff\xfe", "it is no UTF-8 text"), (b"schedules = 3", "must be a table")],
)
def test_what_is_no_file_of_schedules_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "chores.toml"
    file.write_bytes(content)
    with pytest.raises(InvalidFile, match=said):
        read_file(file)


def test_a_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoSuchFile, match="there is no file"):
        read_file(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("example", ["signalen", "privacyidea", "ddid", "lepton", "waldur"])
def test_the_examples_are_read(example: str) -> None:
    declared = read_file(Path(__file__).parents[2] / "examples" / example / "schedules.toml")
    assert declared.source == example
    assert len(declared.definitions) >= (80 if example == "waldur" else 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = " + "9" * 5000, "it holds a value that cannot be read"),
        ("[schedules.a]\nlabels." + ".".join("a" * 3000) + " = 1", "nested too deeply"),
        ("x = " + "[" * 100_000, "nested too deeply"),
    ],
    ids=["a huge number", "deep tables", "deep lists"],
)
def test_what_no_file_of_schedules_needs_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)[""]


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "chores.toml"
    file.write_text('[schedules.a]\ntask = "t"\nwhen = "@daily"\n', encoding="utf-8-sig")
    assert [each.name for each in read_file(file).definitions] == ["a"]


def test_a_source_and_a_text_are_what_a_person_writes(tmp_path: Path) -> None:
    faults = refused(
        tmp_path,
        f"""
        source = "\\u001b[31m"
        [schedules.a]
        task = "t"
        when = "@daily"
        description = "{"x" * 65_537}"
        """,
    )
    assert faults == {
        "source": "must be 1 to 200 printable characters without blanks around, got '\\x1b[31m'",
        "schedules.a.description": "must have at most 65,536 characters, got 65,537",
    }


SCHOOL = "\r\n".join(
    ("BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", "DTSTART;VALUE=DATE:20260720", "END:VEVENT", "END:VCALENDAR", "")
)


def test_calendars_are_texts_tables_or_files_beside_and_schedules_name_them(tmp_path: Path) -> None:
    (tmp_path / "school.ics").write_text(SCHOOL, newline="")
    file = tmp_path / "chores.toml"
    file.write_text(
        """
        [calendars]
        night = "zone Europe/Oslo\\ndaily 22:00-06:00"
        school = { file = "school.ics", description = "no school" }
        lunch.text = "daily 12:00-13:00"
        [schedules.a]
        task = "t"
        when = "0 * * * * except calendar night except calendar elsewhere"
        closed = "skip during school"
        """
    )
    declared = read_file(file, Known({"elsewhere": "daily 01:00-02:00", "night": "daily 03:00-04:00"}))
    assert [(each.name, each.text[:5], each.description) for each in declared.calendars] == [
        ("night", "zone ", ""),
        ("school", "BEGIN", "no school"),
        ("lunch", "daily", ""),
    ]
    assert declared.definitions[0].calendars == {
        "elsewhere": "daily 01:00-02:00",
        "night": "zone Europe/Oslo\ndaily 22:00-06:00",
        "school": SCHOOL.replace("\r\n", "\n"),
    }


def test_what_is_wrong_with_calendars_is_named_with_its_place_and_once(tmp_path: Path) -> None:
    (tmp_path / "latin.ics").write_bytes(b"\xff")
    faults = refused(
        tmp_path,
        """
        [calendars]
        night = "dayly 22:00-06:00"
        number = 3
        both = { text = "holidays NL", file = "x" }
        neither = {}
        gone = { file = "gone.ics" }
        latin = { file = "latin.ics" }
        odd = { text = "holidays NL", txt = "x" }
        "no name" = "holidays NL"
        [schedules.a]
        task = "t"
        when = "0 * * * * except calendar night"
        [schedules.b]
        task = "t"
        when = "0 * * * *"
        closed = "wait during nihgt"
        """,
    )
    assert "write one of: `holidays NL`" in faults.pop("calendars.night")
    assert "must be a text, or a table" in faults.pop("calendars.number")
    for name in ("both", "neither"):
        assert "one of them" in faults.pop(f"calendars.{name}")
    assert faults.pop("calendars.gone") == "No such file or directory"
    assert "no UTF-8 text" in faults.pop("calendars.latin")
    assert "did you mean text?" in faults.pop("calendars.odd.txt")
    assert "must be letters" in faults.pop("calendars.no name")
    assert "calendar 'nihgt'" in faults.pop("schedules.b.closed")
    assert faults == {}, "that a calendar cannot be read is no fault of the schedules that name it"


def test_of_an_ics_file_beside_it_only_what_names_windows_is_kept(tmp_path: Path) -> None:
    long = SCHOOL.replace("END:VEVENT", "DESCRIPTION:" + "x" * 70_000 + "\r\nDTSTAMP:20260101T000000Z\r\nEND:VEVENT")
    (tmp_path / "school.ics").write_text(long, newline="")
    file = tmp_path / "chores.toml"
    file.write_text('[calendars]\nschool = { file = "school.ics" }\n[schedules]\n')
    (school,) = read_file(file).calendars
    assert school.text == SCHOOL.replace("\r\n", "\n")


def test_a_calendar_that_is_too_long_is_refused_with_what_to_do(tmp_path: Path) -> None:
    events = "".join(f"BEGIN:VEVENT\nUID:{n}\nDTSTART;VALUE=DATE:20260720\nEND:VEVENT\n" for n in range(2000))
    (tmp_path / "long.ics").write_text(f"BEGIN:VCALENDAR\n{events}END:VCALENDAR\n")
    faults = refused(tmp_path, '[calendars]\nlong = { file = "long.ics" }\n[schedules]\n')
    assert "may have 65,536" in faults["calendars.long.text"]
    assert "keep the events that are to come" in faults["calendars.long.text"]
