"""Who replaces a review finds it in the form as it was given."""

from __future__ import annotations

from typing import Any

import pytest

from curation.rulebook.kept_review import KeptReview
from curation_api.pages.given_review import form_of_review
from curation_schemas.review import PositionsSeen
from tests.api.support import SOURCE


def kept(**changes):
    fields: Any = dict.fromkeys(KeptReview._fields) | {"verdict": "accept", "scores": {}, "reasons": ()}
    return KeptReview(**(fields | changes))


@pytest.mark.parametrize(("order", "first", "second"), [("chosen_first", "a", "b"), ("rejected_first", "b", "a")])
def test_preference_stands_where_the_answers_stand_for_this_seat(order, first, second):
    seen = PositionsSeen(chosen=["one"], rejected=["other", "third"])
    form = form_of_review(kept(order_shown=order, comparison="chosen", positions_seen=seen), {})
    assert form.one("comparison") == first
    assert form.all(f"seen-{first}") == ["one"]
    assert form.all(f"seen-{second}") == ["other", "third"]
    assert form_of_review(kept(order_shown=order, comparison="tie"), {}).one("comparison") == "tie"


def test_words_come_from_their_openings_and_what_was_erased_is_empty():
    review = kept(verdict="reject", reasons=("inaccurate",), scores={"tone": 2}, rationale="a", counter_source="b")
    form = form_of_review(review, {"a": {"text": "It is wrong."}, "b": SOURCE})
    assert (form.one("rationale"), form.one("score-tone"), form.all("reasons")) == ("It is wrong.", "2", ["inaccurate"])
    assert form.one("source-0-url") == SOURCE["url"]
    erased = form_of_review(review, {})
    assert (erased.one("rationale"), erased.one("source-0-url")) == ("", "")
