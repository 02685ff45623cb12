"""What the documentation says is what the code does."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

import curation
from curation_schemas.release import CONFIGS
from curation_validators.acceptance import AcceptancePolicy, Vote, decide
from tests.docs.generated import BLOCKS, renewed
from tests.docs.pages import ROOT, anchors, links, pages

MAKE_ANEW = "write it anew: python -m tests.docs.generated --update"
# Spelled in halves, so that this file passes its own check.
OF_ONE_MACHINE = re.compile(r"(?<![\w.~:/*$}>)-])/(?:root|work|home|tmp|Users)/|file:" + "//")


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


@pytest.mark.parametrize("page", sorted(BLOCKS))
def test_what_is_made_from_the_code_is_up_to_date(page):
    assert (ROOT / page).read_text("utf-8") == renewed(page), MAKE_ANEW


@pytest.mark.parametrize("page", names(pages()))
def test_every_relative_link_leads_somewhere(page):
    path = ROOT / page
    for link in links(path.read_text("utf-8")):
        if link.startswith("https://"):
            continue
        target, _, anchor = link.partition("#")
        linked = (path.parent / target).resolve() if target else path
        assert linked.exists(), f"{page} links to {link}"
        if anchor:
            assert anchor in anchors(linked.read_text("utf-8")), f"{page} links to {link}"


@pytest.mark.parametrize("page", names(pages()))
def test_no_page_names_a_path_of_one_machine(page):
    found = OF_ONE_MACHINE.findall((ROOT / page).read_text("utf-8"))
    assert not found


def test_every_page_can_be_reached_from_the_readme():
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        targets = [link.partition("#")[0] for link in links(page.read_text("utf-8"))]
        waiting += [(page.parent / target).resolve() for target in targets if target and "://" not in target]
    assert set(pages()) - reached == set()


def test_newest_version_in_the_changelog_is_that_of_the_package():
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert versions[0] == curation.__version__
    for newer, older in pairwise(versions):
        assert [int(part) for part in newer.split(".")] > [int(part) for part in older.split(".")]


def test_readme_names_the_version_of_the_package():
    assert f"Version {curation.__version__}," in (ROOT / "README.md").read_text("utf-8")


def test_bundle_page_explains_every_config():
    text = (ROOT / "docs/bundle.md").read_text("utf-8")
    explained = re.findall(r"^\| `(\w+)`(?: \(default\))? \| (?:an|one) ", text, re.MULTILINE)
    assert explained == list(CONFIGS)


def test_settings_page_explains_every_field_of_the_policy():
    text = (ROOT / "docs/settings.md").read_text("utf-8")
    table, _, prose = text.partition("<!-- generated: policy -->")[2].partition("<!-- end of generated -->")
    fields = re.findall(r"`(?:high\.)?(\w+)` \|", table)
    assert len(fields) == 7
    assert [name for name in fields if f"`{name}`" not in prose] == []


def worked_examples() -> list[tuple[list[list[int]], str]]:
    """([accepts, filled seats] of each perspective, outcome) of each worked example in acceptance.md."""
    text = (ROOT / "docs/acceptance.md").read_text("utf-8")
    found = re.findall(r"^\| (\d of \d) \| (\d of \d)[^|]* \| (\w+) \|", text, re.MULTILINE)
    return [([[int(part) for part in cell.split(" of ")] for cell in cells], outcome) for *cells, outcome in found]


@pytest.mark.parametrize(("tally", "outcome"), worked_examples())
def test_worked_example_of_acceptance_ends_as_it_says(tally, outcome):
    votes = [
        Vote(f"{perspective}-{seat}", perspective, seat < accepts)
        for perspective, (accepts, filled) in zip("AB", tally, strict=True)
        for seat in range(filled)
    ]
    assert decide(["A", "B"], votes, AcceptancePolicy(3, 2, 0.6)).status == outcome


def test_acceptance_page_has_an_example_of_every_status():
    assert {outcome for _, outcome in worked_examples()} == {"accepted", "contested", "rejected", "needs_reviews"}


def test_share_can_ask_for_more_than_the_least_number():
    policy = AcceptancePolicy(5, 2, 0.6)
    assert [accepts for accepts in range(6) if policy.satisfied_by(accepts)] == [3, 4, 5]


@pytest.mark.parametrize("record", sorted(path.name for path in (ROOT / "docs/adr").glob("0*.md")))
def test_decision_says_what_it_costs(record):
    text = (ROOT / "docs/adr" / record).read_text("utf-8")
    number, _ = record.split("-", 1)
    assert text.startswith(f"# {number}: ")
    assert "**Decided.**" in text
    assert "**Why.**" in text
    assert "**What it costs.**\n\n- " in text
    assert len(text.split()) < 450, "a record is half a page"
    assert f"({record})" in (ROOT / "docs/adr/README.md").read_text("utf-8")
