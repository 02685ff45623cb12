"""What a proposer brings and takes back, and what is opened, erased or found of it afterwards.

Rules that always hold (pure; used alike by commands, projection and verification):
- a revision names the policy and the topic's definition that are in force in its epoch;
- only its proposer revises or withdraws an example; what is withdrawn stays so;
- an erasure names commitments of one act, and never those of words that were adopted.
"""

from __future__ import annotations

from curation.errors import Refused
from curation.rulebook import commons
from curation.rulebook.checks import Check, check_checked
from curation.rulebook.controls import check_opened
from curation.rulebook.definitions import Definitions
from curation.rulebook.history import Applying, Brought, Checking, History, Revision, Surroundings
from curation.rulebook.rounds import Round
from curation.rulebook.yanking import require_two
from curation_schemas.definition import Sensitivity
from curation_schemas.events import (
    ControlOpened,
    ExampleProposed,
    ExampleRetracted,
    ExampleRevised,
    ExampleWithdrawn,
    OpeningErased,
    SourceChecked,
    TopicProposed,
    TopicRevised,
)


def _check_proposed(history: History, event: Brought, epoch: int, around: Surroundings) -> None:
    if history.revisions:
        raise Refused("propose/new-id", f"example {event.example} exists already")
    _check_brought(event, epoch, around.definitions)


def _check_brought(event: Brought, epoch: int, definitions: Definitions) -> None:
    if event.policy != definitions.policy_at(epoch).leaf:
        raise Refused("propose/policy-in-force", "the revision names a policy that is not in force")
    if isinstance(event, (TopicProposed, TopicRevised)):
        commons.check_outlined(event, epoch, definitions)
    else:
        _check_frame(event, epoch, definitions)
    terms = definitions.terms
    if terms is not None and event.language not in terms.languages:
        raise Refused(
            "propose/language",
            f"the dataset has no examples in {event.language}",
            hint=f"Its languages: {', '.join(terms.languages)}.",
        )
    if terms is not None and event.license not in terms.licenses:
        raise Refused(
            "propose/licence",
            f"the dataset does not admit the licence {event.license}",
            hint=f"It admits: {', '.join(terms.licenses)}.",
        )


def _check_frame(event: ExampleProposed | ExampleRevised, epoch: int, definitions: Definitions) -> None:
    frame = definitions.frame(event.topic, event.definition, epoch)
    if frame is None:
        known = ", ".join(item.content.id for item in definitions.topics_at(epoch))
        raise Refused("propose/topic-in-force", f"there is no topic {event.topic} in force", hint=f"In force: {known}.")
    if event.definition != frame.leaf:
        raise Refused("propose/policy-in-force", "the revision names a topic definition that is not in force")
    unknown = sorted(({*event.positions, event.framing} - {"neutral"}) - set(frame.positions))
    if unknown:
        raise Refused(
            "propose/positions-known",
            f"topic {event.topic} has no position {', '.join(unknown)}",
            hint=f"It has: {', '.join(frame.positions)}.",
        )


def _check_revised(history: History, event: ExampleRevised | TopicRevised, epoch: int, around: Surroundings) -> None:
    first, latest = history.first, history.latest
    if event.pseudonym != first.pseudonym:
        raise Refused("revise/only-proposer", "only the proposer revises an example")
    history.check_not_withdrawn()
    if event.previous != latest.leaf:
        raise Refused("revise/of-latest", f"revision {latest.number} is the latest; this one replaces another")
    same = ("topic", "group", "kind", "language", "use")
    changed = [name for name in same if getattr(event, name) != getattr(first, name)]
    if changed:
        raise Refused(
            "revise/same-example", f"a revision cannot change {', '.join(changed)}", hint="Propose a new one."
        )
    limit = around.definitions.policy_at(epoch).content.max_revisions
    if latest.number >= limit:
        raise Refused("revise/limit", f"the example has had its {limit} revisions", hint="Propose a new example.")
    _check_brought(event, epoch, around.definitions)


def _apply_brought(history: History, event: Brought, leaf: str, epoch: int, around: Surroundings) -> None:
    definitions = around.definitions
    if isinstance(event, (TopicProposed, TopicRevised)):
        base = definitions.topic_by_leaf.get(event.definition)
        required = commons.judges(base.content if base else None, event.outline)
        both = {event.outline.sensitivity, base.content.sensitivity if base else "standard"}
        sensitivity: Sensitivity = "high" if "high" in both else "standard"
    else:
        frame = definitions.frame_of(event.definition)
        required, sensitivity = frame.required, frame.sensitivity
    rule = definitions.policy_by_leaf[event.policy].content.rule_for(sensitivity)
    number = len(history.revisions) + 1
    stage = Round(leaf, number, 1, required, rule, epoch)
    history.revisions.append(Revision(leaf, number, event, epoch, [stage]))
    history.held[leaf] = frozenset(event.commitments())


def _check_withdrawn(history: History, event: ExampleWithdrawn, epoch: int, around: Surroundings) -> None:
    if event.pseudonym != history.first.pseudonym:
        raise Refused("withdraw/only-proposer", "only the proposer withdraws an example")
    history.check_not_withdrawn()
    if event.revision != history.latest.leaf:
        raise Refused("revise/of-latest", "the withdrawal does not name the latest revision")


def _apply_withdrawn(history: History, event: ExampleWithdrawn, leaf: str, epoch: int, around: Surroundings) -> None:
    history.withdrawn, history.withdrawal, history.withdrawn_in = leaf, event, epoch


def _check_retracted(history: History, event: ExampleRetracted, epoch: int, around: Surroundings) -> None:
    require_two(event.maintainers, "a retraction")
    history.revision_of(event.revision, "release/retracted")
    if history.first.kind == "topic":
        raise Refused("release/retracted", "a proposal about a topic is in no release; what was adopted is amended")
    if history.retracted is not None:
        raise Refused("release/retracted", f"example {history.example} is retracted already")


def _apply_retracted(history: History, event: ExampleRetracted, leaf: str, epoch: int, around: Surroundings) -> None:
    history.retracted, history.retraction = leaf, event


def _check_erased(history: History, event: OpeningErased, epoch: int, around: Surroundings) -> None:
    unknown = set(event.commitments) - history.held.get(event.act, frozenset())
    if unknown:
        raise Refused("erase/known", f"{len(unknown)} of the commitments do not belong to the act {event.act[:12]}…")
    for revision in history.revisions:
        if revision.leaf in around.definitions.adopted and set(event.commitments) & set(
            revision.event.content["proposal"]
        ):
            message = "what was adopted stands in the log for ever, word for word"
            raise Refused("erase/adopted", message, hint="Name the commitments of the other texts; amend the topic.")


def _apply_erased(history: History, event: OpeningErased, leaf: str, epoch: int, around: Surroundings) -> None:
    history.erased.update(dict.fromkeys(event.commitments, leaf))


def _check_control(history: History, event: ControlOpened, epoch: int, around: Surroundings) -> None:
    stages = history.latest.stages
    opened = history.control is not None
    check_opened(event, opened, history.revisions[0].epoch, stages, epoch, around.definitions)


def _apply_control(history: History, event: ControlOpened, leaf: str, epoch: int, around: Surroundings) -> None:
    history.control = event
    around.definitions.opened.add(event.planted)


def _check_checked(history: History, event: SourceChecked, epoch: int, around: Surroundings) -> None:
    if history.withdrawn_in is not None and history.withdrawn_in < epoch:
        history.check_not_withdrawn()
    check_checked(event, history.first.topic, history.cited_in(event.act), history.checks.get(event.source, []))


def _apply_checked(history: History, event: SourceChecked, leaf: str, epoch: int, around: Surroundings) -> None:
    history.checks.setdefault(event.source, []).append(Check(leaf, event))
    if event.page is not None:
        history.held[leaf] = frozenset({event.page})


CHECKS: dict[type, Checking] = {
    ExampleProposed: _check_proposed,
    ExampleRevised: _check_revised,
    TopicProposed: _check_proposed,
    TopicRevised: _check_revised,
    ExampleWithdrawn: _check_withdrawn,
    ExampleRetracted: _check_retracted,
    OpeningErased: _check_erased,
    ControlOpened: _check_control,
    SourceChecked: _check_checked,
}
APPLY: dict[type, Applying] = {
    ExampleProposed: _apply_brought,
    ExampleRevised: _apply_brought,
    TopicProposed: _apply_brought,
    TopicRevised: _apply_brought,
    ExampleWithdrawn: _apply_withdrawn,
    ExampleRetracted: _apply_retracted,
    OpeningErased: _apply_erased,
    ControlOpened: _apply_control,
    SourceChecked: _apply_checked,
}
