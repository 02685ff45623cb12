"""What a text is found by: words in every script, without the differences that searching does not make."""

from __future__ import annotations

import pytest

from curation.search.words import LONGEST, has_terms, terms_of, words_of

TEXTS = {
    "fr": "L'égalité devant la loi — Œuvre n° 12, ﬁnancée par l'État.",
    "zh": "枪支管制与公民权利：两种看法。",
    "ja": "がっこう",
    "th": "สิทธิมนุษยชน",
    "ar": "حقوق الإنسان",
    "de": "Straße",
}


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("fr", "egalite"),
        ("fr", "ÉGALITÉ loi"),
        ("fr", "financ"),
        ("fr", "12"),
        ("zh", "管制"),
        ("zh", "枪"),
        ("zh", "利"),
        ("zh", "公民权利"),
        ("zh", "两种看法 枪支"),
        ("ja", "がっ"),
        ("th", "มนุษย"),
        ("ar", "الإنسان"),
        ("de", "strasse"),
    ],
)
def test_text_is_found_and_the_index_has_what_the_search_looks_up(language, wanted):
    words, terms = words_of(TEXTS[language]), terms_of(wanted)
    assert terms
    assert has_terms([TEXTS[language]], terms)
    for term in terms:
        for key in term.indexed():
            assert key in words or (term.beginning and any(word.startswith(key) for word in words)), key


@pytest.mark.parametrize(
    ("language", "wanted"), [("zh", "管利"), ("zh", "公民管制"), ("fr", "galite"), ("fr", "loi chat"), ("fr", "lo")]
)
def test_text_without_a_word_is_not_found(language, wanted):
    assert not has_terms([TEXTS[language]], terms_of(wanted))


@pytest.mark.parametrize("nothing", ["", "  ", "%", "_", "…!?", "\u202e", "'"])
def test_signs_alone_look_for_nothing(nothing):
    assert terms_of(nothing) == []


def test_very_long_word_counts_by_its_beginning():
    assert max(map(len, words_of("x" * 5000 + " " + "字" * 5000))) == LONGEST
    assert has_terms(["x" * 5000], terms_of("x" * 100))
