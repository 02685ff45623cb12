"""What a trainer finds in each config: exactly these columns, in every file of a release."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from curation.releases.columns import KEY_COLUMN, SCHEMAS
from curation_schemas.release import CONFIGS, SPLITS, TRAINING_CONFIGS
from tests.audit.tampering import Folder

MSGS = "list<element: struct<role: string, content: string>>"
ANSWERS = "list<element: struct<position: string, content: string>>"
STRINGS = "list<element: string>"
COMMON = {
    "example_id": "string",
    "revision": "string",
    "group_id": "string",
    "topic": "string",
    "language": "string",
    "positions": STRINGS,
    "framing": "string",
    "mirrors": STRINGS,
    "translation_of": "string",
    "sources": STRINGS,
    "license": "string",
    "origin": "struct<kind: string, model: string, version: string>",
    "proposer": "string",
    "reviewers": STRINGS,
    "acceptance": "list<element: struct<perspective: string, seats: int32, accepts: int32>>",
    "events": "list<element: int64>",
}
CONTENT = {
    "sft": {"messages": MSGS},
    "preference": {"prompt": MSGS, "chosen": MSGS, "rejected": MSGS},
    "pluralistic": {"prompt": MSGS, "answers": ANSWERS, "synthesis": "string"},
    "prompts": {"prompt": MSGS, "use": "string"},
    "contested": {
        "kind": "string",
        "outcome": "string",
        "messages": MSGS,
        "prompt": MSGS,
        "chosen": MSGS,
        "rejected": MSGS,
        "answers": ANSWERS,
        "synthesis": "string",
        "use": "string",
    },
}
OTHERS = {
    "reviews": {
        "example_id": "string",
        "revision": "string",
        "round": "int32",
        "seat": "int32",
        "reviewer": "string",
        "perspective": "string",
        "verdict": "string",
        "scores": "struct<positions: int8, accuracy: int8, sourcing: int8, tone: int8, completeness: int8>",
        "reason_codes": STRINGS,
        "rationale": "string",
        "comparison": "string",
        "order_shown": "string",
        "counted": "bool",
        "via": "string",
        "auth": "string",
        "event": "int64",
        "positions_seen": "struct<chosen: list<element: string>, rejected: list<element: string>>",
    },
    "sources": dict.fromkeys(
        (
            "source_id",
            "url",
            "archive_url",
            "publisher",
            "owner",
            "country",
            "language",
            "date",
            "quote",
            "quote_status",
            "license",
        ),
        "string",
    ),
    "tombstones": {
        "example_id": "string",
        "revision": "string",
        "kind": "string",
        "reason": "string",
        "event": "int64",
        "removed_in": "string",
        "commitments": "list<element: string>",
    },
}
# TRL and axolotl decide by these names what a dataset is.
MISLEADING = {"text", "label", "tools", "image", "images", "conversations", "input_ids"}


def described(schema: pa.Schema) -> dict[str, str]:
    return {field.name: str(field.type).replace("item: ", "element: ") for field in schema}


@pytest.mark.parametrize("config", CONFIGS)
def test_a_config_has_exactly_its_columns(config):
    expected = OTHERS.get(config) or CONTENT[config] | COMMON
    assert described(SCHEMAS[config]) == expected
    assert KEY_COLUMN[config] in expected


@pytest.mark.parametrize("config", CONFIGS)
def test_no_column_misleads_a_trainer(config):
    assert not MISLEADING & set(SCHEMAS[config].names)
    if config in TRAINING_CONFIGS:
        content = {"messages", "prompt", "chosen", "rejected", "completion", "answers", "synthesis", "use"}
        assert content & set(SCHEMAS[config].names) == set(CONTENT[config])


def test_every_file_of_a_release_has_its_configs_columns_and_no_metadata_of_place_or_time(demo):
    files = sorted(demo.bundle().glob("data/*/*.parquet"))
    assert {path.parent.name for path in files} == set(CONFIGS)
    for path in files:
        schema = pq.read_schema(path)
        assert described(schema) == described(SCHEMAS[path.parent.name])
        assert set(schema.metadata or {}) <= {b"ARROW:schema", b"evenhand.simulated"}


def test_every_file_has_rows_and_carries_its_digest(demo):
    folder = Folder(demo.bundle())
    for name, entry in folder.manifest()["files"].items():
        if name.endswith(".parquet"):
            assert entry["rows"] == pq.read_metadata(demo.bundle() / name).num_rows > 0
            assert name.endswith(f"-{entry['sha256'][:8]}.parquet")


def test_an_example_and_its_translations_and_mirrors_stand_in_one_split(demo):
    split_of: dict[str, set[str]] = {}
    for path in sorted(demo.bundle().glob("data/*/*.parquet")):
        if "group_id" in pq.read_schema(path).names:
            for group in pq.read_table(path, partitioning=None).column("group_id").to_pylist():
                split_of.setdefault(group, set()).add(path.name.rsplit("-", 1)[0])
    assert all(len(splits) == 1 for splits in split_of.values()), split_of
    assert {next(iter(splits)) for splits in split_of.values()} == set(SPLITS)


def test_the_card_names_each_file_and_no_pattern(demo):
    card = Folder(demo.bundle()).read("README.md").decode()
    front = yaml.safe_load(card.split("---\n")[1])
    listed = {entry["path"] for config in front["configs"] for entry in config["data_files"]}
    files = {name for name in Folder(demo.bundle()).manifest()["files"] if name.startswith("data/")}
    assert listed == files
    assert not [path for path in listed if set(path) & set("*?[")]
    assert [config["config_name"] for config in front["configs"] if config.get("default")] == ["sft"]
    assert front["language"] == sorted({"en", "fr", "zh"})
    assert "simulated" in front["tags"]
    assert "**Simulated data.**" in card


def test_an_empty_config_has_no_file_and_is_named_in_the_card(demo):
    first = Folder(demo.bundle("1.0.0"))
    card = first.read("README.md").decode()
    held = {path.parent.name for path in first.path.glob("data/*/*.parquet")}
    empty = [config for config in CONFIGS if config not in held]
    assert empty == ["contested", "tombstones"]
    assert f"Empty in this release, and therefore without a file: {', '.join(empty)}." in card
    assert not [
        config for config in yaml.safe_load(card.split("---\n")[1])["configs"] if config["config_name"] in empty
    ]


def test_openings_stand_in_the_order_of_the_log_in_small_groups(demo):
    folder = Folder(demo.bundle())
    name = folder.find("openings/*.parquet")
    described_file = pq.read_metadata(demo.bundle() / name)
    assert max(described_file.row_group(place).num_rows for place in range(described_file.num_row_groups)) <= 4_096
    index = pq.read_table(demo.bundle() / name, partitioning=None).column("index").to_pylist()
    assert index == sorted(index)


@pytest.mark.parametrize("config", ["sft", "preference", "pluralistic", "prompts"])
def test_conversations_end_as_trainers_expect(config, demo):
    last = {"messages": "assistant", "prompt": "user", "chosen": "assistant", "rejected": "assistant"}
    rows = [
        row
        for path in demo.bundle().glob(f"data/{config}/*.parquet")
        for row in pq.read_table(path, partitioning=None).to_pylist()
    ]
    assert rows
    for row in rows:
        for name in CONTENT[config]:
            if name in last:
                assert row[name][-1]["role"] == last[name]
            else:
                assert row[name]


def test_sources_of_examples_are_among_the_sources(demo):
    folder = Folder(demo.bundle())
    known = {row["source_id"] for row in folder.rows("data/sources/*.parquet")}
    cited = {source for row in folder.rows("data/sft/train-*.parquet") for source in row["sources"]}
    assert cited
    assert cited <= known


def test_no_row_of_a_rejected_or_withdrawn_example_is_published(demo):
    from tests.audit.demo import call

    plan = call("--home", demo.home, "release", "plan", "--json").json()
    out = {item["example"] for item in plan["left_out"]}
    assert out
    reasons = {item["reason"] for item in plan["left_out"]}
    assert {"rejected by every required perspective", "withdrawn by its author (author_choice)"} & reasons
    for path in demo.bundle().glob("data/*/*.parquet"):
        if path.parent.name != "tombstones" and "example_id" in pq.read_schema(path).names:
            assert not out & set(pq.read_table(path, partitioning=None).column("example_id").to_pylist())
