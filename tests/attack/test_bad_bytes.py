"""Senders of bad bytes get a short refusal, quickly, and nothing else."""

from __future__ import annotations

import json
import time

import pytest

from tests.api.support import SOURCE, sft

MANY = 60_000
BODIES = {
    "deep list": b"[" * 400_000 + b"]" * 400_000,
    "deep object": b'{"a":' * 150_000 + b"1" + b"}" * 150_000,
    "many unknown fields": json.dumps({f"k{number}": 1 for number in range(MANY)}).encode(),
    "many scores": json.dumps({"verdict": "accept", "scores": {f"k{n}": 9 for n in range(MANY)}}).encode(),
    "many reasons": json.dumps({"verdict": "reject", "reasons": ["q"] * 190_000, "rationale": "x"}).encode(),
    "many mirrors": json.dumps(sft(mirrors=["x"] * 150_000)).encode(),
    "many messages": json.dumps(sft(messages=[{}] * 240_000)).encode(),
    "many sources": json.dumps(sft(sources=[SOURCE | {"url": ""}] * 4_000)).encode(),
    "long number": b'{"kind":' + b"9" * 900_000 + b"}",
    "infinite number": b'{"kind":1e99999}',
    "long kind": json.dumps({"kind": "x" * 900_000}).encode(),
    "kind that is a list": b'{"kind":[]}',
    "slug that nearly fits": json.dumps(sft(topic="a-" * 400_000 + "!")).encode(),
    "combining marks out of order": json.dumps(sft("a" + "\u0315\u0300" * 9_999)).encode(),
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
    "null": b"null",
    "nothing": b"",
}
ROUTES = [
    ("POST", "/v1/examples"),
    ("POST", "/v1/examples/{example}/revisions"),
    ("POST", "/v1/examples/{example}/withdrawal"),
    ("POST", "/v1/seats"),
    ("POST", "/v1/reviews"),
    ("PUT", "/v1/reviews/{example}"),
    ("POST", "/v1/appeals"),
    ("POST", "/v1/flags"),
    ("POST", "/v1/perspectives"),
]


@pytest.fixture
def sender(sqlite_api):
    return sqlite_api


@pytest.mark.parametrize("name", BODIES)
def test_bad_body_is_refused_shortly_and_quickly(sender, name):
    example = sender.propose()["id"]
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {sender.tokens['gun-rights-1']}"}
    for method, path in ROUTES:
        began = time.perf_counter()
        answer = sender.client.request(method, path.format(example=example), content=BODIES[name], headers=headers)
        assert answer.status_code in (400, 413, 422), (path, answer.text[:200])
        assert len(answer.content) < 100_000, (path, len(answer.content))
        assert time.perf_counter() - began < 10, path


@pytest.mark.parametrize(
    "path",
    [
        "/log/tile/../../keys/log.key",
        "/log/tile/%2e%2e/%2e%2e/keys/log.key",
        "/log/tile/%2e%2e%2f%2e%2e%2fkeys%2flog.key",
        "/log/tile/0/" + "x001/" * 900 + "000",
        "/log/tile/0/000%00",
        "/log/tile/0/000%0a",
        "/log/tile/0/٠٠٠",
        "/log/tile//0/000",
        "/v1/examples/%ff",
        "/v1/examples/..%2f..%2fkeys",
        "/v1/topics/%2e%2e",
        "//v1/examples",
    ],
)
def test_path_that_names_nothing_is_not_found(sender, path):
    answer = sender.client.get(f"http://testserver{path}")  # whole: by itself, //v1 would name a host
    assert answer.status_code == 404
    assert b"PRIVATE" not in answer.content
