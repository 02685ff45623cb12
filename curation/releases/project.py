"""Project a replayed log into the rows of a release.

Rules that always hold (pure: log state and openings in, columns out):
- rows depend on the log prefix, the openings that survive and nothing else; they come in a fixed order;
- an opening that is gone is ERASED only if an erasure in the log names its commitment; else the row is underivable;
- splits come from a hash of the group, so translations and mirrors never part and nothing ever moves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from curation.errors import LogInconsistent
from curation.releases.columns import CRITERIA, Columns
from curation.rulebook.checks import Check
from curation.rulebook.history import History, Revision
from curation.rulebook.kept_review import KeptReview
from curation.rulebook.placement import Placement, placement
from curation.rulebook.replay import Replay
from curation.rulebook.rounds import Round
from curation_schemas.bodies import read_body, unit_of
from curation_schemas.parsing import SchemaInvalid
from curation_schemas.release import CONFIGS

BodyOf = Callable[[str, str], bytes | None]
"""(unit, commitment) → the body behind it, None when its opening is gone.

Raises LogInconsistent for an opening that does not fit its commitment.
"""

_TRAIN, _VALIDATION = 90, 95
_SPLIT_DOMAIN = b"evenhand.org/v1/split\x00"


def split_of(group: str) -> str:
    """The split of a group, for ever: 90 % train, 5 % validation, 5 % test."""
    number = int.from_bytes(hashlib.sha256(_SPLIT_DOMAIN + group.encode()).digest()[:8], "big") % 100
    return "train" if number < _TRAIN else "validation" if number < _VALIDATION else "test"


def source_id(commitment: str) -> str:
    """A source's id: the start of its salted commitment, which tells nothing of the source."""
    return f"src_{commitment[:24]}"


def quote_status(quote: str | None, check: Check | None) -> str:
    """How a source's quote stands, in a release: as its last check found it, `not_checked` without one."""
    if not quote:
        return "none"
    return "not_checked" if check is None or check.event.status == "none" else check.event.status


@dataclass(slots=True)
class Projection:
    """The rows of a release, by config and split, and which openings the bundle carries."""

    rows: dict[tuple[str, str], Columns] = field(default_factory=dict)
    openings: list[tuple[int, str]] = field(default_factory=list)
    """(log index of the act, commitment), in order."""
    placements: dict[str, Placement] = field(default_factory=dict)
    citing: list[str] = field(default_factory=list)
    """The example that cites each row of `sources`."""

    def columns(self, config: str, split: str = "train") -> Columns:
        """The rows of one config and split."""
        if (config, split) not in self.rows:
            self.rows[config, split] = Columns(config)
        return self.rows[config, split]

    def counts(self) -> dict[str, dict[str, int]]:
        """Rows by config and split, in their fixed order, empty ones left out."""
        found: dict[str, dict[str, int]] = {config: {} for config in CONFIGS}
        for (config, split), columns in sorted(self.rows.items()):
            if len(columns):
                found[config][split] = len(columns)
        return {config: splits for config, splits in found.items() if splits}


class _Projector:
    """Walks the published examples in the order of their ids."""

    def __init__(
        self, state: Replay, body_of: BodyOf, later_erasures: Mapping[str, int], gated: Collection[str]
    ) -> None:
        self.state = state
        self.body_of = body_of
        self.later_erasures = later_erasures
        self.gated = gated
        self.made = Projection()
        self._missing: list[str] = []
        self._erased_by: list[int] = []

    def run(self) -> Projection:
        in_force = self.state.definitions_to_release()
        for example in sorted(self.state.histories):
            history = self.state.histories[example]
            placed = placement(history, in_force)
            self.made.placements[example] = placed
            if placed.config is not None:
                self.made.placements[example] = self._still_there(history, placed)
            if placed.config is not None and history.first.topic in self.gated:
                self.made.placements[example] = Placement(None, placed.revision, "its topic fails a gate", "gated")
        published = {example for example, placed in self.made.placements.items() if placed.config is not None}
        for example in sorted(published):
            self._add_example(self.state.histories[example], self.made.placements[example], published)
        self.made.openings.sort()
        return self.made

    def _still_there(self, history: History, placed: Placement) -> Placement:
        """An example erased after the prefix (in a bundle built again) leaves its config as well."""
        revision = history.revision_of(placed.revision, "release/prefix")
        for commitments in revision.event.content.values():
            if any(commitment in self.later_erasures for commitment in commitments):
                return Placement(None, placed.revision, "its text was erased", "erased")
        return placed

    # --- openings -------------------------------------------------------------------------------------------------

    def _open(self, history: History, act: str, unit: str, commitment: str, field: str = "") -> dict[str, Any] | None:
        """The value behind a commitment; None, noted as erased or missing, when it is gone."""
        try:
            body = self.body_of(unit, commitment)
        except LogInconsistent as error:
            self.made.openings.append((self.state.index_of[act], commitment))
            self._missing.append(error.message)
            return None
        if body is not None:
            self.made.openings.append((self.state.index_of[act], commitment))
            try:
                return read_body(unit, body, field)
            except SchemaInvalid as error:
                self._missing.append(f"the text behind {commitment[:16]}… {error}")
                return None
        eraser = history.erased.get(commitment)
        if eraser is not None:
            self._erased_by.append(self.state.index_of[eraser])
        elif commitment in self.later_erasures:
            self._erased_by.append(self.later_erasures[commitment])
        else:
            self._missing.append(f"the opening of {commitment[:16]}… is missing and no event erased it")
        return None

    def _add(self, config: str, split: str, row: dict[str, Any]) -> None:
        columns = self.made.columns(config, split)
        number = columns.add(row)
        if self._missing:
            columns.underivable[number] = self._missing[0]
        elif self._erased_by:
            columns.erased[number] = self._erased_by[0]
        self._missing, self._erased_by = [], []

    # --- examples -------------------------------------------------------------------------------------------------

    def _add_example(self, history: History, placed: Placement, published: set[str]) -> None:
        revision = history.revision_of(placed.revision, "release/prefix")
        config = str(placed.config)
        row = self._content(history, revision) | self._common(history, revision, published)
        if config == "contested":
            row |= {"kind": history.first.kind, "outcome": history.outcome_of(revision)}
        self._add(config, split_of(history.first.group), row)
        for commitment in revision.event.sources:
            self._add_source(history, revision.leaf, commitment)
        self._add_reviews(history)

    def _common(self, history: History, revision: Revision, published: set[str]) -> dict[str, Any]:
        event = revision.event
        judged = revision.stages[-1] if revision.stages[-1].outcome is not None else revision.stages[0]
        return {
            "example_id": history.example,
            "revision": revision.leaf,
            "group_id": event.group,
            "topic": event.topic,
            "language": event.language,
            "positions": list(event.positions),
            "framing": event.framing,
            "mirrors": sorted(self._mirrors(history, revision) & published),
            "translation_of": event.translation_of,
            "sources": [source_id(commitment) for commitment in event.sources],
            "license": event.license,
            "origin": self._origin(history, revision),
            "proposer": event.pseudonym,
            "reviewers": [cast.pseudonym for _, cast in judged.all_seats()],
            "acceptance": [
                {"perspective": perspective, "seats": filled, "accepts": accepting}
                for perspective, filled, accepting in judged.tally()
            ],
            "events": list(self.state.events[history.example]),
        }

    def _mirrors(self, history: History, revision: Revision) -> set[str]:
        """Mirrors are mutual: those that this revision names, and those whose latest revision names this example."""
        return set(revision.event.mirrors) | self._named_by().get(history.example, set())

    def _named_by(self) -> dict[str, set[str]]:
        if self._reverse is None:
            self._reverse = {}
            for other in self.state.histories.values():
                for mirror in other.latest.event.mirrors:
                    self._reverse.setdefault(mirror, set()).add(other.example)
        return self._reverse

    _reverse: dict[str, set[str]] | None = None

    def _origin(self, history: History, revision: Revision) -> dict[str, Any]:
        event = revision.event
        opened = self._open(history, revision.leaf, "origin", event.origin) if event.origin else None
        found = opened or {}
        return {"kind": event.origin_kind, "model": found.get("model"), "version": found.get("version")}

    def _content(self, history: History, revision: Revision) -> dict[str, Any]:
        event = revision.event
        row: dict[str, Any] = {"use": event.use}
        for name, commitments in event.content.items():
            opened = [self._open(history, revision.leaf, unit_of(name), commitment, name) for commitment in commitments]
            values = [item for item in opened if item is not None]
            if name == "synthesis":
                row[name] = values[0].get("content") if values else None
            else:
                row[name] = values
        return row

    def _add_source(self, history: History, act: str, commitment: str) -> None:
        opened = self._open(history, act, "source", commitment)
        found = opened or {}
        quote = found.get("quote") or None
        check = history.latest_check(commitment)
        status = None if not found else quote_status(quote, check)
        archive_url = found.get("archive_url")
        if found and check is not None and check.event.page is not None:
            page = self._open(history, check.leaf, "page", check.event.page) or {}
            archive_url = archive_url or page.get("archive_url")
        row = {**found, "source_id": source_id(commitment), "quote": quote, "quote_status": status}
        row["archive_url"] = archive_url
        self._add("sources", "train", row)
        self.made.citing.append(history.example)

    # --- reviews --------------------------------------------------------------------------------------------------

    def _add_reviews(self, history: History) -> None:
        found: list[tuple[int, KeptReview, str, Round]] = []
        for revision in history.revisions:
            for stage in revision.stages:
                if stage.closed is not None:
                    leaves = [cast.leaf for cast in stage.seats.values()] + list(stage.superseded)
                    found += [(self.state.index_of[leaf], history.reviews[leaf], leaf, stage) for leaf in leaves]
        for index, event, leaf, stage in sorted(found, key=lambda item: item[0]):
            self._add_review(history, index, event, leaf, stage)

    def _add_review(self, history: History, index: int, event: KeptReview, leaf: str, stage: Round) -> None:
        rationale = self._open(history, leaf, "rationale", event.rationale) if event.rationale else None
        row = {
            "example_id": history.example,
            "revision": event.revision,
            "round": event.round,
            "seat": event.seat,
            "reviewer": event.pseudonym,
            "perspective": event.perspective,
            "verdict": event.verdict,
            "scores": dict.fromkeys(CRITERIA) | event.scores,
            "reason_codes": list(event.reasons),
            "rationale": rationale["text"] if rationale else None,
            "comparison": event.comparison,
            "order_shown": event.order_shown,
            "counted": leaf not in stage.superseded and stage.outcome is not None,
            "via": event.via,
            "auth": event.auth,
            "event": index,
            "positions_seen": event.positions_seen and event.positions_seen.model_dump(),
        }
        self._add("reviews", "train", row)
        if event.counter_source is not None:
            self._add_source(history, leaf, event.counter_source)


def project(
    state: Replay,
    body_of: BodyOf,
    later_erasures: Mapping[str, int] | None = None,
    gated: Collection[str] = (),
) -> Projection:
    """The rows of a release over a replayed log prefix, tombstones apart (tombstones.py).

    Args:
        state: the prefix, replayed.
        body_of: the openings that survive.
        later_erasures: for a bundle built again: commitment → index of an erasure after the prefix.
        gated: the topics that leave the release.
    """
    return _Projector(state, body_of, later_erasures or {}, gated).run()
