"""Where an example stands in a release, and why.

Rules that always hold (pure):
- the accepted revision that stands goes to the config of its kind; contested and unresolved examples go to a config of
  their own, with their votes; rejected, withdrawn, flagged and erased ones are left out, with the reason;
- so is what was judged under a draft that did not come into force as it was, and every proposal about a topic;
- nothing but the log decides.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from curation.rulebook.history import History, Revision

Published = dict[str, tuple[str, str]]
"""Example id → (config, revision)."""

LeftOut = Literal[
    "open", "rejected", "withdrawn", "flagged", "erased", "topic", "draft", "gated", "control", "retracted"
]
CONFIG_OF_KIND = {"sft": "sft", "preference": "preference", "pluralistic": "pluralistic", "prompt": "prompts"}


@dataclass(frozen=True, slots=True)
class Placement:
    """An example's config and revision; or no config, what keeps it out, and the leaf by which it does."""

    config: str | None
    revision: str
    reason: str
    left_out: LeftOut | None = None
    cause: str | None = None


def placement(history: History, in_force: Container[str] | None = None) -> Placement:
    """Where an example goes. The reasons are those that `release plan` prints.

    Args:
        history: the example's.
        in_force: the definitions under which what was judged is released, by leaf; None where nobody asks.
    """
    latest = history.latest
    if history.first.kind == "topic":
        return Placement(None, latest.leaf, f"a proposal about a topic ({history.status})", "topic")
    if history.withdrawal is not None:
        reason = f"withdrawn by its author ({history.withdrawal.reason})"
        return Placement(None, latest.leaf, reason, "withdrawn", history.withdrawn)
    if history.retraction is not None:
        reason = f"retracted by two maintainers: {history.retraction.reason}"
        return Placement(None, history.retraction.revision, reason, "retracted", history.retracted)
    if history.control is not None:
        reason = f"a planted control, slanted to {history.control.direction} on purpose"
        return Placement(None, latest.leaf, reason, "control")
    judged = history.standing or _last_judged(history)
    if judged is None:
        return Placement(None, latest.leaf, _waiting_for(history), "open")
    if in_force is not None and judged.event.definition not in in_force:
        return Placement(None, judged.leaf, f"judged under a draft of topic {history.first.topic}", "draft")
    outcome = history.outcome_of(judged)
    if outcome == "rejected":
        return Placement(None, judged.leaf, "rejected by every required perspective", "rejected", judged.round.closed)
    flag = history.holding(judged.leaf)
    if flag is not None:
        return Placement(None, judged.leaf, f"held by a flag ({flag.event.ground})", "flagged", flag.leaf)
    erased = erased_content(history, judged)
    if erased is not None:
        return Placement(None, judged.leaf, "its text was erased", "erased", erased)
    if outcome == "accepted":
        return Placement(CONFIG_OF_KIND[history.first.kind], judged.leaf, "accepted")
    return Placement("contested", judged.leaf, str(outcome))


def erased_content(history: History, revision: Revision) -> str | None:
    """The leaf that erased a message of this revision, or None while all of it stands."""
    for commitments in revision.event.content.values():
        for commitment in commitments:
            if commitment in history.erased:
                return history.erased[commitment]
    return None


def _last_judged(history: History) -> Revision | None:
    judged = [revision for revision in history.revisions if history.outcome_of(revision) is not None]
    return judged[-1] if judged else None


def _waiting_for(history: History) -> str:
    missing = history.latest.round.decision().missing
    return f"needs reviews from {', '.join(missing)}" if missing else "needs reviews"
