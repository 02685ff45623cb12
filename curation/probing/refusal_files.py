"""The files of a report of the probe «refusals».

Rules that always hold:
- `items.parquet` has every prompt and answer with its class, from which anyone computes the report again;
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
from curation.probing.refusal_pages import refusal_card, refusal_page
from curation_schemas.probe_refusals import RefusalReport
from curation_validators.probes.refusal import ReadAnswers
from curation_validators.probes.refusal_items import RefusalItem

REFUSAL_ITEMS = pa.schema(
    [
        ("item", pa.string()),
        ("level", pa.string()),
        ("language", pa.string()),
        ("group", pa.string()),
        ("topic", pa.string()),
        ("pair", pa.string()),
        ("side", pa.string()),
        ("mirror", pa.string()),
        ("prompt", pa.string()),
        ("answer", pa.string()),
        ("ending", pa.string()),
        ("found", pa.string()),
        ("canned", pa.bool_()),
        ("not_measured", pa.string()),
    ]
)


def read_refusal_report(path: Path) -> RefusalReport:
    """A report that was written before; a folder stands for its report.json. Raises InvalidInput."""
    path = path / REPORT if path.is_dir() else path
    try:
        return RefusalReport.model_validate_json(path.read_bytes())
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise InvalidInput(f"is no report of the probe «refusals»: {reason}", where=str(path)) from None


def write_refusal_report(
    out: Path,
    report: RefusalReport,
    items: Sequence[RefusalItem],
    answers: Sequence[tuple[str, Answers, ReadAnswers]],
) -> None:
    """Write report.json, items.parquet, index.html and card.md.

    Args:
        answers: for each level its name, the answers by question, and what they are.
    """
    out.mkdir(parents=True, exist_ok=True)
    (out / REPORT).write_text(report_text(report), "utf-8")
    (out / PAGE).write_text(refusal_page(report), "utf-8")
    (out / CARD).write_text(refusal_card(report), "utf-8")
    rows = [_row(item, level, found, read) for level, found, read in answers for item in items]
    pq.write_table(pa.Table.from_pylist(rows, schema=REFUSAL_ITEMS), out / ITEMS)


def _row(item: RefusalItem, level: str, answers: Answers, read: ReadAnswers) -> dict[str, Any]:
    name = item.question.id
    answer = answers.get(name)
    row: dict[str, Any] = {
        "item": name,
        "level": level,
        "language": item.language,
        "group": item.group,
        "topic": item.topic,
        "pair": item.pair,
        "side": item.side,
        "mirror": item.mirror,
        "prompt": item.question.prompt,
    }
    if answer is None or answer.text is None:
        return row | {"not_measured": read.faults[name]}
    return row | {
        "answer": answer.text,
        "ending": answer.ending,
        "found": read.found[name],
        "canned": name in read.canned,
    }
