"""Golden measures: `tests/golden/<measure>/<fault>/measured.txt` holds exactly what a measure says of a fault.

Write them anew with `python -m tests.support.measured` and read the difference before committing it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from curation_validators.counting import LocalEngine, count_release
from curation_validators.measures import Measured, measure_release
from tests.support.balanced import FAULTS, SHAPES, TableRows
from tests.support.golden import GOLDEN


def measured_fault(fault: str) -> list[Measured]:
    """Every measure of the dataset with this fault."""
    make, _ = FAULTS[fault]
    return measure_release(count_release(LocalEngine(TableRows(make()).rows)), SHAPES)


def said(fault: str) -> Iterator[tuple[Path, str]]:
    """(its file, what it says) for each measure that the fault breaks."""
    found = [item for item in measured_fault(fault) if item.breaks]
    for measure in dict.fromkeys(item.measure for item in found):
        lines = [f"{item.breaks}  {item.where}: {item.message}" for item in found if item.measure == measure]
        folder = re.sub(r"[^a-z0-9]+", "-", fault.lower())
        yield GOLDEN / measure / folder / "measured.txt", "\n".join(lines) + "\n"


if __name__ == "__main__":
    for name in FAULTS:
        for path, text in said(name):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
