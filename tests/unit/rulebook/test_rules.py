"""Every rule can be broken, is named when it is, and says exactly what stands in tests/golden/<rule>/<case>/."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import curation
from curation.rulebook.rules import RULES
from tests.support.golden import GOLDEN
from tests.support.refusals import CASES, provoke

PACKAGE = Path(curation.__file__).parent


def named_in_code() -> set[str]:
    """Every rule that a `Refused` or a `Violation` names, and those that are passed on as an argument."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        if path.name == "rules.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                texts = [item.value for item in node.args if isinstance(item, ast.Constant)]
                found |= {text for text in texts if isinstance(text, str) and text in RULES}
    return found


def refusals_in_code() -> list[tuple[str, str]]:
    """(file and line, rule) of every `Refused("…")`."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refused" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found.append((f"{path.relative_to(PACKAGE)}:{node.lineno}", str(first.value)))
    return found


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_has_a_golden_case(rule):
    assert [case for named, case in CASES if named == rule]


def test_every_golden_case_of_a_rule_is_provoked_here():
    prefixes = {rule.split("/")[0] for rule in RULES}
    found = {path.parent.relative_to(GOLDEN) for path in GOLDEN.glob("*/*/*/message.txt")}
    mine = {(f"{path.parts[0]}/{path.parts[1]}", path.parts[2]) for path in found if path.parts[0] in prefixes}
    assert mine == set(CASES)


@pytest.mark.parametrize(("rule", "case"), sorted(CASES), ids=lambda item: item)
def test_breaking_a_rule_is_answered_with_its_golden_message(rule, case, homes, tmp_path):
    input_json, message = provoke(rule, case, homes, f"{tmp_path.name}-{rule.replace('/', '-')}")
    folder = GOLDEN / rule / case
    assert message == (folder / "message.txt").read_text("utf-8")
    assert input_json == (folder / "input.json").read_text("utf-8")


@pytest.mark.parametrize(("rule", "case"), sorted(CASES), ids=lambda item: item)
def test_every_refusal_names_its_rule_and_nobody(rule, case):
    message = (GOLDEN / rule / case / "message.txt").read_text("utf-8")
    assert f"(rule {rule})\n" in message
    assert not {"ana", "ben", "mia", "keep-1", "keep-2", "rita"} & set(message.replace(".", " ").split())


def test_every_rule_is_named_by_the_code():
    assert set(RULES) - named_in_code() == set()


def test_the_code_names_no_rule_that_is_not_listed():
    assert [(place, rule) for place, rule in refusals_in_code() if rule not in RULES] == []


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_is_one_sentence(rule):
    subject, _, name = rule.partition("/")
    assert subject.isalpha()
    assert name.replace("-", "").isalpha()
    sentence = RULES[rule].removesuffix(" (server)")
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert ". " not in sentence
