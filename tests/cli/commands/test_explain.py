"""explain (docs/commands/explain.md), and what `show` says in words."""

from tests.cli.conftest import Cli

SHOP = """
[schedules.tidy]
task = "shop.clean_up"
when = "H 3 * * 1-5"
zone = "Europe/Amsterdam"
fold = "both"
ends = "2027-01-01T00:00"
"""


def test_a_schedule_is_explained_with_its_zone_name_policies_and_limits(cli: Cli) -> None:
    cli.sync(SHOP)
    said = cli("explain", "tidy", "--json").json
    assert (said["when"], said["zone"], said["lang"]) == ("H 3 * * 1-5", "Europe/Amsterdam", "en")
    assert said["sentences"][0].startswith("At 03:")
    assert said["sentences"][0].endswith(", from Monday to Friday.")
    assert said["sentences"][1:] == [
        "Nothing comes after Friday 1 January 2027 at 00:00.",
        "Where H stands, the name “tidy” decides; another name has other times.",
        "Times are those of the clocks in Europe/Amsterdam.",
        "A time that the clocks skip comes at the first moment after the gap.",
        "A time that they repeat comes in both passes.",
    ]
    assert cli("show", "tidy", "--json").json["in_words"] == said["sentences"]
    assert said["sentences"][0] in " ".join(cli("show", "tidy").out.split())


def test_a_text_is_explained_in_each_language(cli: Cli) -> None:
    first = {lang: cli("explain", "0 9 * * 1-5", "--lang", lang).out.splitlines()[0] for lang in ("en", "nl", "nb")}
    assert first == {
        "en": "At 09:00, from Monday to Friday.",
        "nl": "Om 09:00, van maandag tot en met vrijdag.",
        "nb": "Kl. 09:00, fra mandag til fredag.",
    }
    refused = cli("explain", "0 9 * * 1-5", "--lang", "dutch")
    assert (refused.code, "write one of en, nl, nb" in refused.error) == (2, True)


def test_a_slip_in_a_name_is_no_timetable(cli: Cli) -> None:
    cli.sync(SHOP)
    refused = cli("explain", "tydy")
    assert refused.code == 3
    assert "did you mean tidy?" in refused.error


def test_a_bad_text_is_refused_where_the_fault_stands(cli: Cli) -> None:
    refused = cli("explain", "0 25 * * *")
    assert refused.code == 2
    assert "hour '25' at position 2: write 0 to 23" in refused.error
