"""A review that was given, in its form again: who replaces it changes what is to change.

Rules that always hold (pure):
- of a preference pair, what is chosen in the form is where the answers stand for this seat, not what is recorded.
"""

from __future__ import annotations

from curation.opened import Values
from curation.rulebook.kept_review import KeptReview
from curation_api.pages.proposal_form import SOURCE_FIELDS
from curation_api.pages.visit import Form
from curation_api.texts import rationale_of, source_of

_LETTERS = {"chosen_first": {"chosen": "a", "rejected": "b"}, "rejected_first": {"chosen": "b", "rejected": "a"}}
"""Which answer is recorded as what, for the order in which they stand."""


def form_of_review(review: KeptReview, said: Values) -> Form:
    """The form as it was sent.

    Args:
        review: the own review.
        said: its rationale and counter-source, by commitment; what was erased is left empty.
    """
    pairs: list[tuple[str, str]] = [("verdict", review.verdict), *(("reasons", code) for code in review.reasons)]
    pairs += [(f"score-{name}", str(score)) for name, score in review.scores.items()]
    pairs.append(("rationale", rationale_of(said, review.rationale) or ""))
    if (source := source_of(said, review.counter_source)) is not None:
        plain = source.model_dump()
        pairs += [(f"source-0-{name}", str(plain.get(name) or "")) for name in SOURCE_FIELDS]
    letters = _LETTERS[review.order_shown or "chosen_first"]
    if review.comparison is not None:
        pairs.append(("comparison", letters.get(review.comparison, review.comparison)))
    if (seen := review.positions_seen) is not None:
        pairs += [(f"seen-{letters['chosen']}", position) for position in seen.chosen]
        pairs += [(f"seen-{letters['rejected']}", position) for position in seen.rejected]
    return Form(pairs)
