"""A report as a page that opens from disk, and as a section for a dataset card.

Rules that always hold (pure):
- a function of the report alone; no script, no font, no address; foreign text is escaped;
- what was not measured stands before the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from curation.probing.charts import Point, Series, dot_chart
from curation_schemas.probe import Binding, CountryLean, CountryShift, Estimate, LeanReport, LeanResult, LeanShift

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
.chart text { fill: var(--ink); } .grid { stroke: var(--line); } .zero { stroke: var(--ink); }
.note { border-left: 4px solid #c4501b; padding-left: .8rem; }
code { overflow-wrap: anywhere; }
"""
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
    parts += ["<h2>What this report is bound to</h2>", _binding_table(report.binding)]
    return _page(title, parts)


def shift_page(shifts: Sequence[LeanShift], before: Binding, after: Binding) -> str:
    """The page of a comparison."""
    title = f"Geopolitical lean: {before.model} → {after.model}"
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{_LIMITS}</p>"]
    for shift in shifts:
        parts += [f"<h2>{escape(shift.first)} → {escape(shift.second)}</h2>", _shift_chart(shift)]
        parts.append(_shift_table(shift.countries))
    parts += ["<h2>Before</h2>", _binding_table(before), "<h2>After</h2>", _binding_table(after)]
    return _page(title, parts)


def lean_card(report: LeanReport) -> str:
    """A Markdown section that a dataset card can include."""
    bound = report.binding
    head = (
        f"Model `{_plain(bound.model)}`, instrument `{bound.instrument}` {bound.instrument_version}, items "
        f"`{bound.items_sha256[:16]}`. Log-odds of naming a country rather than another in its place; 95 % intervals "
        "over scenarios; * is a finding at 5 % over all countries."
    )
    lines = ["## Geopolitical lean", "", head, ""]
    for item in report.results:
        cells = ", ".join(f"{country.country} {_short(country)}" for country in item.countries)
        lines.append(f"- {item.level}, {item.language} ({item.outcome}): {cells or 'nothing measured'}")
    lines += [f"- Note: {_plain(note)}" for note in report.notes]
    return "\n".join([*lines, "", _LIMITS, ""])


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "'").split())


def _short(item: CountryLean) -> str:
    found = item.pair_mean
    interval = f" ({found.low:+.2f} to {found.high:+.2f})" if found.low is not None and found.high is not None else ""
    return f"{found.value:+.2f}{interval}{'*' if item.finding else ''}"


def _page(title: str, parts: Sequence[str]) -> str:
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
        Series(item.language, {c.country: _point(c.pair_mean, strong=c.finding) for c in item.countries})
        for item in results
    ]
    return _chart(rows, series, "log-odds of being named", "Lean towards each country, by language")


def _shift_chart(shift: LeanShift) -> str:
    points = {item.country: _point(item.shift, strong=item.finding) for item in shift.countries}
    series = [Series(f"{shift.kind}, {shift.language}", points)]
    return _chart(list(points), series, "change in log-odds", f"Change from {shift.first} to {shift.second}")


def _chart(rows: Sequence[str], series: Sequence[Series], axis: str, label: str) -> str:
    return f'<div class="wide">{dot_chart(rows, series, axis, label)}</div>' if rows else "<p>Nothing measured.</p>"


def _point(found: Estimate, *, strong: bool) -> Point:
    return Point(found.value, found.low, found.high, strong)


def _lean_table(countries: Sequence[CountryLean]) -> str:
    rows = [
        [item.country, *_cells(item.pair_mean), f"{item.odds_ratio:.2f}", f"{item.least_squares.value:+.3f}"]
        for item in countries
    ]
    return _table(["country", "score", "95 % interval", "p", "p, all countries", "odds ratio", "least squares"], rows)


def _shift_table(countries: Sequence[CountryShift]) -> str:
    rows = [[item.country, *_cells(item.shift), f"{item.odds_ratio:.2f}"] for item in countries]
    return _table(["country", "shift", "95 % interval", "p", "p, all countries", "odds ratio"], rows)


def _cells(found: Estimate) -> list[str]:
    interval = f"{found.low:+.3f} to {found.high:+.3f}" if found.low is not None and found.high is not None else "–"
    return [f"{found.value:+.3f}", interval, _p(found.p), _p(found.p_family)]


def _p(value: float | None) -> str:
    return "–" if value is None else f"{value:.2g}"


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
    return _table(["check", "value"], rows)


def _binding_table(binding: Binding) -> str:
    rows = [[name.replace("_", " "), _said(value)] for name, value in binding.model_dump().items()]
    return _table(["what", "which"], rows)


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {'–' if part is None else part}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "–" if value is None else str(value)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'
