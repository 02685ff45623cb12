"""The config `pluralistic` becomes conversations: from a version of a home, a folder and the Hub."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.integrations.hub import HubDestination
from curation.integrations.publish import read_release
from tests.audit.demo import SECOND, call
from tests.audit.tampering import Folder

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
ADDRESS = "hf://datasets/org/contested-demo"


def written(out, *arguments):
    called = call(*arguments, "--out", out)
    assert called.code == 0, called.err
    assert "Simulated people" in called.out
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def test_each_position_speaks_for_itself_and_the_synthesis_for_none(demo, tmp_path):
    (row, *_) = rows = Folder(demo.bundle()).rows("data/pluralistic/train-*")
    command = ("release", "pluralistic", demo.bundle(), "--voice")
    positions = written(tmp_path / "positions.jsonl", *command, "positions")
    assert len(positions) == sum(len(row["answers"]) for row in rows)
    said = [(line["position"], line["messages"][-1]) for line in positions if line["example_id"] == row["example_id"]]
    answers = row["answers"]
    assert said == [(item["position"], {"role": "assistant", "content": item["content"]}) for item in answers]
    (first, *_) = synthesis = written(tmp_path / "synthesis.jsonl", *command, "synthesis")
    assert len(synthesis) == len(rows)
    assert first["messages"] == [*row["prompt"], {"role": "assistant", "content": row["synthesis"]}]
    assert first["position"] is None
    assert all(line["simulated"] is True for line in (*positions, *synthesis))


def test_a_homes_version_and_the_hub_give_the_same_and_nothing_else_is_fetched(demo, hub, tmp_path):
    release = read_release(demo.bundle(SECOND))
    HubDestination(ADDRESS).bring(release, lambda _said: None)
    hub.asked.clear()
    from_home = written(tmp_path / "home.jsonl", "--home", demo.home, "release", "pluralistic", SECOND)
    from_hub = written(tmp_path / "hub.jsonl", "release", "pluralistic", f"{ADDRESS}@v{SECOND}")
    assert from_home == from_hub
    assert {path.split("/data/")[1].split("/")[0] for _, path, _ in hub.asked if "/data/" in path} == {"pluralistic"}
    assert not [path for _, path, _ in hub.asked if "/log/" in path]


def test_rows_that_are_not_the_manifests_are_not_written(bundle, tmp_path):
    out = tmp_path / "out.jsonl"
    (path,) = bundle.glob("data/pluralistic/train-*")
    rows = pq.read_table(path)
    forged = pa.array(["They are all right."] * rows.num_rows)
    pq.write_table(rows.set_column(rows.schema.get_field_index("synthesis"), "synthesis", forged), path)
    for message in ("is not the file that the manifest names", "is no readable Parquet file", "is no plain file"):
        called = call("release", "pluralistic", bundle, "--out", out)
        assert (called.code, message in called.err) == (1, True), called.err
        if path.exists():
            half = path.read_bytes()[:-9]
            path.unlink()
            if message == "is not the file that the manifest names":
                path.write_bytes(half)
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--voice", "mine"), "is none of positions, synthesis"),
        (("--split", "all"), "is none of train, validation, test"),
    ],
)
def test_a_voice_or_split_that_is_none_is_said(arguments, message, demo, tmp_path):
    called = call("release", "pluralistic", demo.bundle(), "--out", tmp_path / "out", *arguments)
    assert (called.code, message in called.err) == (2, True), called.err


def test_a_place_that_cannot_be_written_is_said(demo, tmp_path):
    assert "is a folder; name a file" in call("release", "pluralistic", demo.bundle(), "--out", tmp_path).err
    assert "is a folder; name a file" in call("release", "pluralistic", demo.bundle(), "--out", ".").err
    gone = call("release", "pluralistic", demo.bundle(), "--out", tmp_path / "no" / "out")
    assert "cannot be written: No such file or directory" in gone.err
