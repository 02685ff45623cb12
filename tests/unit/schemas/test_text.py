"""Text types: what a reviewer sees is what a model is trained on."""

from __future__ import annotations

import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from curation_schemas import text

HIDDEN_CATEGORIES: Any = ["Cc", "Cs", "Co", "Zl", "Zp"]
# Format characters that show: signs of numbers and verses in Arabic, Syriac and Kaithi, and hieroglyphs' joiners.
SHOWN_FORMATS = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13460)}
SHOWN = st.characters(exclude_categories=HIDDEN_CATEGORIES).filter(lambda char: text.hidden_character(char) is None)
PLAIN = st.text(SHOWN | st.sampled_from("\n\t"), max_size=30).map(lambda item: unicodedata.normalize("NFC", item))


def refused(kind, value):
    try:
        TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError:
        return True
    return False


def test_every_control_format_surrogate_and_private_character_is_hidden():
    for code in range(sys.maxunicode + 1):
        category = unicodedata.category(chr(code))
        hides = category in HIDDEN_CATEGORIES or (category == "Cf" and code not in SHOWN_FORMATS)
        if hides and chr(code) not in "\n\t":
            assert text.hidden_character(chr(code)), f"U+{code:04X}"


def test_nothing_that_shows_is_hidden():
    shows = ("L", "N", "P", "Sm", "Sc", "Sk", "Zs")
    hidden = [code for code in range(sys.maxunicode + 1) if text.hidden_character(chr(code))]
    ordinary = [code for code in hidden if unicodedata.category(chr(code)).startswith(shows)]
    # The Hangul fillers are letters by category and show nothing.
    assert ordinary == [0x115F, 0x1160, 0x3164, 0xFFA0]


def test_noncharacters_are_hidden():
    noncharacters = [*range(0xFDD0, 0xFDF0), *(plane << 16 | low for plane in range(17) for low in (0xFFFE, 0xFFFF))]
    assert not [f"U+{code:04X}" for code in noncharacters if text.hidden_character(chr(code)) is None]


def test_what_is_refused_does_not_depend_on_the_unicode_version_that_runs(monkeypatch):
    for function in ("category", "name"):
        monkeypatch.setattr(unicodedata, function, lambda *given: "")
    assert text.hidden_character("\u202e")
    # Assigned in Unicode 15 and 16: unknown to older tables, admitted all the same.
    assert text.hidden_character("\U0001fae8 \U00011f00 \U00016d40") is None


@pytest.mark.parametrize("word", ["می\u200cخواهم", "نمی\u200cدانم", "क्\u200dष", "ශ්\u200dරී", "ক্\u200cষ"])
def test_a_joiner_may_stand_within_a_word_that_needs_it(word):
    assert text.check_text(word) == word


@pytest.mark.parametrize("word", ["a\u200cb", "\u200cمی", "می\u200c", "می\u200c\u200cخ", "م\u200ca", "争\u200d议"])
def test_a_joiner_stands_nowhere_else(word):
    with pytest.raises(ValueError, match=r"U\+200[CD]"):
        text.check_text(word)


def test_every_default_ignorable_character_is_hidden_but_for_emoji_selectors_and_needed_joiners():
    # Unicode's DerivedCoreProperties, Default_Ignorable_Code_Point.
    ignorable = [0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x3164, 0xFEFF, 0xFFA0]
    ignorable += [*range(0xFE00, 0xFE0E), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFFF0, 0xFFF9)]
    ignorable += [*range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000)]
    assert not [f"U+{code:04X}" for code in ignorable if text.hidden_character(chr(code)) is None]
    assert text.hidden_character("❤\ufe0f ❤\ufe0e") is None


@pytest.mark.parametrize(
    "ordinary",
    [
        "Ne peut-on pas dire « oui » ?",
        "a\u00a0b\u202fc\u3000d",
        "争议议题试点：台湾",
        "مرحبا بالعالم",
        "שלום",
        "नमस्ते",
        "한국어",
        "tab\tand\nline",
        "😀 👍🏽 🇫🇷",
        "",
    ],
)
def test_ordinary_text_of_many_scripts_passes_unchanged(ordinary):
    assert text.check_text(ordinary) == ordinary


@given(PLAIN)
def test_text_is_never_changed_only_refused(value):
    if unicodedata.is_normalized("NFC", value):
        assert text.check_text(value) == value


@given(PLAIN, PLAIN, st.characters(categories=["Cc", "Cf", "Co"]).filter(lambda char: char not in "\n\t"))
def test_the_first_hidden_character_is_named_with_its_offset(before, after, hidden):
    found = text.hidden_character(before + hidden + after)
    assert found is not None
    assert found[0] == len(before)
    assert found[1].startswith(f"U+{ord(hidden):04X} ")
    with pytest.raises(ValueError, match=f"at offset {len(before)} "):
        text.check_text(before + hidden + after)


@given(st.text(min_size=1, max_size=8))
def test_text_that_is_not_nfc_is_refused(value):
    decomposed = unicodedata.normalize("NFD", value)
    if decomposed != unicodedata.normalize("NFC", decomposed):
        with pytest.raises(ValueError, match=r"NFC|invisible"):
            text.check_text(decomposed)


@given(st.text(SHOWN), st.sampled_from([chr(code) for code in (0xD800, 0xDBFF, 0xDC00, 0xDFFF)]))
def test_a_lone_surrogate_is_refused_wherever_it_stands(value, surrogate):
    for broken in (surrogate + value, value + surrogate):
        assert refused(text.Paragraph, broken)


@pytest.mark.parametrize(
    ("kind", "limit"),
    [
        (text.ShortText, 200),
        (text.Paragraph, 2_000),
        (text.Rationale, 4_000),
        (text.MessageText, 20_000),
        (text.Quote, 1_000),
        (text.Slug, 64),
        (text.SpdxId, 64),
    ],
)
def test_a_text_may_fill_its_limit_and_no_more(kind, limit):
    assert not refused(kind, "a" * limit)
    assert refused(kind, "a" * (limit + 1))


@pytest.mark.parametrize("blank", ["", " ", "\n", "\t \n", "\u3000", "\u00a0"])
def test_blank_text_is_refused_where_something_must_be_said(blank):
    for kind in (text.ShortText, text.Paragraph, text.Rationale, text.MessageText):
        assert refused(kind, blank)


def test_a_quote_may_be_empty():
    assert not refused(text.Quote, "")


IDENTIFIERS = {
    "Slug": (text.Slug, "a-1", ["A", "a_b", "-a", "a-", "a--b", "é", "a\n", " a", ""]),
    "WrittenLanguage": (
        text.WrittenLanguage,
        "zh-Hans",
        ["zh", "EN", "en_US", "en-us", "zh-hans", "e", "en\n"],
    ),
    "SpdxId": (text.SpdxId, "CC-BY-4.0", ["", "-a", "a b", "a/b", "a\n"]),
    "CountryCode": (text.CountryCode, "INT", ["fr", "FRA", "F", "FR\n"]),
    "PartialDate": (
        text.PartialDate,
        "2024-02-29",
        ["2023-02-29", "2024-13", "0000", "24", "2024-1-1"],
    ),
    "Day": (text.Day, "2024-02-29", ["2024", "2024-02", "2023-02-29", "2024-02-30"]),
    "Hash": (text.Hash, "0" * 64, ["0" * 63, "0" * 65, "A" * 64, "0" * 64 + "\n"]),
    "Nonce": (text.Nonce, "0" * 32, ["0" * 31, "G" * 32]),
    "ExampleId": (
        text.ExampleId,
        "ex_" + "a2" * 8,
        ["ex_" + "a" * 15, "ex_" + "1" * 16, "g_" + "a" * 16],
    ),
    "GroupId": (text.GroupId, "g_" + "a" * 16, ["g_" + "a" * 17]),
    "Pseudonym": (text.Pseudonym, "p_" + "a" * 26, ["p_" + "a" * 25, "ann", "p_" + "A" * 26]),
    "SemVer": (text.SemVer, "1.0.10", ["1.0", "01.0.0", "1.0.0-rc1", "v1.0.0", "1.0.1234567"]),
    "Base64": (text.Base64, "AA==", ["", "A A=", "A===", "é"]),
    "Url": (
        text.Url,
        "https://example.org/a?b#c",
        ["//example.org", "https://", "http://a", "HTTPS", "https://a.b/\u00e9"],
    ),
}


@pytest.mark.parametrize("name", sorted(IDENTIFIERS))
def test_identifiers_have_one_form(name):
    kind, good, bad = IDENTIFIERS[name]
    assert not refused(kind, good)
    assert [value for value in bad if not refused(kind, value)] == []


@pytest.mark.parametrize("name", sorted(IDENTIFIERS))
@pytest.mark.parametrize("value", [None, 7, 1.5, True, b"a", ["a"], {"a": 1}])
def test_nothing_but_text_becomes_text(name, value):
    assert refused(IDENTIFIERS[name][0], value)


@given(st.lists(st.from_regex(r"\A[a-z0-9]+(-[a-z0-9]+)*\Z", fullmatch=True).filter(lambda item: len(item) <= 64)))
def test_identifiers_sort_alike_by_code_point_by_utf_16_unit_and_by_byte(slugs):
    assert not [slug for slug in slugs if refused(text.Slug, slug)]
    by_unit = sorted(slugs, key=lambda slug: slug.encode("utf-16-be"))
    assert sorted(slugs) == by_unit == sorted(slugs, key=str.encode)
