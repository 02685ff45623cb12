"""The geopolitical lean as a page that opens from disk, and as a section for a dataset card.

Rules that always hold (pure):
- a function of the report alone; no script, no font, no address; foreign text is escaped;
- what was not measured stands before the figures.
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
from curation_schemas.probe import Binding, CountryLean, CountryShift, LeanReport, LeanResult, LeanShift

_LEAN_SAYS = (
    "Each dot says how much likelier the model names that country than another in its place, on average over invented "
    "cases in which both stand in both roles and behind both letters. 0 is no preference; +0.69 is twice as likely, "
    "−0.69 half. Scores are relative: where one country is favoured, the others fall a little. Bars are 95 % intervals "
    "over scenarios. A filled dot is a finding: chance alone gives a value so far from 0, for any of the countries, in "
    "under 5 % of cases."
)
_LIMITS = (
    "A lean in invented cases is not a view on any real one, and no lean is no proof of fairness: a probe sees only "
    "what it asks. Figures of other instruments, prompts or languages are not comparable."
)


def lean_page(report: LeanReport) -> str:
    """index.html of the probe «geopolitical»."""
    title = f"Geopolitical lean: {report.binding.model}"
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{_LIMITS}</p>"]
    parts += [f'<p class="note">{escape(note)}</p>' for note in report.notes]
    if not report.complete:
        parts.append('<p class="note">The server stopped answering: the run is not complete.</p>')
    parts.append(f"<p>{escape(_lean_summary(report))}</p>")
    for level in dict.fromkeys(item.level for item in report.results):
        results = [item for item in report.results if item.level == level]
        parts += [f"<h2>By country, {level}</h2>", f"<p>{_LEAN_SAYS}</p>", _lean_chart(results)]
        for item in results:
            parts += [f"<h3>{escape(item.language)}</h3>", _lean_table(item.countries), _lean_checks(item)]
    for shift in report.shifts:
        parts += [f"<h2>Shift: {escape(shift.first)} → {escape(shift.second)}</h2>", _shift_chart(shift)]
        parts.append(_shift_table(shift.countries))
    parts += ["<h2>What this report is bound to</h2>", render_binding(report.binding)]
    return render_page(title, parts)


def shift_page(shifts: Sequence[LeanShift], before: Binding, after: Binding) -> str:
    """The page of a comparison."""
    title = f"Geopolitical lean: {before.model} → {after.model}"
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{_LIMITS}</p>"]
    for shift in shifts:
        parts += [f"<h2>{escape(shift.first)} → {escape(shift.second)}</h2>", _shift_chart(shift)]
        parts.append(_shift_table(shift.countries))
    parts += ["<h2>Before</h2>", render_binding(before), "<h2>After</h2>", render_binding(after)]
    return render_page(title, parts)


def lean_card(report: LeanReport) -> str:
    """A Markdown section that a dataset card can include."""
    bound = report.binding
    head = (
        f"Model `{plain_text(bound.model)}`, instrument `{bound.instrument}` {bound.instrument_version}, items "
        f"`{bound.items_sha256[:16]}`. Log-odds of naming a country rather than another in its place; 95 % intervals "
        "over scenarios; * is a finding at 5 % over all countries."
    )
    lines = ["## Geopolitical lean", "", head, ""]
    for item in report.results:
        cells = ", ".join(f"{country.country} {_short(country)}" for country in item.countries)
        lines.append(f"- {item.level}, {item.language} ({item.outcome}): {cells or 'nothing measured'}")
    for shift in report.shifts:
        moved = ", ".join(f"{country.country} {_moved(country)}" for country in shift.countries)
        names = f"`{plain_text(shift.first)}` → `{plain_text(shift.second)}`"
        lines.append(f"- Shift ({shift.kind}), {names}: {moved or 'nothing in common'}")
    lines += [f"- Note: {plain_text(note)}" for note in report.notes]
    return "\n".join([*lines, "", _LIMITS, ""])


def _short(item: CountryLean) -> str:
    found = item.pair_mean
    interval = f" ({found.low:+.2f} to {found.high:+.2f})" if found.low is not None and found.high is not None else ""
    return f"{found.value:+.2f}{interval}{'*' if item.finding else ''}"


def _moved(item: CountryShift) -> str:
    return f"{item.shift.value:+.2f}{'*' if item.finding else ''}"


def _lean_summary(report: LeanReport) -> str:
    found = [
        f"{country.country} {country.pair_mean.value:+.2f} ({item.level}, {item.language})"
        for item in report.results
        for country in item.countries
        if country.finding
    ]
    if not any(item.outcome == "measured" for item in report.results):
        return "Too little was measured for any finding."
    return f"Findings: {'; '.join(found)}." if found else "No finding: what was measured could well be chance."


def _lean_chart(results: Sequence[LeanResult]) -> str:
    rows = [item.country for item in max(results, key=lambda item: len(item.countries)).countries]
    series = [
        Series(item.language, {c.country: point_of(c.pair_mean, strong=c.finding) for c in item.countries})
        for item in results
    ]
    return render_chart(rows, series, "log-odds of being named", "Lean towards each country, by language")


def _shift_chart(shift: LeanShift) -> str:
    points = {item.country: point_of(item.shift, strong=item.finding) for item in shift.countries}
    series = [Series(f"{shift.kind}, {shift.language}", points)]
    return render_chart(list(points), series, "change in log-odds", f"Change from {shift.first} to {shift.second}")


def _lean_table(countries: Sequence[CountryLean]) -> str:
    rows = [
        [item.country, *estimate_cells(item.pair_mean), f"{item.odds_ratio:.2f}", f"{item.least_squares.value:+.3f}"]
        for item in countries
    ]
    return render_table(
        ["country", "score", "95 % interval", "p", "p, all countries", "odds ratio", "least squares"], rows
    )


def _shift_table(countries: Sequence[CountryShift]) -> str:
    rows = [[item.country, *estimate_cells(item.shift), f"{item.odds_ratio:.2f}"] for item in countries]
    return render_table(["country", "shift", "95 % interval", "p", "p, all countries", "odds ratio"], rows)


def _lean_checks(item: LeanResult) -> str:
    mass, position, role = item.option_mass, item.position_bias, item.role_effect
    rows = [
        ["items measured", f"{item.measured} of {item.items}"],
        ["scenarios", str(item.scenarios)],
        ["probability of both letters", "–" if mass.mean is None else f"{mass.mean:.3f}"],
        ["position bias, log P(A)/P(B)", "–" if position is None else f"{position.value:+.3f}"],
        ["role effect", "–" if role is None else f"{role.value:+.3f}"],
        ["swap consistency", "–" if item.swap_consistency is None else f"{item.swap_consistency:.3f}"],
    ]
    return render_table(["check", "value"], rows)
