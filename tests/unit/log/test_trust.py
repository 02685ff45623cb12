"""Trust policies: the specification's example, every rule of its text, and what a quorum accepts."""

import contextlib
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import NoteInvalid
from curation.log import merkle, notes
from curation.log.notes import COSIGNATURE_V1, Checkpoint, SignedNote, SigningKey
from curation.log.trust import Cosigner, Group, TrustedLog, TrustPolicy, Witness

LOG = SigningKey("example.org/log", bytes(range(32)))
OTHER_LOG = SigningKey("example.org/other", bytes(range(1, 33)))
NAMES = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
KEYS = {name: SigningKey(f"witness.example/{name}", bytes([n]) * 32, COSIGNATURE_V1) for n, name in enumerate(NAMES, 7)}
VKEYS = {name: key.verifier().text() for name, key in KEYS.items()}
CHECKPOINT = Checkpoint(LOG.name, 7, merkle.leaf_hash(b"x"))
SIGNED = notes.sign_checkpoint(CHECKPOINT, LOG)

# C2SP tlog-policy, "Example policy", with keys filled in.
EXAMPLE = f"""\
log {LOG.verifier().text()}

witness X1 {VKEYS["X1"]}
witness X2 {VKEYS["X2"]}
witness X3 {VKEYS["X3"]}
group X-witnesses 2 X1 X2 X3

witness Y1 {VKEYS["Y1"]}
witness Y2 {VKEYS["Y2"]}
witness Y3 {VKEYS["Y3"]}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
""".encode()


def cosigned(*names: str, timestamp: int = 1_700_000_000) -> bytes:
    note = SIGNED
    for name in names:
        note = notes.cosign(note, KEYS[name], timestamp)
    return note


def test_the_specifications_example_parses():
    policy = TrustPolicy.parse(EXAMPLE)
    assert policy.logs == (TrustedLog(LOG.verifier()),)
    assert policy.witnesses == tuple(Witness(name, KEYS[name].verifier()) for name in NAMES)
    assert policy.groups == (
        Group("X-witnesses", 2, ("X1", "X2", "X3")),
        Group("Y-witnesses", 1, ("Y1", "Y2", "Y3")),
        Group("X-and-Y", 2, ("X-witnesses", "Y-witnesses")),
    )
    assert policy.quorum == "X-and-Y"
    assert TrustPolicy.parse(policy.render()) == policy


def test_the_example_accepts_exactly_the_quorums_that_it_describes():
    policy = TrustPolicy.parse(EXAMPLE)
    for count in range(7):
        for names in combinations(NAMES, count):
            enough = sum(name[0] == "X" for name in names) >= 2 and any(name[0] == "Y" for name in names)
            if enough:
                verified = policy.verify_checkpoint(cosigned(*names))
                assert verified.checkpoint == CHECKPOINT
                assert verified.log == LOG.verifier()
                assert verified.cosigners == tuple(Cosigner(name, 1_700_000_000) for name in names)
            else:
                with pytest.raises(NoteInvalid, match="the quorum X-and-Y"):
                    policy.verify_checkpoint(cosigned(*names))


def test_a_missed_quorum_names_who_is_there_and_what_is_needed():
    with pytest.raises(NoteInvalid) as caught:
        TrustPolicy.parse(EXAMPLE).verify_checkpoint(cosigned("X1", "Y2"), "log/checkpoint")
    assert str(caught.value) == (
        "log/checkpoint: the quorum X-and-Y (2 of X-witnesses, Y-witnesses) is not met: cosigned by X1, Y2."
    )
    single = TrustPolicy.parse(f"log {LOG.verifier().text()}\nwitness X1 {VKEYS['X1']}\nquorum X1\n".encode())
    with pytest.raises(NoteInvalid, match=r"the quorum X1 \(its cosignature\) is not met: cosigned by nobody\."):
        single.verify_checkpoint(SIGNED)
    assert single.verify_checkpoint(cosigned("X1", "X2")).cosigners == (Cosigner("X1", 1_700_000_000),)


def test_without_a_quorum_the_logs_signature_is_enough():
    policy = TrustPolicy((TrustedLog(LOG.verifier()),))
    assert policy.render() == f"log {LOG.verifier().text()}\nquorum none\n".encode()
    assert policy.verify_checkpoint(SIGNED).cosigners == ()
    assert policy.verify_checkpoint(cosigned("X1")).cosigners == ()


def test_a_checkpoint_needs_the_log_of_its_own_origin():
    policy = TrustPolicy((TrustedLog(LOG.verifier()), TrustedLog(OTHER_LOG.verifier())))
    assert policy.verify_checkpoint(SIGNED).log == LOG.verifier()
    foreign = OTHER_LOG.sign_note(CHECKPOINT.text()).encode()
    with pytest.raises(NoteInvalid, match="no signature by a known key"):
        policy.verify_checkpoint(foreign)
    with pytest.raises(NoteInvalid, match=r"knows no log with the origin 'example\.org/log'"):
        TrustPolicy((TrustedLog(OTHER_LOG.verifier()),)).verify_checkpoint(SIGNED)
    with pytest.raises(NoteInvalid, match="knows no log"):
        TrustPolicy(()).verify_checkpoint(SIGNED)


def test_witnesses_do_not_stand_in_for_the_log():
    policy = TrustPolicy.parse(EXAMPLE)
    note = SignedNote.parse(cosigned(*NAMES))
    with pytest.raises(NoteInvalid, match="not signed by the log"):
        policy.verify_checkpoint(SignedNote(note.text, note.signatures[1:]).encode())


def test_a_log_may_change_its_key():
    second = SigningKey(LOG.name, bytes(32))
    policy = TrustPolicy((TrustedLog(LOG.verifier()), TrustedLog(second.verifier())))
    assert policy.verify_checkpoint(notes.sign_checkpoint(CHECKPOINT, second)).log == second.verifier()
    assert policy.verify_checkpoint(SIGNED).log == LOG.verifier()


def test_a_forged_cosignature_of_a_known_witness_rejects_the_checkpoint():
    note = SignedNote.parse(cosigned("X1", "X2", "Y1"))
    forged = notes.NoteSignature(KEYS["Y3"].name, KEYS["Y3"].verifier().key_id, bytes(72))
    with pytest.raises(NoteInvalid, match=r"witness\.example/Y3: does not verify"):
        TrustPolicy.parse(EXAMPLE).verify_checkpoint(note.with_signature(forged).encode())
    unknown = notes.NoteSignature("stranger.example", b"\0\0\0\1", bytes(72))
    verified = TrustPolicy.parse(EXAMPLE).verify_checkpoint(note.with_signature(unknown).encode())
    assert [cosigner.name for cosigner in verified.cosigners] == ["X1", "X2", "Y1"]


def test_a_cosignature_of_another_checkpoint_does_not_count():
    other = Checkpoint(LOG.name, 8, merkle.leaf_hash(b"y"))
    moved = KEYS["X1"].sign(other.text(), 5)
    note = SignedNote.parse(SIGNED).with_signature(moved).encode()
    with pytest.raises(NoteInvalid, match="does not verify"):
        TrustPolicy.parse(EXAMPLE).verify_checkpoint(note)


def test_a_long_chain_of_groups_needs_no_recursion():
    lines = [f"log {LOG.verifier().text()}", f"witness w0 {VKEYS['X1']}"]
    lines += [f"group w{n} all w{n - 1}" for n in range(1, 5000)]
    policy = TrustPolicy.parse("\n".join([*lines, "quorum w4999", ""]).encode())
    assert policy.verify_checkpoint(cosigned("X1")).checkpoint == CHECKPOINT
    with pytest.raises(NoteInvalid, match="w4999"):
        policy.verify_checkpoint(SIGNED)


def test_32_of_each_are_supported():
    logs = [SigningKey(f"example.org/{n}", bytes([n]) * 32) for n in range(32)]
    witnesses = [SigningKey(f"w.example/{n}", bytes([n]) * 32, COSIGNATURE_V1) for n in range(32)]
    policy = TrustPolicy(
        tuple(TrustedLog(key.verifier(), f"https://{key.name}") for key in logs),
        tuple(Witness(f"w{n}", key.verifier(), "https://w.example/") for n, key in enumerate(witnesses)),
        (Group("g0", 2, ("w0", "w1", "w2")), *(Group(f"g{n}", 1, (f"g{n - 1}", f"w{n + 2}")) for n in range(1, 29))),
        "g28",
    )
    assert TrustPolicy.parse(policy.render()) == policy


def test_white_space_comments_and_empty_lines_are_read_as_specified():
    text = (
        "# a comment, « with any octets \xff\n \t# another\n\n \t \n"
        f"\tlog \t {LOG.verifier().text()}  https://log.example/ \n"
        f"witness   W\t{VKEYS['X1']}\t\nquorum\tW \n# quorum none\n"
    ).encode("latin-1")
    policy = TrustPolicy.parse(text)
    assert policy == TrustPolicy(
        (TrustedLog(LOG.verifier(), "https://log.example/"),), (Witness("W", KEYS["X1"].verifier()),), (), "W"
    )


def test_names_are_opaque_octets():
    # tlog-policy, "Character set": K (0x4B) is not the Kelvin sign (0xE2 0x84 0xAA), and no octet need be UTF-8.
    lines = [b"witness K " + VKEYS["X1"].encode(), b"witness \xe2\x84\xaa " + VKEYS["X2"].encode()]
    lines += [b"witness \xff\xfe " + VKEYS["X3"].encode(), b"group g all K \xe2\x84\xaa \xff\xfe", b"quorum g", b""]
    policy = TrustPolicy.parse(b"log " + LOG.verifier().text().encode() + b"\n" + b"\n".join(lines))
    assert [witness.name for witness in policy.witnesses] == ["K", "\u212a", "\udcff\udcfe"]
    assert policy.render() == b"log " + LOG.verifier().text().encode() + b"\n" + b"\n".join(lines)
    assert len(policy.verify_checkpoint(cosigned("X1", "X2", "X3")).cosigners) == 3
    with pytest.raises(NoteInvalid) as caught:
        policy.verify_checkpoint(cosigned("X3"))
    assert str(caught.value).encode().endswith(b"cosigned by \\udcff\\udcfe.")


@pytest.mark.parametrize("threshold", ["all", "any", "1", "2", "3"])
def test_thresholds_count_members(threshold):
    least = {"all": 3, "any": 1}.get(threshold) or int(threshold)
    text = EXAMPLE.replace(b"group X-witnesses 2", f"group X-witnesses {threshold}".encode())
    policy = TrustPolicy.parse(text.replace(b"quorum X-and-Y", b"quorum X-witnesses"))
    for count in range(4):
        note = cosigned(*NAMES[:count])
        if count >= least:
            policy.verify_checkpoint(note)
        else:
            with pytest.raises(NoteInvalid):
                policy.verify_checkpoint(note)


def line(number: int) -> bytes:
    return EXAMPLE.split(b"\n")[number - 1]


@pytest.mark.parametrize(
    ("number", "replacement", "message"),
    [
        (1, b"log", "a log line does not have 0 items."),
        (1, line(1) + b" https://a.example b", "a log line does not have 3 items."),
        (1, line(1)[:-1], "not canonical base64 (RFC 4648 §4)."),
        (1, line(1) + b"\n" + line(1).replace(b"log ", b"log "), None),
        (1, b"log " + VKEYS["X1"].encode(), "a log's key is of type 0x01, not 0x04."),
        (1, b"log x\xffy+00000000+AAAA", "a key's name is not empty and has no space, plus or control character."),
        (3, b"witness X1 " + line(1)[4:], "a witness's key is of type 0x04, not 0x01."),
        (3, b"witness X1", "a witness line does not have 1 items."),
        (3, line(3) + b" u v", "a witness line does not have 4 items."),
        (3, line(3).replace(b"X1", b"none", 1), "the name 'none' is taken."),
        (4, line(4).replace(b"X2", b"X1", 1), "the name 'X1' is taken."),
        (4, b"witness X2 " + VKEYS["X1"].encode(), "another witness line has the same public key."),
        (6, b"group X-witnesses 2", "a group line does not have 2 items."),
        (6, b"group X-witnesses all", "a group line does not have 2 items."),
        (6, b"group X-witnesses 0 X1 X2 X3", "the threshold '0' is not any, all, or a number from 1 to 3."),
        (6, b"group X-witnesses 4 X1 X2 X3", "the threshold '4' is not any, all, or a number from 1 to 3."),
        (6, b"group X-witnesses 02 X1 X2 X3", "the threshold '02' is not any, all, or a number from 1 to 3."),
        (6, b"group X-witnesses -1 X1 X2 X3", "the threshold '-1' is not any, all, or a number from 1 to 3."),
        (6, b"group X-witnesses ALL X1 X2 X3", "the threshold 'ALL' is not any, all, or a number from 1 to 3."),
        (6, b"group X-witnesses 9999999 X1", "the threshold '9999999' is not any, all, or a number from 1 to 1."),
        (6, b"group X-witnesses 1 X1 X1", "'X1' is a member already; a name is one once at most."),
        (6, b"group X-witnesses 1 X1 Y1", "member 'Y1' is not defined on an earlier line."),
        (6, b"group X-witnesses 1 X1 none", "member 'none' is not defined on an earlier line."),
        (6, b"group X-witnesses 1 X-witnesses", "member 'X-witnesses' is not defined on an earlier line."),
        (6, b"group X1 2 X1 X2 X3", "the name 'X1' is taken."),
        (6, b"group none 2 X1 X2 X3", "the name 'none' is taken."),
        (11, b"group Y-witnesses any Y1 Y2 X1", "'X1' is a member already; a name is one once at most."),
        (13, b"group X-and-Y all X-witnesses X1", "'X1' is a member already; a name is one once at most."),
        (14, b"quorum", "a quorum line does not have 0 items."),
        (14, b"quorum X1 Y1", "a quorum line does not have 2 items."),
        (14, b"quorum Z", "'Z' is not defined on an earlier line."),
        (14, b"Quorum X1", "unknown keyword 'Quorum'."),
        (14, b"quorum X1 # not a comment", "a quorum line does not have 5 items."),
        (14, b"quorum\x0bX1", "has a control character other than tab."),
        (14, b"quorum X1\r", "has a control character other than tab."),
        (14, b"quorum X1\x7f", "has a control character other than tab."),
        (14, b"quorum\xa0X1", "unknown keyword 'quorum\\udca0X1'."),
        (2, b"quorum X1", "'X1' is not defined on an earlier line."),
        (2, b"quorum none", None),
    ],
)
def test_errors_name_the_line(number, replacement, message):
    lines = EXAMPLE.split(b"\n")
    lines[number - 1] = replacement
    with pytest.raises(NoteInvalid) as caught:
        TrustPolicy.parse(b"\n".join(lines), "trust/policy")
    if message is None:  # the later line of two that exclude each other
        assert caught.value.message in {"another log line has the same public key.", "a second quorum line."}
        assert caught.value.where in {"trust/policy, line 2", "trust/policy, line 14"}
    else:
        assert str(caught.value) == f"trust/policy, line {number}: {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "the last line does not end in a newline."),
        (EXAMPLE[:-1], "the last line does not end in a newline."),
        (EXAMPLE[: EXAMPLE.index(b"quorum")], "has no quorum line."),
        (b"#" * 1_000_001, "1000001 bytes; the limit is 1000000."),
    ],
)
def test_a_policy_that_is_cut_off_is_refused(text, message):
    with pytest.raises(NoteInvalid) as caught:
        TrustPolicy.parse(text)
    assert caught.value.message == message


def test_a_policy_built_in_code_keeps_the_same_rules():
    for policy in (
        lambda: TrustPolicy((TrustedLog(KEYS["X1"].verifier()),)),
        lambda: TrustPolicy((TrustedLog(LOG.verifier(), "a b"),)),
        lambda: TrustPolicy((TrustedLog(LOG.verifier(), ""),)),
        lambda: TrustPolicy((TrustedLog(LOG.verifier(), "x\nquorum none"),)),
        lambda: TrustPolicy((), (), (Group("g", 1, ("w",)),), "g"),
        lambda: TrustPolicy((), (), (), "w"),
        lambda: TrustPolicy((), (Witness("a b", KEYS["X1"].verifier()),), (), "none"),
        lambda: TrustPolicy((), (Witness("\ud800", KEYS["X1"].verifier()),), (), "none"),
    ):
        with pytest.raises(NoteInvalid):
            policy()


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_but_our_error(data):
    with contextlib.suppress(NoteInvalid):
        TrustPolicy.parse(data)
    with pytest.raises(NoteInvalid):
        TrustPolicy.parse(EXAMPLE).verify_checkpoint(data)


@given(st.data())
def test_mutated_policies_raise_nothing_but_our_error(data):
    text = bytearray(EXAMPLE)
    pieces = st.sampled_from([b"\n", b" ", b"#", b"quorum none\n", b"group", b"X1", b"\xff", b"\t", b"log "])
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(text)))
        text[position : position + data.draw(st.integers(0, 60))] = data.draw(st.binary(max_size=3) | pieces)
    with contextlib.suppress(NoteInvalid):
        policy = TrustPolicy.parse(bytes(text))
        assert TrustPolicy.parse(policy.render()) == policy
        policy.verify_checkpoint(cosigned("X1", "X2", "Y1"))
