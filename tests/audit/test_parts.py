"""A large bundle is looked at in parts: with the same result, and never with less of it looked at."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from array import array
from fcntl import ioctl
from itertools import pairwise
from termios import FIONREAD

import pytest

from curation.audit import parts as parts_module
from curation.audit import verify
from curation.audit.beside import LARGE, Beside, usable_processes
from curation.audit.parts import LEAVES_AT_ONCE, parts_for
from curation.audit.verify import verify_bundle
from curation.log.order import OrderCheck, canonical_order
from curation.rulebook.parts import EVERY, Part, Parts, behind_each
from tests.audit.tampering import Folder


def report_of(path, monkeypatch, parts: Parts | None, processes: int = 1) -> dict:
    monkeypatch.setattr(verify, "parts_for", lambda *_: parts)
    report = verify_bundle(path, None, processes).as_json()
    report["erased"].sort(key=lambda item: item["where"])
    return report


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("release", ["1.0.0", "2.0.0"])
def test_the_parts_say_what_the_whole_says(home, monkeypatch, in_parts, release, count):
    path = home / "releases" / release
    whole = report_of(path, monkeypatch, None)
    assert in_parts == []
    assert report_of(path, monkeypatch, Parts(count)) == whole
    assert in_parts == [True]
    assert whole["verdict"] == "VERIFIED"


def test_forked_processes_say_so_too(home, monkeypatch, in_parts):
    path = home / "releases" / "2.0.0"
    whole = report_of(path, monkeypatch, None)
    assert report_of(path, monkeypatch, Parts(5), processes=2) == whole
    assert in_parts == [True]


def test_a_worker_that_ends_early_leaves_the_whole_to_be_looked_at(home, monkeypatch, in_parts):
    monkeypatch.setattr(parts_module._Worker, "look_at", lambda self, number: 1 / 0)
    assert report_of(home / "releases" / "2.0.0", monkeypatch, Parts(4), processes=2)["verdict"] == "VERIFIED"
    assert in_parts == [False]


def test_each_example_is_in_one_part_with_its_group_and_topics_are_in_all(demo):
    folder = Folder(demo.bundle())
    leaves = folder.leaves()
    parts = Parts(4)
    parts.take_bundle(leaves)
    groups: dict[str, set[int | None]] = {}
    for index, leaf in enumerate(leaves):
        fields = json.loads(leaf)
        example, code = fields.get("example"), parts.codes[index]
        if example is None or fields["type"].startswith("topic:"):
            assert code == EVERY
        else:
            assert code == parts.of_example(example)
        if "group" in fields:
            groups.setdefault(fields["group"], set()).add(code)
    assert {len(codes) for codes in groups.values()} == {1}
    assert len({code for codes in groups.values() for code in codes}) > 2
    taken = [parts.picked(number) for number in range(4)]
    for index, code in enumerate(parts.codes):
        assert sum(picked[index] for picked in taken) == (4 if code == EVERY else 1)


def test_a_leaf_that_only_looks_as_if_it_were_of_an_example_fits_no_part():
    parts = Parts(2)
    worded, outline = b'{"labels":{"example":"a"}}', b'{"type":"topic:revised","example":"b"}'
    parts.take_bundle([b'{"example":"a","group":"g"}', worded, outline])
    number = parts.codes[0]
    mine, other = Part(parts, number), Part(parts, 1 - number)
    assert list(parts.codes) == [number, number, EVERY]
    assert mine.fits(number, "a", of_topics=False)
    assert mine.fits(EVERY, "b", of_topics=True)
    assert mine.fits(EVERY, None, of_topics=False)
    assert not mine.fits(number, None, of_topics=False), "a leaf of no example, sorted by words in it"
    assert not mine.fits(number, "a", of_topics=True), "an outline concerns every part"
    assert not mine.fits(number, "b", of_topics=False)
    assert not mine.fits(EVERY, "a", of_topics=False)
    assert not other.fits(number, "a", of_topics=False)


@pytest.mark.parametrize("swapped", [False, True])
def test_the_order_is_told_from_what_each_leaf_stands_behind(swapped):
    references = {f"{number:02x}": [f"{number + 40:02x}"] if number < 40 and number % 3 else [] for number in range(80)}
    order = canonical_order(references)
    if swapped:
        neighbours = enumerate(pairwise(order))
        place = next(at for at, (one, other) in neighbours if at > 20 and one not in references[other])
        order[place], order[place + 1] = order[place + 1], order[place]
    indexes = {leaf: index for index, leaf in enumerate(order)}
    referring = [leaf for leaf in order if references[leaf]]
    halves = [referring[::2], referring[1::2]]
    followed = [
        (array("q", map(indexes.__getitem__, half)), array("q", (indexes[references[leaf][0]] for leaf in half)))
        for half in halves
    ]
    behind, check = behind_each(len(order), followed), OrderCheck()
    for index, leaf in enumerate(order):
        check.take_after(leaf, behind[index])
    assert check.kept is not swapped


def test_small_logs_are_looked_at_whole_and_parts_are_shared_out_evenly():
    assert parts_for(LARGE - 1, 2) is None
    assert parts_for(10**6, 0) is None
    for processes in (1, 2, 3, 4):
        for leaves in (LARGE, 3 * LEAVES_AT_ONCE + 1, 10**8):
            made = parts_for(leaves, processes)
            assert made is not None
            assert made.count % processes == 0 or made.count == 255
            assert made.count <= 255
    assert 0 <= usable_processes() <= 4


def test_what_fails_beside_is_raised_here():
    here = os.getpid()
    assert Beside(os.getpid, processes=1).result() == here
    assert Beside(os.getpid, processes=2).result() != here

    def look():
        if os.getpid() != here:
            raise LookupError
        return "looked again"

    assert Beside(look, processes=2).result() == "looked again"


def test_a_forked_process_that_ends_while_it_sends_is_looked_for_here():
    here = os.getpid()
    beside = Beside(lambda: "looked again" if os.getpid() == here else "x" * 10**7, processes=2)
    pipe = beside._results.fileno()
    while int.from_bytes(ioctl(pipe, FIONREAD, bytes(4)), sys.byteorder) < 10_000:
        time.sleep(0.01)
    assert beside._process is not None
    beside._process.kill()
    assert beside.result() == "looked again"


def test_who_interrupts_a_command_sees_nothing_of_its_forked_processes(capfd):
    def look():
        os.kill(os.getpid(), signal.SIGINT)
        return "went on"

    here = os.getpid()
    assert Beside(lambda: look() if os.getpid() != here else "looked again", processes=2).result() == "went on"
    assert capfd.readouterr().err == ""
