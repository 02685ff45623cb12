"""Even-handedness as a page that opens from disk, and as a section for a dataset card.

Rules that always hold (pure):
- a function of the report alone; no script, no font, no address; foreign text is escaped;
- what was not measured stands before the figures, and every figure of a chart also in a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from curation.probing.charts import Point, Series
from curation.probing.evenhandedness import name_of
from curation.probing.html import (
    estimate_cells,
    plain_text,
    point_of,
    render_binding,
    render_chart,
    render_page,
    render_table,
)
from curation_schemas.probe import Binding, Estimate
from curation_schemas.probe_evenhandedness import (
    Contrast,
    DetectorScore,
    EvenhandednessReport,
    EvenhandednessResult,
    EvenhandednessShift,
    ParityFigure,
)
from curation_validators.probes.evenhandedness import SHARES

_NAMES = {
    "refused": "refused",
    "partly": "done in part",
    "acknowledges": "another view",
    "length": "length",
    "hedges": "hedges",
    "loaded": "loaded terms",
    "quality": "quality",
}
_MEANS = {
    "refused": "share of answers that do nothing of what was asked",
    "partly": "share of answers that do a part of it, or something else for its purpose",
    "acknowledges": "share of answers that say there is another view",
    "length": "logarithm of words (characters in Chinese); the difference is ln of the ratio",
    "hedges": "hedging words per 1,000 tokens",
    "loaded": "loaded terms per 1,000 tokens",
    "quality": "log-odds that the judge prefers the first side's answer",
}
_SAYS = (
    "Each dot is the first side's mean less the second side's. 0 is parity. Bars are 95 % intervals over topics, or "
    "over groups of pairs where there are few topics. A filled dot is a finding: chance alone gives a difference so "
    "far from 0, on any measure, in under 5 % of cases. How an answer is made is compared only where neither side "
    "refuses."
)
_LIMITS = (
    "Like treatment is not the same as good treatment, and a topic whose sides are not alike in fact may well be "
    "answered unlike: a difference is a reason to read the answers. Differences of opposite directions cancel over "
    "topics; «apart» does not cancel."
)
_COUNTED = ("hedges", "loaded")


def evenhandedness_page(report: EvenhandednessReport) -> str:
    """index.html."""
    title = f"Even-handedness: {report.binding.model}"
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{_LIMITS}</p>"]
    parts += [f'<p class="note">{escape(note)}</p>' for note in _notes_of(report)]
    parts += [*_summary(report.results), "<h2>Differences between the sides</h2>", f"<p>{_SAYS}</p>"]
    parts += [*_charts([(name_of(item), item.figures) for item in report.results]), _meanings(report.results)]
    for item in report.results:
        parts += [f"<h2>{escape(name_of(item))}</h2>", _figures(item.figures), _checks(item), "<h3>Classes</h3>"]
        parts += [_classes(item), *_topics(item)]
    parts += shift_parts(report.shifts)
    parts += ["<h2>How far the rules can be trusted</h2>", _detectors(report.detectors)]
    parts += ["<h2>What this report is bound to</h2>", render_binding(report.binding)]
    return render_page(title, parts)


def shift_page(shifts: Sequence[EvenhandednessShift], before: Binding, after: Binding) -> str:
    """The page of a comparison."""
    title = f"Even-handedness: {before.model} → {after.model}"
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{_LIMITS}</p>", *shift_parts(shifts)]
    parts += ["<h2>Before</h2>", render_binding(before), "<h2>After</h2>", render_binding(after)]
    return render_page(title, parts)


def shift_parts(shifts: Sequence[EvenhandednessShift]) -> list[str]:
    """A section for each shift."""
    parts: list[str] = []
    for shift in shifts:
        parts.append(f"<h2>{escape(shift.first)} → {escape(shift.second)}</h2>")
        rows = [
            [
                _NAMES[item.measure],
                str(item.pairs),
                f"{item.before:+.3f}",
                f"{item.after:+.3f}",
                *estimate_cells(item.shift),
                "finding" if item.finding else "",
            ]
            for item in shift.figures
        ]
        headings = ["measure", "pairs", "difference before", "after", "change", "95 % interval", "p", "p, all", ""]
        parts.append(render_table(headings, rows))
        if shift.same_class and shift.same_before is not None and shift.same_after is not None:
            value, interval, p, _ = estimate_cells(shift.same_class)
            parts.append(
                f"<p>Pairs of one class: {shift.same_before:.1%} → {shift.same_after:.1%}, change {value} "
                f"({interval}), p {p}.</p>"
            )
    return parts


def evenhandedness_card(report: EvenhandednessReport) -> str:
    """A Markdown section that a dataset card can include."""
    bound = report.binding
    head = (
        f"Model `{plain_text(bound.model)}`, pairs `{plain_text(bound.instrument)}`, items "
        f"`{bound.items_sha256[:16]}`. First side less second; * is a finding at 5 % over all measures."
    )
    lines = ["## Even-handedness", "", head, ""]
    for item in report.results:
        cells = ", ".join(
            f"{_NAMES[figure.measure]} {figure.difference.value:+.2f}{'*' if figure.finding else ''}"
            for figure in item.figures
        )
        same = "" if item.same_class is None else f", {item.same_class.value:.0%} of one class"
        lines.append(f"- {name_of(item)} ({item.outcome}), {item.pairs} pairs{same}: {cells or 'nothing measured'}")
    lines += [f"- Note: {plain_text(note)}" for note in _notes_of(report)]
    return "\n".join([*lines, "", _LIMITS, ""])


def _notes_of(report: EvenhandednessReport) -> list[str]:
    notes = list(report.notes)
    if not report.complete:
        notes.append("The server stopped answering: the run is not complete.")
    return notes


def _summary(results: Sequence[EvenhandednessResult]) -> list[str]:
    if not any(item.outcome == "measured" for item in results):
        return ["<p>Too little was measured for any finding.</p>"]
    lines = []
    for item in results:
        found = [f"{_NAMES[f.measure]} {f.difference.value:+.3f}" for f in item.figures if f.finding]
        within = [_NAMES[figure.measure] for figure in item.figures if figure.within]
        said = f"findings: {', '.join(found)}" if found else "no finding"
        if within:
            said += f"; parity shown: {', '.join(within)}"
        lines.append(f"<li>{escape(f'{name_of(item)}: {said}')}</li>")
    return [f"<ul>{''.join(lines)}</ul>"]


def _charts(named: Sequence[tuple[str, Sequence[ParityFigure]]]) -> list[str]:
    """Measures on one scale stand together: shares and logarithms, and what is counted per 1,000 tokens."""
    return [
        _chart(named, [name for name in _NAMES if name not in _COUNTED], "difference (shares, logarithms)"),
        _chart(named, _COUNTED, "difference per 1,000 tokens"),
    ]


def _chart(named: Sequence[tuple[str, Sequence[ParityFigure]]], measures: Sequence[str], axis: str) -> str:
    series, rows = [], dict[str, None]()
    for name, figures in named:
        own = {_NAMES[f.measure]: _point(f) for f in figures if f.measure in measures}
        rows |= dict.fromkeys(own)
        series.append(Series(name, own))
    return render_chart(list(rows), series, axis, f"First side less second: {axis}") if rows else ""


def _point(figure: ParityFigure) -> Point:
    return point_of(figure.difference, strong=figure.finding)


def _figures(figures: Sequence[ParityFigure]) -> str:
    rows = [
        [
            _NAMES[item.measure],
            str(item.pairs),
            _side(item.measure, item.first),
            _side(item.measure, item.second),
            *estimate_cells(item.difference),
            "–" if item.mcnemar_p is None else f"{item.mcnemar_p:.2g}",
            _parity(item),
            f"{item.apart:.3f}",
        ]
        for item in figures
    ]
    headings = ["measure", "pairs", "first side", "second side", "difference", "95 % interval", "p"]
    return render_table([*headings, "p, all measures", "McNemar p", "parity", "apart"], rows)


def _meanings(results: Sequence[EvenhandednessResult]) -> str:
    """What each measure is that was taken."""
    there = {figure.measure for item in results for figure in item.figures}
    lines = [f"<li>{escape(name)}: {escape(_MEANS[key])}</li>" for key, name in _NAMES.items() if key in there]
    return f"<ul>{''.join(lines)}</ul>"


def _side(measure: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.1%}" if measure in SHARES else f"{value:.3f}"


def _parity(item: ParityFigure) -> str:
    if item.margin is None:
        return "no margin"
    said = "not measured" if item.within is None else "shown" if item.within else "not shown"
    return f"{said} (±{item.margin:.3f})"


def _checks(item: EvenhandednessResult) -> str:
    same, judge = item.same_class, item.judge
    rows = [
        ["pairs with both sides read", str(item.pairs)],
        ["answers read", f"{item.measured} of {item.items}"],
        ["answers that ran out of tokens", str(item.cut_off)],
        [f"clusters ({'topics' if item.clustered_by == 'topic' else 'groups of pairs'})", str(item.clusters)],
        ["pairs of one class", "–" if same is None else _share(same)],
    ]
    if judge is not None:
        bias, kappa = judge.position_bias, judge.agreement
        rows += [
            ["judge", f"{judge.model}, {judge.measured} of {judge.asked} questions"],
            ["judge's position bias", "–" if bias is None else f"{bias:+.3f}"],
            ["judge and rules agree on another view (κ)", "–" if kappa is None else f"{kappa:.2f}"],
        ]
    return render_table(["check", "value"], rows)


def _share(found: Estimate) -> str:
    interval = f" ({found.low:.1%} to {found.high:.1%})" if found.low is not None and found.high is not None else ""
    return f"{found.value:.1%}{interval}"


def _classes(item: EvenhandednessResult) -> str:
    seen = sorted({count.first for count in item.classes} | {count.second for count in item.classes})
    counts = {(count.first, count.second): count.pairs for count in item.classes}
    rows = [[first, *(str(counts.get((first, second), 0)) for second in seen)] for first in seen]
    return render_table(["first side ↓ second side →", *seen], rows) if seen else "<p>Not measured.</p>"


def _topics(item: EvenhandednessResult) -> list[str]:
    measures = [name for name in _NAMES if any(name in contrast.differences for contrast in item.contrasts)]
    rows = [_topic_row(contrast, measures) for contrast in item.contrasts]
    headings = ["topic", "first side", "second side", "pairs", "of one class", *(_NAMES[name] for name in measures)]
    return [
        "<details><summary>By topic: described, not tested</summary>",
        render_table(headings, rows),
        "</details>",
    ]


def _topic_row(contrast: Contrast, measures: Sequence[str]) -> list[str]:
    found = contrast.differences
    same = "–" if contrast.same_class is None else f"{contrast.same_class:.0%}"
    cells = [f"{found[name]:+.3f}" if name in found else "–" for name in measures]
    return [contrast.topic, contrast.first, contrast.second, str(contrast.pairs), same, *cells]


def _detectors(scores: Sequence[DetectorScore]) -> str:
    rows = [
        [
            item.language,
            str(item.labelled),
            "–" if item.precision is None else f"{item.precision:.0%}",
            "–" if item.recall is None else f"{item.recall:.0%}",
        ]
        for item in scores
    ]
    said = (
        "<p>Rules find another view by usual phrases only. On labelled answers that say it in unusual words, and that "
        "the rules were not written for:</p>"
    )
    return said + render_table(["language", "labelled answers", "precision", "recall"], rows)
