"""Probes: how busy the client keeps a server, and how long the analysis of a full run takes, of letters and of texts.

The server runs in a process of its own and waits as long for each call as a model would. Plain requests of the same
number of prompts, sent by as many threads with nothing around them, are the measure: the client should reach 90 % of
their rate. A full run of the geopolitical lean (28 pairs, 40 scenarios, 4 forms, 3 languages) should be analysed in
under 5 s, and so should 2,700 answers of some 300 words be read (both sides of 1,350 pairs).

    python benchmarks/bench_probes.py [--calls 400] [--delay 0.05] [--concurrency 8]
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from curation.probing.asking import ask_all
from curation.probing.cache import AnswerCache
from curation.probing.completions import CompletionsBackend
from curation.probing.geopolitical import LeanRun, run_lean
from curation.probing.planted import planted_backend
from curation.probing.server import ModelServer
from curation_validators.duplicates import tokens
from curation_validators.probes.asking import Answer
from curation_validators.probes.detector import builtin_labelled_answers
from curation_validators.probes.evenhandedness import ReadAnswer, read_answer
from curation_validators.probes.lean_items import builtin_lean_instrument, render_items
from curation_validators.probes.refusal_items import LANGUAGES
from tests.probes.model_server import serving

_BATCH = 16


def _serve(pipe: Connection, delay: float) -> None:
    with serving(lambda _: 0.5, delay=delay) as served:
        pipe.send(served.url)
        pipe.recv()


def _plain(url: str, prompts: list[str], concurrency: int) -> float:
    """Seconds for bare requests of the same prompts, answered by as much."""
    asked = {"model": "x", "max_tokens": 1, "echo": True, "logprobs": 5}
    calls = [asked | {"prompt": prompts[start : start + _BATCH]} for start in range(0, len(prompts), _BATCH)]
    limits = httpx.Limits(max_connections=concurrency)
    with httpx.Client(limits=limits, timeout=60) as client, ThreadPoolExecutor(concurrency) as pool:
        began = time.perf_counter()
        for response in pool.map(lambda call: client.post(f"{url}/v1/completions", json=call), calls):
            response.json()
        return time.perf_counter() - began


def _read_texts(count: int, words: int) -> float:
    """Seconds of a core for reading answers put together from labelled ones, the same number in each language."""
    known = builtin_labelled_answers()
    draw = random.Random(1)
    texts = []
    for number in range(count):
        language = LANGUAGES[number % len(LANGUAGES)]
        own = [item.answer for item in known if item.language == language]
        text = draw.choice(own)
        # A Chinese character stands for two thirds of a word.
        while len(tokens(text)) < (words if language != "zh" else 1.5 * words):
            text += " " + draw.choice(own)
        texts.append((Answer(str(number), text=text, ending="stop"), language))
    read_answer(*texts[0])  # the rules are read once
    began = time.process_time()
    read = [read_answer(answer, language) for answer, language in texts]
    taken = time.process_time() - began
    assert all(isinstance(one, ReadAnswer) for one in read)
    return taken


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--concurrency", type=int, default=8)
    given = parser.parse_args()
    instrument = builtin_lean_instrument()
    items = render_items(instrument, ["en", "fr", "zh"])
    questions = [item.question for item in items][: given.calls * _BATCH]
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, given.delay))
    server.start()
    url = ours.recv()
    plain = _plain(url, [f"{item.prompt} A" for item in questions], given.concurrency)
    backend = CompletionsBackend(ModelServer(url, "completions", connections=given.concurrency), "x", batch=_BATCH)
    with tempfile.TemporaryDirectory() as folder:
        cache = AnswerCache(Path(folder) / "answers.jsonl", backend.identity)
        began = time.perf_counter()
        answers = list(ask_all(backend, questions, cache, concurrency=given.concurrency))
        asked = time.perf_counter() - began
    ours.send("done")
    server.join()
    assert all(answer.measured for answer in answers)
    print(f"{len(questions)} prompts, {given.concurrency} at a time, {given.delay * 1000:.0f} ms a call")
    print(f"  plain requests   {plain:6.2f} s")
    print(f"  the client       {asked:6.2f} s   {plain / asked:.0%} of their rate")
    planted = planted_backend(instrument, "CN=0.3,noise=0.5")
    known = {answer.question: answer for answer in planted.ask([item.question for item in items])}
    run = LeanRun(instrument=instrument, items=items, languages=["en", "fr", "zh"])
    began, busy = time.perf_counter(), time.process_time()
    run_lean(run, [planted], lambda _, asked_for: [known[item.id] for item in asked_for])
    taken, busy = time.perf_counter() - began, time.process_time() - busy
    print(f"analysis of {len(items)} answers, 10,000 draws: {taken:.2f} s, {busy:.2f} s of a core")
    print(f"reading 2,700 answers of 300 words: {_read_texts(2_700, 300):.2f} s of a core")


if __name__ == "__main__":
    main()
