"""The suites say what the measures say, whichever engine counted; an exception is an error and never a fail."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from curation_validators.findings import RULES
from curation_validators.measures import MEASURES
from tests.support.balanced import FAULTS, balanced, write_bundle_data

ROOT = Path(__file__).parents[2]
RUN = Path(__file__).with_name("run_suites.py")
# A Java machine for a minute and for small tables.
SPARK = {"SPARK_CONF_DIR": str(Path(__file__).with_name("spark"))}
PACKAGES = [ROOT, ROOT / "api", ROOT / "schemas", ROOT / "validators"]


def run(engine, *folders):
    """What the suites say of each folder."""
    environment = os.environ | SPARK | {"PYTHONPATH": os.pathsep.join(map(str, PACKAGES))}
    done = subprocess.run(
        [sys.executable, RUN, engine, *folders], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def broken(found):
    return {name for name, (outcome, _) in found["suites"].items() if outcome == "fail"}


# Each run takes a second or two. Every fault is given to measures and checks in test_measures.py; these are a gate, a
# warning, parity, a rule that warns, one that blocks, and a fault that both a measure and a rule see.
CHOSEN = (
    "skewed positions",
    "a proposer of a third",
    "refusals on one side only",
    "near-copies",
    "an invisible character",
    "a secret",
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A dataset without fault, then one for each chosen fault."""
    made = [balanced(), *(FAULTS[fault][0]() for fault in CHOSEN)]
    return [write_bundle_data(tables, tmp_path_factory.mktemp("bundle"), files=3) for tables in made]


@pytest.fixture(scope="module")
def on_pandas(folders):
    return run("pandas", *folders)


def place(fault):
    return 1 + CHOSEN.index(fault)


def test_suites_on_pandas_see_each_fault_and_no_other(on_pandas):
    assert all(item["same"] for item in on_pandas), "pandas counts something else than plain Python"
    assert [broken(item) for item in on_pandas] == [set(), *(FAULTS[fault][1] for fault in CHOSEN)]
    for item in on_pandas:
        assert set(item["suites"]) == set(MEASURES) | set(RULES)
        assert "error" not in {outcome for outcome, _ in item["suites"].values()}
    assert on_pandas[0]["suites"]["language/differs"] == ["insufficient", "none"], "no detector was there"


def test_gate_and_warning_are_told_apart(on_pandas):
    skewed, proposer = (on_pandas[place(name)]["suites"] for name in ("skewed positions", "a proposer of a third"))
    assert skewed["balance/position-share"] == ["fail", "gate"]
    assert proposer["provenance/proposer-share"] == ["fail", "warn"]


@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs a Java runtime, and none is on the PATH")
def test_spark_gives_the_same_result_as_pandas_on_the_same_bundle(folders, on_pandas):
    fault = place("refusals on one side only")
    (on_spark,) = run("spark", folders[fault])
    assert on_spark == on_pandas[fault]
    assert on_spark["same"]
    assert broken(on_spark) == {"balance/refusal-parity"}
