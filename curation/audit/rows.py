"""Compare a bundle's tables with the rows that the log gives.

Rules that always hold (pure but for reading the bundle's own tables):
- every row ends VERIFIED, ERASED or FAILED, and a failure names config, row and field;
- a row that should be there and is not, or is there and should not, is FAILED.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from curation.audit.bundle import Bundle
from curation.audit.report import Failure, Report
from curation.errors import BundleInvalid
from curation.releases.columns import KEY_COLUMN, SCHEMAS, Columns
from curation.releases.project import Projection
from curation_schemas.release import CONFIGS, SPLITS

_SHOWN = 60


def compare_rows(bundle: Bundle, made: Projection, report: Report) -> None:
    """Compare every config and split, and count each row's status in the report."""
    files = files_by_split(bundle, report)
    for config in CONFIGS:
        for split in SPLITS:
            expected = made.rows.get((config, split), Columns(config))
            path = files.pop((config, split), None)
            if path is None and len(expected):
                report.fail(f"data/{config}", f"has no file for split {split}; the log gives {len(expected)} rows")
                report.rows["FAILED"] += len(expected)
            elif path is not None:
                _compare_file(bundle, path, expected, report)


def files_by_split(bundle: Bundle, report: Report) -> dict[tuple[str, str], str]:
    """The data files by config and split; every other one is a failure."""
    found: dict[tuple[str, str], str] = {}
    for path in bundle.parquet_files("data/"):
        parts = path.split("/")
        key = (parts[1], parts[2].rsplit("-", 1)[0]) if len(parts) == 3 else ("", "")
        if key[0] not in CONFIGS or key[1] not in SPLITS or key in found:
            report.fail(path, "is no file of any config and split, or the second one of its split")
        else:
            found[key] = path
    return found


def _compare_file(bundle: Bundle, path: str, expected: Columns, report: Report) -> None:
    try:
        # More rows than the log gives are read only as far as it takes to name them.
        actual = bundle.table(path, SCHEMAS[expected.config], 2 * len(expected) + 1_000)
    except BundleInvalid as error:
        report.fail(error.where, error.message)
        report.rows["FAILED"] += max(1, len(expected))
        return
    if not len(expected) and actual.num_rows == 0:
        report.fail(path, "holds no rows; an empty split has no file")
        return
    compare_table(path, actual, expected, report)


def compare_table(path: str, actual: pa.Table, expected: Columns, report: Report) -> None:
    """Compare the rows of a file, or those of a part of the log in it, with what the log gives."""
    wrong = {} if actual.equals(expected.table()) else _differences(actual, expected)
    for number, why in expected.underivable.items():
        wrong["expected", number] = why
    keys = expected.column(KEY_COLUMN[expected.config]) if wrong or expected.erased else []
    for (_, number), why in sorted(wrong.items(), key=lambda item: item[0][1]):
        report.fail(f"{path} {_name(expected.config, keys, actual, number, why)}", why)
    failed_expected = {number for side, number in wrong if side == "expected"}
    erased = {number: event for number, event in expected.erased.items() if number not in failed_expected}
    for number, event in sorted(erased.items()):
        report.erased.append(Failure(f"{path} {_label(expected.config, keys[number])}", f"erased by event {event}"))
    report.rows["FAILED"] += len(wrong)
    report.rows["ERASED"] += len(erased)
    report.rows["VERIFIED"] += len(expected) - len(failed_expected) - len(erased)


def _name(config: str, keys: list[Any], actual: pa.Table, number: int, why: str) -> str:
    if why.startswith("is in the file") or number >= len(keys):
        return _label(config, actual.column(KEY_COLUMN[config])[number].as_py())
    return _label(config, keys[number])


def _label(config: str, key: Any) -> str:
    kind = {"reviews": "review at event", "sources": "source"}.get(config, "example")
    return f"{kind} {str(key)[:80]}"


def _differences(actual: pa.Table, expected: Columns) -> dict[tuple[str, int], str]:
    """(side, row) → what is wrong. Rows are matched by their key, so one that was dropped does not shift the rest."""
    column = KEY_COLUMN[expected.config]
    wanted = _positions(expected.column(column))
    given = _positions(actual.column(column).to_pylist())
    wrong: dict[tuple[str, int], str] = {}
    for key in wanted.keys() - given.keys():
        wrong["expected", wanted[key]] = "is missing from the file; the log gives this row"
    for key in given.keys() - wanted.keys():
        wrong["actual", given[key]] = "is in the file and not in the log"
    shared = [key for key in wanted if key in given]
    for name in SCHEMAS[expected.config].names:
        wants, values = expected.column(name), actual.column(name).to_pylist()
        for key in shared:
            want, have = wants[wanted[key]], values[given[key]]
            if want != have and _normal(want) != _normal(have):
                wrong.setdefault(("expected", wanted[key]), f"field {name} {_contrast(want, have)}")
    if not wrong:
        if [key for key in given if key in wanted] != shared:
            wrong["expected", 0] = "the rows are in another order than the log gives"
        elif actual.num_rows != len(expected):
            wrong["expected", 0] = "the file repeats a row"
    return wrong


def _positions(keys: list[Any]) -> dict[tuple[str, int], int]:
    """Key and how often it came before → row: sources and tombstones may repeat a key."""
    seen: dict[str, int] = {}
    found = {}
    for number, key in enumerate(keys):
        text = str(key)
        found[text, seen.get(text, 0)] = number
        seen[text] = seen.get(text, 0) + 1
    return found


def _normal(value: Any) -> Any:
    """Structs read back from Arrow have all their fields; derived ones may leave nulls out."""
    if isinstance(value, dict):
        return {name: _normal(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_normal(item) for item in value]
    return value


def _contrast(want: Any, have: Any) -> str:
    """Both values around the first place where they differ."""
    left, right = _text(want), _text(have)
    start = next((at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    start = max(0, start - 20)
    return f"says «{right[start : start + _SHOWN]}»; the log gives «{left[start : start + _SHOWN]}»"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(_normal(value))
