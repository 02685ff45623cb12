"""Hugging Face's `datasets` loads every config of a bundle as it is, and each home's own rows.

The loading runs in a program of its own, offline, with a cache of its own: the library is heavy, and keeps state.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from curation_schemas.release import CONFIGS
from tests.audit.demo import FIRST
from tests.audit.forging import Forger, make_template
from tests.audit.tampering import Folder

ROOT = Path(__file__).parents[2]

LOAD_ALL = """
import json, sys
from datasets import Features, get_dataset_config_names, get_dataset_default_config_name, load_dataset
from curation.releases.columns import SCHEMAS
found = {"configs": {}, "default": {}}
for bundle in sys.argv[1:]:
    found["default"][bundle] = get_dataset_default_config_name(bundle)
    for config in get_dataset_config_names(bundle):
        loaded = load_dataset(bundle, config)
        for split, rows in loaded.items():
            key = f"{bundle} {config} {split}"
            found["configs"][key] = {
                "rows": rows.num_rows,
                "features_fit": rows.features == Features.from_arrow_schema(SCHEMAS[config]),
                "first": rows[0],
            }
print(json.dumps(found))
"""

LOAD_FIRST = """
import json, sys
from datasets import load_dataset
print(json.dumps([load_dataset(bundle, "sft", split="train")["example_id"][:] for bundle in sys.argv[1:]]))
"""


def load(program: str, cache: Path, *bundles: Path) -> Any:
    environment = os.environ | {
        "HF_HOME": str(cache),
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    result = subprocess.run(
        [sys.executable, "-c", program, *map(str, bundles)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_every_config_of_both_releases_loads_with_its_rows_and_features(demo, tmp_path):
    bundles = (demo.bundle(FIRST), demo.bundle())
    loaded = load(LOAD_ALL, tmp_path, *bundles)
    for bundle in bundles:
        rows = Folder(bundle).manifest()["rows"]
        expected = {f"{bundle} {config} {split}": count for config in rows for split, count in rows[config].items()}
        found = {key: item["rows"] for key, item in loaded["configs"].items() if key.startswith(f"{bundle} ")}
        assert found == expected
        assert loaded["default"][str(bundle)] == "sft"
    assert set(Folder(demo.bundle()).manifest()["rows"]) == set(CONFIGS)
    assert [key for key, item in loaded["configs"].items() if not item["features_fit"]] == []
    first = loaded["configs"][f"{demo.bundle()} sft train"]["first"]
    assert first == Folder(demo.bundle()).rows("data/sft/train-*.parquet")[0]


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return make_template(tmp_path_factory.mktemp("forger") / "template")


def made_home(template: Path, folder: Path, examples: int) -> Path:
    """A bundle of the same dataset and version, of another log."""
    folder.mkdir()
    forger = Forger().found()
    for _ in range(examples):
        forger.accepted()
    return forger.bundle(template, folder)


def test_two_homes_of_the_same_version_each_load_their_own_rows(template, tmp_path):
    """`datasets` caches by folder name and listed files: were they named by pattern, one home's rows would be the
    other's."""
    bundles = []
    for name, examples in (("one", 12), ("two", 13)):
        bundle = made_home(template, tmp_path / name, examples)
        bundles.append(Path(shutil.copytree(bundle, tmp_path / name / "releases" / "1.0.0")))
    assert {Folder(bundle).manifest()["version"] for bundle in bundles} == {"1.0.0"}
    wanted = [[row["example_id"] for row in Folder(bundle).rows("data/sft/train-*.parquet")] for bundle in bundles]
    assert wanted[0] != wanted[1]
    assert load(LOAD_FIRST, tmp_path / "cache", *bundles, bundles[0]) == [*wanted, wanted[0]]


def test_a_release_built_again_in_place_loads_its_new_rows(template, tmp_path):
    place = tmp_path / "1.0.0"
    rows = []
    for name, examples in (("one", 12), ("two", 13)):
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(made_home(template, tmp_path / name, examples), place)
        wanted = [row["example_id"] for row in Folder(place).rows("data/sft/train-*.parquet")]
        (found,) = load(LOAD_FIRST, tmp_path / "cache", place)
        assert found == wanted
        rows.append(found)
    assert rows[0] != rows[1]
