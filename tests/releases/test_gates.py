"""A topic that fails a gate leaves the release whole; plan, card, report, log and `verify` all say so."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from curation.audit.trace import trace_example
from curation.audit.verify import verify_bundle
from curation.releases.cut import cut_release, plan_release, rebuild_release
from curation.releases.manifest import read_manifest, render_manifest, sha256_of
from curation_validators.contamination import CANARY
from curation_validators.hints import HINTS
from tests.support.findings import SOURCE
from tests.support.fixtures import homes, small_world
from tests.support.words import HARBOUR, RIVER, turn

__all__ = ["homes", "small_world"]
ENOUGH = 22


def accepted(world, number, topic=HARBOUR, **changes):
    messages = [turn("user", f"Question {number}?"), turn("assistant", f"Answer {number} to it.")]
    source = SOURCE | {"owner": f"Owner {number}", "url": f"https://site-{number}.example.org/"}
    example = world.propose(topic=topic, messages=messages, sources=[source], **changes)
    world.judge(example)
    return example


def cut(world):
    world.close()
    made = cut_release(world.platform, world.actor("mia"))
    world.close()
    assert (made.path / "release.tlog-proof").is_file()
    return made


@pytest.fixture
def skewed(small_world):
    """A world with one accepted example on the river, and a harbour of which one position has nearly all."""
    small_world.river = accepted(small_world, 0, RIVER)
    small_world.harbour = [
        accepted(small_world, number, positions=["keep-it"], language=("en", "fr")[number % 2])
        for number in range(1, ENOUGH + 1)
    ]
    return small_world


def test_plan_says_which_topic_leaves_and_why(skewed):
    skewed.close()
    plan = plan_release(skewed.platform).as_json()
    assert list(plan["gates"]["left_out"]) == [HARBOUR]
    assert "balance/position-share" in plan["gates"]["left_out"][HARBOUR]
    assert {item["topic"] for item in plan["gates"]["failing"][HARBOUR]} == {HARBOUR}
    assert [item["example"] for item in plan["included"]] == [skewed.river]
    assert {item["reason"] for item in plan["left_out"]} == {"its topic fails a gate"}


def test_topic_that_fails_a_gate_is_in_no_file_of_the_release_but_its_report(skewed):
    made = cut(skewed)
    assert made.manifest.rows["sft"] == dict.fromkeys(made.manifest.rows["sft"], 1)
    report = json.loads((made.path / "validation" / "report.json").read_text("utf-8"))
    assert list(report["left_out"]) == [HARBOUR]
    assert HARBOUR not in {item["topic"] for item in report["measures"]}
    broken = {item["measure"] for item in report["left_out"][HARBOUR] if item["breaks"] == "gate"}
    assert broken == {"balance/position-share", "balance/drift", "balance/coverage"}
    assert all(item["hint"] == HINTS[item["measure"]] for item in report["left_out"][HARBOUR] if item["breaks"])
    assert not any("hint" in item for item in report["measures"] if not item["breaks"])
    card = (made.path / "README.md").read_text("utf-8")
    assert f"- {HARBOUR} fails balance/" in card
    assert "balance/length-parity: not measured" in card
    cuts = skewed.replay().cuts
    assert [item.event.gated for item in cuts] == [[HARBOUR]]


def test_release_without_a_topic_verifies_and_names_it(skewed):
    made = cut(skewed)
    report = verify_bundle(made.path)
    assert report.verdict == "VERIFIED", report.failures
    assert any(note.startswith(f"topic {HARBOUR} left this release: it fails balance/") for note in report.notes)


def test_release_without_a_topic_is_built_again_to_the_byte(skewed, tmp_path):
    made = cut(skewed)
    rebuild_release(skewed.platform, made.manifest.version, tmp_path / "again")
    for path in made.manifest.files:
        assert (tmp_path / "again" / path).read_bytes() == (made.path / path).read_bytes(), path


def test_topic_comes_back_once_it_is_balanced_and_leaves_no_tombstone(skewed):
    first = cut(skewed)
    for number in range(100, 100 + ENOUGH):
        accepted(skewed, number, positions=["move-it"], language=("en", "fr")[number % 2])
    second = cut(skewed)
    assert (first.manifest.version, second.manifest.version) == ("1.0.0", "1.1.0")
    assert sum(second.manifest.rows["sft"].values()) == 1 + 2 * ENOUGH
    assert "tombstones" not in second.manifest.rows
    for made in (first, second):
        assert verify_bundle(made.path).verdict == "VERIFIED"


def test_topic_that_leaves_a_later_release_has_tombstones_there(small_world):
    kept = [accepted(small_world, number, positions=["keep-it"]) for number in range(1, 6)]
    first = cut(small_world)
    for number in range(10, 10 + ENOUGH):
        accepted(small_world, number, positions=["keep-it"])
    second = cut(small_world)
    assert (first.manifest.version, second.manifest.version) == ("1.0.0", "2.0.0")
    assert second.manifest.rows == {"tombstones": {"train": len(kept)}}
    report = verify_bundle(second.path)
    assert report.verdict == "VERIFIED", report.failures


def test_erasure_after_the_cut_changes_no_gate(skewed, tmp_path):
    made = cut(skewed)
    for example in skewed.harbour[:10]:
        skewed.erase(skewed.history(example).latest.leaf, "ana")
    skewed.close()
    rebuild_release(skewed.platform, made.manifest.version, tmp_path / "again")
    report = json.loads((tmp_path / "again" / "validation" / "report.json").read_text("utf-8"))
    assert list(report["left_out"]) == [HARBOUR]
    verified = verify_bundle(tmp_path / "again")
    assert verified.verdict == "VERIFIED", verified.failures


def test_trace_says_that_no_release_held_an_example_of_the_topic(skewed):
    made = cut(skewed)
    assert trace_example(made.path, skewed.harbour[0]).story["releases"] == []
    assert [item["version"] for item in trace_example(made.path, skewed.river).story["releases"]] == ["1.0.0"]


def rewritten(folder, path, change):
    """Edit a file of a bundle, and its entry in the manifest."""
    target = folder / path
    target.write_text(change(target.read_text("utf-8")), "utf-8")
    manifest = read_manifest(folder)
    entry = manifest.files[path].model_copy(update={"sha256": sha256_of(target), "bytes": target.stat().st_size})
    files = manifest.files | {path: entry}
    (folder / "manifest.json").write_bytes(render_manifest(manifest.model_copy(update={"files": files})))


def test_report_that_is_milder_on_a_topic_that_left_fails_verification(skewed, tmp_path):
    made = cut(skewed)
    forged = tmp_path / "forged"
    shutil.copytree(made.path, forged)
    rewritten(forged, "validation/report.json", lambda text: text.replace('"breaks": "gate"', '"breaks": null'))
    assert "says other things of topic harbour" in str(verify_bundle(forged).failures)


def test_report_that_claims_that_another_topic_left_fails_verification(skewed, tmp_path):
    made = cut(skewed)
    forged = tmp_path / "forged"
    shutil.copytree(made.path, forged)
    rewritten(forged, "validation/report.json", lambda text: text.replace('"harbour": [', '"river": [', 1))
    found = [failure.message for failure in verify_bundle(forged).failures]
    assert any(
        "the log says that these topics left the release: harbour; its rows give river" in item for item in found
    )
    assert any("topic harbour fails" in item and "is in the release all the same" in item for item in found)


@pytest.mark.parametrize("report", ["", "[]", "null", '{"left_out": 7}', '{"left_out": {"harbour": [7]}}', "{"])
def test_report_in_no_form_is_a_failure_and_never_a_traceback(skewed, tmp_path, report):
    made = cut(skewed)
    forged = tmp_path / "forged"
    shutil.copytree(made.path, forged)
    rewritten(forged, "validation/report.json", lambda _: report)
    assert verify_bundle(forged).verdict == "FAILED"


def test_page_opens_without_network_and_escapes_what_people_wrote(skewed):
    made = cut(skewed)
    page = (made.path / "validation" / "index.html").read_text("utf-8")
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)=\"(?!#)", page)
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors
    assert "balance/position-share" in page
    assert page.count("<table") == page.count("</table>")
    assert HINTS["balance/position-share"] in page, "what to do stands beside what fails"


def test_one_text_of_a_protected_set_takes_its_topic_out_of_the_release(small_world, monkeypatch):
    """As if the set had become known after the example was proposed: intake would have refused it."""
    monkeypatch.setattr("curation.examples.intake.builtin_sets", list)
    river = accepted(small_world, 0, RIVER)
    example = small_world.propose(topic=HARBOUR, messages=[turn("user", "Say it."), turn("assistant", CANARY)])
    small_world.judge(example)
    made = cut(small_world)
    report = json.loads((made.path / "validation" / "report.json").read_text("utf-8"))
    (found,) = (item for item in report["left_out"][HARBOUR] if item["breaks"] == "gate")
    assert (found["measure"], found["more"]) == ("examples/contamination", {"examples": [example]})
    assert f"{HARBOUR} fails examples/contamination" in (made.path / "README.md").read_text("utf-8")
    assert made.manifest.rows["sft"] == dict.fromkeys(made.manifest.rows["sft"], 1), river
    assert verify_bundle(made.path).verdict == "VERIFIED"
