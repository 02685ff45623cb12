"""Two maintainers retract an example or yank a release: in public, for ever, and everybody who verifies is told."""

from __future__ import annotations

import json

import pytest

from curation.audit.bundle import open_bundle
from curation.audit.compare import compare_bundles
from curation.audit.verify import verify_bundle
from curation.contained import newest_with, yanked_with
from curation.errors import NotAllowed, NotFound, Refused
from tests.audit.demo import call
from tests.audit.tampering import Folder
from tests.releases.test_versions import accepted, cut
from tests.support.fixtures import homes, small_world

__all__ = ["homes", "small_world"]
REASON = "Its source was forged."


@pytest.fixture
def released(small_world):
    """A release of two accepted examples."""
    small_world.first, small_world.second = accepted(small_world), accepted(small_world)
    small_world.close()
    small_world.made = cut(small_world)
    return small_world


def test_a_retracted_example_leaves_with_its_reason_and_makes_a_major_version(released):
    draft = released.draft_retraction(released.first, reason=REASON)
    released.close()
    assert released.history(released.first).retracted is None, "one maintainer alone does nothing"
    recorded = released.agree_act(draft)
    released.close()
    made = cut(released)
    released.close()

    folder = Folder(made.path)
    assert made.manifest.version == "2.0.0"
    (stone,) = folder.rows("data/tombstones/*")
    assert (stone["example_id"], stone["kind"]) == (released.first, "retracted")
    assert stone["reason"] == f"retracted by two maintainers: {REASON}"
    revision = released.history(released.first).revisions[0].event
    assert stone["commitments"] == revision.commitments()
    said = json.loads(folder.read("diff.json"))["removed"]["retracted"]
    assert [item["example"] for item in said] == [released.first]
    assert "## Retracted by two maintainers" in folder.read("CHANGELOG.md").decode()
    assert released.first not in {row["example_id"] for row in folder.rows("data/sft/*")}
    report = verify_bundle(made.path)
    assert report.failures == []
    story = call("trace", released.first, "--bundle", made.path)
    assert "Retracted by two maintainers" in story.out
    assert REASON in story.out
    assert recorded.event.maintainers[0] != recorded.event.maintainers[1]
    released.check_projection()


def test_two_releases_are_compared_from_their_bundles_alone(released):
    released.agree_act(released.draft_retraction(released.first, reason=REASON))
    third = accepted(released)
    released.close()
    made = cut(released)
    found = compare_bundles(open_bundle(released.made.path), open_bundle(made.path)).as_json()
    assert (found["from"]["version"], found["to"]["version"]) == ("1.0.0", "2.0.0")
    assert found["added"] == [third]
    assert found["removed"] == [
        {
            "example": released.first,
            "kind": "retracted",
            "reason": f"retracted by two maintainers: {REASON}",
            "event": found["removed"][0]["event"],
        }
    ]
    shown = call("--home", released.platform.home.path, "release", "diff", "1.0.0", made.path)
    assert shown.code == 0, shown.err
    assert "1.0.0 → 2.0.0" in shown.out
    assert REASON in shown.out
    backwards = compare_bundles(open_bundle(made.path), open_bundle(released.made.path)).as_json()
    assert [item["kind"] for item in backwards["removed"]] == ["not said"]
    said = "2.0.0 is the later one: what it added is counted as removed here."
    assert said in call("release", "diff", made.path, released.made.path).out
    assert said not in shown.out


def test_a_yanked_release_stays_and_verify_trace_and_later_cards_warn_of_it(released):
    before = (released.made.path / "manifest.json").read_bytes()
    released.agree_act(released.draft_yank("1.0.0", reason=REASON))
    released.close()
    assert (released.made.path / "manifest.json").read_bytes() == before
    report = verify_bundle(released.made.path)
    assert (report.verdict, report.yanked, report.failures) == ("VERIFIED", REASON, [])
    _, second, *_ = call("verify", released.made.path).out.splitlines()
    assert second == f"  YANKED    two maintainers warn of this release: «{REASON}»"
    listed = call("--home", released.platform.home.path, "release", "list").out
    assert REASON in listed
    later = accepted(released)
    released.close()
    made = cut(released)
    assert made.manifest.version == "1.1.0"
    with released.platform.read() as loaded:
        assert newest_with(loaded, later) == "1.1.0", "it can be fetched, and its leaf is not sealed yet"
    released.agree_act(released.draft_retraction(released.second, reason=REASON))
    released.close()
    with released.platform.read() as loaded:
        warned = {
            of: [yank.version for yank in yanked_with(loaded, of)] for of in (released.first, released.second, later)
        }
        fetched = [newest_with(loaded, of) for of in (released.first, released.second, later, "ex_aaaaaaaaaaaaaaaa")]
    assert warned == {released.first: ["1.0.0"], released.second: ["1.0.0"], later: []}
    assert fetched == ["1.1.0", "1.1.0", "1.1.0", None]
    assert r"1.0.0: «Its source was forged.»" in (made.path / "README.md").read_text("utf-8")
    notes = verify_bundle(made.path).notes
    assert [note for note in notes if note.startswith("release 1.0.0 was yanked (leaf")]


def test_a_forged_yank_fails_verification(released):
    released.close()
    proof = (released.made.path / "release.tlog-proof").read_bytes()
    folder = Folder(released.made.path)
    folder.write("yanked/1.0.0.tlog-proof", proof)
    (failure,) = verify_bundle(released.made.path).failures
    assert failure.message == "proves another event than a yank of a release of this dataset"


def test_only_maintainers_draft_and_agree_and_only_what_is_there(released):
    with pytest.raises(NotAllowed):
        released.draft_retraction(released.first, handle="ana")
    with pytest.raises(NotAllowed):
        released.agree_act(released.draft_yank("1.0.0"), handle="ana")
    with pytest.raises(NotFound, match=r"there is no release .7\.0\.0."):
        released.draft_yank("7.0.0")
    with pytest.raises(NotFound, match="there is no draft"):
        released.agree_act("dnone")
    released.withdraw(released.second)
    with pytest.raises(Refused, match="is withdrawn"):
        released.draft_retraction(released.second)


def test_of_two_yanks_the_second_is_refused(released):
    first, second = released.draft_yank("1.0.0"), released.draft_yank("1.0.0", handle="max")
    released.agree_act(first)
    with pytest.raises(Refused, match="is yanked already"):
        released.agree_act(second, handle="mia")
    with pytest.raises(Refused, match="is yanked already"):
        released.draft_yank("1.0.0")
