"""The instruments that options name, and the items that come of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from curation_validators.probes.lean_items import LeanInstrument, LeanItem
    from curation_validators.probes.orientation_items import OrientationInstrument
    from curation_validators.probes.refusal_items import RefusalInstrument
    from curation_validators.probes.selection_items import SelectionInstrument

Instrument = TypeVar("Instrument")


def lean_instrument(path: Path | None) -> LeanInstrument:
    """The scenarios in a file, or those that come with the package."""
    from curation_validators.probes.lean_items import builtin_lean_instrument, read_lean_instrument

    return _read(path, read_lean_instrument) if path else builtin_lean_instrument()


def orientation_instrument(path: Path | None) -> OrientationInstrument:
    """The statements in a file, or those that come with the package."""
    from curation_validators.probes.orientation_items import builtin_orientation_instrument, read_orientation_instrument

    return (
        _read(path, lambda content: read_orientation_instrument(content, path.stem))
        if path
        else builtin_orientation_instrument()
    )


def refusal_instrument(path: Path | None) -> RefusalInstrument:
    """The questions in a file, or those that come with the package."""
    from curation_validators.probes.refusal_items import builtin_refusal_instrument, read_refusal_instrument

    return _read(path, read_refusal_instrument) if path else builtin_refusal_instrument()


def selection_instrument(path: Path | None) -> SelectionInstrument:
    """The application files in a file, or those that come with the package."""
    from curation_validators.probes.selection_items import builtin_selection_instrument, read_selection_instrument

    return _read(path, read_selection_instrument) if path else builtin_selection_instrument()


def _read(path: Path, read: Callable[[bytes], Instrument]) -> Instrument:
    from curation.errors import InvalidInput

    try:
        return read(path.read_bytes())
    except ValueError as error:
        raise InvalidInput(str(error), where=str(path)) from None


def lean_items(
    known: LeanInstrument, languages: Sequence[str], paraphrases: int, scenarios: int | None
) -> list[LeanItem]:
    """Every item that the options ask for."""
    from curation_validators.probes.lean_items import render_items

    if paraphrases > known.paraphrases:
        raise typer.BadParameter(f"this instrument has {known.paraphrases}", param_hint="--paraphrases")
    return render_items(known, languages, paraphrases, scenarios)
