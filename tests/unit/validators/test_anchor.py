"""Finding a quote in a text (W3C TextQuoteSelector)."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_validators.anchor import MISSING, anchor, fold, most_edits, nearest, normalised, selector_of, shown_ways

TEXT = "In May the council met. It met again in June, and the “old” quarter\u00a0– as before – stayed."


@pytest.mark.parametrize(
    ("quote", "status", "shown"),
    [
        ("the council met", "exact", "as it is"),
        ("the  council\nmet", "fuzzy", "white space"),
        ("the coun\u00adcil met", "fuzzy", "invisible characters"),
        ('the "old" quarter', "fuzzy", "quotation marks"),
        ("quarter\u00a0- as before", "fuzzy", "dashes"),
        ('the "old" quarter - as before', "fuzzy", "quotation marks, dashes"),
        ("quarter – as before", "exact", "as it is"),
        ('the "old"  quarter - as before', "fuzzy", "white space, quotation marks, dashes"),
        ("It met again in july, and", "fuzzy", "3 of 25 characters changed"),
        ("It met again on Juny, and the", "fuzzy", "2 of 29 characters changed"),
        ("the council never met at all", "missing", "as it is"),
        ("meet", "missing", "as it is"),
        ("", "missing", "as it is"),
        (" ", "missing", "as it is"),
    ],
)
def test_a_quote_stands_as_it_is_told(quote, status, shown):
    found = anchor(quote, TEXT)
    if shown.startswith("3 of"):
        assert found.status == "missing"  # a tenth of 25 is 2
        return
    assert (found.status, shown_ways(found, len(quote))) == (status, shown)


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u2009"])
@pytest.mark.parametrize("mark", [":", ";", "?", "!", "»"])
def test_a_plain_space_before_french_punctuation_is_exact_where_the_page_has_a_no_break_one(space, mark):
    page = f"Que dit le traité{space}{mark} Rien de tel."
    assert anchor(f"le traité {mark} Rien", page).status == "exact"
    assert anchor(f"le traité{mark} Rien", page).status == ("missing" if most_edits(14) == 0 else "fuzzy")


def test_letters_of_one_form_are_the_same_and_places_are_those_of_the_text():
    found = anchor("traite\u0301 : rien", "Le traité\u00a0: rien.")
    assert (found.status, found.start, found.end) == ("exact", 3, 16)


def test_every_kind_of_space_separator_counts_as_one_space():
    kinds = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Zs"]
    assert normalised("".join(kinds)) == " " * len(kinds)


def test_every_occurrence_counts_and_the_context_chooses_among_them():
    assert anchor("met", TEXT).occurrences == 2
    found = anchor("met", TEXT, prefix="It ", suffix=" again")
    assert (found.status, found.occurrences, found.start) == ("exact", 1, TEXT.index("met again"))
    found = anchor("met", TEXT, prefix="They ", suffix=" again")
    assert (found.status, found.ways, found.occurrences) == ("fuzzy", ("context",), 2)
    found = anchor("met", TEXT, prefix="It\n", suffix="  again")
    assert (found.status, found.ways, found.occurrences) == ("fuzzy", ("space",), 1)


def test_a_selector_holds_what_stands_there():
    found = anchor("the council\u00a0met", TEXT)
    made = selector_of(found, TEXT)
    assert (made.prefix, made.exact, made.suffix[:9]) == ("In May ", "the council met", ". It met ")
    with pytest.raises(ValueError, match="no selector"):
        selector_of(MISSING, TEXT)


LETTERS = st.text(alphabet="ab -–\u00a0“\"'’\u200b\n", max_size=30)


@given(LETTERS, LETTERS, LETTERS)
def test_what_is_cut_out_of_a_text_is_exact_there(before, quote, after):
    text = before + quote + after
    if quote.strip():
        found = anchor(quote, text)
        assert found.status == "exact"
        assert normalised(text[found.start : found.end]) == normalised(quote)
        assert anchor(quote, text, before, after).status == "exact"


@given(LETTERS, LETTERS)
def test_what_is_found_levelled_is_the_same_once_levelled(quote, text):
    found = anchor(quote, text)
    if found.status == "fuzzy" and "edits" not in found.ways:
        assert fold(text[found.start : found.end])[0].strip() == fold(quote)[0].strip()
    if found.status == "missing" and fold(quote)[0].strip():
        assert fold(quote)[0].strip() not in fold(text)[0]


def distances(wanted: str, text: str) -> list[int]:
    """Sellers' algorithm: the least distance of `wanted` to a part of the text that ends at each place."""
    row = list(range(len(wanted) + 1))
    made = []
    for character in text:
        above, row = row, [0]
        for place, letter in enumerate(wanted):
            row.append(min(above[place] + (letter != character), above[place + 1] + 1, row[place] + 1))
        made.append(row[-1])
    return made


@given(st.text(alphabet="abc", min_size=1, max_size=12), st.text(alphabet="abc", max_size=40), st.integers(0, 12))
def test_the_nearest_place_is_that_of_the_table(wanted, text, bound):
    table = distances(wanted, text)
    least = min(table, default=bound + 1)
    expected = [place for place, value in enumerate(table, 1) if value == least] if least <= bound else []
    assert nearest(wanted, text, bound) == ((least, expected) if expected else (bound + 1, []))


@given(st.text(alphabet="abcdefgh ", min_size=30, max_size=60), st.data())
def test_few_changed_letters_are_found_with_no_more_edits(quote, data):
    changed = list(quote)
    for _ in range(most_edits(len(fold(quote)[0].strip()))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = "x"
    found = anchor(quote, "zz" + "".join(changed) + "zz")
    assert found.status in ("exact", "fuzzy") or not quote.strip()
    assert found.edits <= most_edits(len(quote))


def test_a_long_page_and_a_long_quote_take_seconds_at_most():
    before = time.perf_counter()
    assert anchor("b" + "a" * 998 + "c", "ad" * 200_000).status == "missing"
    assert time.perf_counter() - before < 15
