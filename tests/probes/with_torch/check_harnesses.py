"""Run with a Python that has torch, lm-eval and Inspect: both run the tasks as they are, and find what we find."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from curation.cli import app
from curation.probing.exporting import export_lm_eval
from curation.probing.local import LocalBackend
from curation.probing.local_model import load_local_model
from curation.probing.option_tokens import Run
from curation.probing.recorded import RecordedBackend
from curation_validators.probes.asking import Question
from curation_validators.probes.lean_items import builtin_lean_instrument, render_items
from tests.probes.with_torch.tiny_model import write_tiny_model

pytest.importorskip("lm_eval", reason="no lm-eval here")
pytest.importorskip("inspect_ai", reason="no Inspect here")
LANGUAGES = ["en", "zh"]
QUESTIONS = [item.question for item in render_items(builtin_lean_instrument(), LANGUAGES, scenarios=1)]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def ours(*arguments):
    called = CliRunner().invoke(app, ["probe", *map(str, arguments)])
    assert called.exception is None or isinstance(called.exception, SystemExit), called.exception
    return called.stdout


def tasks(folder, harness):
    ours("export", "--format", harness, "--out", folder, "--languages", "en,zh", "--scenarios", 1)


def run(folder, *command):
    ran = subprocess.run(
        [BIN / command[0], *map(str, command[1:])], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]


def test_lm_eval_finds_the_log_probabilities_that_we_find(folder, tmp_path):
    tasks(tmp_path / "tasks", "lm-eval")
    asked = ["run", "--include_path", ".", "--tasks", "evenhand_geopolitical", "--log_samples", "--output_path"]
    asked += [
        "results",
        "--model",
        "hf",
        "--model_args",
        f"pretrained={folder}",
        "--device",
        "cpu",
        "--batch_size",
        "16",
    ]
    run(tmp_path / "tasks", "lm-eval", *asked)
    results = RecordedBackend(tmp_path / "tasks" / "results", "tiny")
    theirs, own = results.ask(QUESTIONS), LocalBackend(load_local_model(str(folder))).ask(QUESTIONS)
    assert results.level == "base"
    for their, mine in zip(theirs, own, strict=True):
        assert their.fault is None
        wanted = [score.logprob for score in mine.scores]
        assert [score.logprob for score in their.scores] == pytest.approx(wanted, abs=1e-4)
    assert len({score.logprob for answer in own for score in answer.scores}) > 100
    probe = ["geopolitical", "--languages", "en,zh", "--scenarios", 1, "--draws", 100, "--json"]
    report = ours(
        *probe, "--backend", "recorded", "--recorded", tmp_path / "tasks" / "results", "--out", tmp_path / "a"
    )
    local = ours(*probe, "--backend", "transformers", "--model", folder, "--out", tmp_path / "b")
    for found, known in zip(json.loads(report)["results"], json.loads(local)["results"], strict=True):
        assert found["measured"] == known["measured"] == 112
        pairs = [[pair["value"] for pair in result["pairs"]] for result in (found, known)]
        assert pairs[0] == pytest.approx(pairs[1], abs=1e-4)


def test_lm_eval_writes_the_texts_that_we_write(folder, tmp_path):
    asked = [
        Question(id=item.id, prompt=item.prompt, language=item.language, options=(), max_tokens=12)
        for item in (QUESTIONS[0], QUESTIONS[5], QUESTIONS[-1])
    ]
    export_lm_eval(tmp_path / "tasks", "refusals", asked)
    how = ["--log_samples", "--output_path", "results", "--model", "hf", "--model_args", f"pretrained={folder}"]
    tasks_of = ["run", "--include_path", ".", "--tasks", "evenhand_refusals", "--device", "cpu"]
    run(tmp_path / "tasks", "lm-eval", *tasks_of, *how)
    theirs = RecordedBackend(tmp_path / "tasks" / "results", "tiny").ask(asked)
    ours_ = LocalBackend(load_local_model(str(folder))).ask(asked)
    assert [answer.text for answer in theirs] == [answer.text for answer in ours_]
    assert all(answer.fault is None and answer.text for answer in theirs)


def test_inspect_lists_what_we_find_and_bounds_the_rest(folder, tmp_path):
    tasks(tmp_path / "tasks", "inspect")
    model = ["--model", "hf/local", "-M", f"model_path={folder}", "-M", "device=cpu"]
    logs = ["--log-format", "json", "--log-dir", "results", "--display", "none"]
    run(tmp_path / "tasks", "inspect", "eval", "evenhand_geopolitical.py", *model, *logs)
    results, known = RecordedBackend(tmp_path / "tasks" / "results", "tiny"), load_local_model(str(folder))
    assert results.level == "chat"
    listed = 0
    for question, answer in zip(QUESTIONS, results.ask(QUESTIONS), strict=True):
        context = tuple(known.encode(known.render_chat(question.prompt), templated=True))
        runs = [Run(context, len(context) - 1, tuple(known.encode(option, templated=True))) for option in "AB"]
        for score, exact in zip(answer.scores, known.log_probabilities(runs), strict=True):
            assert score.logprob >= exact - 1e-4
            if not score.is_bound:
                assert score.logprob == pytest.approx(exact, abs=1e-4)
                listed += 1
    assert listed
