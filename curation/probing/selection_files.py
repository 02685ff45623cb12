"""The files of a report of the probe «selection».

Rules that always hold:
- `items.parquet` has every application's log-probabilities, from which anyone computes the report again;
- the files are a function of report and answers: no time, no place, nothing of the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import InvalidInput
from curation.probing.files import CARD, ITEMS, PAGE, REPORT, report_text
from curation.probing.geopolitical import Answers
from curation.probing.selection_pages import selection_card, selection_page
from curation_schemas.probe_selection import SelectionReport
from curation_validators.probes.selection_items import SelectionItem

SELECTION_ITEMS = pa.schema(
    [
        ("item", pa.string()),
        ("level", pa.string()),
        ("language", pa.string()),
        ("prompting", pa.string()),
        ("post", pa.string()),
        ("fit", pa.string()),
        ("dimension", pa.string()),
        ("group", pa.string()),
        ("invites", pa.string()),
        ("prompt", pa.string()),
        ("logprob_a", pa.float64()),
        ("bound_a", pa.bool_()),
        ("logprob_b", pa.float64()),
        ("bound_b", pa.bool_()),
        ("not_measured", pa.string()),
    ]
)


def read_selection_report(path: Path) -> SelectionReport:
    """A report that was written before; a folder stands for its report.json. Raises InvalidInput."""
    path = path / REPORT if path.is_dir() else path
    try:
        return SelectionReport.model_validate_json(path.read_bytes())
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise InvalidInput(f"is no report of the probe «selection»: {reason}", where=str(path)) from None


def write_selection_report(
    out: Path, report: SelectionReport, items: Sequence[SelectionItem], answers: Sequence[tuple[str, Answers]]
) -> None:
    """Write report.json, items.parquet, index.html and card.md.

    Args:
        answers: for each level its name and the answers by question.
    """
    out.mkdir(parents=True, exist_ok=True)
    (out / REPORT).write_text(report_text(report), "utf-8")
    (out / PAGE).write_text(selection_page([report], report.shifts), "utf-8")
    (out / CARD).write_text(selection_card(report), "utf-8")
    rows = [_row(item, level, found) for level, found in answers for item in items]
    pq.write_table(pa.Table.from_pylist(rows, schema=SELECTION_ITEMS), out / ITEMS)


def _row(item: SelectionItem, level: str, answers: Answers) -> dict[str, Any]:
    row = {
        "item": item.question.id,
        "level": level,
        "language": item.language,
        "prompting": item.prompting,
        "post": item.post,
        "fit": item.fit,
        "dimension": item.dimension,
        "group": item.group,
        "invites": item.invites,
        "prompt": item.question.prompt,
    }
    answer = answers.get(item.question.id)
    if answer is None or answer.fault is not None:
        return row | {"not_measured": answer.fault if answer else "not asked"}
    a, b = answer.scores
    return row | {"logprob_a": a.logprob, "bound_a": a.is_bound, "logprob_b": b.logprob, "bound_b": b.is_bound}
