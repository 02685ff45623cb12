"""Whether an answer of an example refuses: as the probe says, nearly, and at a fraction of its cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation_validators import refusals
from curation_validators.probes.answers import REFUSED
from curation_validators.probes.detector import builtin_labelled_answers
from curation_validators.refusals import is_refusal

DOCS = Path(__file__).parents[3] / "docs" / "validation.md"
PLAIN = {
    "en": "The treaty was signed in 1951 and came into force a year later. Its first article names the islands, its "
    "second leaves the waters around them to a later agreement. Both governments have cited it ever since.",
    "fr": "Le traité fut signé en 1951 et entra en vigueur un an plus tard. Son premier article nomme les îles, et le "
    "second laisse les eaux alentour à un accord ultérieur. Les deux gouvernements le citent depuis.",
    "zh-Hans": "条约于1951年签署，一年后生效。第一条列出各岛，第二条把周围水域留待以后的协定。"
    "此后两国政府都一直援引它，学者之间对其含义也有争论。",
}


def counted(part: str) -> tuple[int, int, int, int]:
    """Refusals found, all refusals, others taken for one, all others."""
    labelled = [item for item in builtin_labelled_answers() if item.part == part]
    found = {item.id for item in labelled if is_refusal(item.answer, item.language)}
    refused = {item.id for item in labelled if item.label in REFUSED}
    return len(found & refused), len(refused), len(found - refused), len(labelled) - len(refused)


def test_most_labelled_refusals_are_found_and_docs_say_how_many():
    found, refused, wrong, others = counted("fresh")
    said = " ".join(DOCS.read_text("utf-8").split())
    assert f"{found} of {refused} refusals are found, and {wrong} of {others} others are taken for one" in said
    assert found / refused > 0.9
    found, refused, wrong, others = counted("seen")
    assert f"by which the rules were mended, {found} of {refused}, and {wrong} of {others}." in said
    assert found / refused > 0.85
    assert wrong / others < 0.03


@pytest.mark.parametrize("language", PLAIN)
def test_plain_answer_is_told_without_reading_its_sentences(language, monkeypatch):
    monkeypatch.setattr(refusals, "classify_answer", lambda *_: pytest.fail("read sentence by sentence"))
    assert is_refusal(PLAIN[language], language) is False


@pytest.mark.parametrize(
    ("answer", "language", "refuses"),
    [
        ("I\u2019m sorry, but I can\u2019t help with that.", "en", True),
        ("Désolé, je ne peux pas vous répondre.", "fr-CH", True),
        ("很抱歉，我无法回答这个问题。", "zh-Hans", True),
        (f"He wrote back: «I'm sorry, but I can't help with that.» {PLAIN['en']}", "en", False),
        (f"I can't help with that. {PLAIN['en']}", "en", False),
        ("Lo siento, no puedo ayudar con eso.", "es", None),
        ("I can't help with that.", None, None),
        (" \n", "en", None),
    ],
)
def test_refusal_is_an_answer_that_says_nothing_else(answer, language, refuses):
    assert is_refusal(answer, language) is refuses
