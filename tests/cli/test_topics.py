"""Proposing something about a topic on the command line, and seeing what became of it."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.audit.demo import call
from tests.cli.masking import assert_golden, masked


@pytest.fixture
def someone(home):
    """A home in which a real person has an account."""
    assert call("--home", home, "people", "add", "zoe", "--language", "en").code == 0
    return home


def topic_in_force(home, name="us-gun-policy"):
    found = json.loads(call("--home", home, "topics", "list", "--json").out)
    return next(
        {key: value for key, value in item.items() if key != "empty_seats"} for item in found if item["id"] == name
    )


def proposal(home, path, **changes):
    plain = {
        "kind": "topic",
        "topic": "us-gun-policy",
        "language": "en",
        "license": "CC-BY-4.0",
        "origin": {"kind": "human"},
        "reason": "The scope leaves out what states may do.",
        "proposal": topic_in_force(home) | changes,
    }
    path.write_text(yaml.safe_dump(plain, allow_unicode=True), "utf-8")
    return path


def test_an_amendment_is_proposed_and_listed_with_whom_it_waits_for(someone, tmp_path):
    scope = topic_in_force(someone)["scope"] | {"en": "What states may do."}
    called = call(
        "--home", someone, "topics", "propose", proposal(someone, tmp_path / "p.yaml", scope=scope), "--as", "zoe"
    )
    assert called.code == 0, called.err
    assert_golden("topics-propose", masked(called.out, someone))
    assert_golden("topics-drafts", masked(call("--home", someone, "topics", "drafts").out, someone))
    (found,) = json.loads(call("--home", someone, "topics", "drafts", "--json").out)
    assert (found["changes"], found["lacks"], found["status"]) == (["scope"], [], "needs_reviews")


def test_what_is_no_proposal_is_refused_and_nothing_is_kept(someone, tmp_path):
    before = call("--home", someone, "status", "--json").out
    path = proposal(someone, tmp_path / "p.yaml", positions=[])
    called = call("--home", someone, "topics", "propose", path, "--as", "zoe")
    assert called.code == 2
    assert "proposal.positions" in called.err
    same = call("--home", someone, "topics", "propose", proposal(someone, tmp_path / "p.yaml"), "--as", "zoe")
    assert same.code == 2
    assert "the proposal changes nothing of topic us-gun-policy (rule propose/topic-changes)" in same.err
    missing = call("--home", someone, "topics", "propose", tmp_path / "none.yaml", "--as", "zoe")
    assert "cannot be read as UTF-8 text" in missing.err
    assert call("--home", someone, "status", "--json").out == before
