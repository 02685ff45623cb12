"""Signed notes, checkpoints and cosignatures: the specifications' own examples, and strictness."""

import base64
import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import InvalidInput, NoteInvalid
from curation.log import merkle, notes
from curation.log.notes import Checkpoint, NoteSignature, SignedNote, SigningKey, VerifierKey

# C2SP signed-note, "Verifier keys".
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = (
    "This is an example message.\n"
    "\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()

# C2SP signed-note, the poem (its key is not published).
POEM = (
    "Ognuno sta solo sul cuor della terra\n"
    "trafitto da un raggio di sole:\n"
    "\n"
    "ed è subito sera.\n"
    "\n"
    "— quasimodo.example/salvatore "
    "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
).encode()

# C2SP tlog-cosignature, its example (the keys are not published).
SOFA = (
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
).encode()

# Go's golang.org/x/mod/sumdb/note, the keys of its package example.
GO_SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

LOG = SigningKey("example.org/log", bytes(range(32)))
OTHER = SigningKey("example.org/other", bytes(range(1, 33)))
WITNESS = SigningKey("witness.example/w1", bytes(range(2, 34)), notes.COSIGNATURE_V1)
CHECKPOINT = Checkpoint("example.org/log", 7, merkle.leaf_hash(b"x"))
SIGNED = notes.sign_checkpoint(CHECKPOINT, LOG)


def test_the_specifications_example_opens():
    key = VerifierKey.parse(EXAMPLE_KEY)
    assert (key.name, key.key_id.hex(), key.type) == ("example.com/foo", "530d903a", notes.ED25519)
    assert key.text() == EXAMPLE_KEY
    assert notes.open_note(EXAMPLE_NOTE, [key]) == ("This is an example message.\n", [key])


def test_the_poem_parses_with_its_empty_line_and_no_known_key():
    note = SignedNote.parse(POEM)
    assert note.text.endswith("trafitto da un raggio di sole:\n\ned è subito sera.\n")
    assert [(signature.name, len(signature.signature)) for signature in note.signatures] == [
        ("quasimodo.example/salvatore", 64)
    ]
    assert note.encode() == POEM
    with pytest.raises(NoteInvalid, match="no signature by a known key"):
        notes.open_note(POEM, [LOG.verifier()])


def test_the_checkpoint_example_parses_to_the_byte():
    note = SignedNote.parse(SOFA)
    checkpoint = notes.parse_checkpoint(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root == base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    assert checkpoint.text() == note.text
    assert note.encode() == SOFA
    cosignature = note.signatures[1]
    assert len(cosignature.signature) == 72
    assert int.from_bytes(cosignature.signature[:8], "big") == 1679315147  # the time in the specification's example


def test_keys_and_notes_of_go_are_read_and_written_the_same():
    key = SigningKey.parse(GO_SKEY)
    assert key.text() == GO_SKEY
    assert key.verifier() == VerifierKey.parse(GO_VKEY)
    text, signers = notes.open_note(GO_NOTE.encode(), [key.verifier()])
    assert signers == [key.verifier()]
    assert key.sign_note(text) == GO_NOTE  # Ed25519 is deterministic.


def test_a_key_id_is_what_the_specification_defines():
    for key in (LOG.verifier(), WITNESS.verifier()):
        expected = hashlib.sha256(key.name.encode() + b"\n" + bytes([key.type]) + key.public_key).digest()[:4]
        assert key.key_id == expected
    twin = VerifierKey(LOG.name, LOG.verifier().public_key, notes.COSIGNATURE_V1)
    assert twin.key_id != LOG.verifier().key_id


def test_keys_read_back_and_hide_their_seed():
    for kind in (notes.ED25519, notes.COSIGNATURE_V1):
        key = SigningKey.generate("example.org/log", kind)
        assert SigningKey.parse(key.text()) == key
        assert VerifierKey.parse(key.verifier().text()) == key.verifier()
        assert repr(key.seed) not in repr(key)
        assert key.seed.hex() not in repr(key)
    assert SigningKey.generate("a").seed != SigningKey.generate("a").seed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        EXAMPLE_KEY.replace("530d903a", "530d903b"),
        EXAMPLE_KEY.replace("530d903a", "530D903A"),
        EXAMPLE_KEY.replace("530d903a", "530d903"),
        EXAMPLE_KEY.replace("foo", "bar"),
        EXAMPLE_KEY.replace("foo", "f oo"),
        EXAMPLE_KEY.replace("foo", "f\u2003oo"),
        EXAMPLE_KEY.replace("foo", "f\noo"),
        EXAMPLE_KEY.replace("foo", "f\x00oo"),
        EXAMPLE_KEY.replace("foo", "f\udc80oo"),
        EXAMPLE_KEY + "\n",
        EXAMPLE_KEY + "=",
        EXAMPLE_KEY[:-1],
        EXAMPLE_KEY[:-4],
        EXAMPLE_KEY.replace("Aeky", "Aek-"),
        "example.com/foo+530d903a+====",
        GO_SKEY,
        VerifierKey("a", bytes(32)).text().replace("AQ", "Ag"),
    ],
)
def test_a_malformed_verifier_key_is_refused(text):
    with pytest.raises(NoteInvalid, match=r"^policy line 3: "):
        VerifierKey.parse(text, "policy line 3")
    private = text.removeprefix("PRIVATE+KEY+") if text == GO_SKEY else f"PRIVATE+KEY+{text}"
    with pytest.raises(NoteInvalid, match=r"^key file: "):
        SigningKey.parse(private, "key file")


@pytest.mark.parametrize("kind", [0x00, 0x02, 0x05, 0x06, 0xFF])
def test_other_signature_types_are_refused(kind):
    with pytest.raises(NoteInvalid, match="not supported"):
        VerifierKey("example.org/log", bytes(32), kind)
    with pytest.raises(NoteInvalid, match="not supported"):
        SigningKey("example.org/log", bytes(32), kind)
    with pytest.raises(NoteInvalid, match="31 bytes"):
        VerifierKey("example.org/log", bytes(31))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\tb", "a\u2028b", "a\x01b", "\ud800"])
def test_names_that_a_note_cannot_carry_are_refused(name):
    with pytest.raises(NoteInvalid):
        SigningKey(name, bytes(32))


def note_with(*lines: str, text: str = "text\n") -> bytes:
    return (text + "\n" + "".join(line + "\n" for line in lines)).encode()


LINE = LOG.sign("text\n").line().rstrip("\n")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\n\n",
        b"text\n",
        b"text\n\n",
        f"text\n{LINE}\n".encode(),
        note_with(LINE)[:-1],
        note_with(LINE) + b"\n",
        note_with(LINE, ""),
        note_with(LINE, "not a signature"),
        note_with(LINE.replace("—", "-")),
        note_with(LINE.replace("— ", "—")),
        note_with(LINE.replace("— ", "—  ")),
        note_with(LINE.replace(" ", "\u00a0")),
        note_with(" " + LINE),
        note_with(LINE + " "),
        note_with(LINE + "="),
        note_with(LINE[:-2]),
        note_with(LINE[:-4] + "!!!!"),
        note_with("— example.org/log"),
        note_with("— example.org/log "),
        note_with("— example.org/log AAAAAA=="),  # a key ID alone
        note_with("— example.org/log AAAAAB=="),  # padding bits that are not zero
        note_with("— example+org/log AAAAAAA="),
        note_with("— AAAAAAA="),
        note_with(LINE, text="te\x00xt\n"),
        note_with(LINE, text="te\txt\n"),
        note_with(LINE, text="te\rxt\n"),
        note_with(LINE).replace(b"\n", b"\r\n"),
        b"\xff" + note_with(LINE),
        b"\xed\xa0\x80" + note_with(LINE),
        note_with(*[LINE] * 101),
        b"x" * 1_000_000 + note_with(LINE),
    ],
)
def test_a_malformed_note_is_refused(data):
    with pytest.raises(NoteInvalid, match=r"^log/checkpoint"):
        SignedNote.parse(data, "log/checkpoint")
    with pytest.raises(NoteInvalid):
        notes.open_note(data, [LOG.verifier()])
    with pytest.raises(NoteInvalid):
        notes.open_checkpoint(data, LOG.verifier())


def test_sixteen_signatures_are_read_as_the_specification_demands():
    keys = [SigningKey(f"k{number}", bytes([number]) * 32) for number in range(100)]
    note = note_with(*(key.sign("text\n").line().rstrip("\n") for key in keys))
    text, signers = notes.open_note(note, [key.verifier() for key in keys])
    assert (text, len(signers)) == ("text\n", 100)


def test_unicode_line_ends_do_not_end_a_line():
    text = "a\u2028b\u0085c\n"
    assert notes.open_note(LOG.sign_note(text).encode(), [LOG.verifier()])[0] == text


@pytest.mark.parametrize("text", ["text", "", "a\x00\n", "a\r\n", "\ud800\n"])
def test_a_text_that_no_note_can_hold_is_not_signed(text):
    with pytest.raises(InvalidInput):
        LOG.sign_note(text)


def test_a_failing_signature_of_a_known_key_rejects_the_note():
    forged = NoteSignature(LOG.name, LOG.verifier().key_id, bytes(64))
    good = SignedNote.parse(OTHER.sign_note("text\n").encode())
    both = SignedNote(good.text, (*good.signatures, forged)).encode()
    with pytest.raises(NoteInvalid, match=r"signature of example\.org/log: does not verify"):
        notes.open_note(both, [LOG.verifier(), OTHER.verifier()])
    # To somebody who does not know the first key, it is an unknown signature.
    assert notes.open_note(both, [OTHER.verifier()])[1] == [OTHER.verifier()]


def test_a_second_signature_by_the_same_key_must_verify_too():
    good = SignedNote.parse(LOG.sign_note("text\n").encode())
    assert notes.open_note(SignedNote(good.text, good.signatures * 2).encode(), [LOG.verifier()])[1] == [LOG.verifier()]
    forged = NoteSignature(LOG.name, LOG.verifier().key_id, bytes(64))
    with pytest.raises(NoteInvalid):
        notes.open_note(SignedNote(good.text, (*good.signatures, forged)).encode(), [LOG.verifier()])


def test_a_key_that_shares_only_name_or_id_is_unknown():
    signature = LOG.sign("text\n")
    for other in (
        NoteSignature("example.org/log2", signature.key_id, signature.signature),
        NoteSignature(signature.name, b"\0\0\0\0", signature.signature),
    ):
        with pytest.raises(NoteInvalid, match="no signature by a known key"):
            notes.open_note(SignedNote("text\n", (other,)).encode(), [LOG.verifier()])


def test_one_key_listed_twice_is_one_key():
    assert notes.open_note(SIGNED, [LOG.verifier()] * 2)[1] == [LOG.verifier()]


def test_two_keys_with_one_name_and_id_are_ambiguous(monkeypatch):
    monkeypatch.setattr(VerifierKey, "key_id", b"same")
    with pytest.raises(NoteInvalid, match="share the name and ID"):
        notes.open_note(SIGNED, [LOG.verifier(), VerifierKey(LOG.name, bytes(32))])


def test_every_flipped_bit_of_a_signed_checkpoint_is_noticed():
    for bit in range(len(SIGNED) * 8):
        changed = bytearray(SIGNED)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(NoteInvalid):
            notes.open_checkpoint(bytes(changed), LOG.verifier())


def test_a_checkpoint_opens_for_its_log_only():
    assert notes.open_checkpoint(SIGNED, LOG.verifier()) == CHECKPOINT
    assert notes.open_checkpoint(SIGNED, LOG.verifier(), "example.org/log") == CHECKPOINT
    with pytest.raises(NoteInvalid, match=r"is of the log 'example\.org/log', not 'example\.org/log2'"):
        notes.open_checkpoint(SIGNED, LOG.verifier(), "example.org/log2")
    with pytest.raises(NoteInvalid, match="no signature by a known key"):
        notes.open_checkpoint(SIGNED, OTHER.verifier(), "example.org/log")


def test_a_log_signs_only_as_itself():
    for key in (OTHER, SigningKey(LOG.name, LOG.seed, notes.COSIGNATURE_V1)):
        with pytest.raises(InvalidInput, match="0x01 key named"):
            notes.sign_checkpoint(CHECKPOINT, key)


def test_extension_lines_are_kept_unread():
    text = CHECKPOINT.text() + "extension 1\n— not a signature\n"
    checkpoint = notes.parse_checkpoint(text)
    assert checkpoint.extensions == ("extension 1", "— not a signature")
    assert checkpoint.text() == text
    assert notes.open_checkpoint(notes.sign_checkpoint(checkpoint, LOG), LOG.verifier()) == checkpoint


ROOT = CHECKPOINT.text().split("\n")[2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "o\n7\n",
        f"o\n7\n{ROOT}",
        f"\n7\n{ROOT}\n",
        f"o\n\n{ROOT}\n",
        f"o\n07\n{ROOT}\n",
        f"o\n+7\n{ROOT}\n",
        f"o\n-7\n{ROOT}\n",
        f"o\n7 \n{ROOT}\n",
        f"o\n7_0\n{ROOT}\n",
        f"o\n٧\n{ROOT}\n",
        f"o\n{2**63}\n{ROOT}\n",
        f"o\n{10**30}\n{ROOT}\n",
        f"o\n{'9' * 5000}\n{ROOT}\n",
        f"o\n0\n{ROOT}\n",
        f"o\n7\n{ROOT[:-4]}\n",
        f"o\n7\n{ROOT} \n",
        f"o\n7\n{ROOT[:-2]}9=\n",
        "o\n7\n\n",
        f"o\n7\n{ROOT}\n\n",
        f"o\n7\n{ROOT}\n\nx\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text):
    with pytest.raises(NoteInvalid, match=r"^log/checkpoint"):
        notes.parse_checkpoint(text, "log/checkpoint")


def test_the_empty_log_has_one_checkpoint():
    empty = Checkpoint("o", 0, merkle.EMPTY_ROOT)
    assert empty.text() == "o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    assert notes.parse_checkpoint(empty.text()) == empty
    assert notes.parse_checkpoint(f"o\n{2**63 - 1}\n{ROOT}\n").size == 2**63 - 1


@pytest.mark.parametrize(
    ("origin", "size", "root", "extensions"),
    [
        ("", 7, bytes(32), ()),
        ("a\nb", 7, bytes(32), ()),
        ("a\x00", 7, bytes(32), ()),
        ("\ud800", 7, bytes(32), ()),
        ("a", -1, bytes(32), ()),
        ("a", 2**63, bytes(32), ()),
        ("a", 7, bytes(31), ()),
        ("a", 0, bytes(32), ()),
        ("a", 7, bytes(32), ("",)),
        ("a", 7, bytes(32), ("x\ny",)),
    ],
)
def test_a_checkpoint_that_has_no_text_cannot_be_made(origin, size, root, extensions):
    with pytest.raises(InvalidInput):
        Checkpoint(origin, size, root, extensions)


def test_cosignatures_are_added_verified_and_replaced():
    cosigned = notes.cosign(SIGNED, WITNESS, 1679315147)
    assert cosigned.startswith(SIGNED)
    assert notes.verify_cosignature(cosigned, WITNESS.verifier()) == (CHECKPOINT, 1679315147)
    assert notes.open_checkpoint(cosigned, LOG.verifier()) == CHECKPOINT
    again = notes.cosign(cosigned, WITNESS, 1679315148)
    assert notes.verify_cosignature(again, WITNESS.verifier()) == (CHECKPOINT, 1679315148)
    assert again.count("— ".encode()) == 2


def test_a_cosignature_signs_the_message_that_the_specification_gives():
    signature = WITNESS.sign(CHECKPOINT.text(), 1679315147)
    message = f"cosignature/v1\ntime 1679315147\n{CHECKPOINT.text()}"
    plain = SigningKey(WITNESS.name, WITNESS.seed)  # the same key, signing plainly
    assert signature.signature == (1679315147).to_bytes(8, "big") + plain.sign(message).signature


def test_a_cosignature_is_bound_to_its_time_and_to_extension_lines():
    signature = WITNESS.sign(CHECKPOINT.text(), 1679315147)
    later = NoteSignature(signature.name, signature.key_id, (1679315148).to_bytes(8, "big") + signature.signature[8:])
    with pytest.raises(NoteInvalid, match="does not verify"):
        WITNESS.verifier().verify(CHECKPOINT.text(), later)
    with pytest.raises(NoteInvalid, match="does not verify"):
        WITNESS.verifier().verify(CHECKPOINT.text() + "extension\n", signature)
    beyond = NoteSignature(signature.name, signature.key_id, b"\xff" * 8 + signature.signature[8:])
    with pytest.raises(NoteInvalid, match="beyond 2"):
        WITNESS.verifier().verify(CHECKPOINT.text(), beyond)
    with pytest.raises(NoteInvalid, match="64 bytes, not the 72"):
        WITNESS.verifier().verify(CHECKPOINT.text(), NoteSignature(signature.name, signature.key_id, bytes(64)))


def test_neither_kind_of_key_does_the_others_work():
    with pytest.raises(InvalidInput, match="timestamp"):
        WITNESS.sign_note("text\n")
    with pytest.raises(InvalidInput, match="timestamp"):
        notes.cosign(SIGNED, LOG, 5)
    for timestamp in (-1, 2**63):
        with pytest.raises(InvalidInput, match="timestamp"):
            notes.cosign(SIGNED, WITNESS, timestamp)
    with pytest.raises(NoteInvalid, match="no cosigner's key"):
        notes.verify_cosignature(SIGNED, LOG.verifier())
    with pytest.raises(NoteInvalid):
        notes.cosign(LOG.sign_note("no checkpoint\n").encode(), WITNESS, 5)


def test_the_answer_of_a_witness_parses():
    # C2SP tlog-witness, "add-checkpoint", the example of a response body.
    body = (
        "— witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==\n"  # noqa: E501
        "— witness.example/w1 I7rEps0pvK2UqkS2gSpVUDhrhVtQV9lgF6pRrWAvjJHjyWpW7VcE3SiOlVlbQNt64vWhO+DlkL0+UfzuOBMh9ChdMkP1vi/lCAsmlw==\n"  # noqa: E501
        "— witness.example/w2 AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/kWl7oJlqU3rXXvpysAdyP3wQ==\n"  # noqa: E501
    )
    signatures = notes.parse_signatures(body)
    assert [signature.name for signature in signatures] == [
        "witness.example/w1",
        "witness.example/w1",
        "witness.example/w2",
    ]
    assert {len(signature.signature) for signature in signatures} == {72}
    answer = notes.parse_signatures(WITNESS.sign(CHECKPOINT.text(), 9).line())[0]
    cosigned = SignedNote.parse(SIGNED).with_signature(answer).encode()
    assert notes.verify_cosignature(cosigned, WITNESS.verifier()) == (CHECKPOINT, 9)


@given(st.text().map(lambda text: text + "\n"))
def test_any_text_that_can_be_signed_opens_to_itself(text):
    try:
        note = LOG.sign_note(text)
    except InvalidInput:
        return
    assert notes.open_note(note.encode(), [LOG.verifier()]) == (text, [LOG.verifier()])
    assert SignedNote.parse(note.encode()).encode().decode() == note


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_but_our_error(data):
    with pytest.raises(NoteInvalid):
        notes.open_note(data, [LOG.verifier()])
    with pytest.raises(NoteInvalid):
        notes.verify_cosignature(data, WITNESS.verifier())
    text = data.decode("utf-8", "surrogateescape")
    for parse in (VerifierKey.parse, SigningKey.parse, notes.parse_checkpoint, notes.parse_signatures):
        try:
            parse(text)
        except NoteInvalid:
            continue


@given(st.data())
def test_mutated_notes_raise_nothing_but_our_error(data):
    note = bytearray(notes.cosign(SIGNED, WITNESS, 77))
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(note)))
        note[position : position + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b"\n", b"\n\n", "— ".encode(), b"0", b" ", b"="])
        )
    with contextlib.suppress(NoteInvalid):
        assert notes.open_checkpoint(bytes(note), LOG.verifier()) == CHECKPOINT
