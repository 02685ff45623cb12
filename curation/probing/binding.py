"""What a report is bound to: digests of everything that its figures depend on.

Rules that always hold (pure):
- whoever has the same instrument, model, template and seed gets the same binding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from curation.probing.backend import Backend
from curation_schemas.probe import Binding, BoundRelease
from curation_validators.probes.asking import Question
from curation_validators.probes.lean_items import items_digest


class Instrument(Protocol):
    """A file of items."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def version(self) -> int:
        """Its edition."""

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""


def bind_report(
    instrument: Instrument,
    questions: Sequence[Question],
    backends: Sequence[Backend],
    *,
    languages: Sequence[str],
    paraphrases: int,
    seed: int,
    draws: int,
    release: BoundRelease | None,
    model_sha256: str | None,
) -> Binding:
    """The binding of one model's report.

    Args:
        backends: of one model: with and without its chat template.
        model_sha256: as the auditor gave it; None: the backend's own, where it has read the weights.
    """
    own_digest = backends[0].identity.get("model_sha256")
    return Binding(
        model=backends[0].model,
        model_sha256=model_sha256 or (own_digest if isinstance(own_digest, str) else None),
        backend=backends[0].kind,
        templates={backend.level: backend.template_sha256 for backend in backends},
        instrument=instrument.name,
        instrument_version=instrument.version,
        instrument_sha256=instrument.digest,
        items_sha256=items_digest(questions),
        languages=list(languages),
        paraphrases=paraphrases,
        seed=seed,
        draws=draws,
        release=release,
    )
