"""Simulated data is never passed off as real: each file of a release says it by itself."""

from __future__ import annotations

import json

import prov.model
import pyarrow.parquet as pq
import pytest

from tests.audit.demo import SECOND
from tests.audit.tampering import Folder

SAYS_SO = ("simul", "模拟")
NOT_ABOUT_THE_ROWS = ("log/", "trust/", "dataset/guidelines/", "dataset/policies/", "dataset/card.md")
"""Hashes, keys and rules; and the maintainers' own words, which stand in the card under its warning."""


def text_files(demo):
    return [name for name in Folder(demo.bundle()).manifest()["files"] if not name.endswith(".parquet")]


def test_every_text_of_a_simulated_release_says_so_by_itself(demo):
    folder = Folder(demo.bundle())
    names = [name for name in text_files(demo) if not name.startswith(NOT_ABOUT_THE_ROWS)]
    assert {name.split("/")[0] for name in names} >= {"README.md", "CITATION.cff", "CHANGELOG.md", "diff.json", "plots"}
    silent = [name for name in names if not any(word in folder.read(name).decode().lower() for word in SAYS_SO)]
    assert silent == []


def test_every_file_of_rows_says_so_where_readers_of_parquet_find_it(demo):
    paths = list(demo.bundle().rglob("*.parquet"))
    assert len(paths) > 8
    for path in paths:
        assert pq.read_schema(path).metadata == {b"evenhand.simulated": b"true"}, path.name


def test_people_in_prov_are_marked_as_made_up(demo):
    for path in demo.bundle().glob("prov/*.json"):
        document = prov.model.ProvDocument.deserialize(source=str(path), format="json")
        agents = document.get_records(prov.model.ProvAgent)
        assert agents
        for agent in agents:
            assert {str(name): value for name, value in agent.attributes}["evenhand:simulated"] is True


@pytest.mark.parametrize("name", ["README.md", "croissant.json"])
def test_a_citation_that_is_copied_alone_says_so(name, demo):
    text = Folder(demo.bundle()).read(name).decode()
    said = json.loads(text)["citeAs"] if name.endswith("json") else text.split("**APA:**")[1].split("##")[0]
    assert "The simulated contributors to" in said
    assert "simulated data" in said.replace("\\", "")
    assert SECOND in said
