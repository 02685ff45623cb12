"""What the pages of all probes share.

Rules that always hold (pure):
- no script, no font, no address; foreign text is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from curation.probing.charts import Point, Series, dot_chart
from curation_schemas.probe import Binding, Estimate

_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1b1b; --line: #c9c9c9;
  --series-1: #0b62a4; --series-2: #c4501b; --series-3: #3d7a2e; --series-4: #7b4ba0; --series-5: #806000;
  --series-6: #5c5c5c; }
@media (prefers-color-scheme: dark) { :root { --paper: #16181a; --ink: #e8e8e8; --line: #4a4d50;
  --series-1: #6cb2ee; --series-2: #f0915c; --series-3: #86c96f; --series-4: #c39be6; --series-5: #d8b54a;
  --series-6: #b0b0b0; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
  color: var(--ink); background: var(--paper); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left; vertical-align: top;
  white-space: nowrap; }
.chart { width: 100%; min-width: 34rem; max-width: 46rem; font: 13px system-ui, sans-serif; }
.chart text { fill: var(--ink); } .chart text.on { fill: var(--paper); font-weight: 600; }
.grid { stroke: var(--line); } .zero { stroke: var(--ink); }
.note { border-left: 4px solid #c4501b; padding-left: .8rem; }
code { overflow-wrap: anywhere; }
"""


def render_page(title: str, parts: Sequence[str]) -> str:
    """A whole page that needs nothing else."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
            *parts,
            "</body></html>\n",
        ]
    )


def estimate_cells(found: Estimate) -> list[str]:
    """Value, interval and both p-values, for a table."""
    interval = f"{found.low:+.3f} to {found.high:+.3f}" if found.low is not None and found.high is not None else "–"
    return [f"{found.value:+.3f}", interval, _p(found.p), _p(found.p_family)]


def _p(value: float | None) -> str:
    return "–" if value is None else f"{value:.2g}"


def render_chart(rows: Sequence[str], series: Sequence[Series], axis: str, label: str) -> str:
    """A chart that scrolls where the window is narrow."""
    return f'<div class="wide">{dot_chart(rows, series, axis, label)}</div>' if rows else "<p>Nothing measured.</p>"


def point_of(found: Estimate, *, strong: bool) -> Point:
    """An estimate as a chart has it."""
    return Point(found.value, found.low, found.high, strong)


def plain_text(text: str) -> str:
    """Foreign text on one line of Markdown code."""
    return " ".join(text.replace("`", "'").split())


def render_binding(binding: Binding) -> str:
    """What a report is bound to, as a table."""
    rows = [[name.replace("_", " "), _said(value)] for name, value in binding.model_dump().items()]
    return render_table(["what", "which"], rows)


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {'–' if part is None else part}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "–" if value is None else str(value)


def render_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; every cell is escaped."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'
