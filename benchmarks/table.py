"""The figures as a table: what stands in `benchmarks/.state`, in Markdown, for benchmarks/README.md.

python -m benchmarks.table
"""

import json
from pathlib import Path
from typing import Any

from benchmarks.__main__ import NAMES, STATE


def main() -> None:
    """Print all figures that were measured here."""
    for name in NAMES:
        file = STATE / f"{name}.json"
        if file.exists():
            print("\n".join(_lines(file)), end="\n\n")


def _lines(file: Path) -> list[str]:
    measured = json.loads(file.read_text())
    machine = ", ".join(f"{name} {value}" for name, value in measured["machine"].items())
    lines = [
        f"### `{file.stem}`",
        "",
        f"{machine}; load before {measured['load before']}, took {measured['took seconds']:.0f} s.",
        "",
    ]
    lines += ["| what | ours | beside | goal |", "|---|---|---|---|"]
    return lines + [_row(figure) for figure in measured["figures"]]


def _row(figure: dict[str, Any]) -> str:
    ratios = figure["ratio to"]
    ours = next(name for name in figure["measured"] if name not in ratios)
    peers = "; ".join(f"{name} {_said(figure, name)}: ×{_short(ratio)}" for name, ratio in ratios.items())
    goals = "; ".join(_goal(figure, goal) for goal in figure["goals"])
    what = f"{figure['what']}; {figure['note']}" if figure["note"] else figure["what"]
    return f"| {what} | {_said(figure, ours)} | {peers} | {goals} |"


def _said(figure: dict[str, Any], name: str) -> str:
    found = figure["measured"][name]
    return f"{_short(found['median'])} {figure['unit']} ({_short(found['min'])}–{_short(found['max'])})"


def _goal(figure: dict[str, Any], goal: dict[str, Any]) -> str:
    said = {True: "reached", False: "**not reached**", None: "not measured"}[goal["reached"]]
    return f"{'≥' if figure['more is better'] else '≤'} {goal['ratio']:g} × {goal['to']}: {said}"


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


if __name__ == "__main__":
    main()
