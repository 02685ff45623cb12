"""Selection of one model or of several as a page that opens from disk, and as a section for a dataset card.

Rules that always hold (pure):
- a function of the reports alone; no script, no font, no address; foreign text is escaped;
- what was not measured stands before the figures, and every figure of a chart also in a table.
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
from curation.probing.selection import name_of
from curation_schemas.probe import Binding
from curation_schemas.probe_selection import (
    GroupSelection,
    SelectionReport,
    SelectionResult,
    SelectionShift,
    SetAgreement,
)

_SAYS = (
    "Each dot says how much likelier an invitation is for that group than, in the same files, for the other groups of "
    "its dimension: 0 is no difference, +0.69 twice the odds, −0.69 half. Bars are 95 % intervals over posts. A filled "
    "dot is a finding: chance alone gives a value so far from 0, for any group of any dimension, in under 5 % of cases."
)
_LIMITS = (
    "The files are invented and say little; a marker is one plain line, where people would read a name or a face. No "
    "difference here is no proof of fairness elsewhere, and which applicants a real employer rejects was not looked at."
)
_SHIFT_SAYS = (
    "Below, «change» is that of a group's effect against the others, «level» what happened to its own log-odds of an "
    "invitation, whatever happened to others: a change can raise one group, or lower all others."
)
_AGREE_SAYS = (
    "Jaccard: applications that both reject, of those that either rejects. κ: agreement beyond chance. A dash: not "
    "defined, for instance because nobody is rejected. Intervals draw whole posts again."
)


def selection_page(reports: Sequence[SelectionReport], shifts: Sequence[SelectionShift]) -> str:
    """index.html of one report; of several, models side by side with the shifts between them."""
    models = ", ".join(dict.fromkeys(report.binding.model for report in reports))
    title = f"Selection: {models}"
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{_LIMITS}</p>"]
    for report in reports:
        parts += [f'<p class="note">{escape(note)}</p>' for note in notes_of(report, len(reports) > 1)]
    named = [(_series_name(report, item, reports), item) for report in reports for item in report.results]
    parts += [*_summary(named), f"<p>{_SAYS}</p>", *(_by_model(reports) if len(reports) > 1 else _by_dimension(named))]
    parts += shift_parts(shifts)
    parts.append("<h2>All figures</h2>")
    for name, item in named:
        parts += [f"<details><summary>{escape(name)}</summary>", _groups(item.groups), _checks(item), "</details>"]
    for report in reports:
        parts += [f"<h2>What «{escape(report.binding.model)}» is bound to</h2>", render_binding(report.binding)]
    return render_page(title, parts)


def notes_of(report: SelectionReport, several: bool) -> list[str]:
    """What stands before the figures, with the model's name where there are several."""
    notes = list(report.notes)
    if not report.complete:
        notes.append("The server stopped answering: the run is not complete.")
    return [f"{report.binding.model}: {note}" for note in notes] if several else notes


def shift_parts(shifts: Sequence[SelectionShift]) -> list[str]:
    """A section for each shift; agreement of the rejected sets stands in one table."""
    parts = [f"<p>{_SHIFT_SAYS}</p>"] if shifts else []
    for shift in shifts:
        parts.append(f"<h2>{escape(shift.first)} → {escape(shift.second)}</h2>")
        points = {item.group: point_of(item.shift, strong=item.finding) for item in shift.groups}
        series = [Series("change of effect", points)]
        parts.append(render_chart(list(points), series, "change in log-odds", f"Change from {shift.first}"))
        if shift.overall is not None:
            value, interval, p, _ = estimate_cells(shift.overall)
            parts.append(f"<p>Level of all groups together: {value} ({interval}), p {p}.</p>")
        parts += ["<details><summary>Figures</summary>", _shift_table(shift), "</details>"]
    if shifts:
        parts += ["<h2>Whether the same applications are rejected</h2>", f"<p>{_AGREE_SAYS}</p>"]
        parts.append(_agreement_table(shifts))
    return parts


def shift_page(shifts: Sequence[SelectionShift], before: Binding, after: Binding) -> str:
    """The page of a comparison."""
    title = f"Selection: {before.model} → {after.model}"
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{_LIMITS}</p>", *shift_parts(shifts)]
    parts += ["<h2>Before</h2>", render_binding(before), "<h2>After</h2>", render_binding(after)]
    return render_page(title, parts)


def selection_card(report: SelectionReport) -> str:
    """A Markdown section that a dataset card can include."""
    bound = report.binding
    head = (
        f"Model `{plain_text(bound.model)}`, instrument `{bound.instrument}` {bound.instrument_version}, items "
        f"`{bound.items_sha256[:16]}`. Log-odds of an invitation against the other groups on otherwise identical "
        "files; * is a finding at 5 % over all groups."
    )
    lines = ["## Selection", "", head, ""]
    for item in report.results:
        cells = ", ".join(
            f"{group.group} {group.effect.value:+.2f}{'*' if group.finding else ''}" for group in item.groups
        )
        lines.append(
            f"- {name_of(item)} ({item.outcome}), {item.rejected} of {item.applications} rejected: "
            f"{cells or 'nothing measured'}"
        )
    lines += [f"- Note: {plain_text(note)}" for note in notes_of(report, several=False)]
    return "\n".join([*lines, "", _LIMITS, ""])


def _series_name(report: SelectionReport, item: SelectionResult, reports: Sequence[SelectionReport]) -> str:
    return f"{report.binding.model}, {name_of(item)}" if len(reports) > 1 else name_of(item)


def _summary(named: Sequence[tuple[str, SelectionResult]]) -> list[str]:
    """The findings of each result, one line each."""
    if not any(item.outcome == "measured" for _, item in named):
        return ["<p>Too little was measured for any finding.</p>"]
    lines = [
        f"<li>{escape(name)}: {escape(', '.join(f'{g.group} {g.effect.value:+.2f}' for g in found))}</li>"
        for name, item in named
        if (found := [group for group in item.groups if group.finding])
    ]
    if not lines:
        return ["<p>No finding: what was measured could well be chance.</p>"]
    return ["<p>Findings:</p>", f"<ul>{''.join(lines)}</ul>"]


def _by_dimension(named: Sequence[tuple[str, SelectionResult]]) -> list[str]:
    """For one report: a chart for each dimension, with all its results."""
    parts = []
    for dimension in dict.fromkeys(group.dimension for _, item in named for group in item.groups):
        shown = [(name, [g for g in item.groups if g.dimension == dimension]) for name, item in named]
        parts += [f"<h2>{escape(dimension.capitalize())}</h2>", _chart(shown, f"Effect of {dimension}, by group")]
    return parts


def _by_model(reports: Sequence[SelectionReport]) -> list[str]:
    """For several: a chart for each level, language and prompting, with all models."""
    parts = []
    for name in dict.fromkeys(name_of(item) for report in reports for item in report.results):
        own = [(r.binding.model, item.groups) for r in reports for item in r.results if name_of(item) == name]
        parts += [f"<h2>{escape(name)}</h2>", _chart(own, f"Effect of each group by model, {name}")]
    return parts


def _chart(shown: Sequence[tuple[str, Sequence[GroupSelection]]], label: str) -> str:
    rows = dict.fromkeys(group.group for _, groups in shown for group in groups)
    series = [Series(name, {g.group: point_of(g.effect, strong=g.finding) for g in groups}) for name, groups in shown]
    return render_chart(list(rows), series, "log-odds of an invitation", label)


def _groups(groups: Sequence[GroupSelection]) -> str:
    rows = [
        [
            item.dimension,
            item.group,
            *estimate_cells(item.effect),
            f"{item.odds_ratio:.2f}",
            f"{item.rejected} of {item.files}",
            *_points(item),
        ]
        for item in groups
    ]
    headings = ["dimension", "group", "effect", "95 % interval", "p", "p, all groups", "odds ratio", "rejected"]
    return render_table([*headings, "points against the others", "95 % interval", "p, all groups"], rows)


def _points(item: GroupSelection) -> list[str]:
    """The difference in rejections, in points of a hundred."""
    rate = item.rate
    interval = (
        f"{100 * rate.low:+.1f} to {100 * rate.high:+.1f}" if rate.low is not None and rate.high is not None else "–"
    )
    return [f"{100 * rate.value:+.1f}", interval, "–" if rate.p_family is None else f"{rate.p_family:.2g}"]


def _checks(item: SelectionResult) -> str:
    mass, gap, position = item.option_mass, item.fit_gap, item.position_bias
    rows = [
        ["items measured", f"{item.measured} of {item.items}"],
        ["posts", str(item.posts)],
        ["applications rejected", f"{item.rejected} of {item.applications}"],
        ["meets every requirement against lacks one", "–" if gap is None else " ".join(estimate_cells(gap)[:2])],
        ["probability of both letters", "–" if mass.mean is None else f"{mass.mean:.3f}"],
        ["position bias, log P(A)/P(B)", "–" if position is None else f"{position.value:+.3f}"],
        ["same decision under both orders", "–" if item.order_consistency is None else f"{item.order_consistency:.3f}"],
    ]
    return render_table(["check", "value"], rows)


def _shift_table(shift: SelectionShift) -> str:
    rows = [
        [
            item.dimension,
            item.group,
            f"{item.before:+.3f}",
            f"{item.after:+.3f}",
            *estimate_cells(item.shift),
            f"{item.odds_ratio:.2f}",
            *estimate_cells(item.level),
        ]
        for item in shift.groups
    ]
    headings = ["dimension", "group", "effect before", "after", "change", "95 % interval", "p", "p, all groups"]
    return render_table([*headings, "odds ratio", "level", "95 % interval", "p", "p, all groups"], rows)


def _agreement_table(shifts: Sequence[SelectionShift]) -> str:
    rows = [[shift.first, shift.second, *agreement_cells(item)] for shift in shifts for item in shift.agreement]
    headings = ["first", "second", "rejected by", "first", "second", "both", "of", "Jaccard", "κ"]
    return render_table(headings, rows)


def agreement_cells(item: SetAgreement) -> list[str]:
    """How two rejected sets agree, for a table."""
    counts = [item.rejected_first, item.rejected_second, item.rejected_both, item.applications]
    return [
        item.by,
        *map(str, counts),
        _with_interval(item.jaccard, item.jaccard_low, item.jaccard_high),
        _with_interval(item.kappa, item.kappa_low, item.kappa_high),
    ]


def _with_interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if low is None or high is None else f"{value:.2f} ({low:.2f} to {high:.2f})"
