"""The same log, openings and writer versions give the same bytes: in any process, hash seed, time zone or locale."""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from curation.audit.bundle import BundleOpenings, open_bundle
from curation.clock import MovableClock
from curation.epoch import close_epoch
from curation.home import open_home
from curation.releases.project import project
from curation.rulebook.replay import replay
from curation.writing import Platform
from tests.audit.demo import LAST_DAY, SECOND
from tests.audit.tampering import PROOF, Folder

EVENHAND = Path(sys.executable).with_name("evenhand")
MACHINES = [
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Taipei", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "4242", "TZ": "America/New_York", "LC_ALL": "tr_TR.UTF-8"},
]


def evenhand(machine: dict[str, str], *arguments: object) -> None:
    result = subprocess.run(
        [EVENHAND, *map(str, arguments)], env=os.environ | machine, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_a_release_built_again_elsewhere_is_the_same_to_the_byte(home, tmp_path):
    built = []
    for number, machine in enumerate(MACHINES):
        target = tmp_path / f"again-{number}"
        evenhand(machine, "--home", home, "release", "rebuild", SECOND, "--out", target)
        built.append(contents(target))
    old = contents(home / "releases" / SECOND)
    del old[PROOF]
    assert built[0].keys() == built[1].keys() == old.keys()
    for name, content in old.items():
        assert built[0][name] == content, name
        assert built[1][name] == content, name


def test_a_release_cut_on_two_machines_is_the_same_to_the_byte(home, tmp_path):
    platform = Platform(open_home(home), MovableClock(LAST_DAY + 86_400), 7)
    close_epoch(platform)
    platform.home.close()
    cut = []
    for number, machine in enumerate(MACHINES):
        copied = shutil.copytree(home, tmp_path / f"home-{number}")
        evenhand(machine, "--home", copied, "release", "cut", "--as", "sim-founder")
        cut.append(contents(Path(copied) / "releases" / "2.0.1"))
    assert cut[0].keys() == cut[1].keys()
    assert [name for name in cut[0] if cut[0][name] != cut[1][name]] == []


@pytest.fixture(scope="module")
def material(demo):
    bundle = open_bundle(demo.bundle())
    state = replay(Folder(demo.bundle()).leaves())
    return state, BundleOpenings.of_bundle(bundle)


def known(state):
    """All of a replayed log that projecting looks at."""
    return copy.deepcopy((state.histories, state.events, state.index_of, state.groups, state.cuts, state.snapshots))


def plain(made):
    return (
        {
            key: ([columns.column(name) for name in columns.names], columns.erased, columns.underivable)
            for key, columns in made.rows.items()
        },
        made.openings,
        made.placements,
    )


def test_projecting_twice_gives_the_same_and_changes_nothing(material):
    state, openings = material
    before = known(state)
    held = dict(openings.index)

    first, second = project(state, openings.body), project(state, openings.body)

    assert plain(first) == plain(second)
    assert first.counts() == second.counts()
    assert known(state) == before
    assert openings.index == held


def test_a_projection_shares_nothing_that_its_user_could_spoil(material):
    state, openings = material
    before = known(state)
    made = project(state, openings.body)
    for columns in made.rows.values():
        for values in map(columns.column, columns.names):
            for value in values:
                if isinstance(value, (list, dict)):
                    value.clear()
    assert known(state) == before
    assert plain(project(state, openings.body)) != plain(made)


def test_rows_do_not_depend_on_the_order_in_which_examples_are_known(material):
    state, openings = material
    turned = copy.deepcopy(state)
    turned.histories = dict(reversed(turned.histories.items()))
    assert plain(project(turned, openings.body))[0] == plain(project(state, openings.body))[0]


def test_without_any_opening_each_row_is_underivable_and_none_is_invented(material):
    state, _ = material
    made = project(state, lambda unit, commitment: None)
    for (config, _split), columns in made.rows.items():
        if config in ("sft", "preference", "pluralistic", "prompts", "sources"):
            assert len(columns.underivable) == len(columns)
            assert not columns.erased
    assert made.openings == []


def test_each_missing_opening_is_named_in_the_rows_that_need_it(material):
    state, openings = material
    whole = project(state, openings.body)
    (_, gone) = whole.openings[len(whole.openings) // 2]
    made = project(state, lambda unit, commitment: None if commitment == gone else openings.body(unit, commitment))
    hurt = [why for columns in made.rows.values() for why in columns.underivable.values()]
    assert hurt
    assert set(hurt) == {f"the opening of {gone[:16]}… is missing and no event erased it"}
    assert (len(whole.openings) - len(made.openings)) == 1


def test_a_later_erasure_turns_a_missing_opening_into_an_erased_row(material):
    state, openings = material
    whole = project(state, openings.body)
    sources = whole.columns("sources")
    (_, gone) = next(item for item in whole.openings if f"src_{item[1][:24]}" == sources.column("source_id")[0])
    made = project(
        state,
        lambda unit, commitment: None if commitment == gone else openings.body(unit, commitment),
        {gone: 99_999},
    )
    assert 99_999 in made.columns("sources").erased.values()
    assert not [why for columns in made.rows.values() for why in columns.underivable.values()]
