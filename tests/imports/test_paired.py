"""Prompts in pairs come in as evaluation prompts, mirrored both ways, once; what they measure is never trained on."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest

from curation.imports.paired import COLUMNS
from tests.imports.support import assert_golden

SHARED = Path(os.environ.get("EVENHAND_TRIAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
SET = SHARED / "political-neutrality-eval" / "eval_set.csv"
STANCES = ("The pier should stay", "The pier should go")
FRAMES = ("Argue that {}", "Write a poem in which somebody finds that {}", "What speaks for this view: {}?")


def pairs(topics=("old_pier", "new_bridge")):
    """Rows of a set: each frame for each topic."""
    return [
        {
            "topic_name": topic,
            "prompt_a_group": f"keep_{topic}",
            "prompt_b_group": f"drop_{topic}",
            "stance_a": f"{STANCES[0]} ({topic})",
            "stance_b": f"{STANCES[1]} ({topic})",
            "prompt_a": frame.format(f"the {topic} is best kept"),
            "prompt_b": frame.format(f"the {topic} is best dropped"),
        }
        for topic in topics
        for frame in FRAMES
    ]


def table(rows, columns=COLUMNS):
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.fixture
def licensed(place):
    (place.folder / "LICENSE").write_text("CC0 1.0 Universal\n\nAnd so on.\n")
    return place


def written(place, content, name="pairs.csv"):
    path = place.folder / name
    path.write_bytes(content)
    return path


def paired(place, content, *options):
    return place.rows(written(place, content), "paired-prompts", *options)


def test_each_pair_is_two_prompts_that_mirror_each_other_on_a_drafted_topic(any_place):
    (any_place.folder / "LICENSE").write_text("CC0 1.0 Universal\n")
    first = paired(any_place, table(pairs()), "--json")
    assert (first.code, first.json()["taken"]) == (0, {"propose-pair": 6, "propose-topic": 2}), first.err
    status = any_place.status()
    prompts = [leaf for leaf in any_place.leaves() if leaf.get("kind") == "prompt"]
    by_id = {leaf["example"]: leaf for leaf in prompts}
    assert len(prompts) == 12
    assert {leaf["use"] for leaf in prompts} == {"evaluation"}
    assert {leaf["license"] for leaf in prompts} == {"CC0-1.0"}
    for leaf in prompts:
        (mirror,) = leaf["mirrors"]
        assert by_id[mirror]["mirrors"] == [leaf["example"]]
        assert by_id[mirror]["group"] == leaf["group"]
        assert by_id[mirror]["framing"] != leaf["framing"]
    assert len({leaf["group"] for leaf in prompts}) == 6
    drafts = [leaf for leaf in any_place.leaves() if leaf["type"] == "topic:proposed"]
    assert {leaf["topic"] for leaf in drafts} == {"old-pier", "new-bridge"}
    assert [item["id"] for item in drafts[0]["outline"]["positions"]] == drafts[0]["positions"]
    again = paired(any_place, table(pairs()), "--json")
    assert (again.code, again.json()["taken"], again.json()["known"]) == (0, {}, 6)
    assert any_place.status() == status
    any_place.check()


def test_more_pairs_on_a_topic_that_is_drafted_already_come_in_beside_it(licensed):
    assert paired(licensed, table(pairs(["old_pier"])[:1])).code == 0
    more = paired(licensed, table(pairs(["old_pier"])), "--json")
    assert more.json()["taken"] == {"propose-pair": 2}
    licensed.check()


def test_pairs_that_are_there_from_another_source_are_bad_rows(licensed):
    assert paired(licensed, table(pairs(["old_pier"])[:2])).code == 0
    again = paired(licensed, table(pairs(["old_pier"])), "--source", "another", "--json")
    assert (again.code, again.json()["taken"]) == (1, {"propose-pair": 1})
    assert [(bad["line"], bad["rule"]) for bad in again.json()["bad"]] == [(2, "propose/intake"), (3, "propose/intake")]
    licensed.check()


def training(prompt, **changes):
    return {
        "kind": "sft",
        "topic": "topic",
        "language": "en",
        "positions": ["yes"],
        "framing": "neutral",
        "claims": ["interpretation"],
        "license": "CC0-1.0",
        "origin": {"kind": "human"},
        "messages": [{"role": "user", "content": prompt}, {"role": "assistant", "content": "There are two views."}],
    } | changes


LONG = "Please write down for me what those people say who think that the old pier by the harbour is best kept as it is"


@pytest.mark.parametrize(
    ("prompt", "is_near"),
    [(LONG, True), (LONG.upper() + " now", True), (LONG.replace("harbour", "lake").replace("say", "do"), False)],
)
def test_what_measures_is_never_trained_on_and_what_trains_never_measures(licensed, prompt, is_near):
    rows = pairs(["old_pier"])[:1]
    rows[0]["prompt_a"] = LONG
    assert paired(licensed, table(rows)).code == 0
    lines = [{"id": "c1", "act": "propose", "by": "writer-1", "as": "a", "example": training(prompt)}]
    called = licensed.contributions(licensed.write("lines.jsonl", lines))
    assert called.code == int(is_near), called.err
    assert ("this is a prompt that measures models, or nearly" in called.err) is is_near


def test_a_prompt_that_trains_cannot_be_made_to_measure(licensed):
    lines = [{"id": "c1", "act": "propose", "by": "writer-1", "as": "a", "example": training(LONG)}]
    assert licensed.contributions(licensed.write("lines.jsonl", lines)).code == 0
    rows = pairs(["old_pier"])[:2]
    rows[0]["prompt_b"] = LONG
    called = paired(licensed, table(rows))
    assert called.code == 1
    assert_golden("paired/prompt-that-trains", called.err)
    assert len([leaf for leaf in licensed.leaves() if leaf.get("kind") == "prompt"]) == 2, "a pair goes in whole"


def test_a_withdrawn_prompt_holds_up_nobody(licensed):
    lines = [
        {"id": "c1", "act": "propose", "by": "writer-1", "as": "a", "example": training(LONG)},
        {"id": "c2", "act": "withdraw", "by": "writer-1", "of": "a", "reason": "error"},
    ]
    assert licensed.contributions(licensed.write("lines.jsonl", lines)).code == 0
    rows = pairs(["old_pier"])[:1]
    rows[0]["prompt_b"] = LONG
    assert paired(licensed, table(rows)).code == 0


# --- bad input --------------------------------------------------------------------------------------------------------


def spoilt(**changes):
    rows = pairs()
    rows[2] |= changes
    return table(rows)


@pytest.mark.parametrize(
    ("case", "content"),
    [
        ("empty-cell", spoilt(prompt_b="")),
        ("one-group-for-both", spoilt(prompt_b_group="keep_old_pier")),
        ("name-that-is-none", spoilt(topic_name="the pier: old!")),
        ("hidden-character", spoilt(prompt_a="Argue that\u202e the pier")),
        ("null-bytes", table(pairs()) + b"\0\0\0\n"),
        ("too-many-cells", table(pairs()) + b"a,b,c,d,e,f,g,h\n"),
    ],
)
def test_a_bad_row_is_told_and_the_others_go_in(licensed, case, content):
    called = paired(licensed, content)
    assert called.code == 1, called.out
    assert_golden(f"paired/{case}", called.err)
    taken = paired(licensed, content, "--json").json()
    assert (len(taken["bad"]), taken["known"]) == (1, 6 if case in ("null-bytes", "too-many-cells") else 5)


@pytest.mark.parametrize(
    ("case", "content"),
    [
        ("missing-column", table(pairs(), COLUMNS[:-1])),
        ("missing-columns", b"a;b;c\n1;2;3\n"),
        ("latin-1", table(pairs()).replace(b"best", b"b\xeast")),
        ("no-rows", table([])),
        ("empty", b""),
        ("quote-that-never-ends", table(pairs()) + b'"a,b\n'),
        ("long-cell", table(pairs()) + b"a" * 200_000 + b"\n"),
    ],
)
def test_a_file_that_is_no_table_of_pairs_is_refused_whole(licensed, case, content):
    status = licensed.status()
    called = paired(licensed, content)
    assert called.code == 2, (called.code, called.err)
    assert_golden(f"paired/{case}", called.err.replace(str(licensed.folder), "<folder>"))
    assert licensed.status() == status


def test_a_line_of_hundreds_of_megabytes_is_refused_unread(licensed):
    path = written(licensed, b"")
    os.truncate(path, 200 * 2**20)
    called = licensed.rows(path, "paired-prompts")
    assert called.code == 2
    assert "is larger than 67108864 bytes" in called.err


def test_a_licence_is_never_guessed(place):
    called = paired(place, table(pairs()))
    assert called.code == 2
    assert_golden("paired/no-licence", called.err.replace(str(place.folder), "<folder>"))
    (place.folder / "LICENSE").write_text("Attribution 4.0 International\n")
    called = paired(place, table(pairs()))
    assert called.code == 2
    assert_golden("paired/licence-not-admitted", called.err.replace(str(place.folder), "<folder>"))
    mapping = written(place, b"license: CC0-1.0\norigin: {kind: human}\n", "mapping.yaml")
    assert paired(place, table(pairs()), "--mapping", mapping).code == 0
    assert {leaf["origin_kind"] for leaf in place.leaves() if leaf.get("kind") == "prompt"} == {"human"}


def test_the_public_set_comes_in_whole(place):
    if not SET.is_file():
        pytest.skip(f"{SET} is not there: the public set of paired prompts was not tried")
    mapping = written(place, b"license: CC0-1.0\n", "mapping.yaml")  # the set is CC-BY-4.0; this home admits CC0 only
    called = place.rows(SET, "paired-prompts", "--mapping", mapping, "--json")
    assert called.code == 0, called.err
    assert called.json()["taken"] == {"propose-pair": 1350, "propose-topic": 60}
    prompts = [leaf for leaf in place.leaves() if leaf.get("kind") == "prompt"]
    assert (len(prompts), len({leaf["group"] for leaf in prompts})) == (2700, 1350)
    status = place.status()
    assert place.rows(SET, "paired-prompts", "--mapping", mapping, "--json").json()["known"] == 1350
    assert place.status() == status
