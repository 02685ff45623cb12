"""Trace one example's story from a bundle: who, when, on what sources, judged by whom, with what outcome.

Rules that always hold:
- everything told is read from the bundle's log and openings, and each leaf told of is proved to stand in the log;
- nothing is told of other examples, and nothing is left out of this one's;
- a text that was erased or does not fit its commitment is said to be so, never passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.audit.bundle import Bundle, BundleOpenings, open_bundle
from curation.audit.complete import leaves_concerning
from curation.collection import paused_collection
from curation.errors import BundleInvalid, EvenhandError, LogInconsistent, NotFound
from curation.log.leaf import decode_leaf
from curation.log.merkle import inclusion_proof, leaf_hash, verify_inclusion
from curation.log.notes import Checkpoint
from curation.log.proofs import encode_tlog_proof
from curation.log.tiles import TileHashes
from curation.log.trust import TrustPolicy
from curation.releases.report import REPORT
from curation.rulebook.concerning import Concerning, Numbered
from curation.rulebook.history import History, Revision
from curation.rulebook.kept_review import KeptReview
from curation.rulebook.placement import placement
from curation.rulebook.replay import Replay, release_sizes, replay_one
from curation.rulebook.rounds import Round
from curation_schemas.bodies import read_body, unit_of
from curation_schemas.events import EVENT
from curation_schemas.parsing import SchemaInvalid, load_json, validate

NOT_PROVED = (
    "that the text is true, fair or complete",
    "who the people are, or that two pseudonyms on different topics are two people",
    "that a person really stands where they declared to stand",
    "anything that the server attested alone: leases, languages read, organisations",
)


@dataclass(frozen=True)
class Traced:
    """A story, and what is needed to prove a leaf of it."""

    story: dict[str, Any]
    bundle: Bundle
    leaf_index: int

    def tlog_proof(self) -> bytes:
        """A C2SP tlog-proof of the leaf that brought the published (or latest) revision."""
        size = self.bundle.manifest.log.size
        leaf = next(iter(self.bundle.leaves(self.leaf_index, self.leaf_index + 1)))
        hashes = inclusion_proof(self.leaf_index, size, TileHashes(size, self.bundle.read_log))
        return encode_tlog_proof(self.leaf_index, hashes, self.bundle.read_log("checkpoint"), extra=leaf)


def trace_example(
    path: Path, example: str, processes: int = 0, known: Callable[[Bundle], bool] = lambda _bundle: False
) -> Traced:
    """Trace an example in the bundle at `path`.

    Args:
        path: the bundle's folder.
        example: the example's id.
        processes: how many may look at a long log side by side (see `usable_processes`).
        known: whether a bundle with this manifest was verified before (see `is_remembered`). Its log's files are then
            compared with the manifest; else each leaf is hashed.

    Raises:
        NotFound: the bundle's log knows no such example.
        BundleInvalid, LogInconsistent, NoteInvalid: the bundle is damaged where the story needs it.
    """
    bundle = open_bundle(path)
    trust = TrustPolicy.parse(bundle.read("trust/policy"), "trust/policy")
    checkpoint = bundle.checked_checkpoint(trust).checkpoint
    rows_at = bundle.manifest.log.rows_at
    if rows_at > checkpoint.size:
        raise BundleInvalid(f"names {rows_at} leaves of a log of {checkpoint.size}", where="manifest.json")
    with paused_collection():
        leaves, complete_by = leaves_concerning(bundle, checkpoint, example, processes, known=known(bundle))
        sizes = [*release_sizes(leaf for _, leaf in leaves), rows_at]
        state = replay_one(((index, leaf) for index, leaf in leaves if index < rows_at), rows_at, sizes, example)
    history = state.histories.get(example)
    later = _later(leaves, rows_at, example)
    if history is None or not history.revisions:
        where = f", only after the {rows_at} leaves that its release is made of" if later else ""
        message = f"no example {example!r} in the log of {path}{where}"
        raise NotFound(message, hint="Ids stand in the column example_id.")
    openings = BundleOpenings.of_leaves(bundle, state.events[example])
    story = _Storyteller(bundle, state, history, openings).tell()
    story["later"] = later
    told = [*state.events[example], *(item["event"] for item in later)]
    story["proved_leaves"] = _prove(bundle, checkpoint, told)
    story["complete_by"] = complete_by
    return Traced(story, bundle, state.index_of[placement(history).revision])


def _later(leaves: Numbered, rows_at: int, example: str) -> list[dict[str, Any]]:
    """What stands in the log of an example behind the leaves that the release is made of, by its manifest."""
    is_own = Concerning(example).is_own
    return [{"event": index, "type": _type_of(leaf)} for index, leaf in leaves if index >= rows_at and is_own(leaf)]


def _type_of(leaf: bytes) -> str:
    try:
        return validate(EVENT, decode_leaf(leaf)).type
    except (SchemaInvalid, EvenhandError):
        return "unreadable"


def _prove(bundle: Bundle, checkpoint: Checkpoint, indices: list[int]) -> int:
    """Prove that each leaf told of stands in the log. Returns how many were proved."""
    hashes = TileHashes(checkpoint.size, bundle.read_log)
    for index in indices:
        leaf = next(iter(bundle.leaves(index, index + 1)))
        proof = inclusion_proof(index, checkpoint.size, hashes)
        verify_inclusion(leaf_hash(leaf), index, checkpoint.size, proof, checkpoint.root)
    return len(indices)


class _Storyteller:
    def __init__(self, bundle: Bundle, state: Replay, history: History, openings: BundleOpenings) -> None:
        self.bundle, self.state, self.history, self.openings = bundle, state, history, openings

    def tell(self) -> dict[str, Any]:
        history, placed = self.history, placement(self.history, self.state.definitions_to_release())
        return {
            "example": history.example,
            "dataset": self.state.dataset,
            "simulated": self.bundle.manifest.simulated,
            "topic": history.first.topic,
            "kind": history.first.kind,
            "language": history.first.language,
            "group": history.first.group,
            "status": history.status,
            "in_this_release": placed.config,
            "why": placed.reason,
            "releases": self._releases(),
            "revisions": [self._revision(revision) for revision in history.revisions],
            "flags": self._flags(),
            "withdrawal": self._withdrawal(),
            "retraction": self._retraction(),
            "erasures": [{"commitment": item, **self._when(leaf)} for item, leaf in sorted(history.erased.items())],
            "violations": [
                {"leaf": item.index, "rule": item.rule, "message": item.message} for item in self.state.violations
            ],
            "checkpoint": {
                "origin": self.bundle.manifest.log.origin,
                "size": self.bundle.manifest.log.size,
                "root": self.bundle.manifest.log.root,
            },
            "does_not_prove": list(NOT_PROVED),
        }

    def _when(self, leaf: str) -> dict[str, Any]:
        """The log index of a leaf, its epoch, and the days between which that epoch lay."""
        index = self.state.index_of[leaf]
        for number, epoch in enumerate(self.state.epochs):
            if index < epoch.size:
                after = self.state.epochs[number - 1].date if number else None
                return {"event": index, "epoch": epoch.number, "not_before": after, "not_after": epoch.date}
        return {"event": index, "epoch": None, "not_before": None, "not_after": None}

    def _releases(self) -> list[dict[str, Any]]:
        found = []
        for cut in self.state.cuts:
            placed = self.state.snapshots.get(cut.event.size, {}).get(self.history.example)
            if placed is not None:
                found.append({"version": cut.event.version, "config": placed[0], "revision": placed[1]})
        now = self.state.snapshots.get(self.bundle.manifest.log.rows_at, {}).get(self.history.example)
        if now is not None and self.history.first.topic not in self._gated():
            found.append({"version": self.bundle.manifest.version, "config": now[0], "revision": now[1]})
        return found

    def _gated(self) -> Collection[str]:
        """The topics that left this release, as its report says; `verify` checks that it says so rightly."""
        try:
            left = load_json(self.bundle.read(REPORT))["left_out"]
        except (BundleInvalid, SchemaInvalid, KeyError, TypeError):
            return ()
        return left if isinstance(left, dict) else ()

    def _open(self, unit: str, commitment: str | None, field: str = "") -> dict[str, Any] | None:
        """The text behind a commitment, or a word on why it is not here."""
        if commitment is None:
            return None
        try:
            body = self.openings.body(unit, commitment)
        except LogInconsistent as error:
            return {"not_shown": error.message}
        if body is not None:
            try:
                return read_body(unit, body, field)
            except SchemaInvalid as error:
                return {"not_shown": f"what was committed to {error}"}
        eraser = self.history.erased.get(commitment)
        if eraser is not None:
            return {"not_shown": f"erased by event {self.state.index_of[eraser]}"}
        if self.openings.problems:
            return {"not_shown": f"{self.openings.problems[0]}; run `evenhand verify`"}
        return {"not_shown": "its opening is not part of this release"}

    def _statement(self, unit: str, commitment: str | None) -> Any:
        """The words of a rationale or of evidence; or why they are not here."""
        opened = self._open(unit, commitment)
        return opened if opened is None or "not_shown" in opened else opened["text"]

    def _source(self, commitment: str | None) -> dict[str, Any] | None:
        """A source, and what its last check found."""
        opened = self._open("source", commitment)
        check = self.history.latest_check(commitment or "")
        if opened is None or check is None:
            return opened
        event = check.event
        found = {"status": event.status, "extractor": event.extractor, "anchorer": event.anchorer}
        page = None if "not_shown" in opened else self._open("page", event.page)
        return opened | {"check": {**found, "page": page, **self._when(check.leaf)}}

    def _revision(self, revision: Revision) -> dict[str, Any]:
        event = revision.event
        return {
            "number": revision.number,
            "revision": revision.leaf,
            **self._when(revision.leaf),
            "proposer": event.pseudonym,
            **_annotated(getattr(event, "annotation", None)),
            "attested": event.auth,
            "positions": list(event.positions),
            "framing": event.framing,
            "claims": list(event.claims),
            "license": event.license,
            "origin": {"kind": event.origin_kind, **(self._open("origin", event.origin) or {})},
            "mirrors": list(event.mirrors),
            "translation_of": event.translation_of,
            "use": event.use,
            "content": {
                name: [self._open(unit_of(name), commitment, name) for commitment in commitments]
                for name, commitments in event.content.items()
            },
            "sources": [self._source(commitment) for commitment in event.sources],
            "policy": event.policy,
            "rounds": [self._stage(stage) for stage in revision.stages],
        }

    def _stage(self, stage: Round) -> dict[str, Any]:
        reviews = [*((key, cast.leaf, True) for key, cast in stage.seats.items())]
        reviews += [(key, leaf, False) for leaf, key in stage.superseded.items()]
        order = {perspective: place for place, perspective in enumerate(stage.required)}
        reviews.sort(key=lambda item: (order[item[0][0]], item[0][1], self.state.index_of[item[1]]))
        rule = stage.rule
        return {
            "stage": "appeal" if stage.stage == 2 else "round",
            "appeal": self._appeal(stage),
            "rule": {
                "seats": rule.seats * stage.stage,
                "min_accepts": rule.min_accepts * stage.stage,
                "min_share_percent": rule.min_share_percent,
                "required": list(stage.required),
            },
            "reviews": [
                self._review(self.history.reviews[leaf], leaf, latest and stage.outcome is not None)
                for _, leaf, latest in reviews
            ],
            "passed": [{"reviewer": who, **self._when(leaf)} for leaf, who in sorted(stage.passed.items())],
            "tally": [
                {"perspective": perspective, "seats": filled, "accepts": accepting}
                for perspective, filled, accepting in stage.tally()
            ],
            "ended": None if stage.closed is None else {"how": stage.how, **self._when(stage.closed)},
            "outcome": stage.outcome,
        }

    def _appeal(self, stage: Round) -> dict[str, Any] | None:
        event = self.history.appeals.get(stage.appeal or "")
        if event is None or stage.appeal is None:
            return None
        rationale = self._statement("rationale", event.rationale)
        return {"by": event.pseudonym, **self._when(stage.appeal), "rationale": rationale, "attested": event.auth}

    def _review(self, event: KeptReview, leaf: str, counted: bool) -> dict[str, Any]:
        rationale = self._statement("rationale", event.rationale)
        return {
            "review": leaf,
            **self._when(leaf),
            "seat": event.seat,
            "reviewer": event.pseudonym,
            "perspective": event.perspective,
            "verdict": event.verdict,
            "scores": dict(event.scores),
            "reasons": list(event.reasons),
            "rationale": rationale,
            "counter_source": self._source(event.counter_source),
            "comparison": event.comparison,
            "order_shown": event.order_shown,
            "supersedes": event.supersedes,
            "counted": counted,
            "via": event.via,
            **({"annotation": event.annotation} if event.annotation else {}),
            "attested": event.auth,
        }

    def _flags(self) -> list[dict[str, Any]]:
        return [
            {
                "flag": flag.leaf,
                **self._when(flag.leaf),
                "revision": flag.event.revision,
                "ground": flag.event.ground,
                "by": flag.event.pseudonym,
                **_annotated(flag.event.annotation),
                "evidence": self._statement("evidence", flag.event.evidence),
                "upheld_by": [{"by": who, "perspective": perspective} for who, perspective in flag.upheld.values()],
                "lapsed": flag.lapsed,
            }
            for flag in self.history.flags.values()
        ]

    def _withdrawal(self) -> dict[str, Any] | None:
        if self.history.withdrawn is None or self.history.withdrawal is None:
            return None
        return {"reason": self.history.withdrawal.reason, **self._when(self.history.withdrawn)}

    def _retraction(self) -> dict[str, Any] | None:
        if self.history.retracted is None or self.history.retraction is None:
            return None
        event = self.history.retraction
        return {"reason": event.reason, "by": list(event.maintainers), **self._when(self.history.retracted)}


def _annotated(annotation: str | None) -> dict[str, str]:
    """Where an act came from, if that was Label Studio."""
    return {"via": "label-studio", "annotation": annotation} if annotation else {}
