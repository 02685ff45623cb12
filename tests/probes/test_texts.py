"""Questions without options are answered by texts; an empty one is an answer, and one that is missing is not."""

from __future__ import annotations

import json

import pytest

from curation.probing.asking import ask_all
from curation.probing.cache import AnswerCache
from curation.probing.chat import ChatBackend
from curation.probing.completions import CompletionsBackend
from curation.probing.estimating import estimate_cost
from curation.probing.recorded import RecordedBackend
from curation.probing.server import ModelServer
from curation_validators.probes.asking import Answer, Question
from curation_validators.probes.lean_items import items_digest
from tests.probes.model_server import question, serving

TEXTS = [
    Question(id=f"t{number}", prompt=f"Tell me of {number}.", language="en", options=(), max_tokens=64)
    for number in range(4)
]


def no_odds(_):
    raise AssertionError("a text has no options")


def backend_of(kind, served):
    endpoint = "completions" if kind is CompletionsBackend else "chat/completions"
    return kind(ModelServer(served.url, endpoint, retries=0), "tiny")


@pytest.mark.parametrize("kind", [CompletionsBackend, ChatBackend])
def test_a_server_answers_with_a_text_and_says_why_it_ends(kind):
    with serving(no_odds, says=lambda prompt: prompt.upper(), finish="length") as served:
        answers = backend_of(kind, served).ask(TEXTS[:2])
    assert answers == [Answer(item.id, text=item.prompt.upper(), ending="length") for item in TEXTS[:2]]
    assert {(body["max_tokens"], body["temperature"]) for body in served.asked} == {(64, 0)}


def test_an_empty_answer_is_an_answer_and_a_filtered_one_says_so():
    with serving(no_odds, says=lambda _: None, finish="content_filter") as served:
        (answer,) = backend_of(ChatBackend, served).ask(TEXTS[:1])
    assert answer == Answer("t0", text="", ending="filter")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"choices": []}, "the server's answer holds no message"),
        ({"choices": [{"message": None}]}, "the server's answer holds no message"),
        ({"choices": [{"message": {"content": [1]}}]}, "the server's answer is no text"),
    ],
)
def test_what_is_no_message_is_a_fault(body, fault):
    with serving(no_odds, troubles=[json.dumps(body).encode()]) as served:
        (answer,) = backend_of(ChatBackend, served).ask(TEXTS[:1])
    assert answer == Answer("t0", fault=fault)


def test_a_refusal_in_a_field_of_its_own_is_read():
    body = {"choices": [{"message": {"content": None, "refusal": "I can't."}, "finish_reason": "stop"}]}
    with serving(no_odds, troubles=[json.dumps(body).encode()]) as served:
        (answer,) = backend_of(ChatBackend, served).ask(TEXTS[:1])
    assert answer == Answer("t0", text="I can't.", ending="stop")


def test_texts_are_kept_and_asked_again_where_they_may_be_longer(tmp_path):
    with serving(no_odds) as served:
        backend = backend_of(ChatBackend, served)

        def ask(questions):
            cache = AnswerCache(tmp_path / "answers.jsonl", backend.identity)
            return {answer.question: answer for answer in ask_all(backend, questions, cache, concurrency=1)}

        first = ask(TEXTS)
        assert (ask(TEXTS), served.prompts) == (first, 4)
        ask([Question(id="t0", prompt=TEXTS[0].prompt, language="en", options=(), max_tokens=65)])
        assert served.prompts == 5


def test_recorded_texts_are_found_and_the_wrong_kind_of_answer_is_named(tmp_path):
    lines = [{"id": "t0", "text": ""}, {"prompt": TEXTS[1].prompt, "text": "Yes."}, {"id": "t2", "logprobs": {"A": -1}}]
    lines.append({"id": "q0", "text": "A"})
    path = tmp_path / "answers.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    backend = RecordedBackend(path, "tiny")
    assert [answer.text for answer in backend.ask(TEXTS)] == ["", "Yes.", None, None]
    assert backend.ask(TEXTS[2:3])[0].fault == "the recorded answer holds no text"
    assert backend.ask([question(0)])[0].fault == "the recorded answer holds no log-probabilities"


def test_a_texts_greatest_length_counts_for_cost_and_digest():
    short = [Question(id=item.id, prompt=item.prompt, language="en", options=(), max_tokens=8) for item in TEXTS]
    assert estimate_cost(TEXTS, 1, 1, None).tokens - estimate_cost(short, 1, 1, None).tokens == 4 * (64 - 8)
    assert items_digest(TEXTS) != items_digest(short)
