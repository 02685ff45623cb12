"""A lying server: it holds the log's key and writes leaves that no command would let it write.

The forger fills epochs by hand and signs them; the bundle over its log is built by the real builder. What it leaves to
the truth is right (order, roots, commitments), so that `verify` finds the lie and nothing else.
"""

from __future__ import annotations

import base64
import datetime
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert

from curation.db import reading, writing
from curation.home import create_home, open_home
from curation.log.attestation import KeySigner, attest
from curation.log.leaf import Opening, canonical_json, encode_leaf
from curation.log.merkle import leaf_hash, root_hash
from curation.log.notes import Checkpoint, sign_checkpoint
from curation.log.order import canonical_order
from curation.releases.build import build_bundle
from curation.rulebook.commons import touched_positions
from curation.tables import documents, log_epochs, log_leaves, openings
from curation_schemas.commons import outline_of
from curation_schemas.definition import DatasetDefinition, Topic
from curation_schemas.events import (
    EVENT,
    AnyEvent,
    leaf_fields,
    references_of,
)
from curation_schemas.parsing import validate
from tests.support.words import DATASET, FULL_POLICY, HARBOUR, definition, topic

ORIGIN = "forger.example/log"
CARD = b"# A card\n"
POLICY = FULL_POLICY | {"standard": {"seats": 2, "min_accepts": 1, "min_share_percent": 50}, "max_revisions": 2}
HARBOUR_SIDES = ("keep", "move")


def make_template(path: Path) -> Path:
    """An empty home whose keys the forger holds."""
    create_home(path, DATASET, ORIGIN).close()
    return path


@dataclass
class Proposed:
    """An example that was brought in, and the votes cast on its latest revision."""

    example: str
    group: str
    revision: str
    by: str
    kind: str = "sft"
    fields: dict[str, Any] = field(default_factory=dict)
    votes: list[str] = field(default_factory=list)
    closing: str = ""


@dataclass
class Forger:
    """Leaves, epoch by epoch."""

    leaves: list[bytes] = field(default_factory=list)
    epochs: list[tuple[int, str]] = field(default_factory=list)
    """(log size, date) of each closed epoch."""
    openings: list[tuple[str, Opening]] = field(default_factory=list)
    definition: str = ""
    topics: dict[str, str] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    _batch: dict[str, tuple[bytes, list[str]]] = field(default_factory=dict)
    _waiting: list[Opening] = field(default_factory=list)
    _random: random.Random = field(default_factory=lambda: random.Random(1))

    # --- leaves ---------------------------------------------------------------------------------------------------

    def fresh(self, prefix: str, number: int) -> str:
        return prefix + base64.b32encode(self._random.randbytes(number)).decode().rstrip("=").lower()

    def pseudonym(self, who: str) -> str:
        return "p_" + base64.b32encode(sha256(who.encode()).digest()[:16]).decode().rstrip("=").lower()

    def commit(self, unit: str, value: object) -> str:
        """A commitment; its opening joins the next leaf."""
        made = Opening(unit, self._random.randbytes(32), canonical_json(value))
        self._waiting.append(made)
        return made.commitment()

    def commit_body(self, unit: str, body: bytes) -> str:
        """A commitment to bytes that need not be JSON."""
        made = Opening(unit, self._random.randbytes(32), body)
        self._waiting.append(made)
        return made.commitment()

    def add(self, type_: str, **fields: Any) -> str:
        """An event of the schema. Returns its leaf hash."""
        plain = {"type": type_, "dataset": DATASET, "nonce": self._random.randbytes(16).hex(), **fields}
        event: AnyEvent = validate(EVENT, {name: value for name, value in plain.items() if value is not None})
        return self.add_raw(encode_leaf(leaf_fields(event)), references_of(event))

    def add_raw(self, leaf: bytes, references: Sequence[str] = ()) -> str:
        """Any bytes as a leaf. Returns its hash."""
        found = leaf_hash(leaf).hex()
        self._batch[found] = (leaf, list(references))
        self.openings += [(found, opening) for opening in self._waiting]
        self._waiting.clear()
        return found

    def close(self, date: str = "", *, number: int | None = None, backwards: bool = False) -> str:
        """Seal the epoch; each lasts a week unless a date is given. Returns its last leaf's hash."""
        order = canonical_order({leaf: references for leaf, (_, references) in self._batch.items()})
        self.leaves += [self._batch[leaf][0] for leaf in (reversed(order) if backwards else order)]
        self._batch.clear()
        last = datetime.date.fromisoformat(self.epochs[-1][1] if self.epochs else "2026-12-25")
        day = date or (last + datetime.timedelta(days=7)).isoformat()
        closing = self.add("epoch:closed", epoch=len(self.epochs) if number is None else number, date=day)
        self.leaves.append(self._batch.pop(closing)[0])
        self.epochs.append((len(self.leaves), day))
        return closing

    @property
    def size(self) -> int:
        return len(self.leaves)

    def root(self, size: int | None = None) -> str:
        return root_hash(map(leaf_hash, self.leaves[:size])).hex()

    def index_of(self, leaf: str) -> int:
        """Where a leaf stands; the last place if it stands twice."""
        return max(index for index, found in enumerate(self.leaves) if leaf_hash(found).hex() == leaf)

    # --- acts, right unless told otherwise ------------------------------------------------------------------------

    def found(self) -> Forger:
        """A dataset with two topics, and four people of each side of the harbour; the first epoch closed."""
        made = validate(DatasetDefinition, definition(POLICY))
        terms = made.model_dump(mode="python", include={"slug", "title", "description", "simulated"})
        terms |= {"languages": made.languages, "licenses": made.licenses}
        terms |= {"documents": {"card.md": sha256(CARD).hexdigest()}}
        common = {"reason": "A lie to be found.", "maintainers": [self.pseudonym("mia")]}
        self.definition = self.add("dataset:defined", terms=terms, policy=POLICY, **common)
        for item in made.topics:
            content = item.model_dump(mode="python")
            self.topics[item.id] = self.add("topic:defined", founding=self.definition, topic=content, **common)
        for side in HARBOUR_SIDES:
            for number in range(1, 5):
                self.declare(f"{side}-{number}", side)
        self.declare("watcher", "observer")
        self.close()
        return self

    def declare(self, who: str, perspective: str | None, **over: Any) -> str:
        fields = {
            "topic": HARBOUR,
            "pseudonym": self.pseudonym(who),
            "auth": "server",
            "definition": self.topics[HARBOUR],
            "perspective": perspective,
        }
        leaf = self.add("perspective:declared", **(fields | over))
        self.declared.setdefault(who, leaf)
        return leaf

    def propose(self, who: str = "ana", kind: str = "sft", **over: Any) -> Proposed:
        """Bring an example in; the caller closes the epoch."""
        fields = self._example(who, kind) | {
            "example": self.fresh("ex_", 10),
            "group": self.fresh("g_", 10),
            **over,
        }
        leaf = self.add("example:proposed", **fields)
        return Proposed(fields["example"], fields["group"], leaf, who, kind, fields)

    def propose_topic(self, changes: dict[str, Any], who: str = "ana", **over: Any) -> tuple[Proposed, dict[str, Any]]:
        """Propose to amend the harbour. Returns the proposal, and what an adoption of it says but for its closing."""
        base, made = validate(Topic, topic()), validate(Topic, topic(**changes))
        outline = outline_of(base, made)
        opening = Opening.fresh("topic", made.model_dump(exclude_none=True), self._random.randbytes)
        self._waiting.append(opening)
        reason = [self.commit("message", {"content": "So be it."})]
        fields = self._example(who, "sft") | {
            "kind": "topic",
            "example": self.fresh("ex_", 10),
            "group": self.fresh("g_", 10),
            "content": {"proposal": [opening.commitment()], "reason": reason},
            "outline": outline.model_dump(),
            "positions": list(touched_positions(base, outline)),
            "claims": ["interpretation"],
            **over,
        }
        leaf = self.add("topic:proposed", **fields)
        adoption = {
            "founding": self.definition,
            "topic": made.model_dump(),
            "supersedes": self.topics[HARBOUR],
            "proposal": fields["example"],
            "adopts": leaf,
            "salt": opening.salt.hex(),
        }
        return Proposed(fields["example"], fields["group"], leaf, who, "topic", fields), adoption

    def revise(self, of: Proposed, who: str = "ana", **over: Any) -> str:
        fields = self._example(who, of.kind) | {
            "example": of.example,
            "group": of.group,
            "previous": of.revision,
            **over,
        }
        return self.add("example:revised", **fields)

    def _example(self, who: str, kind: str) -> dict[str, Any]:
        ask = [self.commit("message", {"role": "user", "content": f"Why do people disagree? {self._random.random()}"})]
        tell = [self.commit("message", {"role": "assistant", "content": "They weigh the same facts differently."})]
        other = [self.commit("message", {"role": "assistant", "content": "Only one side is right."})]
        content = {"sft": {"messages": ask + tell}, "preference": {"prompt": ask, "chosen": tell, "rejected": other}}
        source = {
            "url": "https://example.org/minutes",
            "publisher": "The town council",
            "owner": "The town",
            "country": "FR",
            "language": "fr",
            "date": "2024-05",
            "quote": "The council met.",
        }
        return {
            "topic": HARBOUR,
            "pseudonym": self.pseudonym(who),
            "auth": "server",
            "kind": kind,
            "language": "en",
            "positions": ["keep-it", "move-it"],
            "framing": "neutral",
            "claims": ["interpretation"],
            "license": "CC-BY-4.0",
            "origin_kind": "human",
            "content": content[kind],
            "sources": [self.commit("source", source)],
            "policy": self.definition,
            "definition": self.topics[HARBOUR],
        }

    def review(self, of: Proposed, who: str, seat: int, verdict: str = "accept", **over: Any) -> str:
        """Fill a seat of the side that the person's name begins with."""
        fields: dict[str, Any] = {
            "topic": HARBOUR,
            "pseudonym": self.pseudonym(who),
            "auth": "server",
            "example": of.example,
            "revision": of.revision,
            "round": 1,
            "stage": 1,
            "perspective": who.partition("-")[0],
            "seat": seat,
            "declaration": self.declared.get(who),
            "verdict": verdict,
            "via": "web",
        }
        if verdict != "accept":
            fields["reasons"] = ["one_sided"]
            fields["rationale"] = self.commit("rationale", {"text": f"{who} finds it one-sided."})
        if of.kind == "preference":
            fields["comparison"] = "chosen"
        leaf = self.add("review:submitted", **(fields | over))
        of.votes.append(leaf)
        return leaf

    def judge(self, of: Proposed, verdicts: str = "aaaa", *, end: bool = True, **over: Any) -> str:
        """Fill the four seats, keep's first, and end the round. Returns the leaf of the end."""
        people = ["keep-1", "keep-2", "move-1", "move-2"]
        for place, letter in enumerate(verdicts):
            self.review(of, people[place], place % 2 + 1, {"a": "accept", "r": "reject"}[letter])
        if not end:
            return ""
        keep, move = "a" in verdicts[:2], "a" in verdicts[2:]
        outcome = "accepted" if keep and move else "contested" if keep or move else "rejected"
        return self.end(of, **({"outcome": outcome} | over))

    def end(self, of: Proposed, **over: Any) -> str:
        fields = {
            "topic": HARBOUR,
            "example": of.example,
            "revision": of.revision,
            "round": 1,
            "stage": 1,
            "how": "full",
            "outcome": "accepted",
            "counted": sorted(of.votes),
        }
        of.closing = self.add("round:closed", **(fields | over))
        return of.closing

    def accepted(self, who: str = "ana", kind: str = "sft", verdicts: str = "aaaa") -> Proposed:
        """An example that went through its round, in two epochs."""
        made = self.propose(who, kind)
        self.close()
        self.judge(made, verdicts)
        self.close()
        return made

    def act(self, type_: str, of: Proposed, who: str, **fields: Any) -> str:
        """Any other act on an example."""
        common = {"topic": HARBOUR, "pseudonym": self.pseudonym(who), "auth": "server", "example": of.example}
        return self.add(type_, **(common | fields))

    def cut(self, version: str = "1.0.0", **over: Any) -> str:
        size = self.epochs[-1][0]
        fields = {"size": size, "root": self.root(size), "manifest": "0" * 64, "maintainers": [self.pseudonym("mia")]}
        return self.add("release:cut", version=version, **(fields | over))

    def signed(self, type_: str, signer: KeySigner, **fields: Any) -> dict[str, Any]:
        """The fields of an act with its contributor's signature."""
        return attest(
            {"type": type_, "v": 1, "dataset": DATASET, "nonce": self._random.randbytes(16).hex(), **fields}, signer
        )

    @staticmethod
    def signer() -> KeySigner:
        return KeySigner(Ed25519PrivateKey.generate())

    # --- the bundle -----------------------------------------------------------------------------------------------

    def bundle(self, template: Path, folder: Path, without: Sequence[str] = ()) -> Path:
        """The bundle that the real builder makes of this log, without the openings of these commitments."""
        home = open_home(Path(shutil.copytree(template, folder / "home")))
        rows = [
            {"idx": index, "epoch": 0, "hash": leaf_hash(leaf).hex() + f"{index:08x}", "type": "x", "leaf": leaf}
            for index, leaf in enumerate(self.leaves)
        ]
        epochs = []
        for number, (size, date) in enumerate(self.epochs):
            checkpoint = Checkpoint(ORIGIN, size, bytes.fromhex(self.root(size)))
            note = sign_checkpoint(checkpoint, home.log_key).decode()
            epochs.append({"epoch": number, "size": size, "root": self.root(size), "date": date, "checkpoint": note})
        held = [
            {"commitment": item.commitment(), "act": act, "unit": item.unit, "salt": item.salt, "body": item.body}
            for act, item in self.openings
            if item.commitment() not in without
        ]
        try:
            with writing(home.engine) as connection:
                connection.execute(insert(log_leaves), rows)
                connection.execute(insert(log_epochs), epochs)
                if held:
                    connection.execute(insert(openings), held)
                card = {"sha256": sha256(CARD).hexdigest(), "path": "card.md", "content": CARD}
                connection.execute(insert(documents), card)
            with reading(home.engine) as connection:
                build_bundle(connection, home, folder / "bundle", self.size, self.size)
        finally:
            home.close()
        return folder / "bundle"
