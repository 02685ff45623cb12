"""Measures of a release: each fault is seen by its measure and by no other; what is missing is never a pass."""

from __future__ import annotations

import dataclasses

import pytest

from curation_schemas.definition import Thresholds
from curation_validators.counting import Counts, LocalEngine, count_release
from curation_validators.measures import (
    ALL,
    LEAST_ITEMS,
    MEASURES,
    failed_gates,
    measure_release,
)
from tests.support.balanced import FAULTS, SHAPES, TOPIC, TableRows, balanced

COLUMNS = sorted({name for rows in balanced(groups=1).values() for row in rows for name in row})


def measured(tables, shapes=None, limits=None, without=frozenset()):
    counts = count_release(LocalEngine(TableRows(tables, frozenset(without)).rows))
    return measure_release(counts, SHAPES if shapes is None else shapes, limits)


def broken(items):
    return {item.measure for item in items if item.breaks}


def test_balanced_dataset_breaks_nothing_and_every_measure_that_can_be_taken_is():
    found = measured(balanced())
    assert broken(found) == set()
    assert {item.measure for item in found} == set(MEASURES)
    missing = {item.measure for item in found if item.outcome == "insufficient"}
    assert missing == {
        "balance/stance-parity",
        "balance/entity-swap",
        "balance/loaded-language",
        "balance/preference-direction",
    }
    assert "error" not in {item.outcome for item in found}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_seen_by_its_measure_and_by_no_other(fault):
    make, expected = FAULTS[fault]
    assert broken(measured(make())) == expected


@pytest.mark.parametrize("fault", FAULTS)
def test_a_gate_that_fails_names_its_topic(fault):
    make, expected = FAULTS[fault]
    gates = {name for name in expected if MEASURES[name].level == "gate"}
    failed = failed_gates(measured(make()))
    assert {item.measure for item in failed.get(TOPIC, [])} == gates
    assert set(failed) <= {TOPIC}


def test_order_of_rows_never_matters():
    tables = balanced()
    turned = {config: list(reversed(rows)) for config, rows in tables.items()}
    assert [item.as_json() for item in measured(turned)] == [item.as_json() for item in measured(tables)]


@pytest.mark.parametrize("column", COLUMNS)
def test_missing_column_breaks_nothing_and_passes_nothing_that_needs_it(column):
    whole = {(item.measure, item.config, item.subject): item for item in measured(balanced())}
    for item in measured(balanced(), without={column}):
        assert item.outcome != "error", item
        known = whole.get((item.measure, item.config, item.subject))
        if item.outcome == "pass" and known is not None:
            assert known.outcome == "pass"


@pytest.mark.parametrize("column", ["positions", "framing", "language", "mirrors", "sources", "proposer", "topic"])
def test_column_of_nulls_is_never_a_pass_of_what_needs_it(column):
    needs = {
        "positions": {"balance/coverage", "balance/position-share", "provenance/attribution"},
        "framing": {"balance/framing-completeness"},
        "language": {"balance/coverage", "balance/length-parity", "balance/refusal-parity"},
        "mirrors": {"balance/length-parity", "balance/refusal-parity"},
        "sources": {"provenance/source-concentration"},
        "proposer": {"provenance/proposer-share"},
        "topic": set(),
    }
    tables = balanced()
    for row in tables["sft"]:
        row[column] = None
    found = measured(tables, {} if column in ("topic", "positions") else None)
    assert "error" not in {item.outcome for item in found}
    assert {item.outcome for item in found if item.measure in needs[column]} <= {"insufficient", "fail"}


def test_topic_with_one_example_is_insufficient_everywhere():
    tables = balanced(groups=1)
    tables["sft"] = tables["sft"][:1]
    tables["reviews"] = tables["reviews"][:6]
    assert {item.outcome for item in measured(tables)} == {"insufficient"}


def test_topic_that_is_defined_and_has_nothing_is_insufficient_everywhere():
    assert {item.outcome for item in measured({})} == {"insufficient"}


def test_nineteen_items_are_too_few_and_twenty_are_enough():
    for groups, outcome in ((19, "insufficient"), (20, "pass")):
        found = measured(balanced(groups=groups))
        assert [item.outcome for item in found if item.measure == "balance/framing-completeness"] == [outcome]
    assert LEAST_ITEMS == 20


def test_exception_in_a_measure_is_an_error_and_the_others_go_on():
    counts = count_release(LocalEngine(TableRows(balanced()).rows))
    bad = dataclasses.replace(counts, proposers={("sft", TOPIC, "p_0"): ()})
    found = {item.measure: item for item in measure_release(bad, SHAPES) if item.config == ALL}
    assert found["provenance/proposer-share"].outcome == "error"
    assert found["balance/coverage"].outcome == "pass"


def test_thresholds_decide_where_a_gate_begins():
    tables = balanced()
    strict = Thresholds(languages=30)
    assert broken(measured(tables, limits=strict)) == {"balance/coverage"}


def test_kinds_are_measured_apart_as_well():
    tables = balanced()
    half = len(tables["sft"]) // 2
    prompts = [row | {"prompt": row["messages"][:1], "messages": None} for row in tables["sft"][half:]]
    tables["prompts"], tables["sft"] = prompts, tables["sft"][:half]
    configs = {item.config for item in measured(tables) if item.measure == "balance/position-share"}
    assert configs == {ALL, "sft", "prompts"}


def test_parity_fails_where_the_interval_leaves_the_margin_though_the_mean_lies_inside():
    tables = balanced()
    for number, row in enumerate(row for row in tables["sft"] if row["framing"] == "keep"):
        row["messages"][1]["content"] *= 9 if number % 8 == 0 else 1
    found = [item for item in measured(tables) if item.measure == "balance/length-parity" and item.config == ALL]
    assert {item.breaks for item in found} == {"gate"}
    assert all(item.low is not None and item.high is not None and item.low < item.high for item in found)


def test_counts_are_small_tables_of_whole_numbers():
    counts = count_release(LocalEngine(TableRows(balanced()).rows))
    for field in dataclasses.fields(Counts):
        for sums in getattr(counts, field.name).values():
            assert all(type(number) is int for number in sums), field.name
