"""Tasks for other harnesses hold the same prompts, and what those wrote is read back and never mixed."""

from __future__ import annotations

import ast
import json

import pytest
import yaml

from curation.errors import InvalidInput
from curation.probing.recorded import RecordedBackend
from curation_validators.probes.asking import Question
from curation_validators.probes.lean_items import builtin_lean_instrument, render_items
from tests.audit.demo import call

ITEMS = render_items(builtin_lean_instrument(), ["en", "zh"], scenarios=1)
ASKED = [Question(id=f"q{n}", prompt=f"Case {n}:", language="en", options=("A", "B")) for n in range(3)]
EXPORT = ["probe", "export", "--languages", "en,zh", "--scenarios", 1]


class _Loader(yaml.SafeLoader):
    """Reads lm-eval's tag for a function as its name."""


_Loader.add_constructor("!function", lambda loader, node: str(node.value))


def lm_eval_line(question, values, context=None):
    """A line of samples_*.jsonl as lm-eval 0.4.13 writes it."""
    asked = {"arg_0": context or question.prompt, "arg_1": " A"}
    return json.dumps(
        {
            "doc_id": 0,
            "doc": {"id": question.id, "prompt": question.prompt, "options": list(question.options), "target": 0},
            "arguments": {"gen_args_0": asked},
            "resps": [[[str(value), "False"]] for value in values],
            "filtered_resps": [[str(value), "False"] for value in values],
        }
    )


def inspect_log(samples):
    """A log as inspect-ai 0.3.285 writes it: question → (token, log-probability) of its first place, or None."""
    made = []
    for question, listed in samples:
        top = [{"token": token, "logprob": value} for token, value in listed or []]
        logprobs = {"content": [{"token": "A", "logprob": -1, "top_logprobs": top}]} if listed else None
        output = {"choices": [{"message": {"role": "assistant", "content": "A"}, "logprobs": logprobs}]}
        sample = {"id": question.id, "epoch": 1, "input": question.prompt, "output": output}
        made.append(sample | {"metadata": {"options": list(question.options)}})
    return json.dumps({"version": 2, "status": "success", "eval": {"task": "x"}, "samples": made}, indent=2)


def values(answers):
    return [[score.logprob for score in answer.scores] for answer in answers]


def test_lm_eval_gets_a_task_for_each_language_with_every_prompt(tmp_path):
    called = call(*EXPORT, "--format", "lm-eval", "--out", tmp_path / "out")
    assert (called.code, called.err) == (0, "")
    for language, joint in (("en", " "), ("zh", "")):
        name = f"evenhand_geopolitical_{language}"
        task = yaml.load((tmp_path / "out" / f"{name}.yaml").read_text("utf-8"), _Loader)
        assert (task["task"], task["tag"], task["target_delimiter"]) == (name, "evenhand_geopolitical", joint)
        lines = (tmp_path / "out" / f"items_{language}.jsonl").read_text("utf-8").splitlines()
        own = [item.question for item in ITEMS if item.language == language]
        assert [json.loads(line)["prompt"] for line in lines] == [item.prompt for item in own]
        assert [json.loads(line)["id"] for line in lines] == [item.id for item in own]
    ast.parse((tmp_path / "out" / "evenhand_geopolitical.py").read_text("utf-8"))


def test_inspect_gets_one_task_that_knows_its_languages(tmp_path):
    assert call(*EXPORT, "--format", "inspect", "--out", tmp_path / "out").code == 0
    text = (tmp_path / "out" / "evenhand_geopolitical.py").read_text("utf-8")
    ast.parse(text)
    assert 'def evenhand_geopolitical(languages=["en", "zh"])' in text


def test_tasks_are_not_written_over_other_files(tmp_path):
    (tmp_path / "mine.txt").write_text("kept")
    called = call(*EXPORT, "--format", "inspect", "--out", tmp_path)
    assert called.code == 2
    assert "is not empty" in called.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_samples_of_lm_eval_are_read_back_from_the_folder_that_it_wrote(tmp_path):
    folder = tmp_path / "results" / "some__model"
    folder.mkdir(parents=True)
    (folder / "samples_evenhand_en_2026.jsonl").write_text(lm_eval_line(ASKED[0], (-0.5, -1.0)) + "\n")
    (folder / "samples_evenhand_zh_2026.jsonl").write_text(lm_eval_line(ASKED[1], (-0.25, -2.0)) + "\n")
    (folder / "results_2026.json").write_text("{}")
    backend = RecordedBackend(tmp_path / "results", "tiny")
    answers = backend.ask(ASKED)
    assert values(answers[:2]) == [[-0.5, -1.0], [-0.25, -2.0]]
    assert (answers[2].fault, backend.level) == ("no recorded answer", "base")
    assert not any(score.is_bound for answer in answers for score in answer.scores)


def test_logs_of_inspect_are_read_back_and_what_is_not_listed_is_a_bound(tmp_path):
    listed = [("ĠA", -0.5), ("The", -3.0), ("▁B", -2.0)]
    (tmp_path / "log.json").write_text(
        inspect_log([(ASKED[0], listed), (ASKED[1], listed[:2]), (ASKED[2], None)]), "utf-8"
    )
    backend = RecordedBackend(tmp_path / "log.json", "tiny")
    answers = backend.ask(ASKED)
    assert values(answers[:2]) == [[-0.5, -2.0], [-0.5, -3.0]]
    assert [score.is_bound for score in answers[1].scores] == [False, True]
    assert answers[2].fault == "the recorded answer holds no log-probabilities"
    assert backend.level == "chat"


def test_a_prompt_behind_a_chat_template_makes_another_level(tmp_path):
    path = tmp_path / "samples_x.jsonl"
    path.write_text(lm_eval_line(ASKED[0], (-0.5, -1.0), "<user>Case 0:<model>"))
    assert RecordedBackend(path, "tiny").level == "chat"


def test_a_probe_that_asks_for_texts_becomes_a_task_for_texts(tmp_path):
    for harness in ("lm-eval", "inspect"):
        assert call("probe", "export", "refusals", "--format", harness, "--out", tmp_path / harness).code == 0
        ast.parse((tmp_path / harness / "evenhand_refusals.py").read_text("utf-8"))
    task = yaml.load((tmp_path / "lm-eval" / "evenhand_refusals_fr.yaml").read_text("utf-8"), _Loader)
    assert (task["output_type"], task["generation_kwargs"]["until"]) == ("generate_until", [])
    assert task["generation_kwargs"]["max_gen_toks"] >= 100
    told = (tmp_path / "inspect" / "evenhand_refusals.py").read_text("utf-8")
    assert "scorer=answered()" in told
    assert "logprobs=True" not in told


def test_texts_are_read_back_from_both(tmp_path):
    free = [Question(id=item.id, prompt=item.prompt, language="en", options=(), max_tokens=9) for item in ASKED]
    line = json.loads(lm_eval_line(free[0], ())) | {"filtered_resps": ["Yes, and no."]}
    (tmp_path / "samples_x.jsonl").write_text(json.dumps(line))
    (answer,) = RecordedBackend(tmp_path / "samples_x.jsonl", "tiny").ask(free[:1])
    assert (answer.text, answer.fault) == ("Yes, and no.", None)
    log = json.loads(inspect_log([(item, None) for item in free]))
    thought = {"type": "reasoning", "reasoning": "hm"}
    log["samples"][1]["output"]["choices"][0]["message"]["content"] = [thought, {"type": "text", "text": "No."}]
    log["samples"][2]["output"] = {"choices": [], "error": "none"}
    (tmp_path / "log.json").write_text(json.dumps(log, indent=2))
    answers = RecordedBackend(tmp_path / "log.json", "tiny").ask(free)
    assert [answer.text for answer in answers[:2]] == ["A", "No."]
    assert answers[2].fault == "the recorded answer holds no text"


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        ("a.jsonl", [lm_eval_line(ASKED[0], (-0.5, -1.0)), lm_eval_line(ASKED[0], (-0.6, -1.0))], "otherwise before"),
        ("a.jsonl", [lm_eval_line(ASKED[0], (-0.5, -1.0)), lm_eval_line(ASKED[1], (-1, -1), "<u>")], "chat template"),
        ("a.jsonl", [lm_eval_line(ASKED[0], (-0.5,))], "not one log-probability for each option"),
        ("a.jsonl", [lm_eval_line(ASKED[0], (0.5, -1.0))], "not one log-probability for each option"),
        ("a.jsonl", ['{"doc": {"question": "?"}, "filtered_resps": [[-1, false]]}'], "of no task|no sample of a task"),
        ("a.json", [inspect_log([(ASKED[0], None)])[:-9]], "no log of Inspect, or is cut off"),
        ("a.eval", ["PK"], "inspect log dump"),
    ],
)
def test_what_cannot_be_read_back_is_named(name, lines, message, tmp_path):
    path = tmp_path / name
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(InvalidInput, match=message):
        RecordedBackend(path, "tiny")


def test_a_folder_without_results_is_told_what_to_do(tmp_path):
    with pytest.raises(InvalidInput, match="--log_samples"):
        RecordedBackend(tmp_path, "tiny")
