"""Work spread over processes gives what it gives in one, in the same order, even where a process dies."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from curation_validators.examples import AloneWork, Instruments, alone_work
from curation_validators.spreading import spread, usable_cores
from curation_validators.validation import Validation, check_examples
from tests.support.balanced import TableRows, balanced

HERE = os.getpid()


def square(number):
    return number * number


def making_squares():
    return square


def square_or_die(number):
    if number == 700 and os.getpid() != HERE:
        os._exit(1)
    return number * number


def making_death():
    return square_or_die


def never():
    raise AssertionError("no process was wanted")


@pytest.mark.parametrize(("processes", "first"), [(1, 0), (2, 1_000)])
def test_small_or_single_work_starts_no_process(processes, first):
    found = list(spread(range(1_000), square, never, processes, first))
    assert found == [(number, number * number) for number in range(1_000)]


@pytest.mark.parametrize("making", [making_squares, making_death])
def test_results_come_in_order_and_a_dead_process_costs_none(making):
    found = list(spread(range(1_501), square, making, 2, first=3))
    assert found == [(number, number * number) for number in range(1_501)]


def test_cores_are_one_or_more():
    assert 1 <= usable_cores() <= 4


def test_checks_find_the_same_in_whatever_process(monkeypatch):
    tables = balanced(groups=3)
    tables["sft"][5]["messages"][1]["content"] = "Write to AKIA" + "ABCDEFGHIJKLMNOP, and say\u200b it."
    tables["sft"][7]["messages"] = tables["sft"][6]["messages"]
    monkeypatch.setattr("curation_validators.validation.usable_cores", lambda: 2)
    monkeypatch.setattr("curation_validators.validation.spread", at_once)
    found = []
    for there in (None, making_checks):
        made = Validation("test")
        check_examples(TableRows(tables), Instruments(), made, there)
        found.append(made.as_json())
    assert found[0] == found[1]
    assert set(found[0]["found"]) == {"secret/credential", "text/hidden-character", "duplicate/exact"}


def making_checks():
    return AloneWork(Instruments())


def at_once(items, here, there, processes):
    return spread(items, here, there, processes, first=1)


def test_work_for_another_process_has_every_instrument_that_is_installed():
    work = alone_work(["en"], [])
    assert work.instruments.detector is not None
    assert work.instruments.personal is not None


def test_process_that_cannot_start_is_not_waited_for(tmp_path):
    # Without the guard that tells a script from its import every process dies before it has read anything; what it
    # would have read is larger than a pipe holds.
    script = tmp_path / "unguarded.py"
    script.write_text(
        "from functools import partial\n"
        "from curation_validators.spreading import spread\n"
        "print(sum(found for _, found in spread(range(500), abs, partial(max, bytes(1_000_000)), 2, first=1)))\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == f"{sum(range(500))}\n"
