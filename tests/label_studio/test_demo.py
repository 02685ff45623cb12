"""`evenhand label-studio demo` finds its dataset from anywhere, and says what it lacks before it begins a home."""

from __future__ import annotations

import shutil

import pytest

import curation
from curation.checkout import dataset_in_checkout
from tests.audit.demo import call

FIRST = "docs/first-dataset"


@pytest.mark.parametrize(
    ("example", "said"),
    [
        (None, "example.json: cannot be read. The demo proposes the example in it."),
        ("{", "example.json: is not JSON"),
        ('{"kind": "sft"}', "example.json: topic: Field required"),
    ],
)
def test_dataset_without_an_example_is_refused_and_no_home_is_begun(tmp_path, monkeypatch, example, said):
    monkeypatch.chdir(tmp_path)
    dataset = shutil.copytree(dataset_in_checkout(FIRST, "it"), tmp_path / "dataset")
    (dataset / "example.json").unlink()
    if example is not None:
        (dataset / "example.json").write_text(example, "utf-8")
    called = call("--home", "home", "label-studio", "demo", "--dataset", dataset)
    assert called.code == 2
    assert said in called.err
    assert not (tmp_path / "home").exists()


def test_dataset_for_more_reviewers_is_refused(tmp_path):
    dataset = shutil.copytree(dataset_in_checkout("datasets/contested-pilot", "it"), tmp_path / "dataset")
    shutil.copy(dataset_in_checkout(FIRST, "it") / "example.json", dataset)
    called = call("--home", tmp_path / "home", "label-studio", "demo", "--dataset", dataset)
    assert "does not have two required perspectives with one seat each" in called.err


def test_installed_package_says_what_to_name(tmp_path, monkeypatch):
    monkeypatch.setattr(curation, "__file__", str(tmp_path / "curation" / "__init__.py"))
    called = call("--home", tmp_path / "home", "label-studio", "demo")
    assert called.err.count("\n") == 1
    assert f"Name its folder with --dataset: in a checkout it is {FIRST}." in called.err
