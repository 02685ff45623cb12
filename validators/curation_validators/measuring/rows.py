"""What single examples hold or repeat.

Rules that always hold (pure):
- one example that holds what none may hold is enough to fail, however few there are, and is named; none among fewer
  than 20 is no pass.
"""

from __future__ import annotations

from curation_validators.faults import IDENTIFIER, PROTECTED, SECRET
from curation_validators.measuring.scope import Figure, Figures, Scope, level, require

_SHOWN, _LISTED = 3, 20


def exact_copies(scope: Scope) -> Figures:
    """Examples that repeat another one word for word."""
    copies = sum(sums[1] for sums in scope.of(scope.counts.copies).values())
    if not copies:
        require(scope.examples, "examples")
    which = "1 example says" if copies == 1 else f"{copies} examples say"
    message = f"{which} word for word what another one of the topic says" if copies else "no text occurs twice"
    yield "", Figure(float(copies), level(copies > 0), message, items=scope.examples)


def contamination(scope: Scope) -> Figures:
    """Training examples that hold something of a protected evaluation set."""
    yield "", _holding(scope, PROTECTED, "text of a protected evaluation set")


def secrets(scope: Scope) -> Figures:
    """Examples that hold a key, token or password."""
    yield "", _holding(scope, SECRET, "a key, token or password")


def personal_data(scope: Scope) -> Figures:
    """Examples that hold an identity, card or account number with the right check digits."""
    yield "", _holding(scope, IDENTIFIER, "an identity, card or account number")


def _holding(scope: Scope, fault: int, what: str) -> Figure:
    found = {example: sums[0] for (example, faults), sums in scope.of(scope.counts.faults).items() if faults & fault}
    number = sum(found.values())
    if not number:
        require(scope.examples, "examples")
        return Figure(0.0, None, f"none holds {what}", items=scope.examples)
    names = sorted(example or "(no id)" for example in found)
    others = f" and {number - _SHOWN} more" if number > _SHOWN else ""
    message = (
        f"{number} {'example holds' if number == 1 else 'examples hold'} {what}: {', '.join(names[:_SHOWN])}{others}"
    )
    return Figure(float(number), "gate", message, items=scope.examples, more={"examples": names[:_LISTED]})
