"""`plots/*.svg`: the release's figures as pictures.

Rules that always hold (pure):
- drawn from counts alone, as text: `verify` draws them again and compares, which a plotting library would not let it;
- no script, no font and no address; a text says what the bars say, and every label is escaped;
- sides are told by their label, never by a colour.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from curation.releases.facts import SIMULATED, CardFacts, in_english

PLOTS = {
    "positions": "Accepted examples by position, for each topic",
    "acceptance": "Share of seats that accept, by perspective, over the examples in this release",
}
_WIDTH, _LABEL, _BAR, _ROW = 900, 420, 360, 22
_STYLE = "text{font:13px system-ui,sans-serif;fill:#1b1b1b}.h{font-weight:600}rect.b{fill:#35618f}rect.n{fill:#e4e4e4}"

Bar = tuple[str, float, str]
"""Label, length from 0 to 1, what stands beside it."""


def render_plots(facts: CardFacts) -> dict[str, bytes]:
    """Every plot by path."""
    note = SIMULATED if facts.terms.simulated else ""
    return {
        f"plots/{name}.svg": _draw(PLOTS[name], note, groups)
        for name, groups in (("positions", _positions(facts)), ("acceptance", _acceptance(facts)))
    }


def _positions(facts: CardFacts) -> Iterable[tuple[str, list[Bar]]]:
    most = max(facts.figures.positions.values(), default=1)
    for topic in facts.topics():
        found = [
            (in_english(item.label), facts.figures.positions.get((topic.id, item.id), 0)) for item in topic.positions
        ]
        if any(count for _, count in found):
            yield in_english(topic.label), [(label, count / most, str(count)) for label, count in found]


def _acceptance(facts: CardFacts) -> Iterable[tuple[str, list[Bar]]]:
    for topic in facts.topics():
        bars = []
        for item in topic.perspectives:
            filled, accepting = facts.figures.seats.get((topic.id, item.id), (0, 0))
            if filled:
                share = accepting / filled
                bars.append((in_english(item.label), share, f"{share:.0%} of {filled}"))
        if bars:
            yield in_english(topic.label), bars


def _draw(title: str, note: str, groups: Iterable[tuple[str, list[Bar]]]) -> bytes:
    lines, y = [f'<text class="h" x="12" y="24">{escape(title)}</text>'], 34
    if note:
        y += _ROW
        lines.append(f'<text x="12" y="{y - 10}">{escape(note)}</text>')
    for heading, bars in groups:
        y += _ROW + 6
        lines.append(f'<text class="h" x="12" y="{y}">{escape(_short(heading, 100))}</text>')
        for label, length, beside in bars:
            y += _ROW
            x = _LABEL + 12
            lines += [
                f'<text x="{_LABEL}" y="{y}" text-anchor="end">{escape(_short(label, 58))}</text>',
                f'<rect class="n" x="{x}" y="{y - 12}" width="{_BAR}" height="14"/>',
                f'<rect class="b" x="{x}" y="{y - 12}" width="{round(_BAR * length)}" height="14"/>',
                f'<text x="{x + _BAR + 8}" y="{y}">{escape(beside)}</text>',
            ]
    height = y + 24
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" '
        f'role="img" aria-label="{escape(f"{title}. {note}".strip())}"><style>{_STYLE}</style>'
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
    )
    return "\n".join([head, *lines, "</svg>\n"]).encode()


def _short(text: str, most: int) -> str:
    """As much of a label as has room, cut between words where it has any."""
    if len(text) <= most:
        return text
    whole, space, _ = text[: most - 1].rpartition(" ")
    return (whole if space else text[: most - 1]) + " …"
