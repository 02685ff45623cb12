"""Why a release leaves something out is said in the reader's language."""

from __future__ import annotations

import re

import pytest

from curation_api.pages.left_out import say_left_out
from curation_api.pages.visit import Voice

CHINESE = re.compile(r"[\u4e00-\u9fff]")
REASONS = [
    "a proposal about a topic (needs_reviews)",
    "withdrawn by its author (author_choice)",
    "retracted by two maintainers: Its source was forged. <b>Look.</b>",
    "a planted control, slanted to right-to-arms on purpose",
    "needs reviews from gun-rights, stricter-regulation",
    "needs reviews",
    "judged under a draft of topic bicycle-helmets",
    "rejected by every required perspective",
    "held by a flag (law)",
    "its text was erased",
]


@pytest.mark.parametrize("reason", REASONS)
def test_reason_is_said_in_every_language(reason):
    said = [say_left_out(Voice(language), reason) for language in ("fr", "zh-Hans")]
    assert CHINESE.search(said[1])
    assert len({reason, *said}) == 3
    assert not any(isinstance(text, type(say_left_out(Voice("fr"), "?"))) for text in said), "markup is not escaped"


def test_reason_that_is_unknown_is_escaped_and_marked_as_english():
    assert say_left_out(Voice("fr"), "<b>new</b>") == '<span lang="en">&lt;b&gt;new&lt;/b&gt;</span>'
