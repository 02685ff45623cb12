"""An example's public story, from its history: every review of its ended rounds, and what followed.

Rules that always hold:
- it is told from sealed leaves only; a round whose end is not sealed yet is not in it, for nobody;
- a review that was superseded is told too, as not counted.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection

from curation.opened import Values, opened_of
from curation.rulebook.history import History
from curation.rulebook.kept_review import KeptReview
from curation.rulebook.rounds import Round
from curation_api.public import Shown
from curation_api.texts import rationale_of, source_of
from curation_api.views import (
    EndedRound,
    How,
    RetractionView,
    ReviewView,
    Status,
    TallyLine,
    TracedRevision,
    TraceView,
    WithdrawalView,
)


def trace_view(connection: Connection, shown: Shown) -> TraceView:
    """The story of a sealed example; texts are left out where a flag or a withdrawal holds them."""
    return trace_with(shown, opened_of(connection, acts_told(shown)))


def acts_told(shown: Shown) -> list[str]:
    """The acts whose texts the story tells: reviews and appeals of ended rounds."""
    stages = [
        stage
        for revision in shown.sealed.revisions
        if shown.withheld(revision) is None
        for stage in revision.stages
        if stage.closed
    ]
    cast_in = [leaf for stage in stages for leaf in (*(item.leaf for item in stage.seats.values()), *stage.superseded)]
    return cast_in + [stage.appeal for stage in stages if stage.appeal is not None]


def trace_with(shown: Shown, values: Values) -> TraceView:
    """The same, with the texts of the acts that it tells."""
    history = shown.sealed
    first, withdrawal, retraction = history.first, history.withdrawal, history.retraction
    return TraceView(
        id=history.example,
        topic=first.topic,
        status=cast("Status", history.status),
        proposer=shown.proposer,
        revisions=_traced_revisions(shown, values),
        flags=shown.flags(),
        withdrawal=(
            WithdrawalView(leaf=history.withdrawn or "", revision=withdrawal.revision, reason=withdrawal.reason)
            if withdrawal
            else None
        ),
        retraction=RetractionView(leaf=history.retracted or "", reason=retraction.reason) if retraction else None,
    )


def _traced_revisions(shown: Shown, values: Values) -> list[TracedRevision]:
    found = []
    for revision in shown.sealed.revisions:
        readable = shown.withheld(revision) is None
        rounds = [_ended(shown.sealed, stage, values if readable else {}) for stage in revision.stages if stage.closed]
        if rounds:
            found.append(TracedRevision(id=revision.leaf, number=revision.number, epoch=revision.epoch, rounds=rounds))
    return found


def _ended(history: History, stage: Round, values: Values) -> EndedRound:
    seats = [(cast.leaf, True) for _, cast in sorted(stage.seats.items())]
    seats += [(leaf, False) for leaf in sorted(stage.superseded)]
    return EndedRound(
        stage=stage.stage,
        closing=stage.closed or "",
        how=cast("How", stage.how),
        outcome=stage.outcome,
        tally=[TallyLine(perspective=name, seats=seats, accepts=yes) for name, seats, yes in stage.tally()],
        passed=len(stage.passed),
        reviews=[_review(leaf, history.reviews[leaf], values, counted) for leaf, counted in seats],
        appeal_rationale=_appeal_rationale(history, stage, values),
    )


def _review(leaf: str, event: KeptReview, values: Values, counted: bool) -> ReviewView:
    rationale = rationale_of(values, event.rationale)
    return ReviewView(
        leaf=leaf,
        perspective=event.perspective,
        seat=event.seat,
        reviewer=event.pseudonym,
        verdict=event.verdict,
        scores=event.scores,
        reasons=list(event.reasons),
        rationale=rationale,
        rationale_withheld=event.rationale is not None and rationale is None,
        counter_source=source_of(values, event.counter_source),
        comparison=event.comparison,
        order_shown=event.order_shown,
        positions_seen=event.positions_seen,
        via=event.via,
        auth=event.auth,
        counted=counted,
    )


def _appeal_rationale(history: History, stage: Round, values: Values) -> str | None:
    if stage.appeal is None:
        return None
    (commitment,) = history.held[stage.appeal]
    return rationale_of(values, commitment)
