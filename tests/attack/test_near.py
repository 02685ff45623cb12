"""A group wants a prompt kept out, or trained on what measures; a file wants to confuse."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from curation.errors import Refused
from curation.examples.propose import Revise, read_example, revise_example
from curation.imports.paired import COLUMNS, ImportPairs, import_pairs
from curation.tables import prompt_shingles
from tests.support.fixtures import homes, small_world, world
from tests.support.words import example, turn
from tests.support.world import copy_home, template

__all__ = ["homes", "small_world", "world"]
ASKED = "Why do people disagree about the old pier by the harbour?"


def measuring(text=ASKED, *more):
    return example("prompt", prompt=[turn("user", text), *more], use="evaluation")


def training(text=ASKED):
    return example("sft", messages=[turn("user", text), turn("assistant", "They weigh the same facts differently.")])


@pytest.mark.parametrize(("first", "second"), [(measuring, training), (training, measuring)])
def test_what_was_rejected_keeps_nobody_out_and_does_not_come_back(small_world, first, second):
    world = small_world
    own = world.propose_fields(first())
    with pytest.raises(Refused) as caught:
        world.propose_fields(second(), "ben")
    assert caught.value.rule == "propose/evaluation"
    world.judge(own, keep="r", move="r")
    assert world.propose_fields(second(), "ben")
    with pytest.raises(Refused) as caught:
        world.appeal(own)
    assert caught.value.rule == "propose/evaluation"


def test_what_stands_counts_though_its_revision_was_rejected(small_world):
    world = small_world
    own = world.propose_fields(measuring())
    world.judge(own)
    with world.acting("ana") as (writing, actor):
        again = read_example(measuring("What do they say who would rather see it go?"))
        revise_example(writing, actor, Revise(example_id=own, example=again))
    world.judge(own, keep="r", move="r")
    with pytest.raises(Refused):
        world.propose_fields(training(), "ben")


def test_a_greeting_within_what_measures_forbids_no_greeting(small_world):
    talk = [turn("assistant", "Hello."), turn("user", "Go on"), turn("assistant", "With what?"), turn("user", ASKED)]
    small_world.propose_fields(measuring("Hi there", *talk))
    for text in ("Hi there", "Go on"):
        assert small_world.propose_fields(training(text))
    with pytest.raises(Refused):
        small_world.propose_fields(training())


def test_many_that_begin_alike_are_compared_at_once(small_world):
    world = small_world
    for number in range(40):
        world.propose_fields(measuring(f"Say in a poem what speaks for this view: {number} " + "word " * number))
    assert world.propose_fields(training("Say in a poem what speaks for this view: nothing at all does"), "ben")


def test_of_a_text_that_was_erased_nothing_is_kept(small_world):
    world = small_world
    own = world.propose_fields(measuring())
    assert world.rows(prompt_shingles)
    world.erase(world.history(own).latest.leaf, "ana")
    assert world.rows(prompt_shingles) == []
    assert world.propose_fields(training(), "ben")


def test_two_at_once_do_not_both_come_in(homes, tmp_path, databases):
    world = copy_home(template(homes, "small"), tmp_path / "home", 0, databases)
    for number in range(4):
        text = f"{ASKED} And which of the {number} sides began with it?"
        barrier = Barrier(2)
        works = [(measuring(text), "ana"), (training(text), "ben")]

        def run(work, barrier=barrier):
            barrier.wait()
            try:
                return bool(world.propose_fields(*work))
            except Refused as error:
                return error.rule

        with ThreadPoolExecutor(2) as pool:
            assert set(pool.map(run, works)) == {True, "propose/evaluation"}
    world.close()
    world.check_projection()
    world.platform.home.close()


@pytest.mark.parametrize("character", ["\u2028", "\x0b", "\x85"])
def test_a_character_that_looks_like_a_line_end_ends_no_row(small_world, tmp_path, character):
    row = ["old quay", "keep it", "move it", "stays", "goes", "Argue that it stays", f"Argue{character} that it goes"]
    path = tmp_path / "set.csv"
    path.write_text(",".join(COLUMNS) + "\n" + ",".join(row) + "\n", "utf-8", newline="")
    (tmp_path / "LICENSE").write_text("Attribution 4.0 International")
    command = ImportPairs(path=path, source="set", by="ana")
    summary = import_pairs(small_world.platform, command)
    assert (set(summary.taken), [bad.number for bad in summary.bad]) == ({"propose-topic"}, [2])
