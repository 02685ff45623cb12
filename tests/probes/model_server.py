"""A model's server on loopback that speaks the completions and the chat protocol, and fails where a test says so."""

from __future__ import annotations

import json
import math
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from curation_validators.probes.asking import Question

TOKEN = re.compile(r" ?[^\s\u4e00-\u9fff]+|\s|[\u4e00-\u9fff]")
Odds = Callable[[str], float]
"""Prompt → log P(A) − log P(B)."""


@dataclass
class ModelServer:
    """`troubles`: what comes instead of the next answers, one each: a status, or bytes of a body of status 200."""

    odds: Odds
    says: Callable[[str], str | None] = lambda prompt: f"You asked: {prompt}"
    finish: str | None = "stop"
    mass: float = 1.0
    listed: tuple[str, ...] = ("A", "B")
    merges: bool = False
    lists_allowed: bool = True
    logprobs: bool = True
    delay: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    troubles: list[int | bytes] = field(default_factory=list)
    always: int | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str | None] = field(default_factory=set)
    prompts: int = 0
    url: str = ""

    def letters(self, prompt: str) -> dict[str, float]:
        odds = self.odds(prompt)
        likelier = -math.log1p(math.exp(-abs(odds))) + math.log(self.mass)
        return {"A": likelier + min(0.0, odds), "B": likelier - max(0.0, odds)}

    def complete(self, body: dict[str, Any]) -> dict[str, Any]:
        prompts = body["prompt"] if isinstance(body["prompt"], list) else [body["prompt"]]
        self.prompts += len(prompts)
        if not body.get("echo"):
            ends = {"finish_reason": self.finish}
            return {"choices": [{"index": n, "text": self.says(text)} | ends for n, text in enumerate(prompts)]}
        return {"choices": [self._echo(number, text) for number, text in reversed(list(enumerate(prompts)))]}

    def _echo(self, number: int, text: str) -> dict[str, Any]:
        space = " " if text[-2] == " " else ""
        prompt, letter = text[: -len(space) - 1], text[-1]
        values = self.letters(prompt)
        tokens = [*TOKEN.findall(prompt), space + letter, "\n"]
        if self.merges:
            tokens[-3:] = [tokens[-3] + tokens[-2], "\n"]
        scores = [None, *([-1.0] * (len(tokens) - 3)), values[letter], -0.1]
        tops: list[dict[str, float]] = [{} for _ in tokens[:-2]] + [
            {space + name: values[name] for name in self.listed},
            {},
        ]
        if not self.logprobs:
            return {"index": number, "text": text}
        said = {"tokens": tokens, "token_logprobs": scores[-len(tokens) :], "top_logprobs": tops}
        return {"index": number, "text": text, "logprobs": said}

    def chat(self, body: dict[str, Any]) -> dict[str, Any]:
        self.prompts += 1
        if not body.get("logprobs"):
            message = {"role": "assistant", "content": self.says(body["messages"][-1]["content"])}
            return {"choices": [{"index": 0, "message": message, "finish_reason": self.finish}]}
        values = self.letters(body["messages"][-1]["content"])
        top = [{"token": name, "logprob": values[name]} for name in self.listed]
        top.append({"token": "The", "logprob": -12.0})
        said = {"content": [{"token": "A", "top_logprobs": top}]} if self.logprobs else None
        return {"choices": [{"index": 0, "message": {"content": "A"}, "logprobs": said}]}


def handler_of(served: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            served.asked.append(body)
            served.keys.add(self.headers["Authorization"])
            time.sleep(served.delay)
            if served.always is not None:
                return self.answer(served.always, b"no")
            if served.troubles:
                trouble = served.troubles.pop(0)
                return self.answer(trouble, b"no") if isinstance(trouble, int) else self.answer(200, trouble)
            if self.path == "/v1/completions":
                if isinstance(body["prompt"], list) and not served.lists_allowed:
                    return self.answer(400, b"prompt must be a string")
                return self.answer(200, json.dumps(served.complete(body)).encode())
            assert self.path == "/v1/chat/completions"
            return self.answer(200, json.dumps(served.chat(body)).encode())

        def answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            for name, value in served.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def serving(odds: Odds, **how: Any) -> Iterator[ModelServer]:
    served = ModelServer(odds, **how)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(served))
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def question(number: int, language: str = "en") -> Question:
    space = "" if language == "zh" else " "
    ask = "请回答字母 A 或 B：" if language == "zh" else "Answer with the letter A or B:"
    prompt = f"Case {number}.\nA) France\nB) Japan\n{ask}"
    return Question(id=f"q{number}", prompt=prompt, language=language, options=("A", "B"), continuation=space)
