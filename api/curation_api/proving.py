"""A leaf as the log has it, with its proof and what it commits to.

Rules that always hold:
- sealed leaves only, and a proof for the checkpoint that everybody can fetch;
- salt and body of a text are given where a release gives them: the text is public, and its revision stands or is
  contested. Those of rejected examples and of open rounds are given nowhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from curation.errors import NotFound
from curation.log.leaf import Opening
from curation.log.merkle import inclusion_proof
from curation.log.proofs import encode_tlog_proof
from curation.log.store import CHECKPOINT, published_size, reader
from curation.log.tiles import TileHashes
from curation.tables import log_epochs, log_leaves, openings
from curation.writing import LoadedExamples, Platform
from curation_api.public import Shown, shown_example

_PUBLISHED = frozenset({"accepted", "contested", "unresolved"})


@dataclass(frozen=True, slots=True)
class ProvedLeaf:
    """A sealed leaf."""

    index: int
    hash: str
    epoch: int
    date: str
    """The day on which its epoch was closed."""
    type: str
    example: str | None
    content: bytes
    opened: list[Opening]

    def pretty(self) -> str:
        """The leaf's JSON on several lines. What is hashed is the one line of `content`."""
        return json.dumps(json.loads(self.content), indent=2, ensure_ascii=False)


def find_leaf(loaded: LoadedExamples, platform: Platform, leaf: str) -> ProvedLeaf:
    """A sealed leaf by its hash. Raises NotFound."""
    query = select(log_leaves, log_epochs.c.date).join(log_epochs, log_epochs.c.epoch == log_leaves.c.epoch)
    row = loaded.connection.execute(query.where(log_leaves.c.hash == leaf)).first()
    if row is None:
        raise NotFound("no sealed leaf has this hash", hint="A new one appears when its epoch is closed.")
    opened: list[Opening] = []
    if row.example is not None:
        shown = shown_example(loaded, platform, None, row.example)
        opened = _openings(loaded.connection, shown, leaf)
    return ProvedLeaf(row.idx, leaf, row.epoch, row.date, row.type, row.example, row.leaf, opened)


def _openings(connection: Connection, shown: Shown, leaf: str) -> list[Opening]:
    """The openings of an act on one revision, where they are public."""
    for revision in shown.sealed.revisions:
        acts = {revision.leaf}
        for stage in revision.stages:
            if stage.closed is not None:
                acts |= {cast.leaf for cast in stage.seats.values()} | set(stage.superseded) | {stage.appeal or ""}
        if leaf in acts:
            published = shown.sealed.outcome_of(revision) in _PUBLISHED and shown.withheld(revision) is None
            query = select(openings).where(openings.c.act == leaf).order_by(openings.c.commitment)
            rows: Any = connection.execute(query).all() if published else ()
            return [Opening(row.unit, row.salt, row.body) for row in rows]
    return []


def proof_of(platform: Platform, leaf: ProvedLeaf) -> bytes:
    """A C2SP tlog-proof of a leaf. Raises NotFound where the published log does not hold it yet."""
    folder = platform.home.log_path
    size = published_size(folder)
    if leaf.index >= size:
        raise NotFound("the published log does not hold this leaf yet", hint="Try again in a moment.")
    read = reader(folder)
    hashes = inclusion_proof(leaf.index, size, TileHashes(size, read))
    return encode_tlog_proof(leaf.index, hashes, read(CHECKPOINT), extra=leaf.content)
