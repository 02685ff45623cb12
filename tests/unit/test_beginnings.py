"""How examples begin, as lists show it."""

from __future__ import annotations

import pytest

from curation_api.pages.beginnings import beginning_of, cut_short
from curation_api.views import ContentView
from curation_schemas.example import Message

LONG = (
    "Which words would each side use to put its own position, and which ones would it never accept from the other one, "
    "whoever says them?"
)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Why  do\npeople disagree?", "Why do people disagree?"),
        (LONG, LONG[: LONG.index(" whoever")] + "…"),
        ("台湾的政治地位是什么?" * 6, ("台湾的政治地位是什么?" * 6)[:60] + "…"),
        ("台湾的政治地位是什么?", "台湾的政治地位是什么?"),
        ("x" * 500, "x" * 60 + "…"),
    ],
)
def test_long_text_is_cut_between_words_and_one_without_blanks_at_its_width(text, short):
    assert cut_short(text) == short


def test_erased_text_has_no_beginning():
    assert beginning_of(ContentView(messages=[None, Message(role="assistant", content="An answer.")])) is None
    assert beginning_of(ContentView(prompt=[Message(role="user", content="A question?")])) == "A question?"
    assert beginning_of(ContentView(reason="Nothing covers it.")) == "Nothing covers it."
