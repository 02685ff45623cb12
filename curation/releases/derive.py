"""Derive a release from a log: the one function that the builder and the verifier share.

Rules that always hold (pure: leaves and openings in, rows and texts out):
- a release is a function of (log prefix, openings that survive, writer versions); nothing else enters;
- the version follows from the log, never from a choice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from curation.errors import CallerError, Refused
from curation.log.leaf import decode_leaf
from curation.releases.card import render_card
from curation.releases.columns import Columns
from curation.releases.croissant import CROISSANT, render_croissant
from curation.releases.datasheets import render_datasheets
from curation.releases.diff import difference, next_version
from curation.releases.facts import CardFacts, DataFiles, Removed, Tally, count_rows
from curation.releases.gates import Failing, Gates, count_rows_of, judge_gates, overruled_gates, recorded_gates
from curation.releases.papers import (
    render_changelog,
    render_citation,
    render_definition,
    render_difference,
    render_policies,
)
from curation.releases.plots import render_plots
from curation.releases.project import BodyOf, Projection, project
from curation.releases.prov import Judged, NamedRelease, judged_rows, provenance_files
from curation.releases.report import PAGE, REPORT, render_page, render_report
from curation.releases.tombstones import add_tombstones
from curation.rulebook.controls import ControlCounts
from curation.rulebook.placement import Placement, Published
from curation.rulebook.replay import Replay, release_sizes, replay
from curation_schemas.events import EVENT, OpeningErased
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.release import CONFIGS, FileEntry
from curation_validators.counting import Counts

Leaves = Callable[[int, int], Iterable[bytes]]
"""(start, end) → the leaves of that range, in order; can be called again."""


@dataclass(frozen=True)
class Asked:
    """What is derived, and what the log and its bundle say of it outside the prefix."""

    rows_at: int
    """The size of the prefix."""
    origin: str
    sizes: tuple[int, ...]
    """The log sizes of the releases so far."""
    later: Mapping[str, int]
    """Commitment → index of an erasure after the prefix."""
    recorded: list[str] | None
    """The topics that left the release when it was cut, where the log says so."""
    stated: Failing | None
    """What a bundle's own report says of the topics that left it by a gate."""


@dataclass(frozen=True)
class Papers:
    """What the texts of a release are made of."""

    facts: CardFacts
    judged: Callable[[], Mapping[str, list[Judged]]]
    """For the documents under `prov/`."""

    @property
    def version(self) -> str:
        """The release's version."""
        return self.facts.version

    @property
    def previous(self) -> str | None:
        """The version of the release before it."""
        return self.facts.previous

    @property
    def policy(self) -> str:
        """The leaf of the policy whose gates bind: the one in force one epoch before the cut."""
        return self.facts.definitions.policy_at(max(0, self.facts.epoch - 1)).leaf

    def texts(
        self, files: DataFiles, entries: Mapping[str, FileEntry], documents: Mapping[str, bytes]
    ) -> dict[str, bytes]:
        """Every text file of the bundle by path, but for `provenance`.

        Args:
            files: the data files.
            entries: the manifest's entry of each of them, by path.
            documents: those that came with the definition, by path.
        """
        slug, simulated = self.facts.terms.slug, self.facts.terms.simulated
        card_text = documents.get("card.md", b"").decode("utf-8", "replace")
        return {
            "README.md": render_card(self.facts, files, card_text),
            "CITATION.cff": render_citation(self.facts),
            "CHANGELOG.md": render_changelog(self.facts),
            "diff.json": render_difference(self.facts),
            CROISSANT: render_croissant(self.facts, files, entries),
            **render_datasheets(self.facts),
            **render_plots(self.facts),
            "dataset/dataset.yaml": render_definition(self.facts),
            **render_policies(self.facts.definitions),
            REPORT: render_report(slug, self.version, self.facts.gates, simulated=simulated),
            PAGE: render_page(slug, self.version, self.facts.gates, simulated=simulated),
            **{f"dataset/{path}": content for path, content in documents.items()},
        }

    def provenance(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """The documents under `prov/` by path, each in pieces: they are too large to be held beside the rows."""
        slug = self.facts.terms.slug
        previous = None if self.previous is None else f"{slug}-{self.previous}"
        release = NamedRelease(f"{slug}-{self.version}", previous, self.facts.origin, self.facts.terms.simulated)
        return provenance_files(self.judged(), release)


@dataclass(frozen=True)
class Derived(Papers):
    """A release's rows and what its texts are made of."""

    state: Replay
    made: Projection


@dataclass(slots=True)
class Piece:
    """What the texts say of the examples of a part of the log, in a form in which parts can be put together."""

    placements: dict[str, Placement] = field(default_factory=dict)
    published: Published = field(default_factory=dict)
    """Without the topics that left by a gate."""
    snapshots: dict[int, Published] = field(default_factory=dict)
    controls: ControlCounts = field(default_factory=lambda: ControlCounts(0, 0, 0, 0))
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    removed: dict[str, Removed] = field(default_factory=dict)
    judged: dict[str, list[Judged]] = field(default_factory=dict)

    def add(self, other: Piece) -> None:
        """Take in another part."""
        self.placements.update(other.placements)
        self.published.update(other.published)
        for size, published in other.snapshots.items():
            self.snapshots.setdefault(size, {}).update(published)
        self.controls = self.controls.plus(other.controls)
        for config, splits in other.rows.items():
            held = self.rows.setdefault(config, {})
            for split, number in splits.items():
                held[split] = held.get(split, 0) + number
        self.tally.add(other.tally)
        self.removed.update(other.removed)
        for topic, judged in other.judged.items():
            self.judged.setdefault(topic, []).extend(judged)

    def sort(self) -> None:
        """Put in order what stands in the order of the examples' ids, once all parts are in."""
        self.rows = {config: dict(sorted(self.rows[config].items())) for config in CONFIGS if config in self.rows}
        for name in ("placements", "published", "removed"):
            setattr(self, name, dict(sorted(getattr(self, name).items())))
        for judged in self.judged.values():
            judged.sort()


def look_around(
    leaves: Leaves,
    rows_at: int,
    size: int,
    origin: str,
    stated: Failing | None = None,
    common: Iterable[bytes] | None = None,
) -> Asked:
    """Read what a derivation over the first `rows_at` leaves has to know before it begins; erasures up to `size` count.

    `stated` is what a bundle's own report says of the topics that left it by a gate; whoever has every opening, and
    so can measure them, gives None. `common` has the leaves of the prefix that are of no example, if they are known.
    """
    sizes = sorted({item for item in release_sizes(common or leaves(0, rows_at)) if item <= rows_at})
    later = later_erasures(leaves(rows_at, size), rows_at)
    return Asked(rows_at, origin, tuple(sizes), later, recorded_gates(leaves(rows_at, size), rows_at), stated)


def derive(leaves: Leaves, asked: Asked, body_of: BodyOf) -> Derived:
    """Derive the release over the first `asked.rows_at` leaves.

    Raises:
        Refused: the prefix is no epoch's end, or defines no dataset.
    """
    state = replay(leaves(0, asked.rows_at), snapshots_at=asked.sizes)
    check_prefix(state, asked.rows_at)
    made, gates = _gated(state, body_of, asked)
    piece = piece_of(state, made, frozenset(gates.gated))
    version, _ = version_of(state, piece)
    add_tombstones(made, state, _earlier(state, piece), version, asked.later)
    complete_piece(piece, made)
    facts = facts_of(state, piece, gates, asked)
    return Derived(facts, lambda: judged_rows(made, state.index_of.__getitem__), state, made)


def derive_part(state: Replay, asked: Asked, version: str, body_of: BodyOf) -> tuple[Projection, Piece]:
    """Derive the rows of one part of a log, in a release whose version is known.

    Args:
        state: the part, replayed.
        asked: what is derived; `stated` is not None.
        version: the version that the release says it has; whoever puts the parts together finds the true one.
        body_of: the openings.
    """
    stated = asked.stated or {}
    made = project(state, body_of, asked.later, stated)
    piece = piece_of(state, made, frozenset(stated))
    add_tombstones(made, state, _earlier(state, piece), version, asked.later)
    complete_piece(piece, made)
    piece.judged = judged_rows(made, state.index_of.__getitem__)
    return made, piece


def check_prefix(state: Replay, rows_at: int) -> None:
    """Raise Refused where no release can be cut at this size."""
    if not state.epochs or state.epochs[-1].size != rows_at:
        raise Refused("release/prefix", f"no epoch ends at log size {rows_at}", hint="Close the epoch first.")
    if state.definitions.terms is None:
        raise Refused("define/first", "the log defines no dataset")


def piece_of(state: Replay, made: Projection, gated: frozenset[str]) -> Piece:
    """What is known of a part's examples before the release has a version."""
    published = state.without(state.published(), gated)
    return Piece(made.placements, published, state.snapshots, state.controls())


def complete_piece(piece: Piece, made: Projection) -> None:
    """Add what is counted once the tombstones are among the rows."""
    piece.rows, piece.tally = made.counts(), count_rows(made)
    columns = made.rows.get(("tombstones", "train"), Columns("tombstones"))
    names = ("example_id", "kind", "reason", "event")
    piece.removed = {row[0]: Removed(*row) for row in zip(*map(columns.column, names), strict=True)}


def _earlier(state: Replay, piece: Piece) -> list[tuple[str, Published]]:
    return [(cut.event.version, piece.snapshots.get(cut.event.size, {})) for cut in state.cuts]


def version_of(state: Replay, piece: Piece) -> tuple[str, str | None]:
    """The version that follows from what is published, and the one before it."""
    earlier = _earlier(state, piece)
    previous, before = earlier[-1] if earlier else (None, {})
    return next_version(previous, before, piece.published), previous


def facts_of(state: Replay, piece: Piece, gates: Gates, asked: Asked) -> CardFacts:
    """Everything that the texts say, of a whole log or of all its parts put together."""
    earlier = _earlier(state, piece)
    version, previous = version_of(state, piece)
    changes = difference(earlier[-1][1] if earlier else {}, piece.published)
    return CardFacts(
        definitions=state.definitions,
        epochs=tuple(state.epochs),
        version=version,
        previous=previous,
        origin=asked.origin,
        size=asked.rows_at,
        rows=piece.rows,
        changes=changes,
        removed=tuple(piece.removed[example] for example in changes.removed if example in piece.removed),
        left_out=Counter(_why_left_out(item) for item in piece.placements.values() if item.config is None),
        gates=gates,
        controls=replace(piece.controls, planted=len(state.definitions.planted)),
        figures=piece.tally.figures(),
        yanked={version: event.reason for version, (_, event) in state.yanked.items()},
    )


def _why_left_out(placed: Placement) -> str:
    """The reason in few words; a retraction's own words stand with its tombstone."""
    return "retracted by two maintainers" if placed.left_out == "retracted" else placed.reason


def _gated(state: Replay, body_of: BodyOf, asked: Asked) -> tuple[Projection, Gates]:
    """The rows of the release, without the topics that fail a gate; and what was measured."""
    made = project(state, body_of, asked.later, asked.stated or ())
    gates = gates_of(state, count_rows_of(made), asked)
    again = gates.gated and asked.stated is None
    return (project(state, body_of, asked.later, gates.gated) if again else made), gates


def gates_of(state: Replay, counts: Counts, asked: Asked) -> Gates:
    """Measure what was counted on the release's rows."""
    overruled = overruled_gates(state.overruled())
    return judge_gates(counts, state.definitions, state.epochs[-1].number, asked.recorded, asked.stated, overruled)


def later_erasures(leaves: Iterable[bytes], start: int) -> dict[str, int]:
    """Commitment → log index of its erasure, over leaves that follow a release's prefix."""
    found: dict[str, int] = {}
    for index, leaf in enumerate(leaves, start):
        if b'"type":"opening:erased"' not in leaf:
            continue
        try:
            event = validate(EVENT, decode_leaf(leaf))
        except (SchemaInvalid, CallerError):
            continue
        if isinstance(event, OpeningErased):
            found.update(dict.fromkeys(event.commitments, index))
    return found
