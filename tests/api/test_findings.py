"""What the checks say stands on the pages in the reader's language, with its facts, wherever it is shown."""

from __future__ import annotations

import pytest

from curation_api.pages.findings import DATA, findings_in, say_finding, say_place
from curation_api.pages.visit import Voice
from curation_validators import credentials, personal
from curation_validators.findings import RULES, Finding
from tests.api.pages import LANGUAGES
from tests.api.support import PERSPECTIVES, REVIEWERS, TOPIC
from tests.api.test_member_pages import api, join, propose, sft_form, sign_in_as
from tests.support.findings import faults, findings_for

__all__ = ["api"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_is_said_in_every_language_with_its_facts(language):
    rules = set()
    for given in faults().values():
        for finding in findings_for(given):
            rules.add(finding.rule)
            said = str(say_finding(Voice(language), finding))
            assert "<span" not in said, finding
            assert "%(" not in said
            for fact in ("ex_", "197", "U+202E"):
                if fact in finding.message:
                    assert fact in said
            if language != "en":
                assert said != str(say_finding(Voice("en"), finding)), finding
    assert rules == set(RULES)


def test_every_kind_of_data_has_its_word():
    assert set(DATA) == {name for _, name in personal._KINDS.values()} | set(credentials._PATTERNS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_finding_without_a_sentence_is_shown_in_english_and_escaped(language):
    said = say_finding(Voice(language), Finding("some/rule", "the example, prompt.0", "holds <b>", "Look."))
    assert said == '<span lang="en">holds &lt;b&gt; Look.</span>'


@pytest.mark.parametrize(
    ("where", "order", "place"),
    [
        ("the example", None, ""),
        ("the example, messages.0", None, "Question 1"),
        ("the example, messages.3", None, "Answer 2"),
        ("the example, sources.1", None, "Source 2"),
        ("the example, chosen.0", None, "The better answer"),
        ("the example, chosen.0", "chosen_first", "Answer A"),
        ("the example, chosen.0", "rejected_first", "Answer B"),
        ("the example, rejected.0", "rejected_first", "Answer A"),
        ("the proposal, proposal.label.en", None, "Label (English)"),
        ("the proposal, proposal.positions.keep-it.statement.fr", None, "Statement of the position keep-it (Français)"),
        ("the proposal, proposal.perspectives.keep.label.fr", None, "Perspective keep (Français)"),
    ],
)
def test_place_is_named_as_the_reader_sees_it(where, order, place):
    assert say_place(Voice("en"), Finding("text/empty", where, "is empty", ""), order) == place


def test_refusal_gives_its_findings_back():
    message = "the example, messages.1: is empty (text/empty); the example: is the same text (duplicate/exact)"
    assert [(item.rule, item.where) for item in findings_in(message)] == [
        ("text/empty", "the example, messages.1"),
        ("duplicate/exact", "the example"),
    ]
    assert findings_in("somebody else did it") == []


def test_refused_proposal_says_why_in_the_readers_language(api):
    browser = join(api, language="fr")
    action = f"/propose/{TOPIC}/sft"
    fields = {"turn-1": "Elle a payé avec la carte 4012 8888 8888 1881, je crois."}
    seen = browser.send(action, action, sft_form(language="fr", **fields), 422)
    assert "un numéro de carte" in seen.text
    assert "looks like" not in seen.text


def test_reviewer_of_a_pair_is_not_told_by_a_finding_which_answer_was_proposed_as_the_better(api):
    text = "Write to joe.doe@posteo.net."
    propose(join(api), "preference", prompt="What?", chosen=f"This. {text}", rejected="Only this.")
    browser = sign_in_as(api, REVIEWERS[PERSPECTIVES[0]][0])
    browser.send("/review", "/review/seat", {"topic": TOPIC})
    seen = browser.see("/review").text
    first = seen.index("This. Write") < seen.index("Only this.")
    note = seen[seen.index("What the checks say") : seen.index("Your judgement")]
    assert ("Answer A" if first else "Answer B") in note
    assert "chosen" not in note
    assert "better" not in note
