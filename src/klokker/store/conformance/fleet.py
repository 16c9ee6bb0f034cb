"""Nodes, processes, lanes and wake-ups."""

import threading

from klokker.core.lifecycle import RunKind
from klokker.store.conformance.bench import Bench, race
from klokker.store.conformance.given import LEASE, MIDNIGHT, arrive, at
from klokker.store.contract import Lane, NewRun, Node, Store


class Fleet:
    def test_a_node_is_enrolled_once(self, bench: Bench) -> None:
        assert bench.store.enrol("a", MIDNIGHT)
        assert not bench.store.enrol("a", at(1))
        assert list(bench.store.nodes()) == [Node("a", MIDNIGHT, None, None)]

    def test_of_several_that_enrol_a_node_one_is_told_that_it_is_new(self, bench: Bench) -> None:
        answers = race(bench, *[lambda store: store.enrol("a", MIDNIGHT)] * 4)
        assert sorted(answers) == [False, False, False, True]

    def test_a_retired_node_stays_known_and_may_return(self, bench: Bench) -> None:
        bench.store.enrol("b", MIDNIGHT)
        bench.store.enrol("a", MIDNIGHT)
        assert bench.store.retire_node("b", at(1))
        assert not bench.store.retire_node("b", at(2))
        assert not bench.store.retire_node("nowhere", at(2))
        assert [(node.name, node.retired) for node in bench.store.nodes()] == [("a", None), ("b", at(1))]
        assert bench.store.enrol("b", at(3))
        assert [(node.name, node.since, node.retired) for node in bench.store.nodes()][1] == ("b", at(3), None)

    def test_a_node_remembers_its_newest_tick(self, bench: Bench) -> None:
        bench.store.enrol("a", MIDNIGHT)
        assert bench.store.previous_tick("a") is None
        assert bench.store.previous_tick("nowhere") is None
        bench.store.ticked("a", at(2))
        bench.store.ticked("a", at(1))
        assert bench.store.previous_tick("a") == at(2)
        process = arrive(bench.store, "p1", "a")
        bench.store.renew(process, at(3), lease=LEASE, ticked_at=at(2.9))
        assert bench.store.previous_tick("a") == at(2.9)
        bench.store.renew(process, at(4), lease=LEASE)
        assert bench.store.previous_tick("a") == at(2.9)
        assert bench.store.nodes()[0].ticked_at == at(2.9)

    def test_lanes_are_what_was_set_last(self, bench: Bench) -> None:
        assert list(bench.store.lanes()) == []
        bench.store.set_lane(Lane("heavy", 3))
        bench.store.set_lane(Lane("express", None, paused=True, description="for what cannot wait"))
        bench.store.set_lane(Lane("heavy", 5, description="big exports"))
        assert list(bench.store.lanes()) == [
            Lane("express", None, paused=True, description="for what cannot wait"),
            Lane("heavy", 5, description="big exports"),
        ]

    def test_a_process_may_arrive_again(self, bench: Bench) -> None:
        for node in ("a", "b"):
            arrive(bench.store, "p1", node, at(1))
        bench.store.enrol("b", at(1))
        bench.store.renew("p1", at(2), lease=LEASE, ticked_at=at(2))
        assert bench.store.previous_tick("b") == at(2)

    def test_waiting_ends_by_itself(self, bench: Bench) -> None:
        # The first may be woken: as the store begins to listen, something may have come before.
        assert not all(bench.store.wait(0.001) for _ in range(3))

    def test_a_waiter_is_woken(self, bench: Bench) -> None:
        woken = threading.Event()

        def wait(store: Store) -> bool:
            try:
                return any(store.wait(0.5) for _ in range(40))
            finally:
                woken.set()

        def wake(store: Store) -> bool:
            # A wake-up that comes before anybody waits may be lost: it is a hint. So it is given until it is heard.
            while not woken.wait(0.05):
                store.wake()
            return True

        assert race(bench, wait, wake) == [True, True]

    def test_what_is_enqueued_wakes_a_waiter(self, bench: Bench) -> None:
        woken = threading.Event()

        def wait(store: Store) -> bool:
            try:
                return any(store.wait(0.5) for _ in range(40))
            finally:
                woken.set()

        def enqueue(store: Store) -> bool:
            # Each is of a task of its own, and so news; one that comes before anybody waits may be lost.
            number = 0
            while not woken.wait(0.05):
                number += 1
                store.enqueue([NewRun(RunKind.ENQUEUED, f"task {number}", (), {}, at(1))], now=at(1))
            return True

        assert race(bench, wait, enqueue) == [True, True]
