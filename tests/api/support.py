"""A platform with people on it, a client that checks every answer against the OpenAPI document, and ways to act."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from curation.clock import Clock, MovableClock
from curation.epoch import close_epoch
from curation.home import create_home, open_home
from curation.people.accounts import Joining, issue_token, join
from curation.topics.declare import DeclarePerspective, declare_perspective
from curation.topics.define import define_dataset, read_definition
from curation.writing import Platform
from curation_api import create_app
from curation_schemas.review import Role
from tests.support.words import saying

ROOT = Path(__file__).parents[2]
START = 1_800_000_000
TOPIC = "us-gun-policy"
PERSPECTIVES = ("gun-rights", "stricter-regulation")
REVIEWERS = {perspective: [f"{perspective}-{number}" for number in (1, 2, 3, 4)] for perspective in PERSPECTIVES}
TAIWAN = [f"taiwan-{number}" for number in (1, 2)]

PEOPLE: dict[str, tuple[list[Role], bool]] = {
    "proposer": (["contributor"], False),
    "contributor": (["contributor"], False),
    "simulated": (["contributor"], True),
    "maintainer": (["maintainer"], False),
    "second-maintainer": (["maintainer", "contributor"], False),
    "auditor": (["auditor"], False),
    "administrator": (["administrator"], False),
    **{handle: (["contributor"], False) for handles in REVIEWERS.values() for handle in handles},
    **{handle: (["contributor"], False) for handle in TAIWAN},
}


@dataclass
class Seeded:
    """A home that tests copy, and everybody's token."""

    path: Path
    tokens: dict[str, str]


def seed_home(path: Path) -> Seeded:
    """Make a home with the pilot's dataset, people, and where the reviewers stand; close its first epoch."""
    platform = Platform(create_home(path, "contested-pilot"), MovableClock(START))
    tokens = {}
    with platform.write() as writing:
        actors = {}
        for handle, (roles, simulated) in PEOPLE.items():
            joining = Joining(handle=handle, languages=["en", "fr"], roles=roles, simulated=simulated)
            actors[handle] = join(writing.connection, writing.vault, joining, writing.token_bytes)
            tokens[handle] = issue_token(writing.connection, actors[handle].account, writing.token_bytes)
        define_dataset(writing, actors["maintainer"], read_definition(ROOT / "datasets" / "contested-pilot"))
        for perspective, handles in REVIEWERS.items():
            for handle in handles:
                declare_perspective(writing, actors[handle], DeclarePerspective(topic=TOPIC, perspective=perspective))
    close_epoch(platform)
    platform.home.close()
    return Seeded(path, tokens)


SAID = "People disagree about it."


def sft(text: str = SAID, **changes: Any) -> dict[str, Any]:
    """A conversation as a body."""
    return {
        "kind": "sft",
        "topic": TOPIC,
        "language": "en",
        "positions": ["right-to-arms", "stronger-gun-laws"],
        "framing": "neutral",
        "claims": ["interpretation"],
        "license": "CC-BY-4.0",
        "origin": {"kind": "human"},
        "sources": [],
        "messages": [
            {"role": "user", "content": "Should background checks cover private sales?"},
            {"role": "assistant", "content": text},
        ],
    } | changes


SOURCE = {
    "url": "https://example.org/statistics",
    "publisher": "A public office",
    "owner": "A government",
    "country": "US",
    "language": "en",
    "date": "2025",
}
ACCEPT = {"verdict": "accept", "scores": {"positions": 5}}
REJECT = {"verdict": "reject", "reasons": ["one_sided"], "rationale": "It leaves out what my side says."}
UNSENT: Any = object()


_DOCUMENT: dict[str, Any] = {}


def document_of(app: Any) -> dict[str, Any]:
    """An application's OpenAPI document: that of the first one, because every one has the same routes.

    Making it takes a second, which is most of what a test of the API would take.
    """
    if not _DOCUMENT:
        _DOCUMENT.update(app.openapi())
    app.openapi_schema = _DOCUMENT
    return _DOCUMENT


@dataclass
class Api:
    """The application over HTTP. Every answer is checked against what the OpenAPI document promises."""

    platform: Platform
    clock: MovableClock
    tokens: dict[str, str]
    written: Iterator[int] = field(default_factory=count)
    client: TestClient = field(init=False)
    document: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        app = create_app(self.platform)
        self.client = TestClient(app, raise_server_exceptions=False)
        self.document = document_of(app)

    def call(
        self,
        method: str,
        path: str,
        who: str | None = None,
        *,
        json: Any = UNSENT,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Send a request as somebody (or nobody) and check the answer."""
        sent = dict(headers or {})
        if who is not None:
            sent["Authorization"] = f"Bearer {self.tokens[who]}"
        arguments: dict[str, Any] = {} if json is UNSENT else {"json": json}
        if content is not None:
            arguments["content"] = content
        response = self.client.request(method, path, headers=sent, **arguments)
        check_answer(self.document, method, path.partition("?")[0], response)
        return response

    def get(self, path: str, who: str | None = None) -> Any:
        """Read; the JSON of a 200."""
        response = self.call("GET", path, who)
        assert response.status_code == 200, response.text
        return response.json()

    def act(self, who: str, path: str, body: Any = UNSENT, *, method: str = "POST") -> Any:
        """Act; the JSON of a 201."""
        response = self.call(method, path, who, json=body)
        assert response.status_code == 201, response.text
        return response.json()

    def propose(self, who: str = "proposer", **changes: Any) -> Any:
        """Propose a conversation; where no text is given, one that is no copy of another."""
        text = changes.pop("text", None) or SAID + saying(next(self.written))
        return self.act(who, "/v1/examples", sft(text, **changes))

    def sit(self, who: str, topic: str = TOPIC) -> Any:
        """Take a seat."""
        response = self.call("POST", "/v1/seats", who, json={"topic": topic})
        assert response.status_code == 200, response.text
        return response.json()

    def review(self, who: str, judgement: dict[str, Any] = ACCEPT) -> Any:
        """Take a seat and fill it."""
        seat = self.sit(who)
        return self.act(who, "/v1/reviews", judgement | {"example": seat["example"], "revision": seat["revision"]})

    def review_all(self, judgements: dict[str, dict[str, Any]] | None = None) -> Any:
        """Fill every seat of the one open round, each perspective with its judgement; the last answer."""
        last = None
        for perspective, handles in REVIEWERS.items():
            for handle in handles[:3]:
                last = self.review(handle, (judgements or {}).get(perspective, ACCEPT))
        assert last is not None
        assert last["round_ended"]
        return last

    def close_epoch(self) -> None:
        """Close the epoch."""
        close_epoch(self.platform)


def check_answer(document: dict[str, Any], method: str, path: str, response: Any) -> None:
    """Fail unless the document promises this status, media type and shape, and the headers are as they must be."""
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["cache-control"]
    operation = operation_at(document, method, path)
    if operation is None:
        assert response.status_code in (404, 405) or path == "/openapi.json", (method, path, response.status_code)
        return
    promised = operation["responses"].get(str(response.status_code))
    assert promised is not None, f"{method} {path} answered {response.status_code}, which the document does not name"
    if response.status_code == 304:
        assert not response.content
        assert response.headers["etag"]
        return
    media_type = response.headers["content-type"]
    assert media_type in promised["content"], (media_type, promised)
    schema = promised["content"][media_type].get("schema")
    if schema is not None and media_type.endswith("json"):
        validator = Draft202012Validator({**schema, "components": document["components"]})
        problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(response.json())]
        assert not problems, problems


def operation_at(document: dict[str, Any], method: str, path: str) -> dict[str, Any] | None:
    """The operation that the document has for a path, or None."""
    for template, item in document["paths"].items():
        pattern = re.sub(r"\\\{path\\\}", ".+", re.escape(template))
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", pattern), path) and method.lower() in item:
            found: dict[str, Any] = item[method.lower()]
            return found
    return None


def assert_problem(
    response: Any,
    status: int,
    code: str,
    *,
    rule: str | None = None,
    fields: list[str] | None = None,
    says: str = "",
) -> dict[str, Any]:
    """Fail unless the response is a whole problem of this kind. Returns it."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem["status"], problem["type"]) == (status, status, f"/problems/{code}"), problem
    assert problem["title"]
    assert set(problem) <= {"type", "title", "status", "detail", "hint", "rule", "errors"}
    assert problem.get("rule", {}).get("id") == rule, problem
    if rule is not None:
        assert problem["rule"]["sentence"].endswith((".", "(server)"))
    if fields is not None:
        assert sorted(item["field"] for item in problem["errors"]) == sorted(fields), problem
    assert says in problem.get("detail", "")
    return problem


def copy_home(seeded: Seeded, path: Path, clock: Clock) -> Platform:
    """A home of its own for one test."""
    shutil.copytree(seeded.path, path)
    return Platform(open_home(path), clock)


MakeApi = Callable[[], Api]
