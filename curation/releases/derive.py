"""Derive a release from a log: the one function that the builder and the verifier share.

Rules that always hold (pure: leaves and openings in, rows and texts out):
- a release is a function of (log prefix, openings that survive, writer versions); nothing else enters;
- the version follows from the log, never from a choice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from curation.errors import CallerError, Refused
from curation.log.leaf import decode_leaf
from curation.releases.card import render_card
from curation.releases.columns import Columns
from curation.releases.croissant import CROISSANT, render_croissant
from curation.releases.datasheets import render_datasheets
from curation.releases.diff import difference, next_version
from curation.releases.facts import CardFacts, DataFiles, Removed, count_rows
from curation.releases.gates import Failing, Gates, judge_gates, overruled_gates, recorded_gates
from curation.releases.papers import (
    render_changelog,
    render_citation,
    render_definition,
    render_difference,
    render_policies,
)
from curation.releases.plots import render_plots
from curation.releases.project import BodyOf, Projection, project
from curation.releases.prov import NamedRelease, provenance_files
from curation.releases.report import PAGE, REPORT, render_page, render_report
from curation.releases.tombstones import add_tombstones
from curation.rulebook.placement import Placement, Published
from curation.rulebook.replay import Replay, release_sizes, replay
from curation_schemas.events import EVENT, OpeningErased
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.release import FileEntry

Leaves = Callable[[int, int], Iterable[bytes]]
"""(start, end) → the leaves of that range, in order; can be called again."""


@dataclass(frozen=True)
class Derived:
    """A release's rows and what its texts are made of."""

    state: Replay
    made: Projection
    version: str
    previous: str | None
    facts: CardFacts

    @property
    def policy(self) -> str:
        """The leaf of the policy whose gates bind: the one in force one epoch before the cut."""
        return self.state.definitions.policy_at(max(0, self.facts.epoch - 1)).leaf

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
        index_of = self.state.index_of.__getitem__
        release = NamedRelease(f"{slug}-{self.version}", previous, self.facts.origin, self.facts.terms.simulated)
        return provenance_files(self.made, index_of, release)


def derive(
    leaves: Leaves, rows_at: int, size: int, origin: str, body_of: BodyOf, stated: Failing | None = None
) -> Derived:
    """Derive the release over the first `rows_at` leaves; erasures up to `size` are respected.

    `stated` is what a bundle's own report says of the topics that left it by a gate; whoever has every opening, and
    so can measure them, leaves it out.

    Raises:
        Refused: the prefix is no epoch's end, or defines no dataset.
    """
    sizes = sorted({item for item in release_sizes(leaves(0, rows_at)) if item <= rows_at})
    state = replay(leaves(0, rows_at), snapshots_at=sizes)
    if not state.epochs or state.epochs[-1].size != rows_at:
        raise Refused("release/prefix", f"no epoch ends at log size {rows_at}", hint="Close the epoch first.")
    if state.definitions.terms is None:
        raise Refused("define/first", "the log defines no dataset")
    later = later_erasures(leaves(rows_at, size), rows_at)
    made, gates = _gated(state, body_of, later, recorded_gates(leaves(rows_at, size), rows_at), stated)
    earlier: list[tuple[str, Published]] = [
        (cut.event.version, state.snapshots.get(cut.event.size, {})) for cut in state.cuts
    ]
    previous, before = earlier[-1] if earlier else (None, {})
    after = state.without(state.published(), frozenset(gates.gated))
    version = next_version(previous, before, after)
    add_tombstones(made, state, earlier, version, later)
    left_out = Counter(_why_left_out(item) for item in made.placements.values() if item.config is None)
    changes = difference(before, after)
    facts = CardFacts(
        definitions=state.definitions,
        epochs=tuple(state.epochs),
        version=version,
        previous=previous,
        origin=origin,
        size=rows_at,
        rows=made.counts(),
        changes=changes,
        removed=_removed(made, changes.removed),
        left_out=left_out,
        gates=gates,
        controls=state.controls(),
        figures=count_rows(made),
        yanked={version: event.reason for version, (_, event) in state.yanked.items()},
    )
    return Derived(state, made, version, previous, facts)


def _why_left_out(placed: Placement) -> str:
    """The reason in few words; a retraction's own words stand with its tombstone."""
    return "retracted by two maintainers" if placed.left_out == "retracted" else placed.reason


def _removed(made: Projection, examples: list[str]) -> tuple[Removed, ...]:
    """What the release before held and this one does not, as its tombstones say."""
    columns = made.rows.get(("tombstones", "train"), Columns("tombstones"))
    names = ("example_id", "kind", "reason", "event")
    found = {row[0]: Removed(*row) for row in zip(*map(columns.column, names), strict=True)}
    return tuple(found[example] for example in examples if example in found)


def _gated(
    state: Replay,
    body_of: BodyOf,
    later: Mapping[str, int],
    recorded: list[str] | None,
    stated: Failing | None,
) -> tuple[Projection, Gates]:
    """The rows of the release, without the topics that fail a gate; and what was measured."""
    made = project(state, body_of, later, stated or ())
    overruled = overruled_gates(state.overruled())
    gates = judge_gates(made, state.definitions, state.epochs[-1].number, recorded, stated, overruled)
    again = gates.gated and stated is None
    return (project(state, body_of, later, gates.gated) if again else made), gates


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
