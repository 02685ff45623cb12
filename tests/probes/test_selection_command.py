"""`evenhand probe selection` from a known model to reports, comparisons and several models on one page."""

from __future__ import annotations

import json
import re

import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from curation.probing.selection_files import read_selection_report
from curation_schemas.published import json_schemas
from curation_validators.probes.asking import Answer, OptionScore
from curation_validators.probes.selection import measure_selection
from curation_validators.probes.selection_items import builtin_selection_instrument, render_applications
from tests.audit.demo import call
from tests.probes.model_server import serving

RUN = ["probe", "selection", "--draws", 100, "--languages", "en", "--dimensions", "gender"]


def planted(out, plant, *more):
    return call(*RUN, "--backend", "planted", "--plant", plant, "--out", out, *more)


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    out = tmp_path_factory.mktemp("selection")
    called = planted(out, "woman=0.5,A=2,debias=0.2,fit=0.4", "--json")
    assert (called.code, called.err) == (0, "")
    return out, called.json()


def test_a_planted_preference_and_what_the_debias_prompt_leaves_of_it_are_reported(reported):
    _, report = reported
    effects = {
        (result["prompting"], group["group"]): group["effect"]["value"]
        for result in report["results"]
        for group in result["groups"]
    }
    assert effects == pytest.approx(
        {("plain", "woman"): 0.5, ("plain", "man"): -0.5, ("debias", "woman"): 0.1, ("debias", "man"): -0.1}
    )
    (shift,) = report["shifts"]
    assert (shift["kind"], shift["overall"]["value"]) == ("debias", pytest.approx(-0.2))
    levels = {group["group"]: group["level"]["value"] for group in shift["groups"]}
    assert levels == pytest.approx({"woman": -0.4, "man": 0})
    decision, *_ = shift["agreement"]
    # Women whose file lacks something are invited without the debias prompt (0.5 − 0.4 > 0), and rejected with it.
    assert (decision["rejected_first"], decision["rejected_second"], decision["rejected_both"]) == (24, 48, 24)
    assert decision["jaccard"] == 0.5
    assert decision["kappa"] == 0.5


def test_a_report_is_what_its_schema_says_and_is_computed_again_from_its_items(reported):
    out, report = reported
    Draft202012Validator(json.loads(json_schemas()["probe-selection.schema.json"])).validate(report)
    rows = pq.read_table(out / "items.parquet").to_pylist()
    found = {
        row["item"]: Answer(row["item"], (OptionScore(row["logprob_a"]), OptionScore(row["logprob_b"]))) for row in rows
    }
    items = render_applications(builtin_selection_instrument(), ["en"], dimensions=["gender"], prompting=["plain"])
    again = measure_selection(items, found, model="planted", level="base", draws=100)
    assert again == read_selection_report(out).results[0]


def test_the_page_opens_from_disk_and_needs_nothing_else(reported):
    out, _ = reported
    page = (out / "index.html").read_text("utf-8")
    assert page.count("<svg") == 2
    assert not re.search(r"<script|<link|https?:|@import|url\(", page)
    assert "base, en, no debias: woman +0.50, man -0.50" in page
    assert "woman +0.50*" in (out / "card.md").read_text("utf-8")


def test_a_shift_between_two_reports_is_told_for_each_group(reported, tmp_path):
    before, _ = reported
    after = planted(tmp_path / "after", "woman=-0.3,A=2", "--compare", before, "--json").json()
    page = tmp_path / "shift.html"
    compared = call("probe", "compare", before, tmp_path / "after", "--out", page, "--json")
    assert (compared.code, compared.err) == (0, "")
    shifts = compared.json()["shifts"]
    assert shifts == [item for item in after["shifts"] if item["kind"] == "training"]
    assert [item["prompting"] for item in shifts] == ["plain", "debias"]
    assert shifts[0]["groups"][0]["shift"]["value"] == pytest.approx(-0.8)
    assert page.read_text("utf-8").count("<svg") == 2
    assert "woman" in call("probe", "compare", before, tmp_path / "after").out


def test_models_stand_on_one_page_with_the_agreement_of_every_two(reported, tmp_path):
    first, _ = reported
    planted(tmp_path / "second", "man=0.9,fit=0.4")
    planted(tmp_path / "third", "fit=0")
    page = tmp_path / "models.html"
    called = call("probe", "models", first, tmp_path / "second", tmp_path / "third", "--out", page)
    assert (called.code, called.err) == (0, "")
    text = page.read_text("utf-8")
    assert len(re.findall(r"<td>decision</td>", text)) == 3 * 2
    assert "rejects nobody, so that rates tell nothing" in text


def test_reports_of_other_prompts_or_probes_are_not_compared(reported, tmp_path):
    out, _ = reported
    planted(tmp_path / "other", "", "--posts", 2)
    called = call("probe", "compare", out, tmp_path / "other")
    assert (called.code, "did not ask the same prompts" in called.err) == (2, True)
    (tmp_path / "report.json").write_text('{"schema": "evenhand/probe/elsewhere/v1"}')
    called = call("probe", "compare", tmp_path, out)
    assert (called.code, "is a report of the probe «elsewhere»; compare knows" in called.err) == (2, True)
    called = call("probe", "compare", "README.md", out)
    assert (called.code, "README.md: is no report of a probe" in called.err) == (2, True)


def test_what_a_server_does_not_say_is_named_and_never_a_zero(tmp_path):
    with serving(lambda prompt: 0.0, logprobs=False) as served:
        server = ["--backend", "chat", "--url", served.url, "--model", "tiny", "--posts", 1, "--debias", "off"]
        called = call(*RUN, *server, "--out", tmp_path)
    assert called.code == 1
    assert "8 items not measured: the server returns no log-probabilities." in called.out
    assert "insufficient" in called.out
    assert "Too little was measured for any finding." in (tmp_path / "index.html").read_text("utf-8")


def test_a_server_that_goes_away_leaves_what_it_answered_and_the_run_goes_on(tmp_path):
    few = ["--posts", 1, "--concurrency", 1, "--retries", 0, "--timeout", 5]
    with serving(lambda prompt: 0.3) as served:
        server = ["--backend", "chat", "--url", served.url, "--model", "tiny", *few]
        served.troubles = [503, b"<html>", b'{"choices": [']
        first = call(*RUN, *server, "--out", tmp_path, "--json").json()
        asked = served.prompts
        second = call(*RUN, *server, "--out", tmp_path, "--json").json()
        assert served.prompts - asked == sum(sum(result["not_measured"].values()) for result in first["results"])
    assert any(result["not_measured"] for result in first["results"])
    assert [result["not_measured"] for result in second["results"]] == [{}, {}]


def test_prompts_go_out_under_the_ids_that_answers_come_in_under():
    lines = call("probe", "prompts", "selection", "--languages", "zh").out.splitlines()
    assert len(lines) == 48 * 19 * 2 * 2
    assert json.loads(lines[0])["id"] == "nursing-meets.US.zh.A.plain"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dimensions", "age"], "age: there are origin, gender, belief, politics"),
        (["--languages", "de"], "de: there are en, fr, zh"),
        (["--plant", "boss=1"], "--plant: names none of US, CN"),
        (["--instrument", "README.md"], "is no instrument for selection"),
        (["--compare", "README.md"], "is no report of the probe «selection»"),
    ],
)
def test_a_wrong_call_is_told_what_to_do(arguments, message, tmp_path):
    called = call("probe", "selection", "--backend", "planted", "--out", tmp_path / "out", *arguments)
    assert called.code == 2
    assert message in " ".join(re.sub("[│╭╮╰╯─]", " ", called.err).split())
    assert not (tmp_path / "out").exists()
