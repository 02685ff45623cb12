"""The suites `examples`, `provenance` and `balance`, built in code and run by Great Expectations.

Rules that always hold:
- a suite runs on small tables: one row for each measure of each scope, or for each rule; what was not measured is taken
  out before and reported as `insufficient`;
- Great Expectations shows an exception as an expectation that failed: here it is `error`;
- its analytics are off, nothing is kept, nothing is fetched.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# Read when the package is imported: it would otherwise write to a company's server.
os.environ["GX_ANALYTICS_ENABLED"] = "False"

import great_expectations as gx
import pandas as pd
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.core import ExpectColumnValuesToBeBetween, ExpectColumnValuesToNotBeInSet
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.row_conditions import Column

from curation_validators.examples import RULES_OF
from curation_validators.findings import RULES, Outcome
from curation_validators.measures import MEASURES, Measured
from curation_validators.validation import Validation

SUITES = ("examples", "provenance", "balance")
_LEVELS = {"gate": FailureSeverity.CRITICAL, "warn": FailureSeverity.WARNING}
_COLUMNS = ("name", "where", "breaks", "errors", "found")


@dataclass(frozen=True, slots=True)
class Expected:
    """How one expectation of a suite ended."""

    suite: str
    name: str
    """The measure or the rule."""
    severity: str
    outcome: Outcome
    message: str

    def as_json(self) -> dict[str, Any]:
        """The result for programs."""
        return {
            "suite": self.suite,
            "name": self.name,
            "severity": self.severity,
            "outcome": self.outcome,
            "message": self.message,
        }


def measures_frame(measured: Iterable[Measured]) -> pd.DataFrame:
    """One row for each measure that was taken or broke."""
    rows = [
        (item.measure, item.where, item.breaks, int(item.outcome == "error"), int(item.breaks is not None))
        for item in measured
        if item.outcome != "insufficient"
    ]
    return _frame(rows)


def rules_frame(validation: Validation) -> pd.DataFrame:
    """One row for each rule of the checks on one example, where its check measured anything or broke."""
    rows = []
    for check, tally in validation.checks.items():
        broken = tally.outcomes["error"]
        if broken or tally.outcomes["pass"] or tally.outcomes["fail"]:
            rows += [
                (rule, f"{validation.found[rule]} findings", None, broken, validation.found[rule])
                for rule in RULES_OF[check]
            ]
    return _frame(rows)


def _frame(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    return frame.astype({"name": "object", "where": "object", "breaks": "object"})


def build_suite(suite: str, names: Iterable[str]) -> gx.ExpectationSuite:
    """A suite with its expectations for the measures and rules in `names`."""
    made = gx.ExpectationSuite(suite)
    for name in names:
        only = Column("name") == name
        if name in RULES:
            severity = FailureSeverity.CRITICAL if RULES[name].severity == "block" else FailureSeverity.WARNING
            made.add_expectation(_none_found(name, only, severity))
        else:
            for level, severity in _LEVELS.items():
                meta = {"name": name, "level": level}
                made.add_expectation(
                    ExpectColumnValuesToNotBeInSet(
                        column="breaks", value_set=[level], row_condition=only, severity=severity, meta=meta
                    )
                )
    made.add_expectation(
        ExpectColumnValuesToBeBetween(column="errors", max_value=0, meta={"name": "", "level": "error"})
    )
    return made


def _none_found(name: str, only: Any, severity: FailureSeverity) -> Any:
    meta = {"name": name, "level": "gate" if severity is FailureSeverity.CRITICAL else "warn"}
    return ExpectColumnValuesToBeBetween(column="found", max_value=0, row_condition=only, severity=severity, meta=meta)


def run_suites(validation: Validation, measured: Iterable[Measured]) -> list[Expected]:
    """Run the three suites over what was counted. Every measure and rule has a result, in a fixed order."""
    measured = list(measured)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("counts")
    asset = source.add_dataframe_asset("tables").add_batch_definition_whole_dataframe("whole")
    found: list[Expected] = []
    for suite in SUITES:
        names = [name for name, measure in MEASURES.items() if measure.suite == suite]
        found += _run(asset, suite, names, measures_frame(item for item in measured if item.measure in names))
        if suite == "examples":
            found += _run(asset, suite, list(RULES), rules_frame(validation))
    return found


def _run(asset: BatchDefinition[Any], suite: str, names: list[str], frame: pd.DataFrame) -> list[Expected]:
    known = [name for name in names if (frame["name"] == name).any()]
    results: dict[str, list[Any]] = {name: [] for name in known}
    if known:
        batch = asset.get_batch(batch_parameters={"dataframe": frame})
        # Its results come in another order than its expectations: those that broke come first.
        for result in batch.validate(build_suite(suite, known)).results:
            results.setdefault(_meta(result)["name"], []).append(result)
    broken = set(frame[frame["errors"] > 0]["name"])
    if not all(result.success for result in results.pop("", [])) and not broken:
        broken = set(known)
    return [
        _ended(suite, name, results[name], frame, name in broken)
        if name in results
        else Expected(suite, name, "none", "insufficient", "nothing could be measured")
        for name in names
    ]


def _ended(suite: str, name: str, results: list[Any], frame: pd.DataFrame, broken: bool) -> Expected:
    if broken or any(_raised(result) for result in results):
        return Expected(suite, name, "error", "error", "the check broke")
    failed = {_meta(result)["level"] for result in results if not result.success}
    rows = frame[frame["name"] == name]
    for level in ("gate", "warn"):
        if level in failed:
            places = rows[rows["found"] > 0] if name in RULES else rows[rows["breaks"] == level]
            shown = ", ".join(list(places["where"])[:3])
            more = f" and {len(places) - 3} more" if len(places) > 3 else ""
            return Expected(suite, name, level, "fail", shown + more)
    return Expected(suite, name, "none", "pass", "")


def _meta(result: Any) -> dict[str, str]:
    return dict(result.expectation_config.meta)


def _raised(result: Any) -> bool:
    """One exception stands in the result itself; several, under the id of each metric."""
    info = result.exception_info or {}
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return any(isinstance(item, dict) and item.get("raised_exception") for item in info.values())
