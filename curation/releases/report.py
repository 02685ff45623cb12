"""`validation/report.json` and `validation/index.html`: what was measured on a release, what was not, and what left it.

Rules that always hold (pure):
- a function of the measures alone: no time, no place, nothing of the machine;
- the page opens from disk: no script, no font, no address but anchors of its own; foreign text is escaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from curation.releases.facts import SIMULATED
from curation.releases.gates import Gates
from curation.releases.intervals import draw_interval
from curation_validators.measures import MEASURES, Measured
from curation_validators.measuring.scope import ALL

SCHEMA = "evenhand/report/v1"
REPORT, PAGE = "validation/report.json", "validation/index.html"
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b;
  background: #fff; }
.scroll { overflow-x: auto; } td:nth-child(8) { min-width: 18rem; } summary { cursor: pointer; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; }
th, td { border: 1px solid #bbb; padding: .25rem .6rem; text-align: left; vertical-align: top; }
.gate { background: #f7d4d4; } .warn { background: #fcefc7; } .pass { background: #dcefdc; } .none { background: #eee; }
.bar { display: inline-block; height: .8rem; background: #35618f; vertical-align: middle; }
svg { vertical-align: middle; } .allowed { fill: #fff; stroke: #35618f; } .zero { stroke: #999; }
.interval { stroke: #1b1b1b; stroke-width: 2; } .value { fill: #1b1b1b; }
@media (prefers-color-scheme: dark) {
  body { color: #e8e8e8; background: #16181b; } a { color: #9cc4ff; } th, td { border-color: #555; }
  .gate { background: #5a2626; } .warn { background: #56461a; } .pass { background: #24432a; }
  .none { background: #2b2e33; }
  .bar { background: #7fb0e6; } .allowed { fill: #16181b; stroke: #7fb0e6; }
  .interval { stroke: #e8e8e8; } .value { fill: #e8e8e8; }
}
"""
_NOTE = (
    "Of the checks on single examples only those named examples/… are taken here, against the protected sets that "
    "come with Evenhand. Near-copies, language, contacts, sources and mirrors are not: run `evenhand validate` on this "
    "folder."
)
_OVERRULED = ["topic", "gate", "reason", "maintainer", "event"]
_LIMITS = (
    "<p>Balance counts labels. It cannot see a slant that reviewers let through. A measure with fewer than 20 items is "
    "not taken: that is neither a pass nor a fail. Of the checks on single examples only those named examples/… are "
    "taken here, against the protected sets that come with Evenhand. Near-copies, language, contacts, sources and "
    "mirrors are not: run <code>evenhand validate</code> on this folder.</p>"
)

_READING = (
    "<p>In a picture the outlined band is what the rule allows, the line the 95 % interval, the dot the value; a thin "
    "line stands at zero.</p>"
)


def render_report(dataset: str, version: str, gates: Gates, *, simulated: bool) -> bytes:
    """report.json."""
    content = {
        "schema": SCHEMA,
        "dataset": dataset,
        "version": version,
        "simulated": simulated,
        "thresholds": dict(gates.limits),
        "targets": {topic: target.model_dump(mode="json") for topic, target in sorted(gates.targets.items())},
        "left_out": {topic: list(measures) for topic, measures in gates.gated.items()},
        "overruled": [item.as_json() for item in gates.overruled],
        "measures": [item.as_json() for item in gates.measured],
        "note": _NOTE,
    }
    return (json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def render_page(dataset: str, version: str, gates: Gates, *, simulated: bool) -> bytes:
    """index.html."""
    title = f"{dataset} {version}: validation"
    topics = sorted({item.topic for item in gates.measured})
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        *([f"<p><strong>{SIMULATED}</strong></p>"] if simulated else []),
        _LIMITS,
        _summary(gates),
        "<h2>Topics</h2><ul>",
        *(f'<li><a href="#topic-{escape(topic)}">{escape(topic) or "(no topic)"}</a></li>' for topic in topics),
        "</ul>",
        *(_topic(topic, gates) for topic in topics),
        *(_left(topic, measures) for topic, measures in gates.gated.items()),
        "</body></html>\n",
    ]
    return "\n".join(parts).encode()


def _summary(gates: Gates) -> str:
    failed = [item for item in gates.measured if item.breaks is not None]
    counts = {outcome: len(gates.ended(outcome)) for outcome in ("pass", "fail", "insufficient", "error")}
    left = "".join(
        f'<li><a href="#topic-{escape(topic)}">{escape(topic)}</a> {escape(reason)}</li>'
        for topic, reason in gates.reasons().items()
    )
    overruled = [
        [escape(text) for text in (item.topic, item.gate, item.reason, item.maintainer, f"leaf {item.event}")]
        for item in gates.overruled
    ]
    rows = [
        [
            f'<a href="#{_anchor(item)}">{escape(item.measure)}</a>',
            escape(item.where),
            escape(item.message),
            escape(item.hint),
        ]
        for item in failed
    ]
    return (
        f"<p>{counts['pass']} measures pass, {counts['fail']} fail a gate or a warning, {counts['insufficient']} were "
        f"not taken, {counts['error']} broke.</p>"
        + (f"<h2>Left this release</h2><ul>{left}</ul>" if left else "<p>No topic left this release.</p>")
        + (f"<h2>Overruled by a maintainer</h2>{_table(_OVERRULED, overruled)}" if overruled else "")
        + (f"<h2>What fails</h2>{_table(['measure', 'of', 'what it is', 'what to do'], rows)}" if rows else "")
    )


def _topic(topic: str, gates: Gates) -> str:
    measured = [item for item in gates.measured if item.topic == topic]
    taken = [item for item in measured if item.outcome != "insufficient"]
    left = [item for item in measured if item.outcome == "insufficient"]
    return (
        f'<h2 id="topic-{escape(topic)}">{escape(topic) or "(no topic)"}</h2>'
        + _coverage(topic, gates)
        + _owners(topic, gates)
        + _reviewers(topic, gates)
        + "<h3>Measures</h3>"
        + _READING
        + (_measures(taken, gates) if taken else "<p>None was taken.</p>")
        + (f"<details><summary>{len(left)} not measured</summary>{_measures(left, gates)}</details>" if left else "")
    )


def _measures(measured: list[Measured], gates: Gates) -> str:
    return _table(
        ["measure", "of", "outcome", "items", "value", "interval", "picture", "what it is"],
        [_measure_row(item, gates) for item in measured],
        [_shade(item) for item in measured],
        [_anchor(item) for item in measured],
    )


def _measure_row(item: Measured, gates: Gates) -> list[str]:
    interval = f"{item.low:.3f} to {item.high:.3f}" if item.low is not None and item.high is not None else ""
    value = "" if item.value is None else f"{item.value:,.3f}"
    level = f" ({item.breaks})" if item.breaks else ""
    taken = "told" if MEASURES[item.measure].level == "report" and item.outcome == "pass" else item.outcome
    outcome = "not measured" if item.outcome == "insufficient" else f"{taken}{level}"
    of = f"{item.subject} {'' if item.config == ALL else item.config}".strip()
    cells = [escape(item.measure), escape(of), outcome, str(item.items or ""), value, interval]
    return [*cells, draw_interval(item, gates.limits), escape(item.message) + _offenders(item)]


_TABLES = {
    "balance/coverage": "coverage",
    "balance/position-share": "coverage",
    "provenance/source-concentration": "owners",
    "provenance/reviewer-share": "reviewers",
}
"""Measure → the table of its topic in which one sees who or what makes it so."""


def _offenders(item: Measured) -> str:
    """A link to the table that shows it, and the examples that it names."""
    named = (item.more or {}).get("examples") or ()
    listed = ", ".join(f"<code>{escape(str(name))}</code>" for name in named)
    table = _TABLES.get(item.measure)
    link = f'; <a href="#{table}-{escape(item.topic)}">see the table</a>' if table and item.outcome == "fail" else ""
    return link + (f"; read each with <code>evenhand trace</code>: {listed}" if listed else "")


def _left(topic: str, measures: Iterable[Mapping[str, Any]]) -> str:
    """What was measured on a topic that left: its rows are in no table of this release."""
    rows, shades = [], []
    for item in measures:
        told = "not measured" if item.get("outcome") == "insufficient" else str(item.get("outcome"))
        level = f" ({item['breaks']})" if item.get("breaks") else ""
        value = item.get("value")
        shown = f"{value:,.3f}" if isinstance(value, (int, float)) else ""
        cells = (item.get("measure"), item.get("subject"), f"{told}{level}", item.get("items") or "", shown)
        rows.append([escape(str(cell)) for cell in (*cells, item.get("message"), item.get("hint") or "")])
        shades.append(str(item.get("breaks") or ("none" if told == "not measured" else "pass")))
    return (
        f'<h2 id="topic-{escape(topic)}">{escape(topic)}: left this release</h2>'
        "<p>Measured on the rows that it would have had; they are not in this release.</p>"
        + _table(["measure", "of", "outcome", "items", "value", "what it is", "what to do"], rows, shades)
    )


def _shade(item: Measured) -> str:
    if item.outcome in ("insufficient", "error") or MEASURES[item.measure].level == "report":
        return "none"
    return item.breaks or "pass"


def _anchor(item: Measured) -> str:
    return escape("-".join([item.measure.replace("/", "-"), item.config, item.topic, item.subject]))


def _coverage(topic: str, gates: Gates) -> str:
    """Examples by position and language, and each position's share."""
    cells: dict[tuple[str, str], int] = {}
    for (_, where, position, language), sums in gates.counts.cells.items():
        if (where or "") == topic and position is not None and language is not None:
            cells[position, language] = cells.get((position, language), 0) + sums[0]
    shape = gates.shapes.get(topic)
    positions = list(shape.positions) if shape else sorted({position for position, _ in cells})
    languages = list(shape.languages) if shape else sorted({language for _, language in cells})
    total = sum(cells.values())
    rows = []
    for position in positions:
        counts = [cells.get((position, language), 0) for language in languages]
        share = sum(counts) / total if total else 0.0
        bar = f'<span class="bar" style="width:{round(200 * share)}px"></span> {share:.1%}'
        rows.append([escape(position), *(str(count) if count else "<b>none</b>" for count in counts), bar])
    heading = f'<h3 id="coverage-{escape(topic)}">Examples by position and language</h3>'
    even = f"<p>An even split gives each position {1 / len(positions):.1%}.</p>" if positions else ""
    if topic in gates.targets:
        reason = escape(gates.targets[topic].reason)
        even = f"<p>Written target: {escape(gates.say_targets()[topic])}. «{reason}»</p>"
    return heading + even + _table(["position", *map(escape, languages), "share"], rows)


def _owners(topic: str, gates: Gates) -> str:
    owners = _added((key[2], sums[0]) for key, sums in gates.counts.owners.items() if (key[1] or "") == topic)
    return f'<h3 id="owners-{escape(topic)}">Sources by owner</h3>' + _top(owners, "owner", "citations")


def _reviewers(topic: str, gates: Gates) -> str:
    parts = [f'<div id="reviewers-{escape(topic)}"></div>']
    found = [(key, sums[0]) for key, sums in gates.counts.reviewers.items() if (key[0] or "") == topic]
    for perspective in sorted({str(key[1]) for key, _ in found}):
        seats = _added((key[2], count) for key, count in found if str(key[1]) == perspective)
        parts.append(f"<h3>Reviewers: {escape(perspective)}</h3>" + _top(seats, "reviewer", "seats"))
    return "".join(parts)


def _added(pairs: Iterable[tuple[Any, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, count in pairs:
        found[name or "(not said)"] = found.get(name or "(not said)", 0) + count
    return found


def _top(counts: Mapping[str, int], name: str, what: str, shown: int = 10) -> str:
    if not counts:
        return "<p>None.</p>"
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows = [[escape(item), str(count), f"{count / total:.1%}"] for item, count in ordered[:shown]]
    more = f"<p>{len(counts)} in all, {total} {what}.</p>"
    return _table([name, what, "share"], rows) + more


def _table(
    headings: list[str], rows: list[list[str]], shades: list[str] | None = None, anchors: list[str] | None = None
) -> str:
    head = "".join(f"<th>{item}</th>" for item in headings)
    body = []
    for place, row in enumerate(rows):
        shade = f' class="{shades[place]}"' if shades else ""
        anchor = f' id="{anchors[place]}"' if anchors else ""
        body.append(f"<tr{anchor}{shade}>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>")
    return f'<div class="scroll"><table><tr>{head}</tr>{"".join(body)}</table></div>'
