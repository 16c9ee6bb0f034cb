"""Measure all, or one: `python -m benchmarks [NAME …]`. `make bench` does it, with the peers in an environment of their own."""

import argparse
import json
import time
from importlib import import_module
from pathlib import Path

from benchmarks import machine
from benchmarks.contest import ROOT, Contest
from benchmarks.figures import Figure
from benchmarks.places import Places

NAMES = (
    *("cron", "kinds", "preview", "fleet", "simulate"),
    *("idle_tick", "due_tick", "drain", "enqueue_to_start", "lag", "cold_start"),
)
PEERS = ROOT / ".venv-peers" / "bin" / "python"
STATE = ROOT / "benchmarks" / ".state"


def main() -> None:
    """Run what is asked for; print each figure when it is there, and write all of them to `benchmarks/.state`."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    arguments.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    arguments.add_argument("--small", action="store_true", help="only see that they run: the figures mean nothing")
    arguments.add_argument("--without-peers", action="store_true", help="ours alone")
    asked = arguments.parse_args()
    unknown = [name for name in asked.names if name not in NAMES]
    if unknown:
        arguments.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    peers = None if asked.without_peers else PEERS
    if peers is not None and not peers.exists():
        arguments.error("the peers are not installed: `make bench` does that; or say --without-peers")
    for name in asked.names or NAMES:
        run(name, peers, small=asked.small)


def run(name: str, peers: Path | None, *, small: bool) -> None:
    """Measure one benchmark, and write down what came of it."""
    benchmark = import_module(f"benchmarks.{name}")
    began, load = time.monotonic(), machine.load()
    asks = (benchmark.__doc__ or "").partition("\n")[0]
    print(f"\n{name}: {asks}", flush=True)
    found: list[Figure] = []
    with Places(peers) as places, Contest(places, peers=peers, small=small) as contest:
        for figure in benchmark.figures(contest):
            found.append(figure)
            what, ours, beside, goals = figure.cells()
            print(f"  {what:44} {ours:34} {beside}{f'   [{goals}]' if goals else ''}", flush=True)
            if figure.note:
                print(f"  {'':44} {figure.note}", flush=True)
        described = machine.described() | places.described
    took = time.monotonic() - began
    print(f"  ({took:.0f} s)", flush=True)
    if small:
        return
    STATE.mkdir(exist_ok=True)
    written = {
        "machine": described,
        "load before": load,
        "took seconds": round(took, 1),
        "figures": [figure.as_data() for figure in found],
    }
    (STATE / f"{name}.json").write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
