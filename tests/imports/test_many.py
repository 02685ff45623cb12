"""A long import while others write: twenty thousand contributions go in beside two clients of the API."""

from __future__ import annotations

import json
import random
import threading

import pytest
from fastapi.testclient import TestClient

from curation.imports.contributions import ImportContributions, import_contributions
from curation.people.accounts import issue_token, join, read_joining
from curation_api.app import create_app
from tests.imports.support import mixed_lines
from tests.support.generated import proposal

SEATS = 3
EXAMPLES = 2_858
LINES = EXAMPLES * (1 + 2 * SEATS)
CLIENTS = ("cara", "cyd")


@pytest.fixture
def tokens(any_place):
    found = {}
    with any_place.platform.write() as writing:
        for handle in CLIENTS:
            joining = read_joining({"handle": handle, "languages": ["en"]})
            account = join(writing.connection, writing.vault, joining, writing.token_bytes).account
            found[handle] = issue_token(writing.connection, account, writing.token_bytes)
    return found


def test_twenty_thousand_contributions_go_in_while_two_clients_write(any_place, tokens):
    path = any_place.write("many.jsonl", mixed_lines(EXAMPLES, seats=SEATS))
    application = create_app(any_place.platform)
    done = threading.Event()
    answers: dict[str, list[int]] = {handle: [] for handle in CLIENTS}

    def write(handle: str, first: int) -> None:
        client = TestClient(application, raise_server_exceptions=False)
        headers = {"Authorization": f"Bearer {tokens[handle]}"}
        while not done.is_set():
            body = proposal(first + len(answers[handle]), random.Random(first), words=8)["example"]
            answers[handle].append(client.post("/v1/examples", json=body, headers=headers).status_code)
            done.wait(0.2)  # an account may send 600 requests a minute

    threads = [threading.Thread(target=write, args=(handle, 10**6 * (n + 1))) for n, handle in enumerate(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        command = ImportContributions(path=path, source="many", people=any_place.people())
        summary = import_contributions(any_place.platform, command)
    finally:
        done.set()
        for thread in threads:
            thread.join()

    assert (summary.bad, summary.known, summary.taken.total()) == ([], 0, LINES)
    assert all(answers.values()), "each client wrote"
    assert {status for statuses in answers.values() for status in statuses} == {201}
    proposed = summary.taken["propose"] + sum(map(len, answers.values()))
    assert sum(json.loads(any_place.status())["examples"]["sft"].values()) == proposed
    any_place.check()
    again = import_contributions(any_place.platform, command)
    assert (again.known, again.taken.total(), again.bad) == (LINES, 0, [])
