"""A report is signed as a release is, and a changed one is found."""

from __future__ import annotations

import pytest

from curation.log.notes import SigningKey
from tests.audit.demo import call

KEY = SigningKey("example.org/auditor", bytes(range(32)))


@pytest.fixture
def signed(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.json").write_text("{}")
    (out / "items.parquet").write_bytes(b"items")
    (tmp_path / "auditor.key").write_text(KEY.text() + "\n")
    called = call("probe", "sign", out, "--key", tmp_path / "auditor.key")
    assert (called.code, called.err) == (0, "")
    assert KEY.text() not in called.out
    return out


def check(out, key=KEY):
    return call("probe", "check", out, "--key", key.verifier().text())


def test_a_signed_report_is_what_its_key_signed(signed):
    called = check(signed)
    assert called.code == 0
    assert called.out.startswith("SIGNED")


@pytest.mark.parametrize("name", ["report.json", "items.parquet"])
def test_a_file_that_was_changed_afterwards_is_found(name, signed):
    (signed / name).write_bytes(b"other")
    called = check(signed)
    assert called.code == 1
    assert "is signed, and for other files than these" in called.err


def test_a_file_that_is_no_key_is_named(signed, tmp_path):
    (tmp_path / "noise").write_bytes(b"\xff\xfe")
    called = call("probe", "sign", signed, "--key", tmp_path / "noise")
    assert called.code == 2
    assert "is no text in UTF-8" in called.err


def test_another_key_did_not_sign_it(signed):
    assert check(signed, SigningKey("example.org/other", bytes(32))).code == 1


def test_a_report_without_a_signature_and_a_folder_without_a_report_are_told_apart(signed, tmp_path):
    (signed / "report.dsse.json").unlink()
    assert "is not signed" in check(signed).err
    called = call("probe", "sign", tmp_path, "--key", tmp_path / "auditor.key")
    assert called.code == 2
    assert "holds no report.json and items.parquet" in called.err
