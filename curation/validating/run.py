"""Run every check and measure over a dataset.

Rules that always hold:
- no database, no network; the same rows give the same result;
- a bundle is measured against its own definition, a foreign set against what occurs in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from curation.collection import paused_collection
from curation.errors import InvalidInput
from curation.releases.derive import Derived
from curation.releases.gates import ProjectedRows, shapes_of_definitions
from curation.releases.manifest import read_manifest
from curation.validating.sources import (
    BundleRows,
    FileRows,
    differing_columns,
    differing_counts,
    epochs_of_bundle,
    languages_of,
    policy_of_bundle,
    shapes_of_bundle,
)
from curation_schemas.definition import Thresholds
from curation_schemas.release import MANIFEST
from curation_validators.contamination import ProtectedSet, builtin_sets, sets_in
from curation_validators.counting import LocalEngine, count_release
from curation_validators.engine import Engine
from curation_validators.examples import alone_work, installed_instruments
from curation_validators.facts import EXAMPLES, Fact
from curation_validators.measures import measure_release
from curation_validators.measuring.scope import TopicShape
from curation_validators.validation import RowSource, Validation, check_examples, look_at_reviewers


def protected_sets(folder: Path | None) -> list[ProtectedSet]:
    """The sets that come with the package and those in a folder. Raises InvalidInput."""
    try:
        return builtin_sets() + (sets_in(folder) if folder is not None else [])
    except (OSError, ValueError) as error:
        raise InvalidInput(str(error), where="--protected") from None


def is_bundle(path: Path) -> bool:
    """Whether a folder is a release's."""
    return (path / MANIFEST).is_file()


MakeEngine = Callable[[RowSource, Mapping[str, list[Fact]]], Engine[Any]]
"""What counts, over these rows; the facts by table are those that were made already."""


def plain_python(source: RowSource, facts: Mapping[str, list[Fact]]) -> Engine[Any]:
    """The engine that needs nothing installed."""
    return LocalEngine(source.rows, facts)


def validate_bundle(path: Path, protected: list[ProtectedSet], make: MakeEngine = plain_python) -> Validation:
    """Validate a release's folder. Raises BundleInvalid."""
    manifest = read_manifest(path)
    made = Validation(manifest.dataset, manifest.version)
    policy = policy_of_bundle(path, manifest.policy)
    if policy is None:
        made.notes.append("the policy in dataset/policies/ cannot be read: the thresholds are the default ones")
    shapes = shapes_of_bundle(path, policy)
    if not shapes:
        made.notes.append("dataset/dataset.yaml cannot be read: topics are measured against what occurs in them")
    limits = policy.limits if policy is not None else None
    made = _validate(BundleRows(path), made, shapes, protected, make, limits)
    for finding, missing in differing_counts(path, manifest.rows):
        made.take_unread([finding], 0, missing)
    made.take_unread(differing_columns(path, manifest.rows), 0, 0)
    made.odd = look_at_reviewers(BundleRows(path), epochs_of_bundle(path))
    return made


def validate_derived(derived: Derived, protected: list[ProtectedSet], make: MakeEngine = plain_python) -> Validation:
    """Validate a release that was derived and not yet cut."""
    made = Validation(derived.facts.terms.slug, derived.version)
    shapes = shapes_of_definitions(derived.facts.definitions, derived.facts.epoch)
    rows = ProjectedRows(derived.made)
    made = _validate(rows, made, shapes, protected, make, derived.facts.gates.limits)
    made.odd = look_at_reviewers(rows, [epoch.size for epoch in derived.state.epochs])
    return made


def validate_file(
    path: Path,
    protected: list[ProtectedSet],
    config: str | None = None,
    split: str | None = None,
    make: MakeEngine = plain_python,
) -> Validation:
    """Validate a foreign set. Raises InvalidInput."""
    source = FileRows(path, config, split)
    made = _validate(source, Validation(path.name), {}, protected, make)
    if made.examples == 0:
        shown = "; ".join(f"{finding.where} {finding.message}" for finding in source.unread.findings[:3])
        raise InvalidInput("holds no rows that can be read", where=str(path), hint=shown)
    made.take_unread(source.unread.findings, source.unread.more, source.unread.rows)
    return made


def _validate(
    source: RowSource,
    made: Validation,
    shapes: dict[str, TopicShape],
    protected: list[ProtectedSet],
    make: MakeEngine,
    limits: Thresholds | None = None,
) -> Validation:
    languages = set(languages_of(shapes.values()))
    for config in () if languages else EXAMPLES:
        for row in source.rows(config, ("language",)):
            if isinstance(found := row.get("language"), str):
                languages.add(found)
    wanted = sorted(languages)
    there = partial(alone_work, wanted, protected)
    instruments = installed_instruments(wanted, protected)
    with paused_collection():
        facts = check_examples(source, instruments, made, there)
        counts = count_release(make(source, {"examples": facts}))
    made.measures = measure_release(counts, shapes, limits)
    return made
