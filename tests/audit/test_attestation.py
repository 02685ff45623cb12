"""The signed statement about a release's manifest: read by another implementation of DSSE, and checked by `verify`."""

from __future__ import annotations

import base64
import json
import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

from curation.audit.verify import verify_bundle
from curation.errors import NoteInvalid
from curation.log.envelope import open_envelope, pre_authentication_encoding, sign_envelope
from curation.log.notes import SigningKey
from tests.audit.demo import FIRST
from tests.audit.tampering import MANIFEST, SIGNED, Folder, sha256

KEY = SigningKey("example.org/log", bytes(range(32)))


def statement(folder: Folder) -> dict:
    return json.loads(base64.b64decode(json.loads(folder.read(SIGNED))["payload"]))


def test_the_encoding_that_is_signed_is_that_of_the_specification():
    # DSSE, protocol.md: PAE("http://example.com/HelloWorld", "hello world").
    encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_another_implementation_verifies_the_envelope_and_reads_an_in_toto_statement(demo):
    folder = Folder(demo.bundle())
    envelope = Envelope.from_dict(json.loads(folder.read(SIGNED)))
    (keyid,) = envelope.signatures
    public = Ed25519PublicKey.from_public_bytes(folder.trusted_log().key.public_key)
    key = SSlibKey.from_crypto(public, keyid=keyid)
    assert list(envelope.verify([key], 1)) == [keyid]
    assert keyid == folder.trusted_log().key.text()
    said, manifest = statement(folder), folder.manifest()
    assert (said["_type"], said["subject"]) == (
        "https://in-toto.io/Statement/v1",
        [{"name": MANIFEST, "digest": {"sha256": sha256(folder.read(MANIFEST))}}],
    )
    assert said["predicate"]["log"]["size"] == str(manifest["log"]["size"])
    assert said["predicate"]["simulated"] is True


def test_no_number_stands_in_the_statement(demo):
    def numbers(value):
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            return [found for item in value for found in numbers(item)]
        return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []

    assert numbers(statement(Folder(demo.bundle()))) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda found: found["signatures"][0].update(sig=base64.b64encode(bytes(64)).decode()), "is not signed by"),
        (lambda found: found.update(signatures=[]), "is not signed by"),
        (lambda found: found.update(payloadType="text/plain"), "holds a payload of another type"),
        (lambda found: found.update(payload="é"), "is no DSSE envelope"),
        (lambda found: found.pop("payload"), "is no DSSE envelope"),
        (lambda found: found.update(signatures=7), "is no DSSE envelope"),
    ],
)
def test_a_changed_envelope_fails_verification(change, message, bundle):
    folder = Folder(bundle)
    envelope = json.loads(folder.read(SIGNED))
    change(envelope)
    folder.write(SIGNED, json.dumps(envelope).encode())
    (failure,) = verify_bundle(bundle).failures
    assert failure.where == SIGNED
    assert message in failure.message


def test_the_signed_statement_of_another_release_fails_verification(bundle, demo):
    shutil.copyfile(demo.bundle(FIRST) / SIGNED, bundle / SIGNED)
    (failure,) = verify_bundle(bundle).failures
    assert (failure.where, failure.message) == (SIGNED, "is signed, and says other things than this manifest")


def test_without_its_signature_a_bundle_verifies_and_says_so(bundle):
    (bundle / SIGNED).unlink()
    report = verify_bundle(bundle)
    assert report.verdict == "VERIFIED"
    assert f"{SIGNED} is not there: this manifest is not signed" in report.notes


def test_a_signature_over_another_type_is_not_taken_for_this_one():
    envelope = json.loads(sign_envelope("text/a", b"payload", KEY))
    envelope["payloadType"] = "text/b"
    with pytest.raises(NoteInvalid, match="is not signed by"):
        open_envelope(json.dumps(envelope).encode(), "text/b", KEY.verifier())
