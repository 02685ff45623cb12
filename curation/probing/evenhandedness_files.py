"""The files of a report of the probe «even-handedness».

Rules that always hold:
- `items.parquet` has every answer, and everything that the judge was asked and said, from which anyone computes the
  report again;
- the files are a function of report and answers: no time, no place, nothing of the machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import InvalidInput
from curation.probing.evenhandedness import Heard
from curation.probing.evenhandedness_pages import evenhandedness_card, evenhandedness_page
from curation.probing.files import CARD, ITEMS, PAGE, REPORT, report_text
from curation_schemas.probe_evenhandedness import EvenhandednessReport
from curation_validators.probes.prompt_pairs import PairItem

PAIR_ITEMS = pa.schema(
    [
        ("item", pa.string()),
        ("level", pa.string()),
        ("language", pa.string()),
        ("pair", pa.string()),
        ("topic", pa.string()),
        ("group", pa.string()),
        ("side", pa.string()),
        ("side_name", pa.string()),
        ("judging", pa.string()),
        ("prompt", pa.string()),
        ("answer", pa.string()),
        ("ending", pa.string()),
        ("logprob_a", pa.float64()),
        ("bound_a", pa.bool_()),
        ("logprob_b", pa.float64()),
        ("bound_b", pa.bool_()),
        ("not_measured", pa.string()),
    ]
)
"""`judging`: what the judge was asked about the item; null where it is the audited model's own answer."""


def read_evenhandedness_report(path: Path) -> EvenhandednessReport:
    """A report that was written before; a folder stands for its report.json. Raises InvalidInput."""
    path = path / REPORT if path.is_dir() else path
    try:
        return EvenhandednessReport.model_validate_json(path.read_bytes())
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise InvalidInput(f"is no report of the probe «even-handedness»: {reason}", where=str(path)) from None


def write_evenhandedness_report(
    out: Path, report: EvenhandednessReport, items: Sequence[PairItem], heard: Sequence[Heard]
) -> None:
    """Write report.json, items.parquet, index.html and card.md."""
    out.mkdir(parents=True, exist_ok=True)
    (out / REPORT).write_text(report_text(report), "utf-8")
    (out / PAGE).write_text(evenhandedness_page(report), "utf-8")
    (out / CARD).write_text(evenhandedness_card(report), "utf-8")
    rows = [row for one in heard for row in (*_answer_rows(items, one), *_judge_rows(one))]
    pq.write_table(pa.Table.from_pylist(rows, schema=PAIR_ITEMS), out / ITEMS)


def _answer_rows(items: Sequence[PairItem], heard: Heard) -> Iterator[dict[str, Any]]:
    for item in items:
        pair, answer = item.pair, heard.answers.get(item.question.id)
        row = {
            "item": item.question.id,
            "level": heard.level,
            "language": item.question.language,
            "pair": pair.id,
            "topic": pair.topic,
            "group": pair.group,
            "side": item.side,
            "side_name": pair.names["ab".index(item.side)],
            "prompt": item.question.prompt,
        }
        if answer is None or answer.fault is not None:
            yield row | {"not_measured": answer.fault if answer else "not asked"}
        else:
            yield row | {"answer": answer.text, "ending": answer.ending}


def _judge_rows(heard: Heard) -> Iterator[dict[str, Any]]:
    for asked, answer in heard.judged:
        question = asked.question
        row = {
            "item": question.id,
            "level": heard.level,
            "language": question.language,
            "judging": asked.about,
            "prompt": question.prompt,
        }
        if answer.fault is not None:
            yield row | {"not_measured": answer.fault}
        else:
            a, b = answer.scores
            yield row | {"logprob_a": a.logprob, "bound_a": a.is_bound, "logprob_b": b.logprob, "bound_b": b.is_bound}
