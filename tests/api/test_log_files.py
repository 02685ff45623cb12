"""The log over HTTP: what lies in the folder, byte for byte, and nothing else."""

from __future__ import annotations

import pytest

from curation.log.notes import open_checkpoint
from curation.log.tiles import audit_tiles, expected_paths
from tests.api.support import assert_problem


def test_checkpoint_is_the_file_and_asked_for_anew_each_time(api):
    response = api.call("GET", "/log/checkpoint")
    assert response.content == (api.platform.home.log_path / "checkpoint").read_bytes()
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert open_checkpoint(response.content, api.platform.home.verifier).origin == api.platform.home.origin


def test_whole_log_audits_over_http(api):
    for number in range(260):
        if number % 20 == 0:
            api.propose("proposer", text=f"Text {number}.")
    api.close_epoch()
    size = int(api.call("GET", "/log/checkpoint").text.split("\n")[1])
    for path in expected_paths(size):
        response = api.call("GET", f"/log/{path}")
        assert response.content == (api.platform.home.log_path / path).read_bytes()
        assert response.headers["content-type"] == "application/octet-stream"
        assert "immutable" in response.headers["cache-control"]
    audit = audit_tiles(size, lambda path: api.call("GET", f"/log/{path}").content)
    assert list(audit) == []
    checkpoint = open_checkpoint(api.call("GET", "/log/checkpoint").content, api.platform.home.verifier)
    assert audit.root == checkpoint.root


@pytest.mark.parametrize(
    "path",
    [
        "0/../../../keys/log.key",
        "..%2f..%2fkeys/log.key",
        "%2e%2e/%2e%2e/evenhand.db",
        "0/000.p/%2e%2e/1",
        "0//000",
        "00/000",
        "0/0",
        "0/000/",
        "0/000.p/0",
        "0/000.p/256",
        "0/000%00",
        "0/000%0a",
        "64/000",
        "entries/x000/000",
        "0/٠٠٠",
        "0/000.p/5.new",
        "9/000",
        "",
    ],
)
def test_path_that_is_no_tiles_finds_nothing(api, path):
    response = api.client.get(f"/log/tile/{path}")
    assert_problem(response, 404, "not-found")
    assert response.headers["cache-control"] == "no-store"


def test_log_before_its_first_epoch_has_no_checkpoint(api):
    (api.platform.home.log_path / "checkpoint").unlink()
    assert_problem(api.call("GET", "/log/checkpoint"), 404, "not-found")
