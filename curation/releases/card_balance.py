"""What the card says of balance, controls and sources: what gates did, what warns, and what was not measured.

Rules that always hold (pure):
- what was not measured is named as such, never left out.
"""

from __future__ import annotations

from curation.releases.facts import CardFacts
from curation.releases.gates import Gates
from curation.releases.markdown import as_written
from curation.rulebook.controls import ControlCounts
from curation_validators.measures import MEASURES
from curation_validators.statistics import wilson


def say_controls(found: ControlCounts) -> str:
    """How many examples that were slanted on purpose slipped through."""
    if not found.planted:
        return "None were planted: how much slips through reviewing was not measured."
    sealed = found.planted - found.opened
    text = (
        f"Examples slanted on purpose, to measure reviewing: {found.planted} planted, {found.opened} opened after "
        f"their rounds, {sealed} still sealed or in review. None is in a release."
    )
    if not found.judged:
        return f"{text} None was judged by full rounds yet: not measured."
    low, high = wilson(found.accepted, found.judged)
    return (
        f"{text} Of {found.judged} that full rounds judged, {found.accepted} were accepted: "
        f"{100 * found.accepted / found.judged:.0f} % (95 % interval {100 * low:.0f} to {100 * high:.0f} %)."
    )


_QUOTES = {
    "exact": "their quote stands in the page that was archived",
    "fuzzy": "it stands there only nearly",
    "missing": "it is missing there",
    "not_extracted": "no text is extracted from the archived page",
    "not_archived": "the page could not be archived",
    "not_checked": "their quote was not compared with a page",
    "none": "they quote nothing",
}


def say_sources(facts: CardFacts) -> str:
    """How many sources there are, and how their quotes stand."""
    total = sum(facts.figures.quotes.values())
    if not total:
        return "No example of this release cites a source."
    listed = "\n".join(
        f"- {facts.figures.quotes[name]}: {words}" for name, words in _QUOTES.items() if facts.figures.quotes.get(name)
    )
    return (
        f"{total} sources are cited; {facts.figures.archive_urls} name a public copy. How quotes stand, as the "
        "server of this "
        f"dataset found it:\n\n{listed}"
    )


_MEASURED = (
    "Measured per topic, over all kinds and for each; `validation/report.json` and `validation/index.html` have it in "
    "full. Balance counts labels: it cannot see a slant that reviewers let through. Near-copies, and most checks on "
    "one example, are no part of it: `evenhand validate` on this folder takes them."
)


def say_balance(gates: Gates) -> str:
    """What the gates did, what warns, and what was not measured, each by name."""
    left = "\n".join(f"- {topic} {reason}" for topic, reason in gates.reasons().items())
    taken = [item for item in gates.measured if item.outcome in ("pass", "fail")]
    warnings = [f"- {item.measure}, {item.where}: {item.message}" for item in taken if item.breaks == "warn"]
    missing = dict.fromkeys(
        f"- {name}: not measured" for name in MEASURES if name not in {item.measure for item in taken}
    )
    broken = [f"- {item.measure}, {item.where}: the measure broke" for item in gates.ended("error")]
    kept = "\n".join(
        f"- {item.topic}, {item.gate}: «{as_written(item.reason)}» ({item.maintainer}, leaf {item.event})"
        for item in gates.overruled
    )
    none = "No topic left this release." if kept else "No topic fails a gate."
    parts = [
        _MEASURED,
        f"Topics that left this release because they fail a gate:\n\n{left}" if left else none,
        *([f"Gates that a maintainer overruled, with the reason:\n\n{kept}"] if kept else []),
        f"{len(gates.ended('insufficient'))} measures of a topic, or of one kind on it, were not taken: not measured.",
    ]
    if few := gates.not_measured():
        listed = "\n".join(f"- {topic}: {', '.join(names)}" for topic, names in few.items())
        parts.append(f"Gates that were not measured, by topic (nothing is claimed there):\n\n{listed}")
    if targets := gates.say_targets():
        listed = "\n".join(
            f"- {topic}: {said}. «{as_written(gates.targets[topic].reason)}»" for topic, said in targets.items()
        )
        parts.append(f"Positions are meant to be spread otherwise than evenly, by the policy:\n\n{listed}")
    if others := gates.other_limits():
        parts.append(f"Thresholds of this dataset that differ from the defaults: {', '.join(others)}.")
    if missing:
        parts.append("Measured nowhere in this release:\n\n" + "\n".join(missing))
    if warnings:
        parts.append("Warnings:\n\n" + "\n".join(warnings))
    if broken:
        parts.append("Broken:\n\n" + "\n".join(broken))
    return "\n\n".join(parts)
