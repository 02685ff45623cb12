"""Contributions come in whole, once, through the commands; what cannot come in is told and leaves nothing behind."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

import curation.demo
import curation.imports.batches
from curation.begin import begin_home
from curation.db import reading
from curation.errors import Refused
from curation.examples.propose import Propose, propose_example, read_example
from curation.examples.withdraw import Withdraw, withdraw_example
from curation.imports.contributions import ImportContributions, import_contributions
from curation.imports.lines import MAX_LINE_BYTES, read_lines
from curation.people.accounts import actor_by_handle, join, read_joining
from curation.status import home_status
from curation.tables import accounts, imported, signing_keys, vault
from curation.topics.define import read_definition
from tests.imports.support import as_lines, assert_golden, mixed_lines
from tests.support.generated import proposal, reviews_of


def test_every_line_comes_in_once_on_each_database(any_place):
    path = any_place.write("lines.jsonl", mixed_lines(20))
    first = any_place.contributions(path, "--json")
    assert first.code == 0, first.err
    found = first.json()
    assert (found["taken"], found["known"], found["bad"], found["people"]) == ({"propose": 20, "review": 40}, 0, [], 40)
    assert any_place.count("example:proposed") == 20
    assert any_place.count("review:submitted") == 40
    status, leaves = any_place.status(), len(any_place.leaves())

    again = any_place.contributions(path, "--json").json()
    assert (again["taken"], again["known"], again["bad"], again["people"]) == ({}, 60, [], 0)
    assert any_place.status() == status
    assert len(any_place.leaves()) == leaves
    any_place.check()


def test_pilot_imports_but_for_its_stage_directions(tmp_path):
    folder = curation.demo.pilot_folder()
    platform, _ = begin_home(tmp_path / "home", read_definition(folder), "founder", simulated=True)
    path, people = folder / "contributions.jsonl", folder / "people.jsonl"
    summary = import_contributions(platform, ImportContributions(path=path, source="pilot", people=people))
    assert {line.reason.split(" is a ")[-1] for line in summary.bad} == {"stage direction of a demonstration"}
    assert summary.taken["propose"] == 99
    assert summary.taken["review"] == 863
    assert sum(sum(by.values()) for by in home_status(platform)["examples"].values()) == 99
    platform.home.close()


def test_names_reach_across_batches_and_files(place, monkeypatch):
    monkeypatch.setattr(curation.imports.batches._Pace, "lines", 3)
    draw = random.Random(0)
    lines = [proposal(number, draw, 8) for number in range(4)]
    for line in lines:
        line["example"]["group"] = "pair"
    lines[1]["example"] |= {"mirrors": ["e0"], "framing": "yes"}
    later = [line for number in range(4) for line in reviews_of(number, draw, 1)]
    assert place.contributions(place.write("lines.jsonl", lines), "--source", "set").code == 0
    called = place.contributions(place.write("later.jsonl", later), "--source", "set")
    assert called.code == 0, called.err
    groups = {leaf["group"] for leaf in place.leaves() if leaf["type"] == "example:proposed"}
    assert len(groups) == 1
    assert place.contributions(place.folder / "later.jsonl", "--source", "other").code == 1
    place.check()


def test_flags_are_upheld_by_the_line_that_raised_them(place):
    draw = random.Random(0)
    lines = [proposal(0, draw, 8), *reviews_of(0, draw, 1)]
    reviewer = lines[1]["by"]
    lines.append(
        {"id": "f", "act": "flag", "by": reviewer, "of": "e0", "ground": "source", "evidence": "It says otherwise."}
    )
    lines += [
        {"id": f"u-{side}-{number}", "act": "uphold", "by": f"{side}-{number}", "flag": "f"}
        for side in ("left", "right")
        for number in (13, 14)
        if f"{side}-{number}" not in {line["by"] for line in lines}
    ]
    called = place.contributions(place.write("lines.jsonl", lines), "--json")
    assert called.code == 0, called.out
    assert place.count("flag:upheld") >= 2
    assert place.contributions(place.folder / "lines.jsonl").code == 0
    place.check()


def test_changed_line_of_a_known_id_is_told_and_changes_nothing(place):
    lines = mixed_lines(2)
    path = place.write("lines.jsonl", lines)
    assert place.contributions(path).code == 0
    before = place.contents()
    lines[0]["example"]["messages"][1]["content"] = "Something else."
    called = place.contributions(place.write("lines.jsonl", lines))
    assert called.code == 1
    assert called.err == (
        "lines.jsonl:1: a line of this id was imported from this source before, with other content. "
        "What was imported stays as it is; give a new line an id of its own.\n"
    )
    assert place.contents() == before


def test_order_of_fields_and_white_space_do_not_matter(place):
    lines = mixed_lines(1)
    assert place.contributions(place.write("lines.jsonl", lines)).code == 0
    turned = [json.dumps(dict(reversed(line.items())), indent=None).encode() + b" \r" for line in lines]
    called = place.contributions(place.write("lines.jsonl", [b"", *turned, b"  "]), "--json")
    assert (called.code, called.json()["known"]) == (0, 3)


def test_dry_run_keeps_nothing_and_says_the_same(place):
    path = place.write("lines.jsonl", [*as_lines(mixed_lines(5)), b"{"])
    before = place.status()
    dry = place.contributions(path, "--json", "--dry-run")
    assert dry.code == 1
    assert place.status() == before
    with reading(place.platform.home.engine) as connection:
        assert len(connection.execute(select(accounts)).all()) == 1
        assert not connection.execute(select(imported)).all()
    real = place.contributions(path, "--json")
    assert {**real.json(), "dry_run": True} == dry.json()


# --- what does not come in --------------------------------------------------------------------------------------------


def bad_lines() -> dict[str, bytes]:
    """A line of each kind that is not taken in, by name."""
    draw = random.Random(1)

    def changed(**fields: object) -> bytes:
        line = proposal(900, draw, 5)
        line["example"] |= fields
        return json.dumps(line).encode()

    review = {"id": "b", "act": "review", "by": "left-1", "of": "nowhere", "perspective": "left", "verdict": "accept"}
    return {
        "malformed": b'{"id": "b", ',
        "unknown-field": b'{"id": "b", "act": "pass", "by": "left-1", "of": "e0", "perspective": "left", "more": 1}',
        "encoding": b'{"id": "\xff\xfe"}',
        "no-object": b"[1, 2]",
        "duplicate-key": b'{"id": "b", "id": "c"}',
        "stage-direction": b'{"id": "b", "act": "close_epoch"}',
        "example-unknown": json.dumps(review).encode(),
        "account-unknown": changed().replace(b'"by": "writer-', b'"by": "nobody-'),
        "account-real": json.dumps({**proposal(900, draw, 5), "by": "someone"}).encode(),
        "language": changed(language="fr"),
        "licence": changed(license="MIT"),
        "topic": changed(topic="another"),
        "position": changed(positions=["maybe"]),
        "mirror-unknown": changed(mirrors=["nowhere"]),
        "mirror-is-no-name": changed(mirrors=[{"a": 1}]),
        "group-is-no-name": changed(group=["a"]),
        "hidden-character": changed(messages=[{"role": "user", "content": "a\u202eb"}]),
        "same-name": json.dumps({**proposal(0, draw, 5), "id": "b"}).encode(),
        "no-mirror-of-it": changed(mirrors=["e0"]),
        "other-perspective": json.dumps({**review, "of": "e1", "perspective": "right"}).encode(),
        "organisation": json.dumps({**review, "of": "e1", "by": "ally", "perspective": "left"}).encode(),
        "unread-language": json.dumps({**review, "of": "e1", "by": "stranger", "perspective": "left"}).encode(),
    }


@pytest.fixture
def crowd(place):
    """A home with a real account, two proposals to refer to, and people whom the queue would offer nothing."""
    with place.platform.write() as writing:
        someone = read_joining({"handle": "someone", "languages": ["en"]})
        join(writing.connection, writing.vault, someone, writing.token_bytes)
    draw = random.Random(0)
    lines = [proposal(number, draw, 8) for number in range(2)]
    lines[1]["by"] = "author"
    stands = {"simulated": True, "perspectives": {"topic": "left"}}
    extra = [
        {"person": "author", "simulated": True, "languages": ["en"], "organisations": ["One"]},
        {"person": "ally", "languages": ["en"], "organisations": ["one"], **stands},
        {"person": "stranger", "languages": ["fr"], **stands},
    ]
    people = place.write("extra.jsonl", extra)
    path = place.write("lines.jsonl", lines)
    import_contributions(place.platform, ImportContributions(path=path, source="set", people=people, by="founder"))
    summary = import_contributions(
        place.platform, ImportContributions(path=path, source="set", people=place.people(), by="founder")
    )
    assert not summary.bad
    return place


@pytest.mark.parametrize("name", bad_lines())
def test_bad_line_is_told_and_leaves_nothing_behind(crowd, name):
    before, status = crowd.contents(), crowd.status()
    with reading(crowd.platform.home.engine) as connection:
        rows = [sorted(connection.execute(select(table)).all()) for table in (vault, signing_keys, imported)]
    called = crowd.contributions(crowd.write("bad.jsonl", [bad_lines()[name]]), "--source", "set", "--json")
    assert called.code == 1
    (bad,) = called.json()["bad"]
    assert (bad["file"], bad["line"]) == ("bad.jsonl", 1)
    assert_golden(f"contributions/{name}", bad["reason"])
    with reading(crowd.platform.home.engine) as connection:
        after = [sorted(connection.execute(select(table)).all()) for table in (vault, signing_keys, imported)]
    assert after == rows
    assert (crowd.contents(), crowd.status()) == (before, status)
    crowd.check()


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(12 + len(bad_lines()))))
def test_any_order_of_good_and_bad_lines_imports_exactly_the_good_ones(crowd, order):
    source = f"set-{len(crowd.leaves())}-{hash(tuple(order))}"
    draw = random.Random(source)  # other texts each time: copies would be refused
    bad = [line for name, line in bad_lines().items() if name not in ("same-name", "no-mirror-of-it")]
    good = as_lines(proposal(number, draw, 8) for number in range(100, 112))
    lines = [*good, *bad]
    lines = [lines[place] for place in order if place < len(lines)]
    before = crowd.count("example:proposed")
    called = crowd.contributions(crowd.write("any.jsonl", lines), "--source", source, "--json")
    found = called.json()
    assert (called.code, found["taken"], len(found["bad"])) == (1, {"propose": 12}, len(bad))
    assert [line["line"] for line in found["bad"]] == [number for number, line in enumerate(lines, 1) if line in bad]
    assert crowd.count("example:proposed") == before + 12


def test_line_of_200_megabytes_is_skipped_in_bounded_memory(place):
    path = place.folder / "long.jsonl"
    good = as_lines(mixed_lines(2))
    with path.open("wb") as file:
        file.write(good[0] + b"\n")
        for _ in range(200):
            file.write(b"x" * 1_000_000)
        file.write(b"\n" + good[1] + b"\n")
    tracemalloc.start()
    numbers = [(line.number, line.content is None) for line in read_lines(path)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert numbers == [(1, False), (2, True), (3, False)]
    assert peak < 4 * MAX_LINE_BYTES
    called = place.contributions(path)
    assert called.code == 1
    assert called.err == f"long.jsonl:2: is longer than {MAX_LINE_BYTES} bytes\n"
    assert (place.count("example:proposed"), place.count("review:submitted")) == (1, 1)


def test_person_who_stands_elsewhere_stops_the_import_before_its_first_line(place):
    path = place.write("lines.jsonl", mixed_lines(1))
    assert place.contributions(path).code == 0
    status = place.status()
    moved = {"person": "left-1", "simulated": True, "languages": ["en"], "perspectives": {"topic": "right"}}
    people = place.write("moved.jsonl", [{"person": "new", "simulated": True, "languages": ["en"]}, moved])
    called = place.contributions(path, "--people", people)
    assert (called.code, called.err) == (
        2,
        "evenhand: left-1 stands for left on topic; the file says right. An import changes no declaration.\n",
    )
    assert place.status() == status
    with reading(place.platform.home.engine) as connection:
        assert "new" not in connection.execute(select(accounts.c.handle)).scalars().all()


def test_account_imports_its_own_lines_under_the_rules_for_everybody(place):
    with place.platform.write() as writing:
        someone = read_joining({"handle": "someone", "languages": ["en"]})
        join(writing.connection, writing.vault, someone, writing.token_bytes)
    draw = random.Random(0)
    lines = [{**proposal(0, draw, 8), "by": "someone"}, proposal(1, draw, 8)]
    review = {"id": "r", "act": "review", "by": "someone", "of": "e1", "perspective": "left", "verdict": "accept"}
    called = place.contributions(place.write("lines.jsonl", [*lines, review]), "--as", "someone")
    assert called.code == 1
    seatless = "you hold no seat in this revision, or its round has ended. Ask the queue for a seat. (rule seat/lease)"
    assert called.err == f"lines.jsonl:3: {seatless}\n"
    assert place.count("example:proposed") == 2


# --- interrupted, and beside others -----------------------------------------------------------------------------------


def test_killed_in_the_middle_and_run_again_gives_the_same_set(place):
    lines = mixed_lines(900)
    path = place.write("lines.jsonl", lines)
    arguments = ["--home", place.home, "import", path, "--format", "contributions", "--people", place.people()]
    program = [sys.executable, "-c", "from curation.cli import main; main()", *map(str, arguments)]
    running = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    database = sqlite3.connect(f"file:{place.home}/evenhand.db?mode=ro", uri=True)
    deadline = time.monotonic() + 60
    while running.poll() is None and time.monotonic() < deadline:
        if database.execute("SELECT count(*) FROM imported").fetchone()[0]:
            os.kill(running.pid, signal.SIGKILL)
            break
        time.sleep(0.005)
    assert running.wait() == -signal.SIGKILL
    kept = database.execute("SELECT count(*) FROM imported").fetchone()[0]
    database.close()
    assert 0 < kept < len(lines) + 900
    assert len(place.leaves()) > 0

    again = place.contributions(path, "--json").json()
    assert again["known"] + sum(again["taken"].values()) == len(lines)
    assert again["known"] > 0
    place.check()
    assert place.count("example:proposed") == 900
    assert place.count("review:submitted") == 1800
    expected = sorted(turn["content"] for line in lines if "as" in line for turn in line["example"]["messages"])
    assert place.texts() == expected
    assert place.contributions(path, "--json").json()["known"] == len(lines)


def test_others_write_while_a_large_file_comes_in(place):
    path = place.write("lines.jsonl", mixed_lines(600))
    done = threading.Event()
    written: list[int] = []
    failed: list[Exception] = []

    def write(number: int) -> None:
        count = 0
        try:
            while not done.is_set():
                fields = proposal(10_000 + number, random.Random(count), 8)["example"]
                with place.platform.write() as writing:
                    actor = actor_by_handle(writing.connection, "founder")
                    propose_example(writing, actor, Propose(example=read_example(fields)))
                count += 1
        except Exception as error:  # noqa: BLE001  # whatever it is, the test names it
            failed.append(error)
        written.append(count)

    threads = [threading.Thread(target=write, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    summary = import_contributions(place.platform, ImportContributions(path=path, source="set", people=place.people()))
    done.set()
    for thread in threads:
        thread.join()
    assert not failed
    assert not summary.bad
    assert summary.taken == {"propose": 600, "review": 1200}
    assert all(written)
    assert place.count("example:proposed") == 600 + sum(written)
    place.check()


# --- attempts ---------------------------------------------------------------------------------------------------------


def withdraw_and_fail(writing, actor, example):
    withdraw_example(writing, actor, Withdraw(example_id=example, reason="error"))
    assert writing.existing(example).status == "withdrawn"
    writing.flush()
    raise ZeroDivisionError


def test_attempt_that_fails_leaves_earlier_ones_of_its_transaction(place):
    """Also when it flushed in between, and when it had changed an example that is not written yet."""
    place.people()
    fields = proposal(0, random.Random(0), 8)["example"]
    with place.platform.write() as writing:
        actor = actor_by_handle(writing.connection, "founder")
        with writing.attempt():
            first = propose_example(writing, actor, Propose(example=read_example(fields))).event
        example = str(getattr(first, "example", ""))
        other = proposal(1, random.Random(0), 8)["example"]
        mirrored = Propose(example=read_example({**other, "mirrors": [example]}))
        with pytest.raises(Refused, match="propose/links"), writing.attempt():
            propose_example(writing, actor, mirrored)
        assert writing.existing(example).latest.number == 1
        with pytest.raises(ZeroDivisionError), writing.attempt():
            withdraw_and_fail(writing, actor, example)
        assert writing.existing(example).status == "needs_reviews"
    assert place.count("example:proposed") == 1
    assert place.count("example:withdrawn") == 0
    place.check()


def test_attempt_that_fails_takes_back_a_pseudonym_drawn_in_it(place):
    fields = proposal(0, random.Random(0), 8)["example"]
    with place.platform.write() as writing:
        actor = actor_by_handle(writing.connection, "founder")
        with pytest.raises(Refused), writing.attempt():
            propose_example(writing, actor, Propose(example=read_example({**fields, "license": "MIT"})))
        with writing.attempt():
            recorded = propose_example(writing, actor, Propose(example=read_example(fields)))
    with place.platform.write() as writing:
        assert writing.vault.pseudonym(actor.account, "topic:topic") == getattr(recorded.event, "pseudonym", "")
