"""From the domain's objects to views."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection

from curation.examples.intake import Intake, examine_revision
from curation.opened import Values, opened_of
from curation.reviews.seats import Seat
from curation.reviews.submit import Submitted
from curation.rulebook.history import Brought
from curation.rulebook.rounds import Round
from curation.shown import Withheld
from curation.writing import Platform, Recorded, Writing
from curation_api.public import Shown
from curation_api.texts import text_of
from curation_api.views import (
    ActView,
    ExampleView,
    FindingView,
    How,
    ReceiptView,
    ReviewActView,
    RevisionActView,
    RevisionView,
    RoundView,
    SeatView,
    Status,
)
from curation_schemas.events import RevisionBrought


def receipt_view(writing: Writing, recorded: Recorded) -> ReceiptView:
    """The receipt of an act, signed."""
    receipt = recorded.receipt
    return ReceiptView(leaf=receipt.leaf, sealed_by=receipt.sealed_by, note=receipt.note(writing.home))


def act_view(writing: Writing, recorded: Recorded) -> ActView:
    """An act and its receipt."""
    return ActView(leaf=recorded.leaf, receipt=receipt_view(writing, recorded))


def revision_act_view(writing: Writing, recorded: Recorded) -> RevisionActView:
    """A proposal or revision and its receipt."""
    event = recorded.event
    assert isinstance(event, RevisionBrought)
    intake = examine_revision(writing, event.example, recorded.leaf, writing.home.path)
    return RevisionActView(
        leaf=recorded.leaf,
        receipt=receipt_view(writing, recorded),
        id=event.example,
        group=event.group,
        findings=_findings(intake),
        not_measured=list(intake.not_measured),
    )


def _findings(intake: Intake) -> list[FindingView]:
    return [FindingView(**finding.as_json()) for finding in intake.findings]


def review_act_view(writing: Writing, submitted: Submitted) -> ReviewActView:
    """A review, its receipt, and the round's end if this review brought it."""
    closing = submitted.closing
    return ReviewActView(
        leaf=submitted.review.leaf,
        receipt=receipt_view(writing, submitted.review),
        round_ended=closing is not None,
        outcome=closing.outcome if closing else None,
    )


def seat_view(platform: Platform, seat: Seat) -> SeatView:
    """A held seat, with what the checks say of the text that is judged in it."""
    with platform.read() as loaded:
        intake = examine_revision(loaded, seat.example, seat.revision, platform.home.path)
    return SeatView(
        example=seat.example,
        revision=seat.revision,
        topic=seat.topic,
        perspective=seat.perspective,
        stage=seat.stage,
        order_shown=seat.order_shown,
        ends_at=seat.ends_at,
        findings=_findings(intake),
        not_measured=list(intake.not_measured),
    )


def example_view(connection: Connection, shown: Shown) -> ExampleView:
    """An example as one reader sees it."""
    readable = [revision.leaf for revision in shown.history.revisions if shown.withheld(revision) is None]
    return example_with(shown, opened_of(connection, readable))


def example_with(shown: Shown, values: Values) -> ExampleView:
    """The same, with the texts of the revisions that the reader may read."""
    history = shown.history
    first, standing = history.first, history.standing
    return ExampleView(
        id=history.example,
        group=first.group,
        topic=first.topic,
        kind=first.kind,
        language=first.language,
        status=cast("Status", history.status),
        standing=standing.leaf if standing else None,
        proposer=shown.proposer,
        revisions=[
            revision_view(
                item.leaf,
                item.number,
                item.event,
                [_round_view(stage) for stage in item.stages],
                shown.withheld(item),
                values,
            )
            for item in history.revisions
        ],
        flags=shown.flags(),
    )


def revision_view(
    leaf: str, number: int, event: Brought, rounds: list[RoundView], withheld: Withheld | None, values: Values
) -> RevisionView:
    """One revision, with its text unless it is withheld."""
    return RevisionView(
        id=leaf,
        number=number,
        positions=event.positions,
        framing=event.framing,
        claims=event.claims,
        license=event.license,
        origin_kind=event.origin_kind,
        mirrors=event.mirrors,
        translation_of=event.translation_of,
        use=event.use,
        rounds=rounds,
        withheld=withheld,
        text=text_of(values, event) if withheld is None else None,
    )


def _round_view(stage: Round) -> RoundView:
    how = cast("How | None", stage.how)
    return RoundView(stage=stage.stage, open=stage.closed is None, how=how, outcome=stage.outcome)
