"""Backends measure what a server says, and say what it does not; nothing that is missing comes out as a zero."""

from __future__ import annotations

import json
import math

import pytest

from curation.errors import InvalidInput, NotAllowed
from curation.probing.asking import NOT_ASKED, ask_all
from curation.probing.cache import AnswerCache
from curation.probing.chat import ChatBackend
from curation.probing.completions import CompletionsBackend
from curation.probing.recorded import RecordedBackend
from curation.probing.server import ModelServer, read_key
from tests.probes.model_server import question, serving

QUESTIONS = [question(number) for number in range(6)]
KEY = "sk-not-to-be-seen"


def number_of(prompt: str) -> float:
    """Odds that tell questions apart: 0.0, 0.1, 0.2 …"""
    return int(prompt.split("Case ")[1].split(".")[0]) / 10


def server(served, endpoint="completions", waits=None, **how):
    waits = [] if waits is None else waits
    return ModelServer(served.url, endpoint, **{"retries": 2, "timeout": 5.0, **how}, wait=waits.append)


def completions(served, **how):
    return CompletionsBackend(server(served, **how), "tiny", batch=4)


def odds(answers):
    return [round(answer.scores[0].logprob - answer.scores[1].logprob, 9) for answer in answers]


# --- completions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_completions_give_the_exact_log_probability_of_each_option(language):
    with serving(number_of) as served:
        answers = completions(served).ask([question(number, language) for number in (3, 1)])
    assert odds(answers) == [0.3, 0.1]
    assert math.fsum(math.exp(score.logprob) for score in answers[0].scores) == pytest.approx(1)
    assert not any(score.is_bound for answer in answers for score in answer.scores)


def test_one_call_is_enough_where_the_server_lists_both_options():
    with serving(number_of) as served:
        completions(served).ask(QUESTIONS[:4])
    assert (len(served.asked), served.prompts) == (1, 4)
    assert served.asked[0]["echo"] is True


def test_an_option_that_is_not_listed_is_asked_for():
    with serving(number_of, listed=("A",)) as served:
        assert odds(completions(served).ask(QUESTIONS[:4])) == [0.0, 0.1, 0.2, 0.3]
    assert served.prompts == 8


def test_a_server_that_takes_one_prompt_at_a_time_is_asked_so():
    with serving(number_of, lists_allowed=False) as served:
        backend = completions(served)
        assert odds(backend.ask(QUESTIONS[:4])) == [0.0, 0.1, 0.2, 0.3]
        backend.ask(QUESTIONS[4:])
    assert len(served.asked) == 1 + 4 + 2


@pytest.mark.parametrize(
    ("how", "fault"),
    [
        ({"logprobs": False}, "the server returns no log-probabilities"),
        ({"merges": True}, "the model's tokens do not keep the option apart from the prompt"),
        ({"always": 400}, "the server answers 400: no"),
        ({"troubles": [b'{"choices": []}'] * 9}, "the server's answer has not one choice for each prompt"),
        ({"troubles": [b"[]"] * 9}, "the server's answer is no JSON object"),
        ({"troubles": [b"<html>"] * 9}, "the server's answer is HTML and no JSON (3 tries)"),
        ({"troubles": [b"[" * 100_000] * 9}, "the server's answer is cut off or no JSON (3 tries)"),
    ],
)
def test_what_gives_no_log_probability_is_a_fault_and_never_a_number(how, fault):
    with serving(number_of, **how) as served:
        answers = completions(served).ask(QUESTIONS[:2])
    assert [answer.fault for answer in answers] == [fault] * 2
    assert all(answer.scores == () and not answer.measured for answer in answers)


class Echoing:
    """A server whose every echo is split as the test says; the option's last token has −0.25, those before −0.5."""

    url = "http://127.0.0.1/v1/completions"

    def __init__(self, split, generated):
        self._split, self._generated = split, generated

    def post(self, body):
        tokens = ["<s>", "Answer", ":", *(part.replace("A", body["prompt"][-1]) for part in self._split)]
        values = [None, -9.0, -9.0, *([-0.5] * (len(self._split) - 1)), -0.25]
        if self._generated:
            tokens, values = [*tokens, " A"], [*values, -0.1]
        return {"choices": [{"logprobs": {"tokens": tokens, "token_logprobs": values}}]}


@pytest.mark.parametrize("generated", [True, False])
@pytest.mark.parametrize(
    ("split", "logprob"), [([" A"], -0.25), ([" ", "A"], -0.75), (["▁A"], -0.25), (["ĠA"], -0.25), (["A"], -0.25)]
)
def test_an_option_is_found_however_a_server_splits_and_prints_it(split, logprob, generated):
    backend = CompletionsBackend(Echoing(split, generated), "tiny")  # type: ignore[arg-type]  # it has what is used
    (answer,) = backend.ask(QUESTIONS[:1])
    assert [score.logprob for score in answer.scores] == [logprob] * 2


def test_a_template_stands_around_the_prompt_and_makes_it_another_level():
    with serving(number_of) as served:
        backend = CompletionsBackend(server(served), "tiny", template="<user>{{prompt}}<model>")
        backend.ask(QUESTIONS[:1])
    assert served.asked[0]["prompt"] == f"<user>{QUESTIONS[0].prompt}<model> A"
    assert (backend.level, len(backend.template_sha256 or "")) == ("chat", 64)
    with pytest.raises(InvalidInput, match=r"does not hold .* once"):
        CompletionsBackend(server(served), "tiny", template="no place")


# --- trying again -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [429, 500, 503, b'{"choices": [{"ind', b"<html>busy</html>"])
def test_what_may_pass_is_tried_again_later_each_time(trouble):
    waits: list[float] = []
    with serving(number_of, troubles=[trouble, trouble]) as served:
        assert odds(completions(served, waits=waits).ask(QUESTIONS[:1])) == [0.0]
    assert waits == [0.5, 1.0]


def test_a_server_that_names_a_time_is_given_it():
    waits: list[float] = []
    with serving(number_of, troubles=[429], headers={"Retry-After": "7"}) as served:
        completions(served, waits=waits).ask(QUESTIONS[:1])
    assert waits == [7.0]


def test_a_slow_server_is_a_fault_after_so_many_tries():
    with serving(number_of, delay=0.3) as served:
        (answer,) = completions(served, timeout=0.05, retries=1).ask(QUESTIONS[:1])
    assert answer.fault == "the server did not answer in time (2 tries)"


def test_a_refused_key_stops_at_once_and_is_not_repeated():
    with serving(number_of, always=401) as served, pytest.raises(NotAllowed) as caught:
        completions(served, key=KEY).ask(QUESTIONS[:1])
    assert len(served.asked) == 1
    assert served.keys == {f"Bearer {KEY}"}
    assert KEY not in str(caught.value)


def test_an_answer_that_repeats_the_key_is_shown_without_it():
    with serving(number_of, troubles=[]) as served:
        backend = completions(served, key="no")
        served.always = 422
        assert backend.ask(QUESTIONS[:1])[0].fault == "the server answers 422: …"


@pytest.mark.parametrize("variable", ["EVENHAND_TEST_NO_SUCH_KEY", "EVENHAND_TEST_KEY"])
def test_a_variable_without_a_key_is_named(variable, monkeypatch):
    monkeypatch.setenv("EVENHAND_TEST_KEY", " ")
    with pytest.raises(InvalidInput, match=variable):
        read_key(variable)


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://host", "http://", "http://user:pw@host", "http://host/?key=1"]
)
def test_what_is_no_address_of_a_server_is_refused_without_repeating_it(url):
    with pytest.raises(InvalidInput) as caught:
        ModelServer(url, "completions")
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://h", "http://h/", "http://h/v1", "http://h/v1/", "http://h/v1/completions"])
def test_an_address_may_end_anywhere_before_its_endpoint(url):
    assert ModelServer(url, "chat/completions").url == "http://h/v1/chat/completions"


# --- chat and recorded answers ----------------------------------------------------------------------------------------


def test_a_chat_server_gives_the_likeliest_tokens_of_its_answer():
    with serving(number_of) as served:
        assert odds(ChatBackend(server(served, "chat/completions"), "tiny").ask(QUESTIONS[1:3])) == [0.1, 0.2]


def test_an_option_missing_from_a_top_k_answer_gives_a_bound_and_never_a_zero():
    with serving(lambda _: 20.0, listed=("A",)) as served:
        (answer,) = ChatBackend(server(served, "chat/completions"), "tiny").ask(QUESTIONS[:1])
    assert not answer.scores[0].is_bound
    assert answer.scores[1].is_bound
    assert answer.scores[1].logprob == -12.0


def test_neither_option_listed_is_not_measured():
    with serving(number_of, listed=()) as served:
        (answer,) = ChatBackend(server(served, "chat/completions"), "tiny").ask(QUESTIONS[:1])
    assert not answer.measured


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ([], "the answer is empty"),
        ([{"token": "ответ", "top_logprobs": [{"token": "ответ", "logprob": -0.1}]}], None),
        ([{"token": "Ａ", "top_logprobs": [{"token": "Ａ", "logprob": -0.1}, {"token": "选", "logprob": -3.0}]}], None),
        (
            [{"token": "A", "top_logprobs": [{"token": "A", "logprob": -9999.0}]}],
            "the server returns no log-probabilities",
        ),
    ],
)
def test_an_empty_answer_and_one_in_another_language_are_not_measured(content, fault):
    answered = json.dumps({"choices": [{"message": {"content": ""}, "logprobs": {"content": content}}]}).encode()
    with serving(number_of, troubles=[answered]) as served:
        (answer,) = ChatBackend(server(served, "chat/completions"), "tiny").ask(QUESTIONS[:1])
    assert not answer.measured
    assert answer.fault == fault
    assert all(score.is_bound for score in answer.scores)


def test_a_chat_server_without_log_probabilities_is_a_fault():
    with serving(number_of, logprobs=False) as served:
        (answer,) = ChatBackend(server(served, "chat/completions"), "tiny").ask(QUESTIONS[:1])
    assert answer.fault == "the server returns no log-probabilities"


def test_recorded_answers_are_found_by_id_or_prompt(tmp_path):
    lines = [
        {"id": "q0", "logprobs": {"A": -0.5, "B": -1.0}},
        {"prompt": QUESTIONS[1].prompt, "logprobs": {" A": -0.25, "B": -2.0, "\nB": -2.0}},
        {"id": "q2", "logprobs": {"B": -0.1}},
    ]
    path = tmp_path / "answers.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    first, second, third, missing = RecordedBackend(path, "tiny").ask(QUESTIONS[:4])
    assert [score.logprob for score in first.scores] == [-0.5, -1.0]
    assert second.scores[1].logprob == pytest.approx(-2.0 + math.log(2))
    assert third.scores[0].is_bound
    assert missing.fault == "no recorded answer"


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"id": "q"}', '{"id": "q", "logprobs": {"A": 0.5}}', '{"id": 1, "logprobs": {}}']
)
def test_a_malformed_line_of_recorded_answers_is_named(line, tmp_path):
    path = tmp_path / "answers.jsonl"
    path.write_text(f'{{"id": "q0", "logprobs": {{"A": -1}}}}\n{line}\n')
    with pytest.raises(InvalidInput, match=r"answers\.jsonl, line 2: is no recorded answer"):
        RecordedBackend(path, "tiny")


# --- many questions, and going on -------------------------------------------------------------------------------------


def cache_of(path, backend):
    return AnswerCache(path / "answers.jsonl", backend.identity)


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path):
    with serving(number_of) as served:
        backend = completions(served)
        list(ask_all(backend, QUESTIONS[:4], cache_of(tmp_path, backend), concurrency=1))
        with (tmp_path / "answers.jsonl").open("a") as file:
            file.write('{"key": "cut o')
        assert served.prompts == 4
        answers = list(ask_all(backend, QUESTIONS, cache_of(tmp_path, backend), concurrency=2))
        assert served.prompts == 6
        assert sorted(odds(answers)) == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
        again = list(ask_all(backend, QUESTIONS, cache_of(tmp_path, backend), concurrency=2))
        assert served.prompts == 6
    assert {answer.question: answer for answer in again} == {answer.question: answer for answer in answers}


@pytest.mark.parametrize("line", ['{"key": %s, "scores": [[5.0, false], [NaN, false]]}', "[" * 100_000, "[]", '"x"'])
def test_a_line_of_the_file_of_answers_that_is_none_is_passed_over(line, tmp_path):
    with serving(number_of) as served:
        backend = completions(served)
        (answer,) = ask_all(backend, QUESTIONS[:1], cache_of(tmp_path, backend), concurrency=1)
        path = tmp_path / "answers.jsonl"
        key = json.dumps(json.loads(path.read_bytes())["key"])
        with path.open("a") as file:
            file.write(line.replace("%s", key) + "\n")
        assert cache_of(tmp_path, backend).find(QUESTIONS[0]) == answer


def test_answers_are_kept_as_they_come_in(tmp_path):
    with serving(number_of) as served:
        backend = CompletionsBackend(server(served), "tiny", batch=1)
        asked = ask_all(backend, QUESTIONS, cache_of(tmp_path, backend), concurrency=1)
        answer = next(asked)
        asked.close()
        found = [cache_of(tmp_path, backend).find(item) for item in QUESTIONS if item.id == answer.question]
    assert found == [answer]


def test_another_model_or_template_never_gets_anothers_answers(tmp_path):
    with serving(number_of) as served:
        backend = completions(served, key=KEY)
        list(ask_all(backend, QUESTIONS[:1], cache_of(tmp_path, backend), concurrency=1))
        others = [
            CompletionsBackend(server(served), "other"),
            CompletionsBackend(server(served), "tiny", template="{{prompt}}\n"),
            ChatBackend(server(served, "chat/completions"), "tiny"),
        ]
        assert [cache_of(tmp_path, other).find(QUESTIONS[0]) for other in others] == [None] * 3
        assert cache_of(tmp_path, backend).find(QUESTIONS[0]) is not None
    assert KEY not in (tmp_path / "answers.jsonl").read_text()


def test_where_the_server_has_gone_asking_stops_and_the_rest_is_named(tmp_path):
    with serving(number_of) as served:
        url = served.url
    gone = CompletionsBackend(ModelServer(url, "completions", retries=0), "tiny", batch=1)
    questions = [question(number) for number in range(40)]
    answers = list(ask_all(gone, questions, cache_of(tmp_path, gone), concurrency=1))
    assert len(answers) == len(questions)
    assert all(answer.fault is not None for answer in answers)
    assert sum(answer.fault == NOT_ASKED for answer in answers) > 30
    assert (tmp_path / "answers.jsonl").read_text() == ""
