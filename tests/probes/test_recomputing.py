"""`evenhand probe recompute`: a report is what its items come to, and one that was touched is not."""

from __future__ import annotations

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation_validators.probes.orientation_items import builtin_orientation_instrument, render_statements
from tests.audit.demo import call
from tests.probes.model_server import serving

FEW = ["--languages", "en", "--draws", 100]
PAIRS = "topic,side_a,side_b,prompt_a,prompt_b\n" + "".join(
    f"t{n},open,closed,Praise {n},Blame {n}\n" for n in range(4)
)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    path = tmp_path_factory.mktemp("pairs") / "harbour.csv"
    path.write_text(PAIRS, "utf-8")
    return path


@pytest.fixture(scope="module")
def lean(tmp_path_factory):
    out = tmp_path_factory.mktemp("lean") / "out"
    ask = ["probe", "geopolitical", "--backend", "planted", "--plant", "US=0.5,noise=0.3", "--scenarios", 2]
    assert call(*ask, *FEW, "--languages", "en,zh", "--out", out).code == 1  # two scenarios are too few for a finding
    return out


def recompute(out, *more):
    return call("probe", "recompute", out, *more)


@pytest.fixture
def touched(lean, tmp_path):
    return shutil.copytree(lean, tmp_path / "touched")


def change_items(out, change):
    table = pq.read_table(out / "items.parquet")
    rows = change(table.to_pylist())
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), out / "items.parquet")


def test_a_report_of_leans_is_what_its_items_come_to(lean):
    called = recompute(lean)
    assert (called.code, called.err) == (0, "")
    assert called.out.startswith("SAME")


def test_so_are_reports_of_every_probe_that_asks_a_model(pairs, tmp_path):
    answers = [
        json.dumps({"id": item.question.id, "logprobs": {"A": -1.0 - place % 3, "B": -2.0, "C": -1.5, "D": -3.0}})
        for place, item in enumerate(render_statements(builtin_orientation_instrument(), ["en"]))
    ]
    (tmp_path / "answers.jsonl").write_text("\n".join(answers))
    (tmp_path / "list.txt").write_text("What is known of the flood?\nTell me of the harbour.\n")
    planted = ["--backend", "planted"]
    runs = {
        "orientation": (["--backend", "recorded", "--recorded", tmp_path / "answers.jsonl", *FEW], []),
        "selection": ([*planted, "--posts", 1, "--dimensions", "gender", *FEW], []),
        "refusals": ([*planted, "--plant", "CN=1", *FEW], []),
        "evenhandedness": ([*planted, "--pairs", pairs, "--draws", 100], ["--pairs", pairs]),
    }
    for probe, (asked, named) in runs.items():
        call("probe", probe, *asked, "--out", tmp_path / probe)
        called = recompute(tmp_path / probe, *named)
        assert (called.code, called.err, called.out[:4]) == (0, "", "SAME"), probe
    call("probe", "refusals", *planted, "--prompts", tmp_path / "list.txt", "--max-tokens", 64, "--out", tmp_path / "l")
    assert recompute(tmp_path / "l", "--prompts", tmp_path / "list.txt", "--max-tokens", 64).code == 0
    assert (
        "items_sha256" in recompute(tmp_path / "l", "--prompts", tmp_path / "list.txt").out
    )  # texts of another length


def test_a_judges_word_is_computed_again_from_what_it_said(pairs, tmp_path):
    asked = ["--backend", "planted", "--pairs", pairs, "--draws", 100, "--out", tmp_path]
    with serving(lambda prompt: 0.7) as judge:
        call("probe", "evenhandedness", *asked, "--judge-url", judge.url, "--judge-model", "j")
    assert json.loads((tmp_path / "report.json").read_bytes())["results"][0]["judge"]["measured"] > 0
    assert recompute(tmp_path, "--pairs", pairs).out.startswith("SAME")


def test_a_figure_that_was_changed_is_named(touched):
    report = json.loads((touched / "report.json").read_bytes())
    report["results"][1]["countries"][0]["pair_mean"]["value"] += 0.1
    (touched / "report.json").write_text(json.dumps(report))
    called = recompute(touched)
    assert called.code == 1
    assert called.out.startswith("report.results[1].countries[0].pair_mean.value: ")
    assert called.out.splitlines()[-1] == "DIFFERS  report.json is not what items.parquet comes to."


def test_an_answer_that_was_changed_is_found(touched):
    change_items(touched, lambda rows: [rows[0] | {"logprob_a": -9.0}, *rows[1:]])
    assert recompute(touched).code == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: [rows[0] | {"prompt": "Another?"}, *rows[1:]], "another prompt or answer there"),
        (lambda rows: [rows[0] | {"item": "nobody"}, *rows[1:]], "holds 448 items, of which 447 are known"),
        (lambda rows: [rows[0] | {"logprob_a": 3.0}, *rows[1:]], "row 0: is no row of a probe"),
        (lambda rows: [rows[0] | {"logprob_a": None}, *rows[1:]], "row 0: is no row of a probe"),
        (lambda rows: [*rows, rows[0] | {"logprob_a": -9.0}], "answers what was answered otherwise before"),
        (lambda rows: [row | {"level": "chat"} for row in rows], "has not the levels that the report names"),
        (lambda rows: [], "has not the levels that the report names"),
    ],
)
def test_items_of_something_else_are_named(change, message, touched):
    change_items(touched, change)
    called = recompute(touched)
    assert called.code in (1, 2)
    assert message in called.err
    assert "SAME" not in called.out


def test_a_folder_without_items_and_one_with_half_a_file_are_told_apart(touched):
    path = touched / "items.parquet"
    path.write_bytes(path.read_bytes()[:1000])
    assert "is no Parquet file" in recompute(touched).err
    path.unlink()
    assert "is missing" in recompute(touched).err
    pq.write_table(pa.table({"item": ["a"]}), path)
    assert "row 0: is no row of a probe" in recompute(touched).err


def test_pairs_have_to_be_named_two_probes_do_not_compare_and_a_verdict_has_no_items(pairs, tmp_path):
    call("probe", "evenhandedness", "--backend", "planted", "--pairs", pairs, "--draws", 100, "--out", tmp_path)
    assert "name the pairs that were asked" in recompute(tmp_path).err
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "report.json").write_text('{"schema": "evenhand/probe/selection/v1"}')
    two = call("probe", "compare", tmp_path, tmp_path / "other")
    assert "these are reports of two probes, evenhandedness and selection" in two.err
    (tmp_path / "report.json").write_text('{"schema": "evenhand/probe/over-correction/v1"}')
    assert "has no items of a model" in recompute(tmp_path).err
