"""A bundle alone can be consistent and forged as a whole; a checkpoint got elsewhere tells."""

from __future__ import annotations

import shutil

import pytest

from curation.audit.verify import verify_bundle
from curation.log.notes import Checkpoint, SigningKey, sign_checkpoint
from curation.log.trust import TrustedLog, TrustPolicy
from tests.audit.demo import FIRST, SECOND, call
from tests.audit.tampering import WITHOUT_PROOF, Folder


@pytest.fixture
def pin(demo, tmp_path):
    """The first release's checkpoint, as somebody kept it."""
    return shutil.copyfile(demo.bundle(FIRST) / "log/checkpoint", tmp_path / "pinned")


def forge(bundle, *, keep_real_key):
    """Sign the bundle's log with another key, under the same origin."""
    folder = Folder(bundle)
    real = folder.trusted_log()
    key = SigningKey.generate(real.key.name)
    logs = (real, TrustedLog(key.verifier())) if keep_real_key else (TrustedLog(key.verifier()),)
    folder.plant_log(folder.leaves(), key, policy=TrustPolicy(logs=logs))
    folder.strike(WITHOUT_PROOF)
    return key


def size_of(demo, version):
    return Folder(demo.bundle(version)).manifest()["log"]["size"]


def test_a_pinned_checkpoint_that_the_log_extends_is_noted(bundle, pin, demo):
    report = verify_bundle(bundle, pin)
    assert (report.verdict, report.failures) == ("VERIFIED", [])
    assert f"the log extends the pinned checkpoint of size {size_of(demo, FIRST)}" in report.notes


def test_the_bundles_own_checkpoint_pins_it(bundle):
    assert verify_bundle(bundle, bundle / "log/checkpoint").verdict == "VERIFIED"


def test_a_log_signed_by_another_key_verifies_alone_and_fails_a_pin(bundle, pin):
    key = forge(bundle, keep_real_key=False)
    alone = verify_bundle(bundle)
    assert (alone.verdict, alone.failures, alone.log_key) == ("VERIFIED", [], key.verifier().text())

    called = call("verify", bundle, "--json", "--pin", pin)

    assert called.code == 1
    (failure,) = called.json()["failures"]
    assert failure["where"] == "pin"
    assert "signed by another key" in failure["message"] or "is no checkpoint of this log" in failure["message"]


def test_a_policy_that_trusts_the_real_key_beside_the_forgers_fails_a_pin(bundle, pin):
    """Else all leaves after the pin could be the forger's."""
    forge(bundle, keep_real_key=True)
    failures = verify_bundle(bundle, pin).failures
    assert [failure.where for failure in failures] == ["pin"], failures


def test_a_split_view_fails_a_pin(bundle, pin, demo):
    """The real key signed two logs of the same size that differ."""
    folder = Folder(bundle)
    leaves = folder.leaves()
    key = SigningKey.parse((demo.home / "keys" / "log.key").read_text().strip())
    swapped = [*leaves]
    swapped[3], swapped[4] = swapped[4], swapped[3]
    folder.plant_log(swapped, key)
    failures = {failure.where: failure.message for failure in verify_bundle(bundle, pin).failures}
    assert failures["pin"] == (
        f"this log's first {size_of(demo, FIRST)} leaves are not those of the pinned checkpoint: a split view"
    )


def test_a_pin_newer_than_the_bundle_asks_for_a_newer_bundle(demo):
    report = verify_bundle(demo.bundle(FIRST), demo.bundle() / "log/checkpoint")
    (failure,) = report.failures
    assert failure.where == "pin"
    sizes = size_of(demo, SECOND), size_of(demo, FIRST)
    assert failure.message.startswith(f"is of size {sizes[0]}, larger than this bundle's log ({sizes[1]}): get a newer")


def test_a_log_truncated_to_an_earlier_epoch_fails_the_later_pin(bundle, demo):
    folder, earlier = Folder(bundle), Folder(demo.bundle(FIRST))
    shutil.rmtree(bundle / "log")
    shutil.copytree(earlier.path / "log", bundle / "log")
    folder.change_manifest(lambda manifest: manifest.update(log=earlier.manifest()["log"]))
    folder.strike(WITHOUT_PROOF)
    failures = verify_bundle(bundle, demo.bundle() / "log/checkpoint").failures
    assert "larger than this bundle's log" in next(item.message for item in failures if item.where == "pin")


def test_a_pin_of_another_log_fails(bundle, tmp_path):
    key = SigningKey.generate("elsewhere.example/log")
    (tmp_path / "pin").write_bytes(sign_checkpoint(Checkpoint(key.name, 5, bytes(32)), key))
    (failure,) = verify_bundle(bundle, tmp_path / "pin").failures
    assert failure.where == "pin"
    assert failure.message.startswith("is no checkpoint of this log: ")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"no note at all\n", b"\n\n\n"])
def test_a_pin_that_is_no_checkpoint_fails(content, bundle, tmp_path):
    (tmp_path / "pin").write_bytes(content)
    (failure,) = verify_bundle(bundle, tmp_path / "pin").failures
    assert failure.where == "pin"


def test_a_pin_that_is_not_there_is_a_wrong_call(bundle, tmp_path):
    called = call("verify", bundle, "--pin", tmp_path / "nothing")
    assert called.code == 2
    assert "is no file" in called.err


def test_a_pin_changes_nothing_about_a_bundle_that_fails(bundle, pin):
    folder = Folder(bundle)
    folder.flip("log/tile/entries/000", 50)
    report = verify_bundle(bundle, pin)
    assert report.verdict == "FAILED"
    assert not [note for note in report.notes if "pinned" in note]
