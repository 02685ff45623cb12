"""Proofs that travel alone: the specification's format, verification, and everything that must fail."""

import base64
import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import EvenhandError, InvalidInput, LogInconsistent, NoteInvalid
from curation.log import merkle, notes, proofs
from curation.log.notes import COSIGNATURE_V1, Checkpoint, SigningKey
from curation.log.trust import Cosigner, TrustedLog, TrustPolicy, Witness

LOG = SigningKey("example.com/fancylog", bytes(range(32)))
WITNESS = SigningKey("witness1.example", bytes(range(1, 33)), COSIGNATURE_V1)
LEAVES = [b"leaf %d" % index for index in range(300)]
TREE = merkle.MemoryHashes(map(merkle.leaf_hash, LEAVES))
ROOT = merkle.tree_root(300, TREE)
NOTE = notes.cosign(notes.sign_checkpoint(Checkpoint(LOG.name, 300, ROOT), LOG), WITNESS, 1_700_000_000)
TRUST = TrustPolicy((TrustedLog(LOG.verifier()),), (Witness("w", WITNESS.verifier()),), (), "w")

# C2SP tlog-proof, its example, up to the checkpoint, whose signatures it elides.
EXAMPLE_HEAD = """\
c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=
"""


def proof_of(index: int, extra: bytes | None = None) -> bytes:
    return proofs.encode_tlog_proof(index, merkle.inclusion_proof(index, 300, TREE), NOTE, extra)


def test_the_specifications_example_reads_and_writes_to_the_byte():
    data = EXAMPLE_HEAD.encode() + b"\n" + NOTE
    parsed = proofs.decode_tlog_proof(data)
    assert parsed.index == 73894
    assert parsed.extra == base64.b64decode("YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ")
    assert [base64.b64encode(value).decode() for value in parsed.hashes] == EXAMPLE_HEAD.split("\n")[3:8]
    assert parsed.checkpoint == NOTE
    assert proofs.encode_tlog_proof(parsed.index, parsed.hashes, parsed.checkpoint, parsed.extra) == data


def test_the_format_is_the_specifications():
    lines = proof_of(2, b"extra data").split(b"\n")
    assert lines[:3] == [b"c2sp.org/tlog-proof@v1", b"extra " + base64.b64encode(b"extra data"), b"index 2"]
    assert lines[3] == base64.b64encode(merkle.leaf_hash(LEAVES[3]))  # the sibling's hash comes first
    assert b"\n".join(lines).endswith(b"\n\n" + NOTE)
    assert b"extra" not in proof_of(2)
    assert proof_of(2, b"") == proof_of(2)


@pytest.mark.parametrize("index", [0, 1, 128, 255, 256, 299])
def test_a_proof_verifies_offline(index):
    verified = proofs.verify_tlog_proof(proof_of(index, b"hint"), LEAVES[index], TRUST)
    assert verified.index == index
    assert verified.checkpoint == Checkpoint(LOG.name, 300, ROOT)
    assert verified.cosigners == (Cosigner("w", 1_700_000_000),)
    assert verified.extra == b"hint"


def test_a_log_of_one_leaf_has_an_empty_proof():
    note = notes.cosign(notes.sign_checkpoint(Checkpoint(LOG.name, 1, merkle.leaf_hash(b"x")), LOG), WITNESS, 5)
    data = proofs.encode_tlog_proof(0, [], note)
    assert data.startswith(b"c2sp.org/tlog-proof@v1\nindex 0\n\nexample.com/fancylog\n1\n")
    assert proofs.verify_tlog_proof(data, b"x", TRUST).index == 0


def test_another_leaf_index_or_policy_fails():
    with pytest.raises(LogInconsistent, match="leads to root"):
        proofs.verify_tlog_proof(proof_of(7), LEAVES[8], TRUST)
    with pytest.raises(LogInconsistent):
        proofs.verify_tlog_proof(proof_of(7).replace(b"index 7", b"index 6"), LEAVES[7], TRUST)
    with pytest.raises(LogInconsistent, match="has no leaf 300"):
        proofs.verify_tlog_proof(proof_of(7).replace(b"index 7", b"index 300"), LEAVES[7], TRUST)
    strangers = TrustPolicy((TrustedLog(SigningKey(LOG.name, bytes(32)).verifier()),))
    with pytest.raises(NoteInvalid, match="no signature by a known key"):
        proofs.verify_tlog_proof(proof_of(7), LEAVES[7], strangers)


def test_every_flipped_bit_fails_except_in_extra():
    data = proof_of(7, b"hint")
    extra = range(data.index(b"aGlu"), data.index(b"\nindex"))
    chance = random.Random(7)
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << chance.randrange(8)
        try:
            verified = proofs.verify_tlog_proof(bytes(changed), LEAVES[7], TRUST)
        except EvenhandError:
            continue
        assert at in extra
        assert verified.extra != b"hint"


HEAD, HASHES = b"c2sp.org/tlog-proof@v1\n", proof_of(7).split(b"\n\n")[0].split(b"\n")[2:]
HASH_LINES = b"".join(value + b"\n" for value in HASHES)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no empty line before the checkpoint."),
        (HEAD + b"index 7\n" + HASH_LINES + NOTE[:40], "no empty line before the checkpoint."),
        (b"\n\n" + NOTE, "the first line is not c2sp.org/tlog-proof@v1."),
        (HEAD.replace(b"v1", b"v2") + b"index 7\n\n" + NOTE, "the first line is not c2sp.org/tlog-proof@v1."),
        (HEAD.replace(b"\n", b"\r\n") + b"index 7\n\n" + NOTE, "the first line is not c2sp.org/tlog-proof@v1."),
        (HEAD + b"\n" + NOTE, "no line «index <decimal>» where it belongs."),
        (HEAD + b"index 07\n\n" + NOTE, "no line «index <decimal>» where it belongs."),
        (HEAD + b"index -7\n\n" + NOTE, "no line «index <decimal>» where it belongs."),
        (HEAD + b"index +7\n\n" + NOTE, "no line «index <decimal>» where it belongs."),
        (HEAD + b"index  7\n\n" + NOTE, "no line «index <decimal>» where it belongs."),
        (HEAD + b"index 7 \n\n" + NOTE, "no line «index <decimal>» where it belongs."),
        (HEAD + b"Index 7\n\n" + NOTE, "no line «index <decimal>» where it belongs."),
        (HEAD + b"old 7\n\n" + NOTE, "no line «index <decimal>» where it belongs."),
        (HEAD + b"index 9223372036854775808\n\n" + NOTE, "no line «index <decimal>» where it belongs."),
        (HEAD + b"index " + b"9" * 5000 + b"\n\n" + NOTE, "no line «index <decimal>» where it belongs."),
        (HEAD + HASH_LINES + b"index 7\n\n" + NOTE, "no line «index <decimal>» where it belongs."),
        (HEAD + b"index 7\nextra AAAA\n\n" + NOTE, "hash 1: not canonical base64 (RFC 4648 §4)."),
        (HEAD + b"extra \nindex 7\n\n" + NOTE, "line 2: not canonical base64 (RFC 4648 §4)."),
        (HEAD + b"extra AAA\nindex 7\n\n" + NOTE, "line 2: not canonical base64 (RFC 4648 §4)."),
        (HEAD + b"extra\nindex 7\n\n" + NOTE, "no line «index <decimal>» where it belongs."),
        (HEAD + b"extra AAAA\nextra AAAA\nindex 7\n\n" + NOTE, "no line «index <decimal>» where it belongs."),
        (HEAD + b"index 7\nAAAA\n\n" + NOTE, "hash 1 has 3 bytes, not 32."),
        (HEAD + b"index 7\n" + HASHES[0] + b" \n\n" + NOTE, "hash 1: not canonical base64 (RFC 4648 §4)."),
        (HEAD + b"index 7\n\xff\n\n" + NOTE, "hash 1: not canonical base64 (RFC 4648 §4)."),
        (HEAD + b"index 7\n" + HASHES[0] * 2 + b"\n\n" + NOTE, "hash 1: not canonical base64 (RFC 4648 §4)."),
        (HEAD + b"index 7\n" + (HASHES[0] + b"\n") * 64 + b"\n" + NOTE, "64 hashes; no proof has more than 63."),
        (HEAD + b"x" * 2_000_000, f"{2_000_000 + len(HEAD)} bytes; the limit is 2000000."),
    ],
)
def test_a_malformed_proof_is_refused(data, message):
    with pytest.raises(LogInconsistent) as caught:
        proofs.verify_tlog_proof(data, LEAVES[7], TRUST, "row 5.tlog-proof")
    assert str(caught.value) == f"row 5.tlog-proof: {message}"


def test_a_checkpoint_that_does_not_verify_is_named():
    with pytest.raises(NoteInvalid, match=r"^checkpoint of row 5"):
        proofs.verify_tlog_proof(HEAD + b"index 7\n\nnot a note", LEAVES[7], TRUST, "row 5")


def test_nothing_malformed_is_written():
    for index, hashes in [(-1, []), (2**63, []), (0, [b"short"]), (0, [bytes(32)] * 64)]:
        with pytest.raises(InvalidInput):
            proofs.encode_tlog_proof(index, hashes, NOTE)
        with pytest.raises(InvalidInput):
            proofs.encode_add_checkpoint(index, hashes, NOTE)
    with pytest.raises(NoteInvalid):
        proofs.encode_tlog_proof(0, [], b"no checkpoint")


def test_the_witness_request_of_the_specification_parses():
    # C2SP tlog-witness, "add-checkpoint", the example of a request body.
    checkpoint = (
        "example.com/behind-the-sofa\n"
        "20852163\n"
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        "\n"
        "— example.com/behind-the-sofa "
        "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "— example.com/behind-the-sofa "
        "opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n"
    ).encode()
    body = (
        b"old 20852014\n"
        b"PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
        b"jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
        b"5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
        b"/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
        b"\n"
    ) + checkpoint
    request = proofs.decode_add_checkpoint(body)
    assert (request.old_size, len(request.hashes), request.checkpoint) == (20852014, 4, checkpoint)
    assert proofs.encode_add_checkpoint(request.old_size, request.hashes, request.checkpoint) == body


def test_a_witness_can_verify_what_a_log_asks_it():
    for old in (0, 1, 100, 256, 300):
        body = proofs.encode_add_checkpoint(old, merkle.consistency_proof(old, 300, TREE), NOTE)
        request = proofs.decode_add_checkpoint(body)
        checkpoint = notes.open_checkpoint(request.checkpoint, LOG.verifier())
        old_root = merkle.tree_root(request.old_size, TREE)
        merkle.verify_consistency(request.old_size, checkpoint.size, old_root, checkpoint.root, request.hashes)


@pytest.mark.parametrize("head", [b"", b"old", b"old x", b"index 7", b"old 01", b"old 7\nAAAA", b"old 7\n" + b"A" * 44])
def test_a_malformed_request_is_refused(head):
    with pytest.raises(LogInconsistent, match=r"^add-checkpoint: "):
        proofs.decode_add_checkpoint(head + b"\n\n" + NOTE)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_but_our_errors(data):
    with pytest.raises(LogInconsistent):
        proofs.verify_tlog_proof(data, b"x", TRUST)
    with contextlib.suppress(LogInconsistent):
        proofs.decode_add_checkpoint(data)


@given(st.data())
def test_mutated_proofs_raise_nothing_but_our_errors(data):
    text = bytearray(proof_of(7, b"hint"))
    pieces = st.sampled_from([b"\n", b"\n\n", b" ", b"index 7\n", b"extra AAAA\n", b"=", HASHES[0] + b"\n"])
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(text)))
        text[position : position + data.draw(st.integers(0, 50))] = data.draw(st.binary(max_size=3) | pieces)
    with contextlib.suppress(LogInconsistent, NoteInvalid):
        assert proofs.verify_tlog_proof(bytes(text), LEAVES[7], TRUST).index == 7
