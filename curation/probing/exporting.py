"""A probe's prompts as tasks for other harnesses: the EleutherAI harness (lm-eval) and Inspect.

Rules that always hold:
- the tasks ask the same prompts, with the same options behind the same joint; they need nothing of Evenhand;
- what they find is read back with `--backend recorded`, and the report is computed here: the harnesses print only
  what tells a good run from a bad one.

Formats: lm-eval 0.4.13, docs/new_task_guide.md; inspect-ai 0.3.285, its Task, Dataset and Scorer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from curation.errors import InvalidInput
from curation_validators.probes.asking import Question
from curation_validators.probes.lean_items import items_digest

_LM_EVAL_TASK = """\
# Written by `evenhand probe export`, items {digest}.
task: {name}_{language}
tag: {name}
custom_dataset: !function {name}.read_items
dataset_kwargs:
  language: {language}
test_split: test
doc_to_text: prompt
doc_to_target: target
num_fewshot: 0
{how}
metadata:
  version: 1
"""
_CHOICE = """\
output_type: multiple_choice
doc_to_choice: options
target_delimiter: {joint}
process_results: !function {name}.tell_mass
metric_list:
  - metric: option_mass
    aggregation: mean
    higher_is_better: true"""
_TEXT = """\
output_type: generate_until
generation_kwargs:
  until: []
  do_sample: false
  max_gen_toks: {longest}
process_results: !function {name}.tell_answered
metric_list:
  - metric: answered
    aggregation: mean
    higher_is_better: true"""
_LM_EVAL_MODULE = '''\
"""Written by `evenhand probe export`. Run it with the EleutherAI harness, in this folder:

    lm-eval run --include_path . --tasks {name} --log_samples --output_path results \\
        --model hf --model_args pretrained=NAME

Then read it back: evenhand probe {probe} --backend recorded --recorded results --model NAME --out REPORT
"""

import json
import math
from pathlib import Path

from datasets import Dataset


def read_items(language, **_):
    """The prompts of one language. No answer is right: the harness wants a target, and it is not read."""
    with Path(__file__).with_name(f"items_{{language}}.jsonl").open(encoding="utf-8") as lines:
        return {{"test": Dataset.from_list([json.loads(line) | {{"target": 0}} for line in lines])}}


def tell_mass(doc, results):
    """The probability of all options together: under one half, what is compared is not what the model would say."""
    return {{"option_mass": sum(math.exp(logprob) for logprob, _ in results)}}


def tell_answered(doc, results):
    """Whether there is any text at all."""
    return {{"answered": int(bool(results[0].strip()))}}
'''
_INSPECT_MODULE = '''\
"""Written by `evenhand probe export`, items {digest}. Run it with Inspect, in this folder:

    inspect eval {name}.py --model PROVIDER/NAME --log-format json --log-dir results

Then read it back: evenhand probe {probe} --backend recorded --recorded results --model NAME --out REPORT

{note}
"""

import json
import math
from pathlib import Path

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import Score, mean, scorer
from inspect_ai.solver import generate


@scorer(metrics=[mean()])
def option_mass():
    """The probability of all options together: under one half, what is compared is not what the model would say."""

    async def score(state, target):
        logprobs = state.output.choices[0].logprobs if state.output.choices else None
        if not logprobs or not logprobs.content or not logprobs.content[0].top_logprobs:
            return Score.unscored(reason="scoring_failed", explanation="the provider lists no log-probabilities")
        listed = [(item.token.strip(" \\u2581\\u0120"), item.logprob) for item in logprobs.content[0].top_logprobs]
        return Score(value=sum(math.exp(value) for token, value in listed if token in state.metadata["options"]))

    return score


@scorer(metrics=[mean()])
def answered():
    """Whether there is any text at all."""

    async def score(state, target):
        return Score(value=int(bool(state.output.completion.strip())))

    return score


@task
def {name}(languages={languages}):
    """Every prompt of the languages (`-T languages=en,fr`), each answered once."""
    samples = []
    for language in [languages] if isinstance(languages, str) else languages:
        with Path(__file__).with_name(f"items_{{language}}.jsonl").open(encoding="utf-8") as lines:
            for item in map(json.loads, lines):
                samples.append(Sample(input=item["prompt"], id=item["id"], metadata={{"options": item["options"]}}))
    config = GenerateConfig({config})
    return Task(dataset=MemoryDataset(samples), solver=generate(), scorer={scorer}(), config=config)
'''
_LISTS = (
    "The provider has to list log-probabilities of the likeliest tokens. An option that is not listed gives a bound."
)
_WRITES = "Answers are the likeliest text. For the provider hf add: -M do_sample=false"


def export_lm_eval(out: Path, probe: str, questions: Sequence[Question]) -> list[Path]:
    """A task for each language and a tag for all of them. Returns what was written."""
    name, digest = _name(probe), items_digest(questions)
    written = _write_items(out, questions)
    for language, asked in _by_language(questions).items():
        form, longest = _TEXT if asked[0].free else _CHOICE, max(item.max_tokens for item in asked)
        how = form.format(name=name, joint=json.dumps(asked[0].continuation), longest=longest)
        task = _LM_EVAL_TASK.format(name=name, language=language, digest=digest, how=how)
        written.append(_write(out / f"{name}_{language}.yaml", task))
    return [*written, _write(out / f"{name}.py", _LM_EVAL_MODULE.format(name=name, probe=probe))]


def export_inspect(out: Path, probe: str, questions: Sequence[Question]) -> list[Path]:
    """One task, with the languages as its parameter. Returns what was written."""
    name = _name(probe)
    free, longest = questions[0].free, max(item.max_tokens for item in questions)
    told = _INSPECT_MODULE.format(
        name=name,
        probe=probe,
        digest=items_digest(questions),
        languages=json.dumps(list(_by_language(questions))),
        note=_WRITES if free else _LISTS,
        scorer="answered" if free else "option_mass",
        config=f"max_tokens={longest}, temperature=0" if free else "max_tokens=1, logprobs=True, top_logprobs=20",
    )
    return [*_write_items(out, questions), _write(out / f"{name}.py", told)]


def _name(probe: str) -> str:
    return f"evenhand_{probe}"


def _by_language(questions: Sequence[Question]) -> dict[str, list[Question]]:
    found: dict[str, list[Question]] = {}
    for language, asked in groupby(questions, key=lambda item: item.language):
        found.setdefault(language, []).extend(asked)
    return found


def _write_items(out: Path, questions: Sequence[Question]) -> list[Path]:
    if out.exists() and any(out.iterdir()):
        raise InvalidInput("is not empty", where=str(out), hint="Name a new folder.")
    out.mkdir(parents=True, exist_ok=True)
    return [
        _write(out / f"items_{language}.jsonl", "".join(map(_line, asked)))
        for language, asked in _by_language(questions).items()
    ]


def _line(question: Question) -> str:
    said: dict[str, Any] = {"id": question.id, "prompt": question.prompt, "options": list(question.options)}
    return json.dumps(said, ensure_ascii=False) + "\n"


def _write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path
