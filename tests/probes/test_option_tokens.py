"""An option is scored by its own tokens, or not at all."""

from __future__ import annotations

import re

import pytest

from curation.probing.option_tokens import ALIKE, JOINED, UNKNOWN, NotTellable, option_runs

PROMPT = "Answer with A or B:"
UNK = 0


def encoder(pattern, known=None):
    """Splits a text by a pattern; what `known` leaves out is the unknown token."""
    numbers: dict[str, int] = {}

    def encode(text):
        parts = re.findall(pattern, text, re.DOTALL)
        assert "".join(parts) == text
        return [numbers.setdefault(part, len(numbers) + 1) if known is None or part in known else UNK for part in parts]

    return encode


CHARACTERS = encoder(".")
WORDS = encoder(r" ?\w+|.")


def test_an_option_of_one_token_is_read_where_the_prompt_ends():
    ((a,), (b,)) = option_runs(WORDS, PROMPT, ("A", "B"), (" ",), UNK)
    assert a.text == b.text == tuple(WORDS(PROMPT))
    assert a.place == len(a.text) - 1
    assert (a.tokens, b.tokens) == (tuple(WORDS(" A")), tuple(WORDS(" B")))


def test_the_tokens_of_an_option_that_is_split_are_all_read_and_run_once():
    ((a,), (b,)) = option_runs(CHARACTERS, PROMPT, ("A", "B"), (" ",), UNK)
    assert a.text == b.text == tuple(CHARACTERS(PROMPT + " "))
    assert len(a.tokens) == len(b.tokens) == 2
    assert a.place == len(CHARACTERS(PROMPT)) - 1


def test_each_way_of_saying_an_option_counts_once():
    a, b = option_runs(CHARACTERS, PROMPT, ("A", "B"), ("", " ", ""), UNK)
    assert [len(run.tokens) for run in a] == [len(run.tokens) for run in b] == [1, 2]


@pytest.mark.parametrize(
    ("encode", "joint", "why"),
    [
        (encoder(r": ?[AB]|."), " ", JOINED),
        (encoder(r": ?A|."), "", JOINED),
        (encoder(r".", known=set(PROMPT) - {"B"}), "", UNKNOWN),
        (lambda text: [1, 2, *([3] if text != PROMPT else [])], "", ALIKE),
        (lambda _: [1, 2], "", JOINED),
    ],
)
def test_a_tokenizer_that_does_not_tell_options_apart_gives_a_reason_and_no_number(encode, joint, why):
    with pytest.raises(NotTellable, match=why):
        option_runs(encode, PROMPT, ("A", "B"), (joint,), UNK)


def test_a_way_that_works_for_one_option_alone_counts_for_none():
    joins_a = encoder(r": A|.")
    a, b = option_runs(joins_a, PROMPT, ("A", "B"), ("", " "), UNK)
    assert len(a) == len(b) == 1
