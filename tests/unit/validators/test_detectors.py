"""The checks that guess keep their precision and recall on the labelled files."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from curation_validators.duplicates import THRESHOLD, jaccard, shingles
from curation_validators.identifiers import identifiers_in, is_card, is_chinese_id, is_french_nir, is_iban

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "bench_detectors.py"


def script() -> Any:
    """The benchmark as a module."""
    spec = importlib.util.spec_from_file_location("bench_detectors", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Near-copies: mirrors that differ in a word are found and should not be, what was rewritten is missed.
@pytest.mark.parametrize(
    ("name", "precision", "recall"), [("personal", 0.9, 0.95), ("language", 0.99, 0.9), ("near", 0.7, 0.5)]
)
def test_detector_keeps_its_precision_and_recall_on_the_labelled_file(name, precision, recall):
    bench = script()
    found = bench.figures(getattr(bench, name)())
    assert found[0] >= precision
    assert found[1] >= recall


def test_pairs_are_labelled_by_hand_in_each_language_and_disagree_with_the_check_on_some():
    lines = script().labelled("near.jsonl")
    assert len(lines) >= 40
    assert {"en", "fr", "zh-Hans"} <= {line["language"] for line in lines if line["copy"]}
    assert {"en", "fr", "zh-Hans"} <= {line["language"] for line in lines if not line["copy"]}
    shares = [(jaccard(shingles(line["text"]), shingles(line["other"])) >= THRESHOLD, line["copy"]) for line in lines]
    assert {(True, False), (False, True)} <= set(shares), "labels that only repeat the check measure nothing"


def test_planted_near_copies_are_found_and_nothing_else():
    bench = script()
    assert bench.near_copies(100) == (100, 0, 0)


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("11010519491231002X", True),  # the example of GB 11643-1999
        ("440524188001010014", False),  # its other one: a date before 1900, which is nobody's any more
        ("110105194912310021", False),
        ("11010519490231002X", False),
        ("", False),
    ],
)
def test_chinese_identity_number_needs_its_check_character_and_a_real_date(number, valid):
    assert is_chinese_id(number) is valid


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("255081416802538", True),
        ("2 55 08 14 168 025 38", True),
        ("255081416802539", False),
        ("2550814168025", False),
        ("180032A00100110", (97 - (1800320001001 - 1_000_000) % 97) == 10),
    ],
)
def test_french_number_needs_its_key(number, valid):
    assert is_french_nir(number) is valid


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("4242 4242 4242 4242", True),  # test numbers that payment services publish
        ("4242-4242-4242-4242", True),
        ("378282246310005", True),
        ("4242 4242 4242 4241", False),
        ("9999 9999 9999 9995", False),
        ("", False),
    ],
)
def test_card_number_needs_its_check_digit_and_a_networks_range(number, valid):
    assert is_card(number) is valid


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("GB82 WEST 1234 5698 7654 32", True),
        ("DE89370400440532013000", True),
        ("GB82 WEST 1234 5698 7654 33", False),
        ("GB82", False),
    ],
)
def test_account_number_needs_its_check_digits(number, valid):
    assert is_iban(number) is valid


def test_identifiers_are_found_where_they_stand_and_other_long_numbers_are_none():
    text = "Pay to DE89370400440532013000, or by 4242 4242 4242 4242. Order 1234 5678 9012 3456 of 2024-01-01."
    assert [(kind, text[start:end]) for kind, start, end in identifiers_in(text)] == [
        ("CREDIT_CARD", "4242 4242 4242 4242"),
        ("IBAN_CODE", "DE89370400440532013000"),
    ]
    assert not list(identifiers_in("Les 12 345 678 habitants de 1989 à 2024, et 100 000 000 d'autres."))
