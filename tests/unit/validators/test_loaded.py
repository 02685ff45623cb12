"""Lists of loaded terms: symmetric by side, the same subjects in every language, and counted where they stand."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files

import pytest

from curation_validators.loaded import SIDES, LoadedTerms, count_loaded, loaded_terms, read_terms

LANGUAGES = ("en", "fr", "zh-Hans", "zh-Hant")


def known(language: str) -> LoadedTerms:
    found = loaded_terms(language)
    assert found is not None
    return found


def test_every_list_in_the_package_is_one_of_these():
    folder = files("curation_validators") / "loaded_terms"
    assert sorted(item.name for item in folder.iterdir()) == sorted(f"{language}.csv" for language in LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_subject_has_as_many_terms_against_one_side_as_against_the_other(language):
    listed = known(language)
    sides = Counter((item.subject, item.side) for item in listed.terms)
    for subject in {item.subject for item in listed.terms}:
        assert len({sides[subject, side] for side in SIDES}) == 1, subject
    assert len({item.term for item in listed.terms}) == len(listed.terms)
    assert listed.origin
    assert listed.licence == "Apache-2.0"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_subjects_in_the_same_numbers(language):
    counted = [Counter((item.subject, item.side) for item in known(name).terms) for name in ("en", language)]
    assert counted[0] == counted[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_term_of_a_list_is_found_once_where_it_stands(language):
    for item in known(language).terms:
        text = f"……{item.term.capitalize()}……" if language.startswith("zh") else f"So, {item.term.upper()}, they say."
        assert count_loaded(text, language)[0] == 1, item.term


def test_singular_counts_and_a_part_of_another_word_does_not():
    assert count_loaded("A gun nut wrote it.", "en") == (1, 5)
    assert count_loaded("He sells gun nutsomething.", "en")[0] == 0


@pytest.mark.parametrize("quoted", ["“gun nuts”", "«gun nuts»", '"gun nuts"'])
def test_quotes_are_not_the_answers_own_words(quoted):
    assert count_loaded(f"Some call them {quoted} in anger.", "en") == (0, 5)


def test_chinese_quotes_are_not_the_answers_own_words_and_characters_are_tokens():
    assert count_loaded("有人称之为「傀儡政权」。", "zh-Hans") == (0, 5)
    assert count_loaded("这是傀儡政权。", "zh-Hans") == (1, 6)


def test_region_falls_back_on_its_language_and_other_languages_are_not_counted():
    assert count_loaded("A puppet regime.", "en-GB") == (1, 3)
    for language in ("de", "zh", None, "", "../en", "zz-ZZ"):
        assert count_loaded("A puppet regime.", language) == (0, 0)


@pytest.mark.parametrize("line", ["guns, c, gun nuts", "guns, a", "guns, a, ", "a, b, c, d"])
def test_line_that_is_no_term_is_refused_with_its_number(line):
    with pytest.raises(ValueError, match="of en, line 2: is not «subject, side, term»"):
        read_terms(f"# origin: nowhere\n{line}\n", "en")
