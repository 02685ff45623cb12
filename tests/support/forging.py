"""Logs that no platform would write: honest acts, changed before they are sealed. For what only a verifier meets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from curation.log.leaf import decode_leaf, encode_leaf
from curation.log.merkle import leaf_hash
from curation.log.order import canonical_order
from curation.rulebook.replay import Replay, replay
from curation_schemas.events import EVENT, references_of
from tests.support.words import DATASET
from tests.support.world import World

Fields = dict[str, Any]
Edit = Callable[[Fields], Fields | None]


def fields_of(leaf: bytes) -> Fields:
    """A leaf as plain data."""
    return decode_leaf(leaf)


def hash_of(leaf: bytes) -> str:
    """A leaf's hash, as other leaves name it."""
    return leaf_hash(leaf).hex()


def in_order(leaves: Iterable[bytes]) -> list[bytes]:
    """Leaves in the order in which an epoch seals them."""
    by_hash = {hash_of(leaf): leaf for leaf in leaves}
    references = {leaf: references_of(EVENT.validate_json(content)) for leaf, content in by_hash.items()}
    return [by_hash[leaf] for leaf in canonical_order(references)]


def epoch_end(epoch: int, date: str = "2027-01-15", **changes: Any) -> bytes:
    """The last leaf of an epoch."""
    fields = {
        "v": 1,
        "dataset": DATASET,
        "nonce": f"{epoch:032x}",
        "type": "epoch:closed",
        "epoch": epoch,
        "date": date,
    }
    return encode_leaf(fields | changes)


def event(number: int, **fields: Any) -> Fields:
    """An event's fields with what every event has; `number` makes its nonce."""
    return {"v": 1, "dataset": DATASET, "nonce": f"{number:032x}", **fields}


def edited(leaves: Iterable[bytes], edit: Edit) -> list[bytes]:
    """Each leaf as `edit` changes it (None drops it); who referred to a changed leaf refers to the new one."""
    renamed: dict[str, str] = {}
    found = []
    for leaf in in_order(leaves):
        text = leaf.decode()
        for old, new in renamed.items():
            text = text.replace(old, new)
        fields = edit(json.loads(text))
        if fields is not None:
            made = encode_leaf(fields)
            renamed[hash_of(leaf)] = hash_of(made)
            found.append(made)
    return found


class Forgery:
    """A world's log with its pending acts, those of open rounds too, changed and added to before they are sealed."""

    def __init__(self, world: World) -> None:
        self.sealed = world.sealed()
        self.epoch = world.replay().epoch
        self.pending = in_order(world.pending().values())

    def change(self, type_: str, /, *drop: str, **changes: Any) -> Forgery:
        """Change fields of the last pending leaf of a type."""
        wanted = [hash_of(leaf) for leaf in self.pending if fields_of(leaf)["type"] == type_][-1:]
        nonces = {fields_of(leaf)["nonce"] for leaf in self.pending if hash_of(leaf) in wanted}
        assert nonces, f"no pending {type_}"

        def edit(fields: Fields) -> Fields:
            if fields["nonce"] in nonces:
                fields = {name: value for name, value in (fields | changes).items() if name not in drop}
            return fields

        self.pending = edited(self.pending, edit)
        return self

    def add(self, **fields: Any) -> str:
        """Add an event. Returns its leaf's hash."""
        leaf = encode_leaf(event(len(self.pending) + 1_000, **fields))
        self.pending.append(leaf)
        return hash_of(leaf)

    def log(self, date: str = "2027-01-15") -> list[bytes]:
        """The whole log."""
        return [*self.sealed, *in_order(self.pending), epoch_end(self.epoch, date)]

    def replay(self, date: str = "2027-01-15") -> Replay:
        """What a verifier makes of it."""
        return replay(self.log(date))
