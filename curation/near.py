"""Keep what measures a model apart from what trains it: near-copies of prompts are found when they are proposed.

Rules that always hold:
- a prompt that measures (`use: evaluation`) and one that trains are never near-copies of each other, whichever came
  first; near is what `curation_validators.duplicates` says it is;
- two sets of shingles with a Jaccard index of t share one of the first n - ⌈t·n⌉ + 1 of each, in any order of all
  shingles (prefix filtering: Chaudhuri, Ganti, Kaushik, ICDE 2006); so those alone are kept, as keyed hashes, and no
  near-copy is missed;
- what was rejected neither trains nor measures, and forbids nothing; an appeal of it looks again;
- a greeting or another short word within a conversation asks nothing, and is not compared;
- of two that are proposed at once, the second waits and sees the first;
- what is kept goes when its text is erased or its example is withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select

from curation.errors import Refused
from curation.tables import examples, openings, prompt_shingles
from curation.writing import Writing
from curation_schemas.events import RevisionBrought
from curation_schemas.example import SftExample, Written
from curation_validators.duplicates import THRESHOLD, jaccard, shingles

_TENTHS = round(THRESHOLD * 10)


def prefix_length(size: int) -> int:
    """How many shingles of a set of this size, in a fixed order of all shingles, any near set shares one of."""
    return size - -(-_TENTHS * size // 10) + 1 if size else 0


def prompts_of(example: Written, event: RevisionBrought) -> Iterator[tuple[str, str]]:
    """(commitment, text) of every turn in which the user asks."""
    field = "messages" if isinstance(example, SftExample) else "prompt"
    turns = example.messages if isinstance(example, SftExample) else example.prompt
    asked = [item for item in zip(turns, event.content[field], strict=True) if item[0].role == "user"]
    for turn, commitment in asked:
        if len(asked) == 1 or len(shingles(turn.content)) > 1:
            yield commitment, turn.content


def keep_apart(writing: Writing, example: Written, event: RevisionBrought) -> None:
    """Refuse a near-copy between what trains and what measures; else remember the prompts of this revision."""
    evaluation = event.use == "evaluation"
    writing.lock_prompts(event.example, measuring=evaluation)
    rows: list[dict[str, Any]] = []
    for commitment, text in prompts_of(example, event):
        found = shingles(text)
        hashes = sorted(writing.vault.blind("near", item) for item in found)[: prefix_length(len(found))]
        _check(writing, found, hashes, evaluation=evaluation, example=event.example)
        kept = {"commitment": commitment, "evaluation": evaluation, "example": event.example}
        rows += [{"shingle": item, **kept} for item in hashes]
    if rows:
        writing.connection.execute(insert(prompt_shingles), rows)


def check_still_apart(writing: Writing, event: RevisionBrought) -> None:
    """Refuse to judge again what was rejected, where a near-copy for the other use came meanwhile."""
    evaluation = event.use == "evaluation"
    writing.lock_prompts(event.example, measuring=evaluation)
    writing.flush()
    asked = [item for field in ("messages", "prompt") for item in event.content.get(field, ())]
    kept = select(prompt_shingles.c.commitment, prompt_shingles.c.shingle, openings.c.body).join(
        openings, openings.c.commitment == prompt_shingles.c.commitment
    )
    hashes: dict[str, list[str]] = {}
    bodies = {}
    for row in writing.connection.execute(kept.where(prompt_shingles.c.commitment.in_(asked))):
        hashes.setdefault(row.commitment, []).append(row.shingle)
        bodies[row.commitment] = row.body
    for commitment, body in bodies.items():
        found = shingles(msgspec.json.decode(body)["content"])
        _check(writing, found, hashes[commitment], evaluation=evaluation, example=event.example)


def _check(writing: Writing, found: frozenset[str], hashes: list[str], *, evaluation: bool, example: str) -> None:
    others = select(prompt_shingles.c.commitment).where(
        prompt_shingles.c.shingle.in_(hashes),
        prompt_shingles.c.evaluation.is_(not evaluation),
        prompt_shingles.c.example != example,
    )
    if writing.connection.execute(others.limit(1)).first() is None:
        return
    writing.flush()
    rejected = select(examples.c.id).where(examples.c.status == "rejected", examples.c.standing.is_(None))
    counted = others.where(prompt_shingles.c.example.not_in(rejected))
    bodies = select(openings.c.body).where(openings.c.commitment.in_(counted))
    for body in writing.connection.execute(bodies).scalars():
        if jaccard(found, shingles(msgspec.json.decode(body)["content"])) >= THRESHOLD:
            if evaluation:
                message = "an example that trains has this prompt, or nearly: it cannot measure what it trained"
                hint = "Put it otherwise."
            else:
                message = "this is a prompt that measures models, or nearly: what measures is never trained on"
                hint = "Put it otherwise, or propose it with `use: evaluation`."
            raise Refused("propose/evaluation", message, hint=hint)


def forget_prompts(writing: Writing, *, example: str | None = None, commitments: Iterable[str] = ()) -> None:
    """Forget the prompts of a withdrawn example, or those whose text was erased."""
    query = delete(prompt_shingles)
    if example is not None:
        writing.connection.execute(query.where(prompt_shingles.c.example == example))
    gone = list(commitments)
    if gone:
        writing.connection.execute(query.where(prompt_shingles.c.commitment.in_(gone)))
