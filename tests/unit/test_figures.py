"""Figures for maintainers: agreement of counted votes, and the chart of outcomes."""

from __future__ import annotations

import pytest

from curation.oversight.votes import LEAST_REVISIONS, Vote, agreement_of
from curation_api.pages.charts import HEIGHT, MOST_EPOCHS, outcome_chart


def votes(revisions, pattern):
    for number in range(revisions):
        for reviewer, verdict in enumerate(pattern[number % len(pattern)]):
            yield Vote("harbour", f"ex_{number}", f"r{number}", "left", f"p{reviewer}", verdict)


def test_agreement_of_few_revisions_is_not_measured():
    found = agreement_of(votes(LEAST_REVISIONS - 1, [["accept", "reject"]]))
    assert (found.revisions, found.alpha, found.low, found.high) == (LEAST_REVISIONS - 1, None, None, None)


def test_full_agreement_is_one_and_an_interval_stands_around_it():
    found = agreement_of(votes(LEAST_REVISIONS, [["accept", "accept"], ["reject", "revise"]]))
    assert found.alpha == pytest.approx(1.0)
    assert None not in (found.low, found.high)
    assert (found.low or 0.0) <= 1.0 <= (found.high or 0.0) + 1e-9


def test_revision_with_one_vote_is_counted_as_a_vote_only():
    found = agreement_of(votes(30, [["accept"]]))
    assert (found.votes, found.revisions, found.alpha) == (30, 0, None)


def test_preference_pair_whose_answer_is_not_preferred_is_no_accept():
    vote = Vote("harbour", "ex_1", "r1", "left", "p1", "accept", "tie")
    assert not vote.accepts


def test_chart_has_one_bar_an_epoch_that_is_as_high_as_its_sum():
    chart = outcome_chart({(3, "accepted"): 2, (3, "rejected"): 2, (5, "unresolved"): 1})
    assert chart.rows == ((3, (2, 0, 2, 0)), (4, (0, 0, 0, 0)), (5, (0, 0, 0, 1)))
    first, second, third = chart.parts
    assert (first.outcome, first.y + first.height, second.y) == ("accepted", HEIGHT, 0)
    assert second.y + second.height == first.y, "parts meet"
    assert (third.outcome, third.height) == ("unresolved", HEIGHT // 4)
    assert third.x > first.x


def test_chart_of_nothing_is_empty_and_one_of_years_has_the_last_epochs():
    assert outcome_chart({}).parts == ()
    rows = outcome_chart({(epoch, "accepted"): 1 for epoch in range(100)}).rows
    assert [epoch for epoch, _ in rows] == list(range(100 - MOST_EPOCHS, 100))
