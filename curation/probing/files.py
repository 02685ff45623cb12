"""The files of a report, and the manifest that it is bound to.

Rules that always hold:
- `items.parquet` has every item's log-probabilities, from which anyone computes the report again;
- the files are a function of report and answers: no time, no place, nothing of the machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import BundleInvalid, InvalidInput
from curation.probing.geopolitical import Answers
from curation.probing.orientation_pages import orientation_card, orientation_page
from curation.probing.pages import lean_card, lean_page
from curation_schemas.base import Wire
from curation_schemas.parsing import SchemaInvalid, load_json, validate
from curation_schemas.probe import BoundRelease, LeanReport, OrientationReport
from curation_schemas.release import MANIFEST, ReleaseManifest
from curation_validators.probes.lean_items import LeanItem
from curation_validators.probes.orientation_items import OrientationItem

REPORT, ITEMS, PAGE, CARD, CACHE = "report.json", "items.parquet", "index.html", "card.md", "answers.jsonl"
_PROBE = re.compile(r"evenhand/probe/([a-z-]+)/v[0-9]+")
LEAN_ITEMS = pa.schema(
    [
        ("item", pa.string()),
        ("level", pa.string()),
        ("language", pa.string()),
        ("scenario", pa.string()),
        ("role_a", pa.string()),
        ("role_b", pa.string()),
        ("letter_a", pa.string()),
        ("paraphrase", pa.int32()),
        ("prompt", pa.string()),
        ("logprob_a", pa.float64()),
        ("bound_a", pa.bool_()),
        ("logprob_b", pa.float64()),
        ("bound_b", pa.bool_()),
        ("not_measured", pa.string()),
    ]
)

ORIENTATION_ITEMS = pa.schema(
    [
        ("item", pa.string()),
        ("level", pa.string()),
        ("language", pa.string()),
        ("statement", pa.string()),
        ("negated", pa.bool_()),
        ("reversed", pa.bool_()),
        ("prompt", pa.string()),
        ("logprobs", pa.list_(pa.float64())),
        ("bounds", pa.list_(pa.bool_())),
        ("not_measured", pa.string()),
    ]
)


def read_bound_release(bundle: Path) -> BoundRelease:
    """The release in a folder, by its manifest. Raises BundleInvalid."""
    path = bundle / MANIFEST
    try:
        content = path.read_bytes()
        manifest = validate(ReleaseManifest, load_json(content))
    except (OSError, SchemaInvalid):
        raise BundleInvalid("holds no release's manifest", where=str(path)) from None
    return BoundRelease(dataset=manifest.dataset, version=manifest.version, manifest_sha256=sha256(content).hexdigest())


def probe_of(path: Path) -> str:
    """Which probe a report is of; a folder stands for its report.json. Raises InvalidInput."""
    path = path / REPORT if path.is_dir() else path
    try:
        said = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        said = None
    named = _PROBE.fullmatch(str(said.get("schema"))) if isinstance(said, dict) else None
    if named is None:
        raise InvalidInput("is no report of a probe", where=str(path), hint=f"Name a folder that holds a {REPORT}.")
    return named[1]


def read_lean_report(path: Path) -> LeanReport:
    """A report that was written before; a folder stands for its report.json. Raises InvalidInput."""
    path = path / REPORT if path.is_dir() else path
    try:
        return LeanReport.model_validate_json(path.read_bytes())
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise InvalidInput(f"is no report of the probe «geopolitical»: {reason}", where=str(path)) from None


def read_orientation_report(path: Path) -> OrientationReport:
    """A report that was written before; a folder stands for its report.json. Raises InvalidInput."""
    path = path / REPORT if path.is_dir() else path
    try:
        return OrientationReport.model_validate_json(path.read_bytes())
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise InvalidInput(f"is no report of the probe «orientation»: {reason}", where=str(path)) from None


def report_text(report: Wire) -> str:
    """report.json."""
    return json.dumps(report.model_dump(mode="json", by_alias=True), indent=1, ensure_ascii=False) + "\n"


def write_lean_report(
    out: Path, report: LeanReport, items: Sequence[LeanItem], answers: Sequence[tuple[str, Answers]]
) -> None:
    """Write report.json, items.parquet, index.html and card.md.

    Args:
        answers: for each level its name and the answers by question.
    """
    out.mkdir(parents=True, exist_ok=True)
    (out / REPORT).write_text(report_text(report), "utf-8")
    (out / PAGE).write_text(lean_page(report), "utf-8")
    (out / CARD).write_text(lean_card(report), "utf-8")
    rows = [_row(item, level, found) for level, found in answers for item in items]
    pq.write_table(pa.Table.from_pylist(rows, schema=LEAN_ITEMS), out / ITEMS)


def write_orientation_report(
    out: Path, report: OrientationReport, items: Sequence[OrientationItem], answers: Sequence[tuple[str, Answers]]
) -> None:
    """Write report.json, items.parquet, index.html and card.md, as `write_lean_report` does."""
    out.mkdir(parents=True, exist_ok=True)
    (out / REPORT).write_text(report_text(report), "utf-8")
    (out / PAGE).write_text(orientation_page([report]), "utf-8")
    (out / CARD).write_text(orientation_card(report), "utf-8")
    rows = [_statement_row(item, level, found) for level, found in answers for item in items]
    pq.write_table(pa.Table.from_pylist(rows, schema=ORIENTATION_ITEMS), out / ITEMS)


def _statement_row(item: OrientationItem, level: str, answers: Answers) -> dict[str, Any]:
    answer = answers.get(item.question.id)
    row: dict[str, Any] = {
        "item": item.question.id,
        "level": level,
        "language": item.language,
        "statement": item.statement,
        "negated": item.negated,
        "reversed": item.reversed,
        "prompt": item.question.prompt,
    }
    if answer is None or answer.fault is not None:
        return row | {"not_measured": answer.fault if answer else "not asked"}
    logprobs, bounds = [score.logprob for score in answer.scores], [score.is_bound for score in answer.scores]
    return row | {"logprobs": logprobs, "bounds": bounds}


def _row(item: LeanItem, level: str, answers: Answers) -> dict[str, Any]:
    row = {
        "item": item.question.id,
        "level": level,
        "language": item.language,
        "scenario": item.scenario,
        "role_a": item.a,
        "role_b": item.b,
        "letter_a": item.letter_a,
        "paraphrase": item.paraphrase,
        "prompt": item.question.prompt,
    }
    answer = answers.get(item.question.id)
    if answer is None or answer.fault is not None:
        return row | {"not_measured": answer.fault if answer else "not asked"}
    a, b = answer.scores
    return row | {"logprob_a": a.logprob, "bound_a": a.is_bound, "logprob_b": b.logprob, "bound_b": b.is_bound}
