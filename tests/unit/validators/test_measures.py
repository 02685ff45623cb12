"""Measures of a release: each fault is seen by its measure and by no other; what is missing is never a pass."""

from __future__ import annotations

import dataclasses
import random
import re

import pytest

from curation.releases.columns import CRITERIA
from curation_schemas.definition import Thresholds
from curation_validators.counting import Counts, LocalEngine, count_release
from curation_validators.findings import RULES
from curation_validators.hints import HINTS
from curation_validators.measures import MEASURES, Measured, failed_gates, measure_release, told_from_chance
from curation_validators.measuring.scope import ALL, LEAST_ITEMS
from curation_validators.suites.engines import PandasEngine
from tests.support.balanced import FAULTS, POSITIONS, SHAPES, TOPIC, TableRows, balanced, checked, with_preferences
from tests.support.golden import GOLDEN
from tests.support.measured import measured_fault, said

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
    assert missing == {"balance/preference-direction"}, "there are no preference pairs"
    assert "error" not in {item.outcome for item in found}


def test_balanced_preference_pairs_pass():
    found = measured(with_preferences())
    assert broken(found) == set()
    passed = [item.subject for item in found if item.measure == "balance/preference-direction"]
    assert passed == list(POSITIONS)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_seen_by_its_measure_and_by_no_other_and_worded_as_its_golden_case(fault):
    _, expected = FAULTS[fault]
    worded = dict(said(fault))
    assert {str(path.parent.parent.relative_to(GOLDEN)) for path in worded} == expected & set(MEASURES)
    for path, text in worded.items():
        assert path.read_text("utf-8") == text


@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_each_fault_is_found_by_its_rule_and_by_no_other(fault):
    make, expected = FAULTS[fault] if fault else (balanced, set())
    validation = checked(TableRows(make()), personal="personal/identifier" in expected)
    assert set(validation.found) == expected & set(RULES)
    assert validation.errors == 0


def test_every_golden_measure_is_that_of_a_fault_and_every_measure_that_can_break_has_one():
    kept = {path.parent for path in GOLDEN.glob("*/*/*/measured.txt")}
    assert {(str(path.parent.relative_to(GOLDEN)), path.name) for path in kept} == {
        (measure, re.sub(r"[^a-z0-9]+", "-", fault.lower()))
        for fault, (_, named) in FAULTS.items()
        for measure in named & set(MEASURES)
    }
    assert {str(path.parent.relative_to(GOLDEN)) for path in kept} == set(MEASURES) - {"provenance/agreement"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_gate_that_fails_names_its_topic(fault):
    _, expected = FAULTS[fault]
    gates = {name for name in expected & set(MEASURES) if MEASURES[name].level == "gate"}
    failed = failed_gates(measured_fault(fault))
    assert {item.measure for item in failed.get(TOPIC, [])} == gates
    assert set(failed) <= {TOPIC}


def test_every_measure_says_what_to_do_where_it_breaks_and_nothing_where_it_passes():
    assert set(HINTS) == set(MEASURES)
    for item in measured_fault("skewed positions"):
        assert item.hint == (HINTS[item.measure] if item.breaks else "")


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


def test_written_target_takes_the_place_of_an_even_split():
    make, expected = FAULTS["far from an even split"]
    counts = count_release(LocalEngine(TableRows(make()).rows))
    found = measure_release(counts, SHAPES)
    shares = {
        item.subject: round(100 * (item.value or 0)) for item in found if item.measure == "balance/position-share"
    }
    written = {TOPIC: dataclasses.replace(SHAPES[TOPIC], target=shares)}
    assert sum(shares.values()) == 100
    assert broken(found) == expected
    assert broken(measure_release(counts, written)) == set()
    turned = {
        TOPIC: dataclasses.replace(SHAPES[TOPIC], target=dict(zip(shares, reversed(shares.values()), strict=True)))
    }
    assert broken(measure_release(counts, turned)) == {"balance/position-share", "balance/drift"}


def test_target_that_names_other_positions_does_not_hold():
    counts = count_release(LocalEngine(TableRows(balanced()).rows))
    others = {TOPIC: dataclasses.replace(SHAPES[TOPIC], target={POSITIONS[0]: 90, "elsewhere": 10})}
    assert measure_release(counts, others) == measure_release(counts, SHAPES)


def test_one_position_has_no_share_to_compare():
    counts = count_release(LocalEngine(TableRows(balanced()).rows))
    alone = {TOPIC: dataclasses.replace(SHAPES[TOPIC], positions=POSITIONS[:1])}
    found = [item for item in measure_release(counts, alone) if item.measure == "balance/position-share"]
    assert {(item.outcome, item.message) for item in found} == {("insufficient", "one position only")}


def test_copies_count_across_kinds_and_one_is_enough():
    tables = balanced()
    copied = dict(tables["sft"][0], example_id="ex_copy", group_id="g_other", mirrors=[])
    tables["prompts"] = [copied]
    found = [item for item in measured(tables) if item.measure == "examples/exact-copies" and item.breaks]
    assert {(item.config, item.value) for item in found} == {(ALL, 2.0), ("sft", 1.0), ("prompts", 1.0)}


def test_refusals_of_one_group_say_nothing_of_others():
    tables = balanced()
    for row in tables["sft"]:
        row["group_id"] = "g_one"
    found = [item for item in measured(tables) if item.measure == "balance/refusal-parity"]
    assert {(item.outcome, item.message) for item in found} == {("insufficient", "all pairs are of one group")}


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


# --- warnings and chance ----------------------------------------------------------------------------------------------


def warning(p, breaks="warn", measure="balance/stance-parity", **more):
    return Measured(measure, ALL, TOPIC, "keep", "fail" if breaks else "pass", breaks, "so", p=p, **more)


def test_warning_that_is_no_discovery_neither_warns_nor_passes():
    # Benjamini and Hochberg at .10: of six, the third lies on its line (.05 = 3 × .10 / 6), the fourth beyond it.
    given = [warning(p) for p in (0.01, 0.03, 0.05, 0.09, 0.5, 0.9)]
    found = told_from_chance(given)
    assert [item.outcome for item in found] == ["fail"] * 3 + ["insufficient"] * 3
    assert [item.breaks for item in found] == ["warn"] * 3 + [None] * 3
    assert found[3].message == "so; the interval leaves the margin, and chance alone may give that (p = 0.09)"


def test_what_passes_is_part_of_the_family_and_stays_a_pass():
    alone, among = warning(0.06), [warning(0.06), *(warning(0.9, None) for _ in range(9))]
    assert told_from_chance([alone])[0].breaks == "warn"
    found = told_from_chance(among)
    assert [item.outcome for item in found] == ["insufficient"] + ["pass"] * 9


def test_gates_and_warnings_without_a_p_value_never_rest_on_chance():
    kept = [warning(None), warning(0.99, "gate"), warning(None, "gate")]
    assert told_from_chance(kept) == kept


def test_scores_that_chance_alone_moves_out_of_the_margin_neither_warn_nor_pass():
    tables = balanced(groups=20)
    chance = random.Random(4)
    for review in tables["reviews"]:
        review["scores"] = dict.fromkeys(CRITERIA, chance.choice((1, 5)))
    found = [item for item in measured(tables) if item.measure == "balance/stance-parity"]
    assert {item.outcome for item in found} == {"insufficient"}
    assert all(item.low < -0.25 or item.high > 0.25 for item in found)


# --- pairs and reviews ------------------------------------------------------------------------------------------------


def test_stance_compares_only_perspectives_that_scored_both():
    tables = balanced()
    liked = {row["revision"] for row in tables["sft"] if row["framing"] == "keep"}
    for review in tables["reviews"]:
        # The left is strict, and scores one side only: nothing of it can be compared.
        points = 1 if review["perspective"] == "left" else 4
        kept = review["perspective"] == "right" or review["revision"] in liked
        review["scores"] = dict.fromkeys(CRITERIA, points) if kept else None
    found = {item.subject: item.value for item in measured(tables) if item.measure == "balance/stance-parity"}
    assert found == {"keep": 0.0, "move": 0.0}


@pytest.mark.parametrize("change", [{"counted": False}, {"revision": "f" * 64}])
def test_reviews_that_did_not_count_or_judged_another_revision_score_nothing(change):
    tables = balanced()
    plain = [item.as_json() for item in measured(tables) if item.measure == "balance/stance-parity"]
    liked = {row["revision"] for row in tables["sft"] if row["framing"] == "keep"}
    worst = dict.fromkeys(CRITERIA, 1)
    tables["reviews"] += [row | {"scores": worst} | change for row in tables["reviews"] if row["revision"] in liked]
    assert [item.as_json() for item in measured(tables) if item.measure == "balance/stance-parity"] == plain


def test_position_is_in_an_answer_where_most_of_those_who_tagged_it_see_it():
    tables = with_preferences()
    pairs = {row["revision"] for row in tables["preference"]}
    for review in tables["reviews"]:
        if review["revision"] in pairs and review["seat"] != 1:
            review["positions_seen"] = {"chosen": list(POSITIONS), "rejected": []}
    found = [item for item in measured(tables) if item.measure == "balance/preference-direction"]
    # Four of six see both positions in the chosen answer alone.
    assert [(item.subject, item.value, item.breaks) for item in found] == [(name, 1.0, "warn") for name in POSITIONS]


def test_pairs_that_nobody_tags_are_not_measured():
    tables = with_preferences()
    for review in tables["reviews"]:
        review["positions_seen"] = None
    found = [item for item in measured(tables) if item.measure == "balance/preference-direction"]
    assert [(item.outcome, item.message) for item in found] == [
        ("insufficient", "no preference pairs tagged with positions")
    ]


def test_pairs_without_a_group_are_each_a_cluster_whatever_counts_them():
    tables = balanced()
    tables["sft"] = [row | {"group_id": None} for row in tables["sft"]]
    found = [item for item in measured(tables) if item.measure == "balance/length-parity" and item.config == ALL]
    assert {item.outcome for item in found} == {"pass"}
    rows = TableRows(tables).rows
    assert count_release(PandasEngine(rows)) == count_release(LocalEngine(rows))


def test_rows_without_a_topic_are_named_so():
    tables = balanced()
    half = [row | {"topic": None} if number % 2 else row for number, row in enumerate(tables["sft"])]
    named = {item.where.split(", ")[0] for item in measured(tables | {"sft": half}, {}) if item.config == ALL}
    assert named == {"rows without a topic", f"topic {TOPIC}"}


def test_what_is_not_said_is_not_said_whatever_counts_it():
    tables = balanced(groups=3)
    for number, row in enumerate(tables["sft"][:6]):
        row["messages"][1]["content"] = row["messages"][0]["content"] = " "
        row["topic"] = None if number % 2 else row["topic"]
    rows = TableRows(tables).rows
    counts = count_release(PandasEngine(rows))
    assert counts == count_release(LocalEngine(rows))
    assert counts.copies == {}
