"""Every sentence of the pages stands in every catalogue."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from curation.releases.jobs import Job
from curation.shown import Withheld
from curation.topics.policies import NUMBERS
from curation_api.pages.catalogue import DEFAULT, LOCALES, negotiate
from curation_api.pages.words import WORDS
from curation_api.views import How, Status
from curation_schemas.definition import AcceptanceRule, Sensitivity, Thresholds
from curation_schemas.events import AnyEvent
from curation_schemas.example import ClaimType, Kind, OriginKind, Use
from curation_schemas.review import (
    Comparison,
    Criterion,
    FlagGround,
    OrderShown,
    ReasonCode,
    Role,
    SuspensionGround,
    Verdict,
    Via,
    WithdrawalReason,
)
from tests.support.sentences import read_catalogue, sentences

OTHERS = [language for language in LOCALES if language != DEFAULT]
_HOLES = re.compile(r"%(?:\(\w+\)s|%)")


def strings_of(message):
    """The translations of a sentence: one for each plural form, or one."""
    string = message.string or ""
    return [str(item) for item in string] if isinstance(string, (tuple, list)) else [string]


@pytest.fixture(scope="module")
def said():
    return {message.id for message in sentences() if message.id}


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_is_missing_or_left_over(said, language):
    catalogue = {message.id: message for message in read_catalogue(language) if message.id}
    assert sorted(map(str, said - set(catalogue))) == []
    assert sorted(map(str, set(catalogue) - said)) == [], "run python -m tests.support.sentences"
    for message in catalogue.values():
        assert all(strings_of(message)), f"{language} lacks {message.id!r}"
        assert not message.fuzzy


@pytest.mark.parametrize("language", OTHERS)
def test_every_translation_has_the_same_holes(said, language):
    for message in read_catalogue(language):
        if not message.id:
            continue
        wanted = set(_HOLES.findall(str(message.id)))
        for string in strings_of(message):
            assert set(_HOLES.findall(string)) == wanted, (message.id, string)


def test_french_sets_its_punctuation_as_french_does():
    for message in read_catalogue("fr"):
        for string in strings_of(message) if message.id else ():
            assert not re.search(r" [:;?!»]|« |'", string), string


@pytest.mark.parametrize(
    ("group", "codes"),
    [
        ("event", [get_args(model.model_fields["type"].annotation)[0] for model in get_args(AnyEvent)]),
        ("status", get_args(Status)),
        ("kind", get_args(Kind)),
        ("verdict", get_args(Verdict)),
        ("reason", get_args(ReasonCode)),
        ("criterion", get_args(Criterion)),
        ("comparison", get_args(Comparison)),
        ("ground", get_args(FlagGround)),
        ("withdrawal", get_args(WithdrawalReason)),
        ("how", get_args(How)),
        ("claim", get_args(ClaimType)),
        ("origin", get_args(OriginKind)),
        ("use", get_args(Use)),
        ("via", get_args(Via)),
        ("account_role", get_args(Role)),
        ("sensitivity", get_args(Sensitivity)),
        ("suspension", get_args(SuspensionGround)),
        ("rule", [*AcceptanceRule.model_fields, *NUMBERS]),
        ("threshold", Thresholds.model_fields),
        ("job", get_args(Job)),
        ("withheld", get_args(Withheld)),
        ("order", get_args(OrderShown)),
    ],
)
def test_every_code_has_its_word(group, codes):
    assert set(codes) == set(WORDS[group])


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("zh-TW", "zh-Hans"),
        ("zh-CN;q=0.5, fr;q=0.7", "fr"),
        ("de, ja", "en"),
        ("fr;q=0, zh;q=0.1", "zh-Hans"),
        ("fr;q=abc, zh", "zh-Hans"),
        ("*", "en"),
        ("x" * 5000, "en"),
    ],
)
def test_language_is_the_best_that_the_browser_accepts(accepted, language):
    assert negotiate(accepted) == language
