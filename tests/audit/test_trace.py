"""One example's story, from the bundle alone: all of it, proved to stand in the log, and of nobody else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from curation.audit.bundle import open_bundle
from curation.audit.complete import BY_DIGEST, BY_LEAF
from curation.audit.trace import NOT_PROVED, trace_example
from curation.errors import BundleInvalid, EvenhandError, LogInconsistent, NotFound
from curation.log.merkle import leaf_hash
from curation.log.notes import SigningKey
from curation.log.proofs import decode_tlog_proof, verify_tlog_proof
from curation.log.tiles import decode_entries, encode_entries
from curation.log.trust import TrustPolicy
from tests.audit.demo import FIRST, call
from tests.audit.forging import POLICY, Forger, make_template
from tests.audit.tampering import Folder


def events(bundle: Path, type_: str) -> list[tuple[int, dict[str, Any]]]:
    """(index, event) of each leaf of a type."""
    found = [(index, json.loads(leaf)) for index, leaf in enumerate(Folder(bundle).leaves())]
    return [(index, event) for index, event in found if event["type"] == type_]


def edit_leaf(bundle: Path, index: int, old: bytes, new: bytes) -> None:
    """Change an entry, and none of the hashes."""
    name = sorted((bundle / "log/tile/entries").glob("*"))[index // 256]
    path = name if name.is_file() else next(name.glob("*"))
    entries = decode_entries(path.read_bytes(), "entries")
    assert old in entries[index % 256]
    entries[index % 256] = entries[index % 256].replace(old, new)
    path.write_bytes(encode_entries(entries))


@pytest.fixture(scope="module")
def stories(demo):
    """The story of every example in the second release's log."""
    bundle = demo.bundle()
    ids = {event["example"] for _, event in events(bundle, "example:proposed")}
    return {example: trace_example(bundle, example).story for example in sorted(ids)}


def one(stories, wanted):
    return next(story for story in stories.values() if wanted(story))


def test_a_withdrawn_example_tells_when_and_why_it_went(stories, demo):
    ((index, event),) = events(demo.bundle(), "example:withdrawn")
    story = stories[event["example"]]
    assert (story["status"], story["in_this_release"]) == ("withdrawn", None)
    assert story["why"] == f"withdrawn by its author ({event['reason']})"
    assert story["withdrawal"]["reason"] == event["reason"]
    assert story["withdrawal"]["event"] == index
    assert [item["version"] for item in story["releases"]] == ["1.0.0"]


def test_a_revised_example_tells_every_revision_with_its_own_round(stories):
    story = one(stories, lambda story: len(story["revisions"]) > 1)
    numbers = [revision["number"] for revision in story["revisions"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len({revision["revision"] for revision in story["revisions"]}) == len(numbers)
    assert all(revision["rounds"] for revision in story["revisions"])
    assert story["revisions"][0]["content"] != story["revisions"][1]["content"]


def test_an_appealed_example_tells_both_judgings_and_who_appealed_why(stories, demo):
    ((index, event),) = events(demo.bundle(), "round:appealed")
    story = stories[event["example"]]
    rounds = next(revision["rounds"] for revision in story["revisions"] if len(revision["rounds"]) > 1)
    first, second = rounds
    assert (first["stage"], second["stage"]) == ("round", "appeal")
    assert second["rule"]["seats"] == 2 * first["rule"]["seats"]
    assert second["rule"]["min_accepts"] == 2 * first["rule"]["min_accepts"]
    people = [{review["reviewer"] for review in stage["reviews"]} for stage in rounds]
    assert not people[0] & people[1]
    text = json.dumps(story)
    assert event["pseudonym"] in text
    assert f'"event": {index}' in text


def test_a_flagged_example_tells_who_flagged_it_and_who_upheld_it(stories, demo):
    raised = events(demo.bundle(), "flag:raised")
    upheld = events(demo.bundle(), "flag:upheld")
    told = [flag for story in stories.values() for flag in story["flags"]]
    assert {flag["by"] for flag in told} == {event["pseudonym"] for _, event in raised}
    assert sorted(flag["event"] for flag in told) == [index for index, _ in raised]
    assert {item["by"] for flag in told for item in flag["upheld_by"]} == {event["pseudonym"] for _, event in upheld}
    assert all(flag["ground"] and flag["evidence"] for flag in told)
    assert len({flag["lapsed"] for flag in told}) == 2 or len(told) == 1


def test_an_unresolved_example_tells_that_time_ran_out(stories):
    story = one(stories, lambda story: story["status"] == "unresolved")
    stage = story["revisions"][-1]["rounds"][-1]
    assert (stage["outcome"], stage["ended"]["how"]) == ("unresolved", "time")
    assert any(item["seats"] < stage["rule"]["seats"] for item in stage["tally"])
    assert story["in_this_release"] == "contested"


def test_a_contested_example_tells_the_rejections_with_reasons_and_rationales(stories):
    story = one(stories, lambda story: story["status"] == "contested")
    reviews = story["revisions"][-1]["rounds"][-1]["reviews"]
    against = [review for review in reviews if review["verdict"] != "accept"]
    assert against
    assert all(review["reasons"] and isinstance(review["rationale"], str) for review in against)


def test_a_rejected_example_tells_its_votes_and_says_that_its_text_is_not_here(stories):
    story = one(stories, lambda story: story["status"] == "rejected")
    assert story["in_this_release"] is None
    revision = story["revisions"][-1]
    shown = [item for items in revision["content"].values() for item in items]
    assert {json.dumps(item) for item in shown} == {
        json.dumps({"not_shown": "its opening is not part of this release"})
    }
    assert [review["verdict"] for review in revision["rounds"][-1]["reviews"]].count("accept") < len(
        revision["rounds"][-1]["reviews"]
    )


def test_a_superseded_review_is_told_and_does_not_count(stories):
    reviews = [
        review
        for story in stories.values()
        for revision in story["revisions"]
        for stage in revision["rounds"]
        for review in stage["reviews"]
    ]
    latest = [review for review in reviews if review["supersedes"]]
    assert latest
    for review in latest:
        (earlier,) = [item for item in reviews if item["review"] == review["supersedes"]]
        assert not earlier["counted"]
        assert review["counted"]


def test_a_seat_that_was_handed_on_is_told(stories, demo):
    passed = [
        item["reviewer"]
        for story in stories.values()
        for revision in story["revisions"]
        for stage in revision["rounds"]
        for item in stage["passed"]
    ]
    assert sorted(passed) == sorted(event["pseudonym"] for _, event in events(demo.bundle(), "seat:passed"))


def test_every_leaf_of_an_example_is_proved(stories, demo):
    leaves = Folder(demo.bundle()).leaves()
    for example, story in stories.items():
        about = [leaf for leaf in leaves if f'"example":"{example}"'.encode() in leaf]
        assert story["proved_leaves"] >= len(about)


def test_a_story_speaks_of_no_other_example_but_its_mirrors(stories):
    for example, story in stories.items():
        named = set(re.findall(r"ex_[a-z2-7]{16}", json.dumps(story)))
        linked = {item for revision in story["revisions"] for item in revision["mirrors"]}
        linked |= {revision["translation_of"] for revision in story["revisions"]}
        assert named <= {example} | linked


def test_a_story_says_what_it_does_not_prove(stories):
    assert all(story["does_not_prove"] == list(NOT_PROVED) for story in stories.values())


def test_the_rows_of_the_release_tell_the_same_as_the_stories(stories, demo):
    rows = Folder(demo.bundle()).rows("data/sft/train-*.parquet")
    assert rows
    for row in rows:
        story = stories[row["example_id"]]
        revision = next(item for item in story["revisions"] if item["revision"] == row["revision"])
        assert story["in_this_release"] == "sft"
        assert revision["content"]["messages"] == row["messages"]
        assert revision["proposer"] == row["proposer"]
        assert revision["rounds"][-1]["tally"] == row["acceptance"]
        assert [source["url"] for source in revision["sources"]]


# --- proofs -----------------------------------------------------------------------------------------------------------


def test_a_proof_verifies_under_the_bundles_policy_with_the_leaf_that_it_carries(demo, tmp_path):
    example = Folder(demo.bundle()).rows("data/sft/train-*.parquet")[0]
    called = call("trace", example["example_id"], "--bundle", demo.bundle(), "--proof", tmp_path / "leaf.tlog-proof")
    assert called.code == 0, called.err
    trust = TrustPolicy.parse((demo.bundle() / "trust/policy").read_bytes())
    proof = (tmp_path / "leaf.tlog-proof").read_bytes()
    leaf = decode_tlog_proof(proof).extra
    assert leaf is not None
    assert leaf_hash(leaf).hex() == example["revision"]
    verified = verify_tlog_proof(proof, leaf, trust)
    assert f"Proof of leaf {verified.index} written to" in called.out
    assert verified.checkpoint.size == Folder(demo.bundle()).manifest()["log"]["size"]


def test_a_proof_does_not_verify_for_another_leaf_or_under_another_policy(demo):
    traced = trace_example(demo.bundle(), Folder(demo.bundle()).rows("data/sft/train-*.parquet")[0]["example_id"])
    proof = traced.tlog_proof()
    trust = TrustPolicy.parse((demo.bundle() / "trust/policy").read_bytes())
    with pytest.raises(LogInconsistent):
        verify_tlog_proof(proof, b"{}", trust)
    other = SigningKey.generate("elsewhere.example/log").verifier()
    leaf = decode_tlog_proof(proof).extra
    assert leaf is not None
    with pytest.raises(EvenhandError):
        verify_tlog_proof(proof, leaf, TrustPolicy.parse(f"log {other.text()}\nquorum none\n".encode()))


# --- damaged bundles --------------------------------------------------------------------------------------------------


def test_an_unknown_example_is_not_found(bundle):
    with pytest.raises(NotFound, match="no example 'ex_aaaaaaaaaaaaaaaa' in the log"):
        trace_example(bundle, "ex_aaaaaaaaaaaaaaaa")


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("hidden", ["example:withdrawn", "flag:raised", "round:closed", "review:submitted"])
def test_no_act_can_be_hidden_by_giving_its_leaf_another_example(hidden, known, bundle):
    index, event = events(bundle, hidden)[0]
    edit_leaf(bundle, index, event["example"].encode(), b"ex_aaaaaaaaaaaaaaaa")
    with pytest.raises(LogInconsistent, match=r"its leaves hash to \w+; the checkpoint says"):
        trace_example(bundle, event["example"], known=lambda _: known)


@pytest.mark.parametrize(
    ("type_", "old", "new"),
    [
        ("dataset:defined", b'"min_accepts":3', b'"min_accepts":1'),
        ("epoch:closed", b'"date":"2026-', b'"date":"2025-'),
        ("release:cut", b'"version":"1.0.0"', b'"version":"1.2.0"'),
        ("perspective:declared", b'"auth":"server"', b'"auth":"sErver"'),
    ],
)
@pytest.mark.parametrize("known", [False, True])
def test_no_leaf_on_which_a_story_rests_can_be_changed(known, type_, old, new, bundle):
    index = next(index for index, leaf in enumerate(Folder(bundle).leaves()) if type_.encode() in leaf and old in leaf)
    edit_leaf(bundle, index, old, new)
    example = Folder(bundle).rows("data/sft/train-*.parquet")[0]["example_id"]
    with pytest.raises(LogInconsistent):
        trace_example(bundle, example, known=lambda _: known)


def test_a_file_of_the_log_that_the_manifest_does_not_list_is_no_verified_one(stories, bundle):
    folder, example = Folder(bundle), next(iter(stories))
    name = next(path for path in folder.manifest()["files"] if path.startswith("log/tile/entries/"))
    folder.change_manifest(lambda manifest: manifest["files"].pop(name))
    assert trace_example(bundle, example, known=lambda _: True).story == stories[example]


def test_stories_of_a_release_that_was_verified_before_are_the_same_and_say_how_it_is_known(stories, demo):
    for example in (*list(stories)[::5], one(stories, lambda story: story["status"] == "withdrawn")["example"]):
        story = trace_example(demo.bundle(), example, known=lambda _: True).story
        assert story.pop("complete_by") == BY_DIGEST
        assert {**story, "complete_by": BY_LEAF} == stories[example]


def test_a_manifest_that_names_a_shorter_prefix_hides_nothing_that_the_log_says(stories, demo, bundle):
    """A withdrawal, for instance, of which the release does not want to know."""
    story = one(stories, lambda story: story["status"] == "withdrawn")
    example, withdrawn = story["example"], story["withdrawal"]["event"]
    assert story["later"] == []
    before = open_bundle(demo.bundle(FIRST)).manifest.log.rows_at
    Folder(bundle).change_manifest(lambda manifest: manifest["log"].update(rows_at=before))
    cut = trace_example(bundle, example).story
    assert (cut["status"], cut["later"]) == ("accepted", [{"event": withdrawn, "type": "example:withdrawn"}])
    assert cut["proved_leaves"] == story["proved_leaves"]
    printed = call("trace", example, "--bundle", bundle).out
    assert f"says more of this example:\n  example:withdrawn, event {withdrawn}\n" in printed
    Folder(bundle).change_manifest(lambda manifest: manifest["log"].update(rows_at=1))
    with pytest.raises(NotFound, match="only after the 1 leaves that its release is made of"):
        trace_example(bundle, example)


def test_an_edited_opening_is_said_to_be_edited_and_never_shown(bundle):
    folder = Folder(bundle)
    row = folder.rows("data/sft/train-*.parquet")[0]
    text = row["messages"][-1]["content"].encode()[:20]

    def change(rows):
        for opening in rows:
            if text in opening["body"]:
                opening["body"] = opening["body"].replace(text, b"Words never written.")

    folder.change_rows("openings/*.parquet", change)
    story = trace_example(bundle, row["example_id"]).story
    assert "Words never written" not in json.dumps(story)
    assert "does not fit its commitment: it was edited" in json.dumps(story)


@pytest.mark.parametrize("size", [0, 1, 100, 10**6, 2**53 - 1])
def test_a_manifest_that_names_another_size_is_refused_at_once(size, bundle):
    folder = Folder(bundle)
    example = folder.rows("data/sft/train-*.parquet")[0]["example_id"]
    folder.change_manifest(lambda manifest: manifest["log"].update(size=size))
    with pytest.raises(BundleInvalid, match=r"is of size \d+; the manifest names"):
        trace_example(bundle, example)


@pytest.mark.parametrize("name", ["trust/policy", "log/checkpoint", "manifest.json"])
def test_a_story_needs_policy_checkpoint_and_manifest(name, bundle):
    example = Folder(bundle).rows("data/sft/train-*.parquet")[0]["example_id"]
    (bundle / name).unlink()
    with pytest.raises(EvenhandError) as refused:
        trace_example(bundle, example)
    assert name in str(refused.value)


def test_a_story_survives_the_loss_of_every_opening_and_says_so(bundle):
    folder = Folder(bundle)
    example = folder.rows("data/sft/train-*.parquet")[0]["example_id"]
    name = folder.find("openings/*.parquet")
    (bundle / name).unlink()
    folder.change_manifest(lambda manifest: manifest["files"].pop(name))
    story = trace_example(bundle, example).story
    assert story["revisions"][0]["content"]["messages"][0] == {"not_shown": "its opening is not part of this release"}


def test_a_story_whose_openings_cannot_be_read_says_so_and_not_that_they_are_elsewhere(bundle):
    folder = Folder(bundle)
    example = folder.rows("data/sft/train-*.parquet")[0]["example_id"]
    name = folder.find("openings/*.parquet")
    (bundle / name).write_bytes((bundle / name).read_bytes()[:100])
    message = trace_example(bundle, example).story["revisions"][0]["content"]["messages"][0]["not_shown"]
    assert message == f"{name}: is no readable Parquet file; run `evenhand verify`"


def test_foreign_text_cannot_drive_a_terminal(tmp_path):
    """A server that lies can commit to any characters; none reaches the terminal as it is."""
    forger = Forger().found()
    nasty = "\x1b]0;owned\x07\x1b[2J\u202eesrever\x9b31m\r\u2028"
    ask = forger.commit("message", {"role": "user", "content": nasty})
    tell = forger.commit("message", {"role": nasty, "content": nasty})
    made = forger.propose(content={"messages": [ask, tell]})
    forger.close()
    forger.judge(made)
    forger.close()
    bundle = forger.bundle(make_template(tmp_path / "template"), tmp_path)
    called = call("trace", made.example, "--bundle", bundle)
    assert called.code in (0, 1)
    verified = call("verify", bundle)
    for printed in (called.out, called.err, verified.out, verified.err):
        assert not {"\x1b", "\x07", "\u202e", "\x9b", "\r", "\u2028"} & set(printed)


def test_a_story_names_the_rule_of_the_policy_under_which_it_was_judged(tmp_path):
    """A later policy binds from two epochs after its leaf, and never what was proposed before."""
    forger = Forger().found()
    old = forger.propose()
    policy = forger.add(
        "policy:changed",
        policy=POLICY | {"standard": {"seats": 1, "min_accepts": 1, "min_share_percent": 60}},
        reason="Fewer people.",
        maintainers=[forger.pseudonym("mia"), forger.pseudonym("max")],
        supersedes=forger.definition,
    )
    forger.close()
    forger.close()
    forger.judge(old)
    new = forger.propose("ben", policy=policy)
    forger.close()
    forger.review(new, "keep-1", 1)
    forger.review(new, "move-1", 1)
    forger.end(new)
    forger.close()
    bundle = forger.bundle(make_template(tmp_path / "template"), tmp_path)
    rules = [trace_example(bundle, made.example).story["revisions"][0]["rounds"][0]["rule"] for made in (old, new)]
    assert [rule["seats"] for rule in rules] == [2, 1]
    report = call("verify", bundle, "--json").json()
    assert report["verdict"] == "VERIFIED"
    assert [note for note in report["notes"] if note.startswith(f"example {new.example}: the policy of leaf")]
    assert not [note for note in report["notes"] if old.example in note]
