"""Intervals as pictures: where a measure lies, how sure that is, and what its rule allows.

Rules that always hold (pure):
- a function of the measure and the thresholds alone, so that every rebuild draws the same bytes;
- a picture says nothing that the table beside it does not say in numbers; without an interval there is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape

from curation_schemas.definition import Thresholds
from curation_validators.measures import Measured

_WIDTH, _HEIGHT = 180, 18


def _around_zero(margin: float) -> tuple[float, float, float, float]:
    """A difference that may go either way by a margin, drawn out to twice as far."""
    return -2 * margin, 2 * margin, -margin, margin


_SCALES: dict[str, Callable[[Thresholds], tuple[float, float, float, float]]] = {
    "balance/length-parity": lambda limits: _around_zero(math.log(limits.length_ratio_percent / 100)),
    "balance/refusal-parity": lambda limits: _around_zero(limits.refusal_points_percent / 100),
    "balance/stance-parity": lambda limits: _around_zero(limits.stance_points_percent / 100),
    "balance/loaded-language": lambda limits: _around_zero(limits.loaded_terms),
    "balance/entity-swap": lambda limits: (0.0, 1.0, limits.swap_percent / 100, 1.0),
    "balance/preference-direction": lambda limits: (
        0.0,
        1.0,
        limits.preference_low_percent / 100,
        limits.preference_high_percent / 100,
    ),
    "provenance/agreement": lambda _limits: (-1.0, 1.0, -1.0, 1.0),
}
"""Measure → the ends of its scale, and the ends of what its rule allows, in the measure's own unit."""


def draw_interval(item: Measured, limits: Thresholds) -> str:
    """An SVG: the allowed band, the interval as a line, the value as a dot; empty where there is nothing to draw."""
    scale = _SCALES.get(item.measure)
    if scale is None or item.value is None or item.low is None or item.high is None:
        return ""
    first, last, low, high = scale(limits)
    if not first < last:
        return ""  # A threshold of zero leaves no scale.

    def place(value: float) -> float:
        # What lies beyond the scale stands at its end.
        share = (min(last, max(first, value)) - first) / (last - first)
        return round(4 + share * (_WIDTH - 8), 1)

    middle = _HEIGHT / 2
    band = (
        f'<rect class="allowed" x="{place(low)}" y="1" width="{place(high) - place(low):.1f}" height="{_HEIGHT - 2}"/>'
    )
    line = f'<line class="interval" x1="{place(item.low)}" x2="{place(item.high)}" y1="{middle}" y2="{middle}"/>'
    zero = f'<line class="zero" x1="{place(0.0)}" x2="{place(0.0)}" y1="1" y2="{_HEIGHT - 1}"/>' if first < 0 else ""
    dot = f'<circle class="value" cx="{place(item.value)}" cy="{middle}" r="4"/>'
    size = f'width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    return f'<svg {size} role="img" aria-label="{escape(item.message)}">{band}{zero}{line}{dot}</svg>'
