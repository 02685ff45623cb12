"""What is erased is gone from every release built afterwards, and the audit says which event took it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from curation.audit.trace import trace_example
from curation.audit.verify import verify_bundle
from curation.clock import MovableClock
from curation.db import reading
from curation.epoch import close_epoch
from curation.errors import Refused
from curation.examples.erase import Erase, erase_openings
from curation.home import open_home
from curation.log.merkle import leaf_hash
from curation.people.accounts import Actor, actor_by_handle
from curation.releases.cut import cut_release, rebuild_release
from curation.tables import openings
from curation.writing import Platform
from tests.audit.demo import FIRST, LAST_DAY, SECOND
from tests.audit.tampering import WITHOUT_PROOF, Folder

FOUNDER = "sim-founder"


@contextmanager
def opened(home: Path) -> Iterator[tuple[Platform, Actor]]:
    platform = Platform(open_home(home), MovableClock(LAST_DAY + 86_400), 7)
    try:
        with reading(platform.home.engine) as connection:
            founder = actor_by_handle(connection, FOUNDER)
        yield platform, founder
    finally:
        platform.home.close()


def erase(home: Path, act: str, commitments: list[str]) -> None:
    with opened(home) as (platform, founder):
        with platform.write() as writing:
            erase_openings(writing, founder, Erase(act=act, ground="personal_data", commitments=commitments))
        close_epoch(platform)


def rebuild(home: Path, version: str, target: Path) -> Path:
    with opened(home) as (platform, _):
        rebuild_release(platform, version, target)
    return target


def cut(home: Path) -> Path:
    with opened(home) as (platform, founder):
        made = cut_release(platform, founder)
        close_epoch(platform)
    return made.path


def opening_behind(home: Path, commitment: str) -> tuple[bytes, bytes]:
    """Salt and body."""
    with opened(home) as (platform, _), reading(platform.home.engine) as connection:
        row = connection.execute(select(openings).where(openings.c.commitment == commitment)).one()
    return bytes(row.salt), bytes(row.body)


def every_byte(folder: Path) -> bytes:
    """All of a folder's files as they are, and every value of every Parquet file."""
    parts = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            parts.append(path.read_bytes())
            if path.suffix == ".parquet":
                parts.append(_unpacked(pq.read_table(path, partitioning=None).to_pylist()))
    return b"\n".join(parts)


def _unpacked(value: Any) -> bytes:
    if isinstance(value, dict):
        return b"\n".join(_unpacked(item) for item in value.values())
    if isinstance(value, list):
        return b"\n".join(map(_unpacked, value))
    return value if isinstance(value, bytes) else str(value).encode()


def strings_of(body: bytes) -> list[bytes]:
    """The texts in an opening's body that nothing else holds."""
    value = json.loads(body)
    found = [value[name] for name in ("content", "text", "quote", "url", "version") if value.get(name)]
    return [text.encode() for text in found if len(text) > 12]


def first_row(bundle: Path, config: str, **where: Any) -> dict[str, Any]:
    rows = Folder(bundle).rows(f"data/{config}/train-*.parquet")
    return next(row for row in rows if all(row[name] == value for name, value in where.items()))


def leaf_of(bundle: Path, revision: str) -> dict[str, Any]:
    return dict(json.loads(next(leaf for leaf in Folder(bundle).leaves() if leaf_hash(leaf).hex() == revision)))


class Erased:
    """What was erased: a published unit of one kind, with its act and commitment.

    Other examples may cite the same source and name the same model; the salt is in one opening only.
    """

    salt = body = b""

    def __init__(self, unit: str, home: Path) -> None:
        bundle = home / "releases" / SECOND
        self.unit = unit
        if unit == "rationale":
            events = {row["event"] for row in Folder(bundle).rows("data/reviews/*.parquet") if row["rationale"]}
            self.event = min(events)
            leaf = Folder(bundle).leaves()[self.event]
            self.act, self.commitment = leaf_hash(leaf).hex(), json.loads(leaf)["rationale"]
            self.example = json.loads(leaf)["example"]
            return
        earlier = {row["revision"] for row in Folder(home / "releases" / FIRST).rows("data/sft/train-*.parquet")}
        row = next(
            row
            for row in Folder(bundle).rows("data/sft/train-*.parquet")
            if row["sources"] and row["origin"]["model"] and row["revision"] in earlier
        )
        leaf = leaf_of(bundle, row["revision"])
        self.act, self.example = row["revision"], row["example_id"]
        self.commitment = {
            "message": leaf["content"]["messages"][-1],
            "source": leaf["sources"][0],
            "origin": leaf["origin"],
        }[unit]


def traces_of(erased: Erased) -> list[bytes]:
    """What must be nowhere any more: the salt, and the text where it stood in one place only."""
    if erased.unit in ("source", "origin"):
        return [erased.salt]
    texts = strings_of(erased.body)
    assert texts, "nothing to look for"
    return [erased.salt, *texts]


@pytest.fixture(params=["message", "rationale", "source", "origin"])
def erased(request, home):
    made = Erased(request.param, home)
    made.salt, made.body = opening_behind(home, made.commitment)
    erase(home, made.act, [made.commitment])
    return made


def test_a_release_built_again_lacks_the_text_and_names_the_event(erased, home, tmp_path):
    bundle = rebuild(home, SECOND, tmp_path / "again")

    report = verify_bundle(bundle)

    assert (report.verdict, report.failures) == ("VERIFIED", [])
    assert report.rows["ERASED"] == len(report.erased) >= 1
    event = next(index for index, leaf in enumerate(Folder(bundle).leaves()) if b'"type":"opening:erased"' in leaf)
    assert {item.message for item in report.erased} == {f"erased by event {event}"}
    where = {
        "message": "data/tombstones/",
        "rationale": "data/reviews/",
        "source": "data/sources/",
        "origin": "data/sft/",
    }
    assert all(item.where.startswith(where[erased.unit]) for item in report.erased), report.erased
    assert not any(trace in every_byte(bundle) for trace in traces_of(erased))
    assert erased.commitment not in {row["commitment"] for row in Folder(bundle).rows("openings/*.parquet")}


def test_the_old_copy_verifies_as_of_its_own_log(erased, home):
    report = verify_bundle(home / "releases" / SECOND)
    assert (report.verdict, report.failures, report.erased) == ("VERIFIED", [], [])


def test_the_next_release_verifies_without_the_text(erased, home):
    bundle = cut(home)
    report = verify_bundle(bundle)
    assert (report.verdict, report.failures) == ("VERIFIED", [])
    assert (bundle / "release.tlog-proof").is_file()
    assert not any(trace in every_byte(bundle) for trace in traces_of(erased))
    if erased.unit == "message":
        assert report.version == "3.0.0"
        row = first_row(bundle, "tombstones", example_id=erased.example)
        assert (row["kind"], row["removed_in"], row["revision"]) == ("erased", "3.0.0", erased.act)
    else:
        assert report.version == "2.0.1"
        assert [item for item in report.erased if item.message.startswith("erased by event ")]


def test_trace_says_by_which_event_the_text_went(erased, home):
    bundle = cut(home)
    story = trace_example(bundle, erased.example).story
    (erasure,) = story["erasures"]
    assert erasure["commitment"] == erased.commitment
    assert f"erased by event {erasure['event']}" in str(story["revisions"])
    if erased.unit in ("message", "rationale"):
        assert not any(trace.decode() in str(story) for trace in traces_of(erased)[1:])


def test_the_text_is_gone_from_the_whole_home(erased, home):
    shutil.rmtree(home / "releases")
    assert not any(trace in every_byte(home) for trace in traces_of(erased))


def test_an_opening_that_goes_without_an_erasure_fails(home, tmp_path):
    made = Erased("source", home)
    folder = Folder(Path(shutil.copytree(home / "releases" / SECOND, tmp_path / "bundle")))

    def drop(rows):
        del rows[next(place for place, row in enumerate(rows) if row["commitment"] == made.commitment)]

    folder.change_rows("openings/*.parquet", drop)
    folder.change_rows(
        "data/sources/*.parquet",
        lambda rows: [
            row.update(dict.fromkeys(row.keys() - {"source_id"}))
            for row in rows
            if row["source_id"] == f"src_{made.commitment[:24]}"
        ],
    )
    folder.strike(WITHOUT_PROOF)
    report = verify_bundle(folder.path)
    assert (report.verdict, report.rows["ERASED"]) == ("FAILED", 0)
    failure = next(item for item in report.failures if made.commitment[:24] in item.where)
    assert failure.message == f"the opening of {made.commitment[:16]}… is missing and no event erased it"


def test_an_erasure_that_is_not_yet_sealed_holds_the_release_back(home):
    made = Erased("source", home)
    with opened(home) as (platform, founder):
        close_epoch(platform)
        with platform.write() as writing:
            erase_openings(writing, founder, Erase(act=made.act, ground="law", commitments=[made.commitment]))
        with pytest.raises(Refused) as refused:
            cut_release(platform, founder)
    assert refused.value.rule == "release/prefix"
    assert "an erasure waits for the epoch's end" in refused.value.message


def test_a_release_cannot_be_built_again_while_its_erasure_waits(home, tmp_path):
    """Else the bundle would lack an opening that no leaf in it erases, and fail."""
    made = Erased("source", home)
    with opened(home) as (platform, founder):
        with platform.write() as writing:
            erase_openings(writing, founder, Erase(act=made.act, ground="law", commitments=[made.commitment]))
        with pytest.raises(Refused) as refused:
            rebuild_release(platform, SECOND, tmp_path / "again")
    assert refused.value.rule == "release/prefix"
    assert not (tmp_path / "again").exists()


def test_the_first_release_built_again_is_without_the_text_too(home, tmp_path):
    made = Erased("message", home)
    _, body = opening_behind(home, made.commitment)
    assert body in every_byte(home / "releases" / FIRST), "the example is in both releases"
    erase(home, made.act, [made.commitment])
    bundle = rebuild(home, FIRST, tmp_path / "again")
    report = verify_bundle(bundle)
    assert (report.verdict, report.failures, report.version) == ("VERIFIED", [], FIRST)
    assert not [text for text in strings_of(body) if text in every_byte(bundle)]
    row = first_row(bundle, "tombstones", example_id=made.example)
    assert row["kind"] == "erased"


def test_without_an_erasure_a_release_built_again_is_the_same_to_the_byte(home, tmp_path):
    bundle = rebuild(home, SECOND, tmp_path / "again")
    old = home / "releases" / SECOND
    names = {path.relative_to(old) for path in old.rglob("*") if path.is_file()}
    assert {path.relative_to(bundle) for path in bundle.rglob("*") if path.is_file()} == names - {
        Path("release.tlog-proof")
    }
    for name in names - {Path("release.tlog-proof")}:
        assert (bundle / name).read_bytes() == (old / name).read_bytes(), name


def test_an_erased_evidence_leaves_every_release_verified(home):
    """A flag's evidence is in no bundle; its erasure changes no row."""
    leaves = Folder(home / "releases" / SECOND).leaves()
    raised = next(leaf for leaf in leaves if b'"type":"flag:raised"' in leaf)
    erase(home, leaf_hash(raised).hex(), [])
    report = verify_bundle(cut(home))
    assert (report.verdict, report.failures, report.erased) == ("VERIFIED", [], [])
