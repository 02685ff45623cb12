"""Leaves: canonical, strict, and with commitments that tell nothing."""

import hashlib
import json
import math
from enum import IntEnum, StrEnum
from types import MappingProxyType

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import EvenhandError, InvalidInput, LogInconsistent
from curation.log import leaf

NONCE = "00112233445566778899aabbccddeeff"
INTEGERS = st.integers(-leaf.MAX_INTEGER, leaf.MAX_INTEGER)
SCALARS = st.none() | st.booleans() | INTEGERS | st.text()
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5), max_leaves=20
)
ASCII_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(st.characters(codec="ascii")), inner),
    max_leaves=20,
)


@given(JSON | ASCII_JSON)
def test_canonical_json_equals_the_rfc8785_package(value):
    assert leaf.canonical_json(value) == rfc8785.dumps(value)


@given(st.dictionaries(st.text(), JSON, max_size=6))
def test_encoding_and_decoding_undo_each_other(event):
    event["nonce"] = NONCE
    data = leaf.encode_leaf(event)
    assert leaf.decode_leaf(data) == event
    assert leaf.encode_leaf(leaf.decode_leaf(data)) == data


def test_every_single_character_is_written_as_rfc_8785_writes_it():
    for code in [*range(0xD800), *range(0xE000, 0x10000, 7), 0xFFFF, 0x10000, 0x10FFFF]:
        assert leaf.canonical_json({"a": chr(code)}) == rfc8785.dumps({"a": chr(code)})


def test_keys_are_sorted_by_utf_16_code_units():
    # U+FB33 sorts after U+1F600 in UTF-16 (whose first unit is D83D), before it by code point: RFC 8785 §3.2.3.
    value = {"\ufb33": 1, "\U0001f600": 2, "\r": 3, "1": 4, "\x80": 5, "ö": 6, "€": 7}
    assert list(json.loads(leaf.canonical_json(value))) == ["\r", "1", "\x80", "ö", "€", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize(
    ("value", "where", "message"),
    [
        ({"a": [{"b": 1.5}]}, "$.a[0].b", "a float. Leaves hold integers and strings only."),
        ({"a": math.nan}, "$.a", "a float. Leaves hold integers and strings only."),
        ({"a": 2**53}, "$.a", "an integer beyond ±(2^53 - 1). Write it as a string."),
        ({"a": [1, -(2**53)]}, "$.a[1]", "an integer beyond ±(2^53 - 1). Write it as a string."),
        ({"a": "\ud800"}, "$.a", "text with a lone surrogate, which UTF-8 cannot carry."),
        ({"a": {"\udfff": 1}}, "$.a", "text with a lone surrogate, which UTF-8 cannot carry."),
        ({"a": {1: 1}}, "$.a", "a key of type int; keys are strings."),
        ({"a": {1, 2}}, "$.a", "set has no JSON form here."),
        ({"a": b"x"}, "$.a", "bytes has no JSON form here."),
        (1.0, "$", "a float. Leaves hold integers and strings only."),
    ],
)
def test_what_has_no_canonical_form_is_refused_with_its_path(value, where, message):
    with pytest.raises(InvalidInput) as caught:
        leaf.canonical_json(value)
    assert str(caught.value) == f"{where}: {message}"


def test_nesting_stops_at_32_levels():
    def nested(levels):
        value: object = 1
        for _ in range(levels):
            value = [value]
        return value

    assert leaf.canonical_json(nested(32)) == b"[" * 32 + b"1" + b"]" * 32
    with pytest.raises(InvalidInput, match="more than 32 levels"):
        leaf.canonical_json(nested(33))
    with pytest.raises(InvalidInput, match="more than 32 levels"):
        leaf.canonical_json(nested(5000))


def test_enumerations_tuples_and_other_mappings_become_plain_json():
    class Verdict(StrEnum):
        ACCEPT = "accept"

    class Score(IntEnum):
        GOOD = 2

    event = MappingProxyType({"nonce": NONCE, "verdict": Verdict.ACCEPT, Verdict.ACCEPT: (Score.GOOD, True)})
    decoded = leaf.decode_leaf(leaf.encode_leaf(event))
    assert decoded == {"nonce": NONCE, "verdict": "accept", "accept": [2, True]}
    assert leaf.encode_leaf({"nonce": NONCE, "list": (1, ("a",))}) == leaf.encode_leaf(
        {"nonce": NONCE, "list": [1, ["a"]]}
    )


@pytest.mark.parametrize("nonce", [None, 5, "", NONCE[:-1], NONCE + "0", NONCE.upper(), NONCE[:-1] + "g", NONCE + "\n"])
def test_a_leaf_needs_a_nonce_of_16_bytes(nonce):
    with pytest.raises(InvalidInput, match="nonce"):
        leaf.encode_leaf({"nonce": nonce})
    with pytest.raises(LogInconsistent, match="nonce"):
        leaf.decode_leaf(leaf.canonical_json({"nonce": nonce}))


def test_a_fresh_nonce_is_never_the_same():
    assert leaf.fresh_nonce(lambda size: bytes(range(size))) == "000102030405060708090a0b0c0d0e0f"
    nonces = {leaf.fresh_nonce() for _ in range(100)}
    assert len(nonces) == 100
    assert leaf.encode_leaf({"nonce": nonces.pop()})


def test_a_leaf_has_65_535_bytes_at_most():
    frame = len(leaf.encode_leaf({"nonce": NONCE, "x": ""}))
    longest = {"nonce": NONCE, "x": "a" * (leaf.MAX_LEAF_BYTES - frame)}
    assert len(leaf.encode_leaf(longest)) == leaf.MAX_LEAF_BYTES
    assert leaf.decode_leaf(leaf.encode_leaf(longest)) == longest
    longest["x"] += "a"
    with pytest.raises(InvalidInput, match="has 65536 bytes; a log entry holds at most 65535"):
        leaf.encode_leaf(longest)
    with pytest.raises(LogInconsistent, match="65536 bytes"):
        leaf.decode_leaf(leaf.canonical_json(longest))


GOOD = leaf.encode_leaf({"a": 1, "nonce": NONCE})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"x"',
        b"7",
        b"\xef\xbb\xbf" + GOOD,
        GOOD + b"\n",
        b" " + GOOD,
        GOOD.replace(b":1", b": 1"),
        GOOD.replace(b":1", b":1.0"),
        GOOD.replace(b":1", b":1e0"),
        GOOD.replace(b":1", b":-0"),
        GOOD.replace(b":1", b":01"),
        GOOD.replace(b":1", b":9007199254740992"),
        GOOD.replace(b":1", b":-9007199254740992"),
        GOOD.replace(b":1", b":123456789012345678901234567890"),
        GOOD.replace(b":1", b":" + b"9" * 5000),
        GOOD.replace(b":1", b":NaN"),
        GOOD.replace(b":1", b":Infinity"),
        GOOD.replace(b":1", b":1.5"),
        GOOD.replace(b":1", b':[[{"b":0.5}]]'),
        GOOD.replace(b":1", b':"\\u0041"'),
        GOOD.replace(b":1", b':"\\/"'),
        GOOD.replace(b":1", b':"\\ud800"'),
        GOOD.replace(b":1", b':"\xff"'),
        GOOD.replace(b":1", b':"\xed\xa0\x80"'),
        GOOD.replace(b":1", b':"\xc0\xaf"'),
        GOOD.replace(b":1", b":" + b"[" * 40 + b"]" * 40),
        GOOD.replace(b":1", b":" + b"[" * 30000 + b"]" * 30000),
        b"[" * 60000,
        b'{"a":1,"a":1,' + GOOD[7:],
        b'{"nonce":"' + NONCE.encode() + b'","a":1}',
        '{"ﬀ":1,"😀":2,"nonce":"'.encode() + NONCE.encode() + b'"}',
        GOOD[:-1],
        GOOD[1:],
    ],
)
def test_bytes_that_encode_leaf_would_not_write_are_refused(data):
    with pytest.raises(LogInconsistent, match=r"^tile/entries/000, entry 3"):
        leaf.decode_leaf(data, "tile/entries/000, entry 3")


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_but_our_errors(data):
    with pytest.raises(EvenhandError):
        leaf.decode_leaf(data)
    with pytest.raises(LogInconsistent):
        leaf.Opening("message", bytes(32), data + b"\n").value()


@given(st.data())
def test_mutated_leaves_are_refused_or_are_canonical_themselves(data):
    mutated = bytearray(leaf.encode_leaf({"nonce": NONCE, "é": ["a", 1, None], "b": {"c": "d", "e": 12}}))
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(mutated) - 1))
        mutated[position : position + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
        if not mutated:
            break
    try:
        event = leaf.decode_leaf(bytes(mutated))
    except LogInconsistent:
        return
    assert leaf.encode_leaf(event) == mutated


def test_a_commitment_is_what_its_definition_says():
    salt, body = bytes(range(32)), leaf.canonical_json({"content": "It depends.", "role": "user"})
    expected = hashlib.sha256(b"evenhand.org/v1/message\x00" + salt + body).hexdigest()
    assert leaf.commitment("message", salt, body) == expected
    assert leaf.Opening("message", salt, body).commitment() == expected


def test_commitments_differ_by_unit_salt_and_body():
    body = b'"x"'
    commitments = {leaf.commitment(unit, bytes([n]) * 32, body) for unit in leaf.UNITS for n in range(10)}
    assert len(commitments) == 10 * len(leaf.UNITS)
    assert leaf.commitment("source", bytes(32), b'"y"') not in commitments


@pytest.mark.parametrize(
    ("unit", "salt"), [("person", bytes(32)), ("", bytes(32)), ("message", bytes(31)), ("message", b"")]
)
def test_unknown_units_and_short_salts_are_refused(unit, salt):
    with pytest.raises(InvalidInput):
        leaf.commitment(unit, salt, b"{}")
    with pytest.raises(InvalidInput):
        leaf.Opening.fresh(unit or "person", {}, lambda size: salt)


def test_a_fresh_opening_has_its_own_salt_and_gives_its_value_back():
    first, second = (leaf.Opening.fresh("rationale", {"text": "因为"}) for _ in range(2))
    assert first.body == second.body
    assert first.salt != second.salt
    assert first.commitment() != second.commitment()
    assert first.value() == {"text": "因为"}
