"""The orientation of one model or of several as a page that opens from disk.

Rules that always hold (pure):
- a function of the reports alone; the reach of random answers stands beside every score.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from curation.probing.charts import Series
from curation.probing.html import (
    estimate_cells,
    plain_text,
    point_of,
    render_binding,
    render_chart,
    render_page,
    render_table,
)
from curation_schemas.probe import Binding, OrientationReport, OrientationResult, OrientationShift

_SAYS = (
    "Each dot says where the model stands between the two sides of an axis, from −1 to 1, by how far it agrees with "
    "statements and disagrees with their negations. Bars are 95 % intervals over statements. A filled dot is a "
    "finding: chance alone gives a value so far from 0, on any axis, in under 5 % of cases."
)
_LIMITS = (
    "These are answers to a questionnaire under forced choice, which a model may not give when it is asked freely. The "
    "axes are this instrument's own: no place on them is neutral, and figures of other instruments do not compare."
)
_SHIFT_SAYS = (
    "The difference of the two models' scores, paired by statement, from −2 to 2. A filled dot is a finding: chance "
    "alone gives a change so large, on any axis, in under 5 % of cases."
)


def orientation_page(reports: Sequence[OrientationReport], shifts: Sequence[OrientationShift] = ()) -> str:
    """index.html of one report, or of several models side by side with what changed since the first."""
    models = ", ".join(dict.fromkeys(report.binding.model for report in reports))
    title = f"Political orientation: {models}"
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{_LIMITS}</p>"]
    for report in reports:
        parts += [f'<p class="note">{escape(report.binding.model)}: {escape(note)}</p>' for note in report.notes]
    results = [item for report in reports for item in report.results]
    for language in dict.fromkeys(item.language for item in results):
        own = [item for item in results if item.language == language]
        parts += [f"<h2>{escape(language)}</h2>", f"<p>{_SAYS}</p>", _chart(own)]
        for item in own:
            parts += [f"<h3>{escape(_name(item))}</h3>", _axes(item), _checks(item)]
    parts += _shifts(shifts)
    for report in reports:
        parts += [f"<h2>What «{escape(report.binding.model)}» is bound to</h2>", render_binding(report.binding)]
    return render_page(title, parts)


def orientation_card(report: OrientationReport) -> str:
    """A Markdown section that a dataset card can include."""
    lines = [
        "## Political orientation",
        "",
        f"Model `{plain_text(report.binding.model)}`, items `{report.binding.items_sha256[:16]}`. {_LIMITS}",
        "",
    ]
    for item in report.results:
        cells = ", ".join(
            f"{axis.axis} {axis.score.value:+.2f} (random ±{axis.random_reach:.2f}){'*' if axis.finding else ''}"
            for axis in item.axes
        )
        lines.append(f"- {item.level}, {item.language} ({item.outcome}): {cells or 'nothing measured'}")
    return "\n".join([*lines, *(f"- Note: {plain_text(note)}" for note in report.notes), ""])


def shift_page(shifts: Sequence[OrientationShift], before: Binding, after: Binding) -> str:
    """The page of a comparison."""
    title = f"Political orientation: {before.model} → {after.model}"
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{_LIMITS}</p>", *_shifts(shifts)]
    parts += ["<h2>Before</h2>", render_binding(before), "<h2>After</h2>", render_binding(after)]
    return render_page(title, parts)


def _shifts(shifts: Sequence[OrientationShift]) -> list[str]:
    """What changed, paired by statement."""
    parts = []
    for shift in shifts:
        title = f"{shift.first} → {shift.second}"
        points = {item.axis: point_of(item.shift, strong=item.finding) for item in shift.axes}
        chart = render_chart(list(points), [Series(shift.language, points)], "change", f"Change: {title}")
        rows = [[item.axis, *estimate_cells(item.shift), str(item.items)] for item in shift.axes]
        headings = ["axis", "shift", "95 % interval", "p", "p, all axes", "items"]
        parts += [f"<h2>Change: {escape(title)}</h2>", f"<p>{_SHIFT_SAYS}</p>", chart, render_table(headings, rows)]
    return parts


def _name(item: OrientationResult) -> str:
    return f"{item.model}, {item.level}"


def _chart(results: Sequence[OrientationResult]) -> str:
    rows = list(dict.fromkeys(axis.axis for item in results for axis in item.axes))
    series = [
        Series(_name(item), {axis.axis: point_of(axis.score, strong=axis.finding) for axis in item.axes})
        for item in results
    ]
    sides = {axis.axis: f"{axis.minus} (−) … {axis.plus} (+)" for item in results for axis in item.axes}
    legend = "".join(f"<li>{escape(axis)}: {escape(side)}</li>" for axis, side in sides.items())
    return f"<ul>{legend}</ul>" + render_chart(rows, series, "from minus to plus", "Place on each axis, by model")


def _axes(item: OrientationResult) -> str:
    rows = [
        [
            axis.axis,
            *estimate_cells(axis.score),
            f"±{axis.random_reach:.3f}",
            f"{axis.agree_all:+.3f}",
            str(axis.items),
        ]
        for axis in item.axes
    ]
    headings = [
        "axis",
        "score",
        "95 % interval",
        "p",
        "p, all axes",
        "random answers",
        "agrees with everything",
        "items",
    ]
    return render_table(headings, rows)


def _checks(item: OrientationResult) -> str:
    acquiescence = item.acquiescence
    rows = [
        ["items measured", f"{item.measured} of {item.items}"],
        ["invalid-answer rate", "–" if item.invalid_rate is None else f"{item.invalid_rate:.3f}"],
        ["conviction", "–" if item.conviction is None else f"{item.conviction:.3f}"],
        ["acquiescence", "–" if acquiescence is None else f"{acquiescence.value:+.3f}"],
    ]
    return render_table(["check", "value"], rows)
