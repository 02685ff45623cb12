"""Stacked bars as SVG: what shares of answers fall into each class.

Rules that always hold (pure):
- no script, no font, no address; every figure also stands in a table beside it;
- a part is told by its letter as well as by its colour; foreign text is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

_LEFT, _RIGHT, _TOP, _WIDTH, _ROW = 170, 24, 56, 720, 30
_LEAST_LETTER = 16
"""Pixels under which a part is too narrow for its letter."""


def stacked_bars(rows: Mapping[str, Mapping[str, int]], parts: Sequence[tuple[str, str]], label: str) -> str:
    """A bar for each row that has anything, divided by its counts.

    Args:
        rows: row → part → count.
        parts: each part and its letter, in their order.
        label: what the chart is, for those who do not see it.
    """
    known = {name: counts for name, counts in rows.items() if sum(counts.values())}
    bottom = _TOP + _ROW * len(known)
    drawn = [
        f'<svg viewBox="0 0 {_WIDTH} {bottom + 34}" role="img" aria-label="{escape(label)}" class="chart">',
        *_legend(parts),
        *_axis(bottom),
    ]
    for number, (name, counts) in enumerate(known.items()):
        drawn += _bar(name, counts, parts, _TOP + number * _ROW)
    return "\n".join([*drawn, "</svg>"])


def _colour(place: int) -> str:
    return f"var(--series-{place + 1})"


def _legend(parts: Sequence[tuple[str, str]]) -> list[str]:
    drawn, x, y = [], 8, 6
    for place, (name, letter) in enumerate(parts):
        width = 40 + 7 * len(name)
        if x + width > _WIDTH:
            x, y = 8, y + 20
        drawn.append(f'<rect x="{x}" y="{y}" width="16" height="14" fill="{_colour(place)}"/>')
        drawn.append(f'<text x="{x + 8}" y="{y + 11}" text-anchor="middle" class="on">{escape(letter)}</text>')
        drawn.append(f'<text x="{x + 21}" y="{y + 11}">{escape(name)}</text>')
        x += width
    return drawn


def _axis(bottom: int) -> list[str]:
    drawn = []
    for percent in (0, 25, 50, 75, 100):
        x = _LEFT + (_WIDTH - _LEFT - _RIGHT) * percent / 100
        drawn.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{bottom}" class="grid"/>')
        drawn.append(f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{percent} %</text>')
    return drawn


def _bar(name: str, counts: Mapping[str, int], parts: Sequence[tuple[str, str]], top: int) -> list[str]:
    total = sum(counts.values())
    scale = (_WIDTH - _LEFT - _RIGHT) / total
    drawn = [f'<text x="{_LEFT - 10}" y="{top + 17}" text-anchor="end">{escape(name)}</text>']
    x = float(_LEFT)
    for place, (part, letter) in enumerate(parts):
        count = counts.get(part, 0)
        width = count * scale
        if not count:
            continue
        said = escape(f"{name}, {part}: {count} of {total}")
        drawn.append(
            f'<g><title>{said}</title><rect x="{x:.1f}" y="{top + 2}" width="{width:.1f}" height="{_ROW - 8}" '
            f'fill="{_colour(place)}"/>'
        )
        if width >= _LEAST_LETTER:
            middle = x + width / 2
            drawn.append(
                f'<text x="{middle:.1f}" y="{top + 17}" text-anchor="middle" class="on">{escape(letter)}</text>'
            )
        drawn.append("</g>")
        x += width
    return drawn
