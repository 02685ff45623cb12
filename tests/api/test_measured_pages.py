"""What a measure says of a fault stands on the pages in the reader's language, with its figures."""

from __future__ import annotations

import re

import pytest

from curation_api.pages.measured import figure, say_hint, say_measure
from curation_api.pages.visit import Voice
from curation_validators.hints import HINTS
from tests.api.pages import LANGUAGES
from tests.support.golden import GOLDEN

NEVER_BREAK = {"provenance/agreement"}


def said_of_faults():
    """(measure, what it says) of every golden fault."""
    for path in sorted(GOLDEN.glob("*/*/*/measured.txt")):
        measure = "/".join(path.parts[-4:-2])
        for line in path.read_text("utf-8").splitlines():
            yield measure, re.sub(r"^(gate|warn) +[^:]+: ", "", line)


def item(measure, message, outcome="fail"):
    return {"measure": measure, "message": message, "outcome": outcome}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_measure_that_breaks_is_said_in_every_language_with_its_figures(language):
    measures = set()
    for measure, message in said_of_faults():
        measures.add(measure)
        said = str(say_measure(Voice(language), item(measure, message)))
        assert "<span" not in said, (measure, message)
        assert "%(" not in said
        whole = re.findall(r"\d+", message)[0]
        assert whole in said, (message, said)
        if language != "en":
            assert said != str(say_measure(Voice("en"), item(measure, message))), message
    assert measures == set(HINTS) - NEVER_BREAK


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_measure_says_what_to_do_in_every_language(language):
    for measure, hint in HINTS.items():
        assert (say_hint(Voice(language), measure) == hint) is (language == "en")
    assert say_hint(Voice(language), "balance/unheard-of") == ""


@pytest.mark.parametrize(
    ("text", "english", "french"),
    [
        ("+12.5", "+12.5", "+12,5"),
        ("-0.30", "-0.30", "-0,30"),
        ("81%", "81%", "81\u00a0%"),
        ("1,823", "1,823", "1\u202f823"),
        ("a name", "a name", "a name"),
    ],
)
def test_figure_is_written_as_the_language_writes_it(text, english, french):
    assert (figure(Voice("en"), text), figure(Voice("fr"), text)) == (english, french)


def test_measure_that_broke_or_has_no_sentence_is_told_of_and_escaped():
    broke = say_measure(Voice("fr"), item("balance/evenness", "the measure broke (ValueError)", "error"))
    assert broke.startswith("La mesure a échoué")
    said = say_measure(Voice("fr"), item("balance/new", "says <b>"))
    assert said == '<span lang="en">says &lt;b&gt;</span>'
