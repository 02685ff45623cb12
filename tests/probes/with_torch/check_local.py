"""Run with a Python that has torch and transformers: a model in this process is asked as any other is."""

from __future__ import annotations

import json
import math
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer
from typer.testing import CliRunner

from curation.cli import app
from curation.errors import InvalidInput
from curation.probing.local import LocalBackend
from curation.probing.local_model import load_local_model
from curation.probing.option_tokens import JOINED, UNKNOWN
from curation_validators.probes.asking import Question
from curation_validators.probes.lean_items import builtin_lean_instrument, render_items
from tests.probes.with_torch.tiny_model import write_tiny_model

ITEMS = render_items(builtin_lean_instrument(), ["en", "zh"], scenarios=1)
QUESTIONS = [item.question for item in [*ITEMS[:12], *ITEMS[-12:]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def known(folder):
    return load_local_model(str(folder))


def by_hand(folder, text, option):
    """log P(option | text), one token after the other, without batches or padding."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    ids, total = tokenizer(text)["input_ids"], 0.0
    for token in tokenizer(option)["input_ids"]:
        with torch.inference_mode():
            logits = model(torch.tensor([ids])).logits[0, -1].double()
        total += float(logits.log_softmax(-1)[token])
        ids = [*ids, token]
    return total


def values(answers):
    assert all(answer.fault is None for answer in answers)
    return [score.logprob for answer in answers for score in answer.scores]


def test_log_probabilities_are_those_of_one_prompt_after_the_other(folder, known):
    answers = LocalBackend(known).ask(QUESTIONS)
    for place in (0, 7, -1):
        question = QUESTIONS[place]
        wanted = [by_hand(folder, question.prompt, question.continuation + option) for option in question.options]
        assert values(answers[place:][:1]) == pytest.approx(wanted, abs=1e-4)
    assert len({question.continuation for question in QUESTIONS}) == 2


def test_batches_and_their_order_change_nothing(known):
    together = values(LocalBackend(known).ask(QUESTIONS))
    alone = [value for question in QUESTIONS for value in values(LocalBackend(known).ask([question]))]
    assert together == pytest.approx(alone, abs=1e-4)


def test_under_its_chat_template_a_letter_counts_with_and_without_a_space(folder, known):
    backend = LocalBackend(known, templated=True)
    (answer,) = backend.ask(QUESTIONS[:1])
    text = f"<|user|>{QUESTIONS[0].prompt}<end><|assistant|>"
    wanted = [math.log(sum(math.exp(by_hand(folder, text, joint + option)) for joint in ("", " "))) for option in "AB"]
    assert values([answer]) == pytest.approx(wanted, abs=1e-4)
    assert (backend.level, len(backend.template_sha256 or "")) == ("chat", 64)


@pytest.mark.parametrize("templated", [False, True])
def test_a_text_is_the_likeliest_token_after_the_other(folder, known, templated):
    asked = [
        Question(id=item.id, prompt=item.prompt, language="en", options=(), max_tokens=8) for item in QUESTIONS[:3]
    ]
    backend = LocalBackend(known, templated=templated)
    answers = backend.ask(asked)
    assert answers == backend.ask(asked)
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    ids = tokenizer(f"<|user|>{asked[1].prompt}<end><|assistant|>" if templated else asked[1].prompt)["input_ids"]
    written: list[int] = []
    while len(written) < 8 and tokenizer.eos_token_id not in written:
        with torch.inference_mode():
            written.append(int(model(torch.tensor([ids + written])).logits[0, -1].argmax()))
    assert answers[1].text == tokenizer.decode(written, skip_special_tokens=True)
    assert answers[1].ending == ("stop" if tokenizer.eos_token_id in written else "length")


def test_a_tokenizer_that_does_not_keep_the_letter_apart_is_reported_and_nothing_is_zero(tmp_path):
    joined = load_local_model(str(write_tiny_model(tmp_path / "joined", merges=[(":", "Ġ"), (":Ġ", "A")])))
    (answer,) = LocalBackend(joined).ask(QUESTIONS[:1])
    assert (answer.fault, answer.scores) == (JOINED, ())
    folder = write_tiny_model(tmp_path / "unknown")
    told = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    told["model"]["unk_token"] = "<pad>"
    told["model"]["vocab"].pop("B")
    (folder / "tokenizer.json").write_text(json.dumps(told), "utf-8")
    AutoTokenizer.from_pretrained(folder, unk_token="<pad>").save_pretrained(folder)
    (answer,) = LocalBackend(load_local_model(str(folder))).ask(QUESTIONS[:1])
    assert (answer.fault, answer.scores) == (UNKNOWN, ())


def test_a_prompt_that_is_too_long_is_reported(tmp_path):
    small = load_local_model(str(write_tiny_model(tmp_path / "small", longest=64)))
    (answer,) = LocalBackend(small).ask(QUESTIONS[:1])
    assert answer.fault == "the prompt is longer than the model takes (64 tokens)"


def test_weights_have_one_digest_however_they_are_split(folder, known, tmp_path):
    model = AutoModelForCausalLM.from_pretrained(folder)
    model.save_pretrained(tmp_path, max_shard_size="20KB")
    AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    assert load_local_model(str(tmp_path)).digest == known.digest
    with torch.no_grad():
        model.lm_head.weight[5, 5] += 1
    model.save_pretrained(tmp_path / "other")
    AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path / "other")
    assert load_local_model(str(tmp_path / "other")).digest != known.digest


def test_weights_that_are_missing_are_never_drawn_at_random(folder, tmp_path):
    write_tiny_model(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    del weights["model.norm.weight"]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InvalidInput, match=r"lack 1 of its weights, such as model\.norm\.weight"):
        load_local_model(str(tmp_path))


@pytest.mark.parametrize("broken", ["empty", "pickle", "cut"])
def test_what_is_no_model_is_refused_plainly(broken, tmp_path):
    if broken != "empty":
        write_tiny_model(tmp_path)
        path = tmp_path / "model.safetensors"
        if broken == "cut":
            path.write_bytes(path.read_bytes()[:2000])
        else:
            torch.save(load_file(path), tmp_path / "pytorch_model.bin")
            path.unlink()
    with pytest.raises(InvalidInput, match="is no model to load"):
        load_local_model(str(tmp_path))


def test_a_model_without_a_template_is_not_asked_as_a_chat(tmp_path):
    plain = load_local_model(str(write_tiny_model(tmp_path, template=None)))
    with pytest.raises(InvalidInput, match="has no chat template"):
        LocalBackend(plain, templated=True)


def test_the_command_asks_both_levels_and_goes_on_where_it_stopped(folder, tmp_path):
    ask = ["probe", "geopolitical", "--backend", "transformers", "--model", str(folder), "--chat-template", "both"]
    ask += ["--languages", "en", "--scenarios", "1", "--draws", "100", "--out", str(tmp_path / "out"), "--json"]
    first = CliRunner().invoke(app, ask)
    assert first.exit_code == 1, first.output  # one scenario is too few for a finding
    report = json.loads(first.stdout)
    assert [(item["level"], item["measured"]) for item in report["results"]] == [("base", 112), ("chat", 112)]
    assert report["binding"]["model"] == "tiny"
    assert report["binding"]["model_sha256"] == load_local_model(str(folder)).digest
    kept = (tmp_path / "out" / "answers.jsonl").read_bytes()
    again = CliRunner().invoke(app, ask)
    assert again.stdout == first.stdout
    assert (tmp_path / "out" / "answers.jsonl").read_bytes() == kept


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
