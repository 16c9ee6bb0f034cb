"""Events: who is told of what happened (docs/events.md)."""

from threading import Thread

import pytest

from klokker import events
from klokker.events import Event, NodeEnrolled, emit, subscribe


def test_every_subscriber_is_told_in_the_order_of_subscribing() -> None:
    heard: list[tuple[str, Event]] = []
    happened = NodeEnrolled(node="a")
    with subscribe(lambda event: heard.append(("first", event))), subscribe(lambda event: heard.append(("2nd", event))):
        emit(happened)
    assert heard == [("first", happened), ("2nd", happened)]


def test_a_closed_subscription_is_told_of_nothing_more() -> None:
    heard: list[Event] = []
    with subscribe(heard.append):
        pass
    emit(NodeEnrolled(node="a"))
    assert heard == []


def test_the_same_subscriber_twice_closes_one_at_a_time() -> None:
    heard: list[Event] = []
    remember = heard.append
    with subscribe(remember) as first, subscribe(remember):
        first.close()
        emit(NodeEnrolled(node="a"))
    assert heard == [NodeEnrolled(node="a")]


def test_a_subscriber_that_raises_stops_neither_the_emitter_nor_the_others() -> None:
    heard: list[Event] = []

    def broken(event: Event) -> None:
        raise LookupError(event)

    with subscribe(broken), subscribe(heard.append):
        emit(NodeEnrolled(node="a"))
    assert heard == [NodeEnrolled(node="a")]


def test_a_subscribers_error_is_logged_once_a_type_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    errors = [LookupError("a"), LookupError("b"), ValueError("c"), LookupError("d")]

    def broken(_: Event) -> None:
        raise errors.pop(0)

    with subscribe(broken):
        for _ in range(4):
            emit(NodeEnrolled(node="a"))
    said = [record.getMessage() for record in caplog.records]
    assert [line.split(" raised ")[1].split(".")[0] for line in said] == [
        "LookupError on NodeEnrolled",
        "ValueError on NodeEnrolled",
    ]
    assert all(record.exc_info for record in caplog.records)


def test_subscribers_may_come_and_go_from_several_threads() -> None:
    before = events._row

    def come_and_go() -> None:
        for _ in range(500):
            subscribe(lambda _: None).close()

    threads = [Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert events._row == before
