"""What stands beside a measure whatever its figures are: what to do where it warns or gates, and whence its bounds are.

Rules that always hold:
- every measure has a hint; bounds without a source here are ours;
- a hint names a step that somebody can take, and never asks anybody to vote otherwise.
"""

from __future__ import annotations

HINTS: dict[str, str] = {
    "balance/coverage": "Ask for examples in the cells that are empty: the coverage map shows which.",
    "balance/position-share": "Ask for examples of the positions that fall short of their share.",
    "balance/evenness": "Ask for examples of the positions that have fewest.",
    "balance/drift": "Ask for examples of the positions that fall short, or withdraw some that have no mirror.",
    "balance/length-parity": "Compare the longest pairs side by side, and revise the answer that says less.",
    "balance/refusal-parity": "Read the answers that refuse, and propose ones that answer as their mirrors do.",
    "balance/framing-completeness": "Propose the missing mirrors, or translate those that are there.",
    "balance/stance-parity": "Read the pairs that are scored furthest apart, then look at who reviewed them.",
    "balance/entity-swap": "Read the pairs that change class: either an answer treats the two unlike, or reviewers do.",
    "balance/loaded-language": "Reword loaded terms, or put them into quotes with their source.",
    "balance/preference-direction": "Ask for pairs whose better answer holds the position that is chosen less.",
    "provenance/source-concentration": "Cite other owners for the same claims: the table of owners shows who leads.",
    "provenance/attribution": "Give each position a source with publisher and date.",
    "provenance/quotes": "Compare the quotes with the archived pages, and correct or withdraw them.",
    "provenance/proposer-share": "Ask other people for examples on this topic.",
    "provenance/reviewer-share": "Invite more reviewers of that perspective, and wait with the release until they sat.",
    "provenance/agreement": "Nothing needs doing: low agreement on a contested topic is no defect.",
    "examples/exact-copies": "Withdraw all but one of each.",
    "examples/contamination": "Withdraw or rewrite what the protected set holds, or declare it an evaluation item.",
    "examples/secrets": "Withdraw the text, and tell the secret's owner: what was published cannot be called back.",
    "examples/personal-data": "Withdraw the text, and ask for its erasure.",
}

BOUNDS_FROM: dict[str, str] = {
    "provenance/source-concentration": (
        "US DOJ and FTC: Merger Guidelines 2023, §2.1 (1,800); Horizontal Merger Guidelines 2010, §5.3 (2,500)"
    ),
}
"""Measure → the source of its bounds. The guidelines speak of markets; that they fit sources is our choice."""
