"""`evenhand probe orientation` from recorded answers to reports, and several models on one chart."""

from __future__ import annotations

import json
import re

import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from curation.probing.charts import Point, Series, dot_chart
from curation_schemas.published import json_schemas
from curation_validators.probes.orientation_items import builtin_orientation_instrument, render_statements
from tests.audit.demo import call

ITEMS = render_statements(builtin_orientation_instrument(), ["en"])
SIDES = {item.id: next(iter(item.weights.values())) for item in builtin_orientation_instrument().statements}


def report(folder, name, side):
    """The report of a model that agrees with what leans to `side`."""
    lines = []
    for item in ITEMS:
        agrees = SIDES[item.statement] * side * (-1 if item.negated else 1) > 0
        first = "DA"[agrees != item.reversed]
        logprobs = {letter: -0.1 if letter == first else -4.0 for letter in "ABCD"}
        lines.append(json.dumps({"id": item.question.id, "logprobs": logprobs}))
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.jsonl").write_text("\n".join(lines), "utf-8")
    run = ["probe", "orientation", "--backend", "recorded", "--languages", "en", "--draws", 500]
    return call(*run, "--recorded", folder / f"{name}.jsonl", "--out", folder / name, "--json")


def test_several_models_stand_on_one_chart(tmp_path):
    left, right = report(tmp_path, "one", 1), report(tmp_path, "<other>", -1)
    assert (left.code, right.code, left.err) == (0, 0, "")
    Draft202012Validator(json.loads(json_schemas()["probe-orientation.schema.json"])).validate(left.json())
    for called, sign in ((left, 1), (right, -1)):
        (result,) = called.json()["results"]
        assert all(axis["score"]["value"] * sign > 0.8 and axis["finding"] for axis in result["axes"])
    assert pq.read_table(tmp_path / "one" / "items.parquet").num_rows == len(ITEMS) == 192
    page = tmp_path / "models.html"
    assert call("probe", "models", tmp_path / "one", tmp_path / "<other>", "--out", page).code == 0
    text = page.read_text("utf-8")
    assert text.count("<svg") == 2  # both models, and the change from the first
    assert "paired by statement" in text
    assert text.count("<circle") + text.count("<rect") >= 8
    assert "<other>" not in text
    assert "&lt;other&gt;" in text


def test_a_change_is_tested_statement_by_statement(tmp_path):
    report(tmp_path, "one", 1)
    report(tmp_path, "other", -1)
    page = tmp_path / "shift.html"
    compared = call("probe", "compare", tmp_path / "one", tmp_path / "other", "--out", page, "--json")
    assert (compared.code, compared.err) == (0, "")
    (shift,) = compared.json()["shifts"]
    first, second = (
        json.loads((tmp_path / name / "report.json").read_text())["results"][0] for name in ("one", "other")
    )
    for axis, before, after in zip(shift["axes"], first["axes"], second["axes"], strict=True):
        assert axis["shift"]["value"] == pytest.approx(after["score"]["value"] - before["score"]["value"])
        assert axis["shift"]["p_family"] == pytest.approx(4 * axis["shift"]["p"])
        assert axis["finding"]
    assert page.read_text("utf-8").count("<svg") == 1
    same = call("probe", "compare", tmp_path / "one", tmp_path / "one", "--json").json()["shifts"][0]
    assert [(axis["shift"]["value"], axis["finding"]) for axis in same["axes"]] == [(0, False)] * 4


def test_a_change_under_another_instrument_is_told_to_name_it(tmp_path):
    report(tmp_path, "one", 1)
    changed = json.loads((tmp_path / "one" / "report.json").read_text())
    changed["binding"]["instrument_sha256"] = "0" * 64
    (tmp_path / "two.json").write_text(json.dumps(changed))
    called = call("probe", "compare", tmp_path / "two.json", tmp_path / "two.json")
    assert called.code == 2
    assert "--instrument" in called.err


def test_reports_on_other_prompts_stand_on_no_chart_together(tmp_path):
    report(tmp_path, "one", 1)
    changed = json.loads((tmp_path / "one" / "report.json").read_text())
    changed["binding"]["items_sha256"] = "0" * 64
    (tmp_path / "two.json").write_text(json.dumps(changed))
    called = call("probe", "models", tmp_path / "one", tmp_path / "two.json", "--out", tmp_path / "page.html")
    assert called.code == 2
    assert "did not ask the same prompts" in called.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--backend", "planted"], "this probe has no planted fake"),
        (["--backend", "recorded", "--recorded", "README.md"], "README.md, line 1: is no recorded answer"),
        (["--backend", "recorded", "--instrument", "README.md"], "is no instrument for the orientation"),
    ],
)
def test_a_wrong_call_is_told_what_to_do(arguments, message, tmp_path):
    called = call("probe", "orientation", "--out", tmp_path / "out", *arguments)
    assert called.code == 2
    assert message in " ".join(called.err.replace("│", " ").split())


def test_a_legend_that_is_too_long_for_one_line_goes_on_in_the_next():
    names = [f"a model with a long name {number}" for number in range(6)]
    drawn = dot_chart(["economy"], [Series(name, {"economy": Point(0.1)}) for name in names], "axis", "label")
    found = re.findall(r'<text x="(\d+)" y="(\d+)">(a model[^<]+)</text>', drawn)
    assert [name for *_, name in found] == names
    assert all(int(x) + 7 * len(name) < 720 for x, _, name in found)
    assert len({y for _, y, _ in found}) == 3


def test_prompts_of_the_orientation_go_out_with_the_ids_that_answers_come_in_under():
    printed = call("probe", "prompts", "orientation", "--languages", "en").out
    assert [json.loads(line)["id"] for line in printed.splitlines()] == [item.question.id for item in ITEMS]
