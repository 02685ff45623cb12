"""What was verified on this machine is remembered, under digests alone, and never taken for something else."""

from __future__ import annotations

import os

import pytest

from curation.audit import remembered
from curation.audit.bundle import open_bundle
from curation.audit.complete import BY_DIGEST, BY_LEAF
from curation.audit.remembered import is_remembered, remember
from curation.audit.verify import verify_bundle
from tests.audit.demo import call
from tests.audit.tampering import Folder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of one's own, and releases of any size worth a note."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("EVENHAND_CACHE", str(folder))
    monkeypatch.setattr(remembered, "LARGE", 1)
    return folder


def an_example(bundle):
    return Folder(bundle).rows("data/sft/train-*.parquet")[0]["example_id"]


def traced(bundle):
    return call("trace", an_example(bundle), "--bundle", str(bundle), "--json").json()["complete_by"]


def test_trace_after_verify_compares_files_and_before_it_hashes_leaves(bundle, cache):
    assert traced(bundle) == BY_LEAF
    assert call("verify", str(bundle)).code == 0
    assert traced(bundle) == BY_DIGEST
    (note,) = (cache / "verified").iterdir()
    note.unlink()
    assert traced(bundle) == BY_LEAF


def test_a_note_is_empty_tells_nothing_and_is_for_its_owner(bundle, cache):
    remember(verify_bundle(bundle))
    (note,) = (cache / "verified").iterdir()
    assert (note.read_bytes(), len(note.name)) == (b"", 64)
    assert note.name != open_bundle(bundle).manifest_sha256
    assert (note.stat().st_mode & 0o777, note.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_manifest_that_differs_by_a_byte_is_not_remembered(bundle):
    remember(verify_bundle(bundle))
    assert is_remembered(open_bundle(bundle))
    manifest = bundle / "manifest.json"
    manifest.write_bytes(manifest.read_bytes() + b"\n")
    assert not is_remembered(open_bundle(bundle))


def test_another_version_of_the_program_judges_for_itself(bundle, monkeypatch):
    remember(verify_bundle(bundle))
    monkeypatch.setattr("curation.__version__", "0.0.0")
    assert not is_remembered(open_bundle(bundle))


def test_what_failed_is_not_remembered(bundle, cache):
    (bundle / "README.md").write_text("Another card.")
    assert call("verify", str(bundle)).code == 1
    assert not cache.exists()


def test_a_small_release_leaves_no_note(bundle, cache, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("EVENHAND_CACHE", str(cache))
    assert call("verify", str(bundle)).code == 0
    assert not cache.exists()


@pytest.mark.parametrize("where", ["a file", "nowhere"])
def test_where_no_note_can_be_kept_nothing_fails(where, bundle, cache, monkeypatch):
    if where == "a file":
        cache.write_text("not a folder")
    else:
        for name in ("EVENHAND_CACHE", "XDG_CACHE_HOME", "HOME"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # what it gives where nobody has a home
    assert call("verify", str(bundle)).code == 0
    assert traced(bundle) == BY_LEAF


@pytest.mark.parametrize("whose", ["another's", "anybody's"])
def test_a_note_that_somebody_else_can_have_written_is_not_believed(whose, bundle, cache, monkeypatch):
    assert call("verify", str(bundle)).code == 0
    assert traced(bundle) == BY_DIGEST
    if whose == "anybody's":
        (cache / "verified").chmod(0o777)
    else:
        me = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    assert traced(bundle) == BY_LEAF


def test_a_cache_that_is_named_from_where_one_stands_is_not_used(bundle, tmp_path, monkeypatch):
    monkeypatch.delenv("EVENHAND_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "data")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(bundle)
    remember(verify_bundle(bundle))
    assert not (bundle / "data" / "evenhand").exists()
    assert (tmp_path / "home" / ".cache" / "evenhand" / "verified").is_dir()
