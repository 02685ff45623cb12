"""Figures for maintainers and auditors."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Path, Request

from curation.oversight.votes import Agreement
from curation.rulebook.controls import ControlCounts
from curation_api.asking import TheActor, ThePlatform
from curation_api.coverage import Coverage, KeptCoverage
from curation_api.openapi import operation
from curation_api.oversight import KeptOversight, Oversight, may_oversee
from curation_api.oversight_views import (
    AgreementView,
    ControlsView,
    EmptySeats,
    OddList,
    OddView,
    OpenRoundView,
    OutcomesView,
    OversightView,
    TopicOversight,
)
from curation_schemas.example import Kind
from curation_schemas.text import Slug
from curation_validators.gaming import ODD_RULES, Odd
from curation_validators.statistics import wilson

router = APIRouter(tags=["oversight"])


@router.get("/v1/oversight", **operation("Read the dataset's figures", access="required", problems=(403,)))
def oversight(request: Request, platform: ThePlatform, actor: TheActor) -> OversightView:
    """Read empty seats, the oldest open rounds, agreement, outcomes and planted controls. For maintainers and auditors.

    Everything is as of the last closed epoch; empty seats are counted once a day. No figure tells a vote of an open
    round.
    """
    may_oversee(actor)
    kept: KeptOversight = request.app.state.oversight
    coverage: KeptCoverage = request.app.state.coverage
    with platform.read() as loaded:
        figures, seats, counts = kept.at(loaded), kept.seats(loaded, platform.clock.now()), coverage.at(loaded)
        epoch = loaded.epoch
    return OversightView(
        epoch=epoch,
        topics=[_topic(topic, figures, counts) for topic in sorted(figures.agreement)],
        seats=[
            EmptySeats(topic=topic, perspective=perspective, language=language, empty=empty)
            for (topic, perspective, language), empty in sorted(seats.items())
        ],
        oldest=[
            OpenRoundView(
                example=item.example,
                topic=item.topic,
                kind=cast("Kind", item.kind),
                language=item.language,
                stage=item.stage,
                epoch=item.epoch,
                date=item.date,
            )
            for item in figures.oldest
        ],
        controls=_controls(figures.controls),
    )


def _topic(topic: str, figures: Oversight, coverage: Coverage) -> TopicOversight:
    agreement = figures.agreement[topic]
    epochs = sorted({epoch for name, epoch, _ in figures.outcomes if name == topic})
    return TopicOversight(
        topic=topic,
        needs_reviews=coverage.status[topic, "needs_reviews"],
        contested=coverage.status[topic, "contested"],
        unresolved=coverage.status[topic, "unresolved"],
        flags=figures.flags[topic],
        agreement=_agreement(agreement.overall),
        within={name: _agreement(found) for name, found in agreement.within.items()},
        outcomes=[
            OutcomesView(
                epoch=epoch,
                accepted=figures.outcomes[topic, epoch, "accepted"],
                contested=figures.outcomes[topic, epoch, "contested"],
                rejected=figures.outcomes[topic, epoch, "rejected"],
                unresolved=figures.outcomes[topic, epoch, "unresolved"],
            )
            for epoch in epochs
        ],
    )


def _agreement(found: Agreement) -> AgreementView:
    return AgreementView(
        votes=found.votes, revisions=found.revisions, alpha=found.alpha, low=found.low, high=found.high
    )


def _controls(found: ControlCounts) -> ControlsView:
    low, high = wilson(found.accepted, found.judged) if found.judged else (None, None)
    return ControlsView(
        planted=found.planted, opened=found.opened, judged=found.judged, accepted=found.accepted, low=low, high=high
    )


@router.get(
    "/v1/oversight/topics/{topic}/reviewers",
    **operation("Read whose votes look odd on a topic", access="required", problems=(403, 404)),
)
def reviewers(
    topic: Annotated[Slug, Path(description="A topic's id.")], request: Request, platform: ThePlatform, actor: TheActor
) -> OddList:
    """Name reviewers, by pseudonym, whose votes in ended rounds somebody should look at: no verdict on anybody."""
    may_oversee(actor)
    kept: KeptOversight = request.app.state.oversight
    with platform.read() as loaded:
        loaded.topic_in_force(topic)
        odd = kept.odd(loaded, topic)
    return OddList(topic=topic, odd=[odd_view(item) for item in odd])


def odd_view(item: Odd) -> OddView:
    """A reason to look at reviewers, with its rule and what to do."""
    rule = ODD_RULES[item.rule]
    return OddView(
        kind=item.kind,
        rule=item.rule,
        version=rule.version,
        reviewers=list(item.reviewers),
        message=item.message,
        hint=rule.hint,
    )
