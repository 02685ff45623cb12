"""Releases over HTTP: the document, every file, and rows for whoever reads no Parquet."""

from __future__ import annotations

import hashlib
import json

import pyarrow.parquet as pq
import pytest

from curation.clock import MovableClock
from curation.home import open_home
from curation.writing import Platform
from curation_api.bundles import MADE_AFTER, row_lines
from tests.api.support import Api, assert_problem
from tests.audit.demo import LAST_DAY, SECOND

RELEASE = f"/v1/releases/{SECOND}"


@pytest.fixture(scope="module")
def served(demo):
    clock = MovableClock(LAST_DAY)
    platform = Platform(open_home(demo.home), clock)
    yield Api(platform, clock, {})
    platform.home.close()


def test_releases_and_topics_are_listed_a_page_at_a_time(served):
    for name, key in (("releases", "version"), ("topics", "id")):
        whole = served.get(f"/v1/{name}")
        assert whole["next"] is None
        first = served.get(f"/v1/{name}?limit=1")
        assert first["next"] == first[name][0][key]
        second = served.get(f"/v1/{name}?limit=1&cursor={first['next']}")
        assert first[name] + second[name] == whole[name][:2]
        assert served.get(f"/v1/{name}?cursor={whole[name][-1][key]}")[name] == []
        assert served.call("GET", f"/v1/{name}?limit=0").status_code == 422


def test_document_names_every_file_as_it_is_served(served, demo):
    found = served.get(RELEASE)
    assert found["release"] in served.get("/v1/releases")["releases"]
    assert found["release"]["simulated"] is True
    assert found["rows"] == json.loads((demo.bundle() / "manifest.json").read_text())["rows"]
    for file in found["files"]:
        answer = served.call("GET", f"{RELEASE}/files/{file['path']}")
        assert answer.content == (demo.bundle() / file["path"]).read_bytes()
        assert len(answer.content) == file["bytes"]
        if file["sha256"] is not None:
            assert hashlib.sha256(answer.content).hexdigest() == file["sha256"] == answer.headers["etag"].strip('"')
    unlisted = {file["path"] for file in found["files"] if file["sha256"] is None}
    assert {"manifest.json", "release.tlog-proof"} <= unlisted <= set(MADE_AFTER)


def ask(served, asked, **headers):
    return served.call("GET", f"{RELEASE}/files/README.md", headers={"Range": asked} | headers)


def test_part_of_a_file_can_be_asked_for(served, demo):
    whole = (demo.bundle() / "README.md").read_bytes()
    for asked, part in (("bytes=3-9", whole[3:10]), ("bytes=7-", whole[7:]), ("bytes=-5", whole[-5:])):
        answer = ask(served, asked)
        assert (answer.status_code, answer.content) == (206, part)
    for passed_over in ("bytes=0-1,3-4", "lines=1-2", "bytes=x-y", "bytes=" + "9" * 40 + "-"):
        answer = ask(served, passed_over)
        assert (answer.status_code, answer.content) == (200, whole)
    for beyond in (f"bytes={len(whole)}-", "bytes=9-3", "bytes=-0"):
        answer = ask(served, beyond)
        assert_problem(answer, 416, "no-such-part")
        assert answer.headers["content-range"] == f"bytes */{len(whole)}"
    tag = ask(served, "bytes=0-1").headers["etag"]
    assert ask(served, "bytes=0-1", **{"If-None-Match": tag}).status_code == 304
    assert ask(served, "bytes=0-1", **{"If-Range": '"another"'}).content == whole


@pytest.mark.parametrize(
    "path", ["nothing", "../../keys/log.key", "..%2F..%2Fkeys%2Flog.key", "cosignatures/../x", "data"]
)
def test_no_other_file_is_served(served, path):
    assert_problem(served.call("GET", f"{RELEASE}/files/{path}"), 404, "not-found")


def test_rows_are_those_of_the_parquet_file(served, demo):
    document = served.get(RELEASE)
    for config, splits in document["rows"].items():
        for split, number in splits.items():
            answer = served.call("GET", f"{RELEASE}/rows/{config}/{split}")
            (path,) = (demo.bundle() / "data" / config).glob(f"{split}-*.parquet")
            rows = [json.loads(line) for line in answer.text.splitlines()]
            assert rows == pq.read_table(path).to_pylist()
            assert len(rows) == number
            again = {"If-None-Match": answer.headers["etag"]}
            assert served.call("GET", f"{RELEASE}/rows/{config}/{split}", headers=again).status_code == 304
            rest = served.call("GET", f"{RELEASE}/rows/{config}/{split}?cursor=2")
            assert [json.loads(line) for line in rest.text.splitlines()] == rows[2:]


def test_rows_go_on_within_any_row_group(tmp_path):
    import pyarrow as pa

    pq.write_table(pa.table({"n": list(range(1_000))}), tmp_path / "rows.parquet", row_group_size=300)
    for skip in (0, 1, 299, 300, 301, 599, 850, 999, 1_000, 5_000):
        lines = b"".join(row_lines(tmp_path / "rows.parquet", skip)).splitlines()
        assert [json.loads(line)["n"] for line in lines] == list(range(skip, 1_000))


@pytest.mark.parametrize(
    "path", ["/v1/releases/9.9.9", f"{RELEASE}/rows/sft/none", f"{RELEASE}/rows/none/train", "/v1/releases/x"]
)
def test_what_a_release_lacks_is_not_found(served, path):
    assert_problem(served.call("GET", path), 404, "not-found")
