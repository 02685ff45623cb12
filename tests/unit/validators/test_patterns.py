"""Rules that are searched for together find what each of them finds by itself, whatever the case of letters."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
import yaml

from curation_validators.probes.answers import read_sentences
from curation_validators.probes.detector import builtin_labelled_answers
from curation_validators.probes.patterns import any_of, fold_case
from curation_validators.probes.refusal_rules import builtin_refusal_rules

LETTERS = "[a-zà-öø-ÿœ]"


def test_a_folded_letter_meets_a_rule_exactly_where_it_meets_it_without_regard_to_case():
    minded, folded = re.compile(LETTERS, re.IGNORECASE), re.compile(LETTERS)
    signs = [chr(number) for number in range(0x10000) if not 0xD800 <= number < 0xE000]
    assert all(len(fold_case(sign)) == 1 for sign in signs)
    assert [sign for sign in signs if bool(minded.match(sign)) != bool(folded.match(fold_case(sign)))] == []


@pytest.mark.parametrize(
    ("rules", "found", "missed"),
    [
        ([r"\bcat\b|\bdog", r"\bhat\b"], ["a cat", "dogs", "no HAT"], ["concat", "cats", "hats", "watchdog"]),
        ([r"\b(?:a|b)\b.c", r"x|y"], ["a-c", "b c", "foxy"], ["abc", "d c"]),
        ([r"\b[|x]+z\|", r"q"], ["a|z|", "xz|"], ["z|", "z"]),
        ([r"^\Wno\W$"], ["«No»"], ["no", "anode"]),
    ],
)
def test_choices_outside_parentheses_stay_apart(rules, found, missed):
    made = any_of(rules)
    assert [text for text in found if not made.search(fold_case(text))] == []
    assert [text for text in missed if made.search(fold_case(text))] == []


def test_on_every_labelled_sentence_the_rules_find_what_each_finds_by_itself():
    told = yaml.safe_load((files("curation_validators") / "probes/instruments/refusal_rules.yaml").read_bytes())
    hits = 0
    for language, rules in builtin_refusal_rules().languages.items():
        own = [item.answer for item in builtin_labelled_answers() if item.language == language]
        sentences = [sentence.text for answer in own for sentence in read_sentences(answer, language)]
        for where, known in (("rules", rules.anywhere), ("edges", rules.edges)):
            for role, rule in known.items():
                plain = _with_parts("|".join(f"(?:{one})" for one in told[language][where][role]), told[language])
                slow = re.compile(plain, re.IGNORECASE)
                said = [bool(rule.search(fold_case(text))) for text in sentences]
                assert said == [bool(slow.search(text)) for text in sentences], (language, where, role)
                hits += sum(said)
    assert hits > 1_000


def _with_parts(rule: str, told: dict[str, dict[str, str]]) -> str:
    for name, part in told["parts"].items():
        rule = rule.replace(f"@{name}@", part)
    return rule
