"""Tombstones: what earlier releases held and this one does not, and why.

Rules that always hold (pure):
- a record that once was published is never gone without a row here;
- each is named by example, revision and commitments, so that whoever kept a copy finds what to drop;
- `event` is the log index of the act that removed it, `removed_in` the first release without it.
"""

from __future__ import annotations

from collections.abc import Mapping

from curation.releases.columns import Columns
from curation.releases.project import Projection
from curation.rulebook.placement import Published
from curation.rulebook.replay import Replay


def add_tombstones(
    made: Projection,
    state: Replay,
    earlier: list[tuple[str, Published]],
    version: str,
    later_erasures: Mapping[str, int],
) -> None:
    """Add the tombstones to a projection.

    Args:
        made: the release's rows so far.
        state: its log prefix, replayed.
        earlier: (version, what it published) of each earlier release, oldest first.
        version: the version being built.
        later_erasures: commitment → index of an erasure after the prefix.
    """
    columns = made.columns("tombstones")
    releases = [*earlier, (version, _published(made))]
    for example in sorted({example for _, published in earlier for example in published} | _erased_now(made)):
        if made.placements[example].config is None:
            _add(columns, made, state, example, releases, later_erasures)


def _published(made: Projection) -> Published:
    return {
        example: (placed.config, placed.revision)
        for example, placed in made.placements.items()
        if placed.config is not None
    }


def _erased_now(made: Projection) -> set[str]:
    return {example for example, placed in made.placements.items() if placed.left_out == "erased"}


def _add(
    columns: Columns,
    made: Projection,
    state: Replay,
    example: str,
    releases: list[tuple[str, Published]],
    later_erasures: Mapping[str, int],
) -> None:
    placed = made.placements[example]
    history = state.histories[example]
    held = [place for place, (_, published) in enumerate(releases) if example in published]
    last = held[-1] if held else len(releases) - 2
    if placed.cause is not None:
        event = state.index_of[placed.cause]
    else:
        commitments = history.revision_of(placed.revision, "release/prefix").event.commitments()
        gone = [later_erasures[item] for item in commitments if item in later_erasures]
        event = min(gone, default=state.events[example][-1])
    revision = releases[last][1][example][1] if held else placed.revision
    number = columns.add(
        {
            "example_id": example,
            "revision": revision,
            "kind": placed.left_out,
            "reason": placed.reason,
            "event": event,
            "removed_in": releases[last + 1][0],
            "commitments": history.revision_of(revision, "release/prefix").event.commitments(),
        }
    )
    if placed.left_out == "erased":
        columns.erased[number] = event
