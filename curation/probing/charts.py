"""Charts as SVG, for pages that open from disk.

Rules that always hold (pure):
- no script, no font, no address; every figure also stands in a table beside it;
- series differ in shape as well as in colour; foreign text is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

_COLOURS = tuple(f"var(--series-{number})" for number in range(1, 7))
"""The page's style says which colours these are, in light and in dark."""
_LEFT, _RIGHT, _TOP, _WIDTH = 130, 24, 34, 720
_STEP = 13


@dataclass(frozen=True, slots=True)
class Point:
    """A value with its interval; `strong` draws it filled."""

    value: float
    low: float | None = None
    high: float | None = None
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One mark in each row."""

    name: str
    points: Mapping[str, Point]


def dot_chart(rows: Sequence[str], series: Sequence[Series], axis: str, label: str, least: float = 0.25) -> str:
    """A row for each name, and in it a dot with its interval for each series; 0 stands in the middle.

    Args:
        axis: what the horizontal axis says.
        label: what the chart is, for those who do not see it.
        least: the axis reaches at least so far to both sides.
    """
    reach = max([least, *(abs(edge) for item in series for point in item.points.values() for edge in _edges(point))])
    step = _nice(reach / 3)
    reach = step * math.ceil(reach / step - 1e-9)
    height = len(series) * _STEP + 12
    places = _legend_places(series)
    above = _TOP + places[-1][1] if places else _TOP
    bottom = above + height * len(rows)
    middle, scale = (_LEFT + _WIDTH - _RIGHT) / 2, (_WIDTH - _LEFT - _RIGHT) / 2 / reach
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {bottom + 46}" role="img" aria-label="{escape(label)}" class="chart">',
        *_legend(series, places),
        *_grid(middle, scale, step, reach, (above, bottom)),
    ]
    for number, row in enumerate(rows):
        top = above + number * height
        parts.append(f'<text x="{_LEFT - 10}" y="{top + height / 2 + 4:.1f}" text-anchor="end">{escape(row)}</text>')
        for place, item in enumerate(series):
            if row in item.points:
                y = top + 6 + _STEP * (place + 0.5)
                parts += _mark(item.points[row], middle, scale, y, place, f"{item.name}, {row}")
    parts.append(f'<text x="{middle:.1f}" y="{bottom + 38}" text-anchor="middle">{escape(axis)}</text></svg>')
    return "\n".join(parts)


def _edges(point: Point) -> list[float]:
    return [value for value in (point.value, point.low, point.high) if value is not None]


def _nice(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * part for part in (1.0, 2.0, 2.5, 5.0, 10.0) if power * part >= value * 0.999)


def _legend_places(series: Sequence[Series]) -> list[tuple[int, int]]:
    """Where each name of the legend stands; what would leave the chart goes on in a new line."""
    places, x, y = [], _LEFT, 0
    for item in series:
        width = 34 + 7 * len(item.name)
        if x > _LEFT and x + width > _WIDTH:
            x, y = _LEFT, y + 18
        places.append((x, y))
        x += width
    return places


def _legend(series: Sequence[Series], places: Sequence[tuple[int, int]]) -> list[str]:
    parts = []
    for number, (item, (x, y)) in enumerate(zip(series, places, strict=True)):
        parts += _shape(x, y + 12, number, strong=True)
        parts.append(f'<text x="{x + 10}" y="{y + 16}">{escape(item.name)}</text>')
    return parts


def _grid(middle: float, scale: float, step: float, reach: float, span: tuple[float, float]) -> list[str]:
    parts = []
    top, bottom = span
    count = round(reach / step)
    for number in range(-count, count + 1):
        x = middle + number * step * scale
        kind = "zero" if number == 0 else "grid"
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top - 6}" y2="{bottom}" class="{kind}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{_signed(number * step)}</text>')
    return parts


def _signed(value: float) -> str:
    return f"{value:+.4g}".replace("-", "−") if value else "0"


def _mark(point: Point, middle: float, scale: float, y: float, place: int, name: str) -> list[str]:
    x, colour = middle + point.value * scale, _COLOURS[place % len(_COLOURS)]
    said = f"{name}: {point.value:+.3f}"
    parts = []
    if point.low is not None and point.high is not None:
        said += f" ({point.low:+.3f} to {point.high:+.3f})"
        low, high = middle + point.low * scale, middle + point.high * scale
        parts.append(
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-width="2"/>'
        )
    return ["<g>", f"<title>{escape(said)}</title>", *parts, *_shape(x, y, place, strong=point.strong), "</g>"]


def _shape(x: float, y: float, place: int, *, strong: bool) -> list[str]:
    colour = _COLOURS[place % len(_COLOURS)]
    fill = colour if strong else "var(--paper)"
    style = f'fill="{fill}" stroke="{colour}" stroke-width="2"'
    if place % 3 == 0:
        return [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" {style}/>']
    if place % 3 == 1:
        return [f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" {style}/>']
    return [f'<path d="M{x:.1f} {y - 5.5:.1f} l5.5 5.5 l-5.5 5.5 l-5.5 -5.5 z" {style}/>']
