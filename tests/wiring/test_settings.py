"""Settings: where they come from, and what is refused (docs/settings.md)."""

from datetime import timedelta

import pytest

from klokker.wiring.settings import InvalidSettings, Settings


def test_a_process_has_sensible_settings_without_being_told_any() -> None:
    settings = Settings.read({})
    assert settings.lanes == {"default": 4}
    assert settings.executor == "processes"
    assert settings.lease == timedelta(seconds=30)


def test_the_environment_overrules_what_is_handed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLOKKER_NODE", "a")
    assert Settings.read({"node": "b"}).node == "a"


def test_lists_lanes_and_spans_are_written_as_people_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLOKKER_TASKS", "shop.chores, shop.reports")
    monkeypatch.setenv("KLOKKER_LANES", "heavy:2,default:8")
    monkeypatch.setenv("KLOKKER_POLL", "0.5")
    settings = Settings.read({})
    assert settings.tasks == ["shop.chores", "shop.reports"]
    assert settings.lanes == {"heavy": 2, "default": 8}
    assert settings.poll == timedelta(milliseconds=500)


def test_places_are_written_in_one_text_or_as_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    places = {"amsterdam": "52.37,4.9", "cape-town": "-33.92,18.42"}
    assert Settings.read({"places": {"amsterdam": "52.37, 4.90", "cape-town": "-33.92,18.42"}}).places == places
    monkeypatch.setenv("KLOKKER_PLACES", "amsterdam:52.37,4.90; cape-town:-33.92,18.42;")
    assert Settings.read({"places": {"oslo": "59.91,10.75"}}).places == places, "the environment is the strongest"
    with pytest.raises(InvalidSettings):
        Settings.read({}).but(places=["amsterdam"])


def test_a_slip_in_the_environment_is_named_with_what_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLOKKER_NOED", "a")
    with pytest.raises(InvalidSettings) as refused:
        Settings.read({})
    assert refused.value.faults == {"KLOKKER_NOED": "there is no such setting; did you mean node?"}


def test_a_slip_in_what_is_handed_in_is_named_with_what_was_meant() -> None:
    with pytest.raises(InvalidSettings) as refused:
        Settings.read({"laness": "default:2"})
    assert refused.value.faults == {"laness": "there is no such setting; did you mean lanes or places?"}


@pytest.mark.parametrize(
    ("given", "where", "said"),
    [
        ({"lanes": "heavy:none"}, "lanes", "'heavy:none' is not LANE:SLOTS"),
        ({"lanes": "a:1,a:2"}, "lanes", "stands there twice"),
        ({"poll": "soon"}, "poll", "soon"),
        ({"executor": "magic"}, "executor", "must be 'processes', 'threads' or 'inline', got 'magic'"),
        ({"zone": "Europe/Atlantis"}, "zone", "Europe/Atlantis"),
        ({"renew": "40s"}, "lease", "must grow in this order"),
        ({"lease": "21s"}, "lease", "its length must be at least a quarter longer than the child's term"),
        ({"prune_every": "0s"}, "prune_every", "must be positive"),
        ({"node": "a b"}, "node", "'a b' may hold letters"),
        ({"places": "amsterdam"}, "places", "'amsterdam' is not NAME:LATITUDE,LONGITUDE"),
        ({"places": "a:1,2;a:3,4"}, "places", "place 'a' stands there twice"),
        ({"places": "a b:1,2"}, "places", "'a b' cannot be named in a timetable"),
        ({"places": "a:north"}, "places", "a: 'north' is no pair of coordinates"),
        ({"places": "a:91,0"}, "places", "a: latitudes go from -90 to 90"),
        ({"places": "3"}, "places", "'3' is not NAME:LATITUDE,LONGITUDE"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(given: dict[str, str], where: str, said: str) -> None:
    with pytest.raises(InvalidSettings) as refused:
        Settings.read(given)
    assert said in refused.value.faults[where]


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(InvalidSettings) as refused:
        Settings.read({"lanes": ":", "poll": "soon", "nod": 1})
    assert set(refused.value.faults) == {"lanes", "poll", "nod"}


def test_what_a_command_line_says_overrules_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLOKKER_NODE", "from-the-environment")
    monkeypatch.setenv("KLOKKER_LANES", "default:4")
    settings = Settings.read({}).but(node="said", lanes="heavy:2")
    assert (settings.node, settings.lanes) == ("said", {"heavy": 2})
