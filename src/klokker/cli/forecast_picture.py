"""A forecast as a picture: one bar a step, stacked by lane, as an SVG that needs nothing from elsewhere."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 960, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 48, 56
COLOURS = ("#3b7dd8", "#e0803a", "#4aa564", "#b45bc0", "#c94f4f", "#8a7a3c", "#4fb3bf")
OTHERS = "#9aa0a6"
"""The colour of all lanes for which there is none of their own."""

STYLE = (
    "text { font: 12px system-ui, sans-serif; fill: #444 } .title { font-size: 15px; fill: #111 } line { stroke: #ddd }"
)


def picture(title: str, unit: str, steps: Sequence[str], lanes: Mapping[str, Sequence[float]]) -> str:
    """Bars of `lanes` (lane → a figure for each step, in `unit`) over `steps`, their captions."""
    heights = [sum(figures) for figures in zip(*lanes.values(), strict=True)] or [0.0] * len(steps)
    top = _round_up(max(heights, default=0.0))
    across, down = (WIDTH - LEFT - RIGHT) / max(1, len(steps)), HEIGHT - TOP - BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text class="title" x="{LEFT}" y="20">{escape(title)}</text>',
    ]
    for quarter in range(5):
        y = TOP + down * (4 - quarter) / 4
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_figure(top * quarter / 4)}</text>')
    base = [0.0] * len(steps)
    for (lane, figures), colour in zip(lanes.items(), _colours(len(lanes)), strict=True):
        for step, figure in enumerate(figures):
            if figure > 0:
                height, below = down * figure / top, down * base[step] / top
                told = escape(f"{steps[step]}, {lane}: {_figure(figure)} {unit}")
                parts.append(
                    f'<rect x="{LEFT + across * step + across * 0.1:.1f}" y="{TOP + down - below - height:.1f}" '
                    f'width="{across * 0.8:.1f}" height="{height:.1f}" fill="{colour}"><title>{told}</title></rect>'
                )
                base[step] += figure
    every = max(1, ceil(len(steps) / 8))
    for step in range(0, len(steps), every):
        x = LEFT + across * (step + 0.5)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{escape(steps[step])}</text>')
    parts += _legend(tuple(lanes), unit)
    return "\n".join([*parts, "</svg>"]) + "\n"


def caption(at: datetime, *, with_time: bool) -> str:
    """A step's name under its bar."""
    return at.strftime("%a %d %H:%M" if with_time else "%a %d %b")


def _legend(lanes: Sequence[str], unit: str) -> list[str]:
    parts, x, y = [f'<text x="{LEFT}" y="{TOP - 10}">{escape(unit)}</text>'], float(LEFT), HEIGHT - 14
    shown = [*lanes[: len(COLOURS)], *(["other lanes"] if len(lanes) > len(COLOURS) else [])]
    for lane, colour in zip(shown, (*COLOURS, OTHERS), strict=False):
        parts.append(f'<rect x="{x:.1f}" y="{y - 10}" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 18:.1f}" y="{y}">{escape(lane)}</text>')
        x += 36 + 7 * len(lane)
    return parts


def _colours(count: int) -> list[str]:
    return [*COLOURS[:count], *[OTHERS] * (count - len(COLOURS))]


def _round_up(figure: float) -> float:
    """The next figure that people like at the end of an axis."""
    if figure <= 0:
        return 1.0
    unit: float = 10.0 ** floor(log10(figure))
    return next(unit * each for each in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10) if unit * each >= figure * 0.999)


def _figure(figure: float) -> str:
    """`12,000`, `37.5`: as people write it."""
    return f"{figure:,.0f}" if figure >= 1000 else f"{figure:.4g}"
