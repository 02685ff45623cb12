"""A release goes to the Hub with the real client, and comes back verified; whatever breaks, the next run ends it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from huggingface_hub.utils import _auth

from curation.audit.remote import fetched, place_of
from curation.errors import BundleInvalid, Conflict, InvalidInput, NotAllowed, Unavailable
from curation.integrations.hub import HubDestination
from curation.integrations.publish import publish_release, read_release
from tests.audit.demo import FIRST, SECOND, call
from tests.simulators.hub import AFTER, BEFORE, IDENTITY, READ, WRITE, Repository

# The client itself uploads large files in a way that its own HTTP library deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
NAME = "org/contested-demo"
STEPS = ["refs", "create", "resolve", "tree", "yaml", "preupload", "batch", "upload", "verify", "commit", "tag"]
ADDRESS = f"hf://datasets/{NAME}"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No waiting between attempts."""
    import time

    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


def publish(release, *, really=True, address=ADDRESS):
    return publish_release(release, HubDestination(address), as_demo=True, really=really, tell=lambda _said: None)


def bring(release):
    """Publishing without fetching it back: each step but the last."""
    HubDestination(ADDRESS).bring(release, lambda _said: None)


@pytest.fixture(scope="module")
def first(demo):
    return read_release(demo.bundle(FIRST))


@pytest.fixture(scope="module")
def second(demo):
    return read_release(demo.bundle(SECOND))


def contents(release):
    return {name: (release.path / name).read_bytes() for name in release.files}


def check_published(hub, *releases):
    """One commit and one tag for each release, and nothing else."""
    found = hub.repositories[NAME]
    assert [message.split()[1] for _, message, _ in found.commits[1:]] == [item.version for item in releases]
    assert set(found.tags) == {f"v{item.version}" for item in releases}
    for item in releases:
        _, files = found.files(f"v{item.version}")
        assert {name: content for name, content in files.items() if name != ".gitattributes"} == contents(item)


def test_a_plan_changes_nothing(hub, first):
    planned = publish(first, really=False)
    assert not planned.published
    assert planned.steps[0] == f"create the repository {NAME}"
    assert hub.repositories == {}
    assert set(hub.steps()) == {"refs"}


def test_releases_become_one_commit_and_one_tag_each(hub, first, second):
    assert publish(first).published
    assert publish(second).published
    check_published(hub, first, second)
    assert "simulated: a demonstration" in hub.repositories[NAME].commits[1][1]
    before = len(hub.repositories[NAME].commits)
    assert publish(second).published, "again is no harm"
    assert len(hub.repositories[NAME].commits) == before


@pytest.mark.parametrize("how", [BEFORE, AFTER])
@pytest.mark.parametrize("step", STEPS)
def test_a_connection_lost_in_any_step_is_mended_by_the_next_run(step, how, hub, first):
    hub.fail(step, how)
    with suppress(Unavailable, Conflict):
        bring(first)
    bring(first)
    assert hub.faults == []
    check_published(hub, first)


@pytest.mark.parametrize(
    ("step", "status", "error", "message"),
    [
        ("create", 403, NotAllowed, "the token does not allow this"),
        ("commit", 401, NotAllowed, "the token does not allow this"),
        ("commit", 412, Conflict, "somebody else committed"),
        ("commit", 429, Unavailable, "no more requests now"),
        ("commit", 503, Unavailable, "answers HTTP 503"),
        ("tag", 500, Unavailable, "answers HTTP 500"),
    ],
)
def test_each_refusal_is_an_error_with_the_next_step(step, status, error, message, hub, first):
    hub.fail(step, status)
    with pytest.raises(error, match=message) as caught:
        bring(first)
    assert caught.value.hint
    assert WRITE not in str(caught.value)
    bring(first)
    check_published(hub, first)


def test_a_token_without_the_right_to_write_publishes_nothing(hub, first, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", READ)
    with pytest.raises(NotAllowed, match="the token does not allow this"):
        bring(first)
    assert hub.repositories == {}


@pytest.fixture
def in_a_ci(hub, monkeypatch):
    """No token, but the identity that a CI gives its jobs."""
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setenv("HF_OIDC_RESOURCE", f"datasets/{NAME}")
    monkeypatch.setenv("HF_OIDC_ID_TOKEN", IDENTITY)
    monkeypatch.setattr(_auth, "_OIDC_TOKEN_CACHE", None)


def test_a_ci_publishes_by_its_identity_without_a_token(in_a_ci, hub, first):
    assert publish(first).published
    check_published(hub, first)
    assert hub.steps().count("exchange") == 1
    assert {token for step, _, token in hub.asked if step in ("create", "commit", "tag")} == {WRITE}


@pytest.mark.parametrize("identity", ["another.one", ""])
def test_an_identity_that_is_not_taken_publishes_nothing_and_is_in_no_message(
    in_a_ci, identity, hub, first, monkeypatch
):
    monkeypatch.setenv("HF_OIDC_ID_TOKEN", identity)
    with pytest.raises(NotAllowed, match="the CI's identity could not be exchanged for a token") as refused:
        publish(first)
    assert "another.one" not in str(refused.value)
    assert hub.repositories == {}


def test_a_tag_of_another_release_is_never_moved(hub, first):
    hub.repositories[NAME] = Repository()
    made = hub.repositories[NAME].commit("mine", {"manifest.json": b"{}"})
    hub.repositories[NAME].tags[f"v{FIRST}"] = made
    with pytest.raises(Conflict, match=r"has a release 1\.0\.0 already, and it is another one"):
        publish(first)
    assert hub.repositories[NAME].tags == {f"v{FIRST}": made}


def test_an_older_release_never_replaces_a_newer_one(hub, first, second):
    bring(second)
    with pytest.raises(Conflict, match=r"which is newer than 1\.0\.0"):
        bring(first)
    check_published(hub, second)


def test_what_a_former_release_had_and_this_one_has_not_leaves_the_main_branch(hub, first, second):
    bring(first)
    bring(second)
    names = set(hub.repositories[NAME].files("main")[1])
    assert names == {*second.files, ".gitattributes"}
    assert set(first.files) - names, "the first release had files of its own"


@pytest.mark.parametrize(
    ("as_demo", "address", "message"),
    [(False, ADDRESS, "every person in this release is simulated"), (True, "hf://datasets/org/real", "does not say")],
)
def test_simulated_data_goes_out_as_a_demonstration_only(as_demo, address, message, hub, first):
    with pytest.raises(InvalidInput, match=message):
        publish_release(first, HubDestination(address), as_demo=as_demo, really=True, tell=print)
    assert hub.asked == []


def test_a_bundle_that_does_not_verify_is_not_published(bundle):
    (bundle / "README.md").write_text("changed")
    with pytest.raises(BundleInvalid, match="does not verify"):
        read_release(bundle)


def test_verify_and_trace_read_from_the_hub_by_version(hub, first, second):
    bring(first)
    bring(second)
    hub.asked.clear()
    called = call("verify", f"{ADDRESS}@v{FIRST}")
    assert called.code == 0, called.out + called.err
    assert called.out.startswith(f"VERIFIED  contested-pilot {FIRST}  ({ADDRESS}@v{FIRST})")
    assert [token for step, _, token in hub.asked if step == "store"] == [None] * hub.steps().count("store")
    assert any(token for step, _, token in hub.asked if step == "resolve")

    hub.asked.clear()
    example = json.loads((second.path / "diff.json").read_text())["added"][0]
    called = call("trace", example, "--bundle", f"{ADDRESS}@v{SECOND}", "--json")
    assert called.json()["example"] == example
    assert not [path for _, path, _ in hub.asked if "/data/" in path], "a story needs no rows"

    hub.asked.clear()
    called = call("release", "diff", f"{ADDRESS}@v{FIRST}", second.path, "--json")
    assert example in called.json()["added"], called.err
    assert not [path for _, path, _ in hub.asked if "/log/" in path or "/data/reviews/" in path]


def test_a_yank_reaches_whoever_verifies_the_tag(hub, home):
    for handle in ("mia", "max"):
        call("--home", home, "people", "add", handle, "--language", "en", "--role", "maintainer")
    one = read_release(home / "releases" / FIRST)
    publish(one)
    drafted = call("--home", home, "release", "yank", FIRST, "--reason", "Half of it was lost.", "--as", "mia").out
    draft = drafted.split()[1].rstrip(".")
    assert call("--home", home, "release", "agree", draft, "--as", "max").code == 0
    assert call("--home", home, "epoch", "close").code == 0
    publish(read_release(home / "releases" / FIRST))
    assert hub.repositories[NAME].tags == {f"v{FIRST}": hub.repositories[NAME].commits[1][0]}, "the tag stays"
    called = call("verify", f"{ADDRESS}@v{FIRST}")
    assert called.code == 0
    assert "YANKED    two maintainers warn of this release: «Half of it was lost.»" in called.out


@pytest.mark.parametrize("how", [BEFORE, AFTER, 503, 429])
def test_a_fetch_that_breaks_is_tried_again(how, hub, first):
    bring(first)
    hub.fail("resolve", how)
    hub.fail("store", how)
    with fetched(f"{ADDRESS}@v{FIRST}") as folder:
        assert {path: (folder / path).read_bytes() for path in first.files} == contents(first)


def test_what_is_not_there_or_may_not_be_read_is_said(hub, first, monkeypatch):
    bring(first)
    missing = call("verify", f"{ADDRESS}@v9.9.9")
    assert missing.code == 1
    assert "is missing at hf://datasets/org/contested-demo@v9.9.9" in missing.err
    nowhere = call("verify", f"hf://datasets/org/nowhere@v{FIRST}")
    assert (nowhere.code, "is missing at hf://datasets/org/nowhere" in nowhere.err) == (1, True), nowhere.err
    hub.private = True
    monkeypatch.delenv("HF_TOKEN")
    assert "may not be read (HTTP 401)" in call("verify", f"{ADDRESS}@v{FIRST}").err


def test_a_file_that_is_larger_or_shorter_than_said_is_not_taken(hub, first):
    bring(first)
    _, files = hub.repositories[NAME].files("main")
    name = next(name for name in files if name.startswith("data/sft"))
    kept, files[name] = files[name], files[name] + b"x" * 10_000
    with pytest.raises(BundleInvalid, match="is larger than"), fetched(f"{ADDRESS}@v{FIRST}"):
        pass
    files[name] = kept[:-1]
    assert "FAILED" in call("verify", f"{ADDRESS}@v{FIRST}").out


def test_what_git_and_the_hubs_client_leave_in_a_folder_is_no_failure(bundle):
    for name in (".gitattributes", ".git/HEAD", ".cache/huggingface/.gitignore"):
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_text("*")
    release = read_release(bundle)
    assert not [name for name in release.files if name.startswith(".")]
    assert "were not looked at" in call("verify", bundle).out


@pytest.mark.parametrize("name", ["hf://datasets/one", "hf://models/a/b", "ftp://example.org/x", "https://", "hf://"])
def test_an_address_that_is_none_is_refused(name):
    with pytest.raises(InvalidInput):
        place_of(name)


def test_datasets_loads_a_tag_from_the_hub_as_it_is(hub, second, tmp_path):
    bring(second)
    program = (
        "import sys; from datasets import load_dataset\n"
        f"rows = load_dataset({NAME!r}, 'sft', split='train', revision='v{SECOND}')\n"
        "print(rows.num_rows, rows.column_names[0])"
    )
    environment = os.environ | {"HF_HOME": str(tmp_path / "cache"), "HF_HUB_DISABLE_XET": "1"}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    rows = second.manifest.rows["sft"]["train"]
    assert ran.stdout.split() == [str(rows), "messages"], ran.stderr[-2000:]


def test_a_folder_holds_versions_and_is_finished_by_the_next_run(demo, tmp_path):
    there = tmp_path / "mirror-demo"
    planned = call("release", "publish", demo.bundle(FIRST), "--to", there, "--as-demo")
    assert "Nothing was changed." in planned.out, planned.err
    assert not there.exists()
    done = call("release", "publish", demo.bundle(FIRST), "--to", there, "--as-demo", "--yes")
    assert "what came back verifies" in done.out, done.err
    folder = there / FIRST
    (folder / "manifest.json").unlink()
    (folder / "README.md").write_text("half")
    shutil.rmtree(folder / "log")
    again = call("release", "publish", demo.bundle(FIRST), "--to", there, "--as-demo", "--yes")
    assert again.code == 0, again.err
    assert call("verify", folder).code == 0
    (folder / "CITATION.cff").write_text("other")
    planned = call("release", "publish", demo.bundle(FIRST), "--to", there, "--as-demo")
    assert "\n  write CITATION.cff again: it was changed there\n" in planned.out, "and nothing else"
    (folder / "notes.txt").write_text("of somebody else")
    stray = call("release", "publish", demo.bundle(FIRST), "--to", there, "--as-demo", "--yes")
    assert stray.code == 1
    assert "notes.txt" in stray.err, "what does not verify is named"
    assert "mend or remove it" in stray.err
    (folder / "manifest.json").write_text("{}")
    other = call("release", "publish", demo.bundle(FIRST), "--to", there, "--as-demo", "--yes")
    assert "Versions never change" in other.err
    assert "is simulated" in call("release", "publish", demo.bundle(FIRST), "--to", there).err


@pytest.fixture
def mirror(tmp_path):
    """(a folder, the address at which it is served, what was asked for there)"""
    asked = []

    class Mirror(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            asked.append(self.path)

    folder = tmp_path / "mirror-demo"
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Mirror, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


def test_a_folder_that_is_served_is_a_mirror(mirror, demo):
    folder, address, asked = mirror
    assert call("release", "publish", demo.bundle(SECOND), "--to", folder, "--as-demo", "--yes").code == 0
    called = call("verify", f"{address}/{SECOND}")
    assert called.code == 0, called.out + called.err
    assert called.out.startswith(f"VERIFIED  contested-pilot {SECOND}  ({address}/{SECOND})")

    asked.clear()
    example = json.loads((demo.bundle(SECOND) / "diff.json").read_text())["added"][0]
    there = call("trace", example, "--bundle", f"{address}/{SECOND}", "--json").json()
    assert there == call("trace", example, "--bundle", demo.bundle(SECOND), "--json").json()
    assert asked
    assert not [path for path in asked if "/data/" in path], "a story needs no rows"

    missing = call("verify", f"{address}/9.9.9")
    assert (missing.code, missing.out) == (1, "")
    assert f"{address}/9.9.9" in missing.err


def test_any_file_system_that_fsspec_knows_will_do(demo):
    address = "memory://releases/contested-demo"
    done = call("release", "publish", demo.bundle(FIRST), "--to", address, "--as-demo", "--yes")
    assert "what came back verifies" in done.out, done.err
    unknown = call("release", "publish", demo.bundle(FIRST), "--to", "nowhere://x-demo", "--as-demo")
    assert unknown.code == 2
    assert "nowhere" in unknown.err
    read_only = call("release", "publish", demo.bundle(FIRST), "--to", "https://example.org/x-demo", "--as-demo")
    assert read_only.code == 2
    assert "can be read, and not written to. Publish to a folder and serve that" in read_only.err
