"""A dataset says where its warnings and gates begin; a release keeps to what was in force one epoch before its cut."""

from __future__ import annotations

import json

import pytest

from curation.audit.verify import verify_bundle
from curation.releases.cut import plan_release
from curation.validating.run import validate_bundle
from curation_schemas.definition import Thresholds
from tests.releases.test_gates import cut, skewed
from tests.support.fixtures import homes, small_world
from tests.support.words import HARBOUR

__all__ = ["homes", "skewed", "small_world"]
LENIENT = {
    "positions": 1,
    "languages": 1,
    "empty_cells_percent": 100,
    "position_share_percent": 0,
    "drift_warn_percent": 100,
    "drift_gate_percent": 100,
}

TARGETS = {HARBOUR: {"percents": {"keep-it": 80, "move-it": 20}, "reason": "Most who asked asked for this side."}}


def left_out(world):
    return list(plan_release(world.platform).as_json()["gates"]["left_out"])


@pytest.fixture
def lenient(skewed):
    """The harbour fails the default gates, and two maintainers agree on others."""
    skewed.agree(skewed.draft(thresholds=LENIENT, targets=TARGETS))
    skewed.close()
    return skewed


def test_thresholds_bind_two_epochs_after_their_leaf_and_gate_one_epoch_later(lenient):
    held = []
    for _ in range(4):
        held.append(left_out(lenient))
        lenient.close()
    assert held == [[HARBOUR], [HARBOUR], [HARBOUR], []]


def test_release_is_verified_and_validated_by_its_own_thresholds(lenient):
    for _ in range(3):
        lenient.close()
    made = cut(lenient)
    verified = verify_bundle(made.path)
    assert verified.verdict == "VERIFIED"
    assert any("drift_gate_percent 100 instead of 15" in note for note in verified.notes)
    assert "drift_gate_percent 100 instead of 15" in (made.path / "README.md").read_text("utf-8")
    report = json.loads((made.path / "validation" / "report.json").read_text("utf-8"))
    assert report["thresholds"] == dict(Thresholds(**LENIENT))
    assert report["targets"] == TARGETS
    said = "keep-it 80 %, move-it 20 %. «Most who asked asked for this side.»"
    assert any(f"written target of topic {HARBOUR}: {said}" in note for note in verified.notes)
    assert said in (made.path / "README.md").read_text("utf-8")
    assert said in (made.path / "validation" / "index.html").read_text("utf-8")
    validated = validate_bundle(made.path, [])
    shares = [item for item in validated.measures if item.measure == "balance/position-share"]
    assert any("written target of 80 %" in item.message for item in shares)
    assert not [item for item in validated.measures if item.breaks == "gate"]
    assert {item.measure for item in validated.measures if item.topic == HARBOUR and item.outcome == "pass"} >= {
        "balance/coverage",
        "balance/position-share",
        "balance/drift",
    }


def test_bundle_whose_policy_cannot_be_read_is_validated_by_the_default_ones_and_says_so(lenient):
    for _ in range(3):
        lenient.close()
    made = cut(lenient)
    for path in (made.path / "dataset" / "policies").iterdir():
        path.write_text("[]")
    validated = validate_bundle(made.path, [])
    assert any("thresholds are the default ones" in note for note in validated.notes)
    assert [item for item in validated.measures if item.breaks == "gate"]
