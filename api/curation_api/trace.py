"""An example's public story, from its history: every review of its ended rounds, and what followed.

Rules that always hold:
- it is told from sealed leaves only; a round whose end is not sealed yet is not in it, for nobody;
- a review that was superseded is told too, as not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Connection

from curation.rulebook.history import History
from curation.rulebook.kept_review import KeptReview
from curation.rulebook.rounds import Round
from curation_api.public import Shown
from curation_api.texts import opened, rationale_of, source_of
from curation_api.views import EndedRound, How, ReviewView, Status, TallyLine, TracedRevision, TraceView, WithdrawalView


def trace_view(connection: Connection, shown: Shown) -> TraceView:
    """The story of a sealed example; texts are left out where a flag or a withdrawal holds them."""
    history = shown.sealed
    first, withdrawal = history.first, history.withdrawal
    return TraceView(
        id=history.example,
        topic=first.topic,
        status=cast("Status", history.status),
        proposer=shown.proposer,
        revisions=_traced_revisions(connection, shown),
        flags=shown.flags(),
        withdrawal=(
            WithdrawalView(leaf=history.withdrawn or "", revision=withdrawal.revision, reason=withdrawal.reason)
            if withdrawal
            else None
        ),
    )


def _traced_revisions(connection: Connection, shown: Shown) -> list[TracedRevision]:
    found = []
    for revision in shown.sealed.revisions:
        readable = shown.withheld(revision) is None
        rounds = [_ended(connection, shown.sealed, stage, readable) for stage in revision.stages if stage.closed]
        if rounds:
            found.append(TracedRevision(id=revision.leaf, number=revision.number, epoch=revision.epoch, rounds=rounds))
    return found


def _ended(connection: Connection, history: History, stage: Round, readable: bool) -> EndedRound:
    seats = [(cast.leaf, True) for _, cast in sorted(stage.seats.items())]
    seats += [(leaf, False) for leaf in sorted(stage.superseded)]
    return EndedRound(
        stage=stage.stage,
        closing=stage.closed or "",
        how=cast("How", stage.how),
        outcome=stage.outcome,
        tally=[TallyLine(perspective=name, seats=seats, accepts=yes) for name, seats, yes in stage.tally()],
        passed=len(stage.passed),
        reviews=[
            _review(leaf, history.reviews[leaf], opened(connection, leaf) if readable else {}, counted)
            for leaf, counted in seats
        ],
        appeal_rationale=_appeal_rationale(connection, history, stage) if readable else None,
    )


def _review(leaf: str, event: KeptReview, texts: Mapping[str, Any], counted: bool) -> ReviewView:
    values = dict(texts)
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


def _appeal_rationale(connection: Connection, history: History, stage: Round) -> str | None:
    if stage.appeal is None:
        return None
    (commitment,) = history.held[stage.appeal]
    return rationale_of(opened(connection, stage.appeal), commitment)
