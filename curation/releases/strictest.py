"""Which rows the strictest policy ever in force would not admit.

Rules that always hold (pure):
- a row stays where the policy in force at its own leaf put it; this only says what a stricter one would have done.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from curation.releases.project import Projection
from curation.rulebook.replay import Replay
from curation.rulebook.rounds import Round
from curation_schemas.definition import AcceptanceRule
from curation_validators.acceptance import AcceptancePolicy


def not_admitted_by_strictest(state: Replay, made: Projection) -> Iterator[tuple[str, str]]:
    """Yield (example, which policy would not admit it) for each accepted row that some policy would not."""
    policies = state.definitions.policies
    if len(policies) < 2:
        return
    for example, placed in sorted(made.placements.items()):
        if placed.config in (None, "contested"):
            continue
        history = state.histories[example]
        revision = history.revision_of(placed.revision, "release/prefix")
        frame = state.definitions.frame_of(revision.event.definition)
        judged = revision.stages[-1] if revision.stages[-1].outcome is not None else revision.stages[0]
        for item in policies:
            if not _admits(item.content.rule_for(frame.sensitivity), judged):
                yield example, f"the policy of leaf {item.leaf[:12]}… would not have admitted it"
                break


def _admits(rule: AcceptanceRule, judged: Round) -> bool:
    stage = judged.stage
    wanted = AcceptancePolicy(rule.seats * stage, rule.min_accepts * stage, Fraction(rule.min_share_percent, 100))
    return all(filled >= wanted.seats and wanted.satisfied_by(accepting) for _, filled, accepting in judged.tally())
