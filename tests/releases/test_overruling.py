"""A maintainer keeps a topic that fails a gate: with a reason, for one release, and everybody can read it."""

from __future__ import annotations

import json

import pytest

from curation.audit.verify import verify_bundle
from curation.errors import InvalidInput, NotAllowed, Refused
from curation.releases.cut import plan_release
from tests.releases.test_gates import ENOUGH, accepted, cut, rewritten, skewed
from tests.support.fixtures import homes, small_world
from tests.support.words import HARBOUR

__all__ = ["homes", "skewed", "small_world"]
FAILING = ("balance/coverage", "balance/drift", "balance/position-share")
REASON = "The second half of it is being *reviewed* now."


def plan(world):
    return plan_release(world.platform).as_json()["gates"]


@pytest.fixture
def overruled(skewed):
    """The harbour fails three gates, and each is overruled."""
    skewed.close()
    skewed.overrule(HARBOUR, *FAILING, reason=REASON)
    return skewed


def test_topic_whose_gates_are_all_overruled_stays_in_the_release(overruled):
    assert list(plan(overruled)["left_out"]) == [HARBOUR], "it holds from its leaf on"
    made = cut(overruled)
    assert sum(made.manifest.rows["sft"].values()) == 1 + ENOUGH
    assert overruled.replay().cuts[-1].event.gated == []


def test_topic_of_which_one_gate_is_not_overruled_leaves_all_the_same(skewed):
    skewed.close()
    skewed.overrule(HARBOUR, *FAILING[:2])
    skewed.close()
    assert plan(skewed)["left_out"][HARBOUR].startswith("fails balance/")
    assert {item["gate"] for item in plan(skewed)["overruled"]} == set(FAILING[:2])


def test_card_report_page_and_verify_say_who_overruled_what_and_why(overruled):
    made = cut(overruled)
    report = json.loads((made.path / "validation" / "report.json").read_text("utf-8"))
    assert [(item["topic"], item["gate"], item["reason"]) for item in report["overruled"]] == [
        (HARBOUR, gate, REASON) for gate in FAILING
    ]
    assert {item["measure"] for item in report["measures"] if item["breaks"] == "gate"} == set(FAILING)
    assert "reviewed" in (made.path / "validation" / "index.html").read_text("utf-8")
    card = (made.path / "README.md").read_text("utf-8")
    assert r"being \*reviewed\* now" in card, "what a maintainer wrote is no Markdown"
    assert "No topic fails a gate" not in card
    verified = verify_bundle(made.path)
    assert verified.verdict == "VERIFIED", verified.failures
    said = [note for note in verified.notes if "was overruled by p_" in note and REASON in note]
    assert len(said) == len(FAILING)


def test_it_holds_for_one_release_alone(overruled):
    cut(overruled)
    accepted(overruled, ENOUGH + 1, positions=["keep-it"], language="fr")
    overruled.close()
    assert list(plan(overruled)["left_out"]) == [HARBOUR]
    assert plan(overruled)["overruled"] == []


def test_report_that_hides_who_overruled_fails_verification(overruled):
    made = cut(overruled)
    rewritten(made.path, "validation/report.json", lambda text: text.replace(REASON, "It is even."))
    assert "validation/report.json" in {failure.where for failure in verify_bundle(made.path).failures}


@pytest.mark.parametrize("gates", [(), ("balance/evenness",), ("balance/nothing",), ("*",)])
def test_what_is_no_gate_is_not_overruled(skewed, gates):
    skewed.close()
    with pytest.raises(InvalidInput, match="is no gate"):
        skewed.overrule(HARBOUR, *gates)


def test_gate_that_does_not_fail_is_not_overruled_and_none_twice(skewed):
    skewed.close()
    with pytest.raises(Refused, match="does not stop topic"):
        skewed.overrule(HARBOUR, "provenance/attribution")
    skewed.overrule(HARBOUR, *FAILING)
    skewed.close()
    with pytest.raises(Refused, match="does not stop topic"):
        skewed.overrule(HARBOUR, FAILING[0])


def test_only_a_maintainer_overrules_and_never_without_a_reason(skewed):
    skewed.close()
    with pytest.raises(NotAllowed):
        skewed.overrule(HARBOUR, *FAILING, handle="ana")
    with pytest.raises(InvalidInput):
        skewed.overrule(HARBOUR, *FAILING, reason=" ")
