"""Overrule a gate: keep a topic in the next release though it fails, with a reason that everybody reads.

Rules that always hold:
- only a maintainer overrules, only a gate that fails or breaks now, and only with a written reason;
- it is an event of the log before the release is cut, and holds for that release alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from curation.errors import InvalidInput, Refused
from curation.people.accounts import Actor
from curation.people.vault import DATASET_SCOPE
from curation.releases.cut import plan_release
from curation.tables import pending_leaves
from curation.writing import Platform, Recorded, Writing
from curation_schemas.events import GateOverruled
from curation_validators.measures import MEASURES


@dataclass(frozen=True, kw_only=True, slots=True)
class OverruleGate:
    """The gates that stop nothing for this topic in the next release, and why."""

    topic: str
    gates: tuple[str, ...]
    reason: str

    def check(self) -> None:
        """Raise InvalidInput unless every name is a gate's."""
        known = [name for name, measure in MEASURES.items() if measure.level == "gate"]
        unknown = sorted(set(self.gates) - set(known))
        if unknown or not self.gates:
            raise InvalidInput(
                f"is no gate: {', '.join(unknown) or 'none is named'}", where="gate", hint=_one_of(known)
            )


def overrule_gate(platform: Platform, actor: Actor, command: OverruleGate) -> Recorded:
    """Overrule gates of a topic. Raises NotAllowed, InvalidInput, Refused."""
    actor.require("maintainer")
    command.check()
    gates = plan_release(platform).derived.facts.gates
    said = {(item.topic, item.gate) for item in gates.overruled}
    failing = {str(item["measure"]) for item in gates.gated.get(command.topic, ()) if item["breaks"] == "gate"}
    failing = {name for name in failing if (command.topic, name) not in said}
    failing |= {item.measure for item in gates.broken() if item.topic == command.topic}
    spare = sorted(set(command.gates) - failing)
    if spare:
        message = f"{', '.join(spare)} does not stop topic {command.topic} now"
        raise Refused(
            "gate/fails", message, hint=_one_of(sorted(failing)) if failing else "See `evenhand release plan`."
        )
    with platform.write() as writing:
        writing.admit(actor, "maintainer")
        writing.lock_definitions()
        _check_not_said(writing, command)
        held = writing.definitions.topic_at(command.topic, writing.epoch)
        return writing.record(
            GateOverruled,
            topic=command.topic,
            definition=held.leaf if held else "",
            gates=sorted(set(command.gates)),
            reason=command.reason,
            maintainers=[writing.vault.pseudonym_for_act(actor.account, DATASET_SCOPE)],
        )


def _check_not_said(writing: Writing, command: OverruleGate) -> None:
    """Raise Refused where the same was said in the epoch that is open: the plan does not know of it yet."""
    waiting = select(pending_leaves.c.hash).where(pending_leaves.c.type == "gate:overruled")
    for leaf in writing.connection.execute(waiting).scalars():
        said = writing.definitions.overruled[leaf]
        if said.topic == command.topic and set(said.gates) & set(command.gates):
            message = f"{', '.join(said.gates)} was overruled for topic {command.topic} in this epoch already"
            raise Refused("gate/fails", message, hint="It holds from the epoch's end on.")


def _one_of(names: list[str]) -> str:
    return f"Name one of: {', '.join(names)}."
