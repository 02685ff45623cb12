"""Foreign sets come in as proposals, from every form that public sets have; the rest is told, row by row."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import InvalidInput
from curation.imports.conversations import preference_content
from curation.imports.rows import ImportRows, import_rows
from curation.people.accounts import join, read_joining
from tests.imports.support import assert_golden
from tests.support.generated import messages_rows

CONSTANTS = {
    "topic": "topic",
    "language": "en",
    "positions": ["yes", "no"],
    "framing": "neutral",
    "claims": "interpretation",
    "license": "CC0-1.0",
    "origin": {"kind": "synthetic", "model": "a-model", "version": "1"},
}


def user(text="Why?"):
    return {"role": "user", "content": text}


def assistant(text="Because."):
    return {"role": "assistant", "content": text}


@pytest.fixture
def mapping(place):
    path = place.folder / "mapping.yaml"
    path.write_text(yaml.safe_dump(CONSTANTS))
    return path


def mapped(place, **changes):
    path = place.folder / "changed.yaml"
    path.write_text(yaml.safe_dump({**CONSTANTS, **changes}))
    return path


def test_rows_with_every_column_come_in_once(any_place):
    path = any_place.write("rows.jsonl", messages_rows(30))
    first = any_place.rows(path, "messages", "--json")
    assert first.code == 0, first.err
    assert first.json()["taken"] == {"propose": 30}
    status = any_place.status()
    again = any_place.rows(path, "messages", "--json").json()
    assert (again["taken"], again["known"]) == ({}, 30)
    assert any_place.status() == status
    any_place.check()


def test_rows_without_an_id_are_known_by_their_content(place, mapping):
    rows = [{"messages": [user(f"Question {number}?"), assistant()]} for number in range(5)]
    found = place.rows(place.write("rows.jsonl", [*rows, rows[0]]), "messages", "--mapping", mapping, "--json").json()
    assert (found["taken"], found["known"]) == ({"propose": 5}, 1)
    random.Random(0).shuffle(rows)
    found = place.rows(place.write("rows.jsonl", rows), "messages", "--mapping", mapping, "--json").json()
    assert (found["taken"], found["known"]) == ({}, 5)


def test_copy_under_another_id_is_a_bad_line_and_the_others_go_in(place, mapping):
    asked = [("a", "Why not?"), ("b", "WHY  NOT?"), ("c", "Since when?")]
    rows = [{"id": name, "messages": [user(text), assistant()]} for name, text in asked]
    called = place.rows(place.write("rows.jsonl", rows), "messages", "--mapping", mapping, "--json")
    assert (called.code, called.json()["taken"]) == (1, {"propose": 2})
    (bad,) = called.json()["bad"]
    assert (bad["line"], bad["rule"]) == (2, "propose/intake")
    assert "is the same text as another example of this topic, whose text is not public" in bad["reason"]
    again = place.rows(place.write("rows.jsonl", rows), "messages", "--mapping", mapping, "--json").json()
    assert (again["known"], [line["line"] for line in again["bad"]]) == (2, [2])


def test_mapping_takes_columns_of_other_names_and_translates_values(place):
    path = place.write(
        "rows.jsonl",
        [
            {
                "conversation": [user(), {**assistant(), "tool_calls": None}],
                "lang": "English",
                "pair": number // 2,
                "by_model": "one",
                "link": "https://example.org/a",
            }
            for number in range(2)
        ]
        + [{"conversation": [user(), assistant()], "lang": "Klingon", "pair": 9, "by_model": "two", "link": "x"}],
    )
    source = {"url": {"column": "link"}, "publisher": "P", "owner": "O", "country": "US", "language": "en"}
    changed = mapped(
        place,
        messages={"column": "conversation"},
        language={"column": "lang", "values": {"English": "en"}},
        group={"column": "pair"},
        origin={"kind": "synthetic", "model": {"column": "by_model"}, "version": "unknown"},
        sources=[{**source, "date": "2020"}],
        claims=["fact"],
    )
    rows = json.loads(path.read_bytes().splitlines()[1])
    rows["conversation"][1]["content"] = "Another answer."
    path = place.write("rows.jsonl", [*path.read_bytes().splitlines()[::2], json.dumps(rows).encode()])
    called = place.rows(path, "messages", "--mapping", changed)
    assert called.code == 1
    assert called.err == "rows.jsonl:2: language: its column holds a value that the mapping's `values` do not have\n"
    proposed = [leaf for leaf in place.leaves() if leaf["type"] == "example:proposed"]
    assert len(proposed) == 2
    assert len({leaf["group"] for leaf in proposed}) == 1
    assert all(leaf["claims"] == ["fact"] and len(leaf["sources"]) == 1 for leaf in proposed)


def test_account_that_is_named_proposes(place, mapping):
    with place.platform.write() as writing:
        for handle, roles in (("someone", ["contributor"]), ("looker", ["auditor"])):
            joining = read_joining({"handle": handle, "languages": ["en"], "roles": roles})
            join(writing.connection, writing.vault, joining, writing.token_bytes)
    path = place.write("rows.jsonl", [{"messages": [user(), assistant()]}])
    refused = place.rows(path, "messages", "--mapping", mapping, "--as", "looker")
    assert (refused.code, refused.err) == (
        2,
        "evenhand: this needs the role «contributor». Ask an administrator of this home.\n",
    )
    assert place.rows(path, "messages", "--mapping", mapping, "--as", "nobody").code == 2
    assert place.rows(path, "messages", "--mapping", mapping, "--as", "someone").code == 0
    assert place.count("example:proposed") == 1


# --- forms ------------------------------------------------------------------------------------------------------------

PLAIN: dict[str, Any] = {"prompt": [user()], "chosen": [assistant("Yes.")], "rejected": [assistant("No.")]}
FORMS: dict[str, dict[str, Any]] = {
    "plain": {"prompt": "Why?", "chosen": "Yes.", "rejected": "No."},
    "conversational": PLAIN,
    "prompt-plain": {**PLAIN, "prompt": "Why?"},
    "whole": {"chosen": [user(), assistant("Yes.")], "rejected": [user(), assistant("No.")]},
    "whole-beside-its-prompt": {
        "prompt": "Why?",
        "chosen": [user(), assistant("Yes.")],
        "rejected": [user(), assistant("No.")],
    },
    "transcript": {"chosen": "\n\nHuman: Why?\n\nAssistant: Yes.", "rejected": "\n\nHuman: Why?\n\nAssistant: No."},
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_preference_says_the_same(name):
    assert preference_content(FORMS[name]) == PLAIN


def test_longer_conversations_split_where_the_answers_part():
    start = [{"role": "system", "content": "Be brief."}, user(), assistant("Hm."), user("And?")]
    row = {"prompt": [user("And?")], "chosen": [*start, assistant("Yes.")], "rejected": [*start, assistant("No.")]}
    assert preference_content(row) == {**PLAIN, "prompt": start}
    # Answers that begin alike with the assistant belong to the answers.
    both = [*start, assistant("Well."), user("So?")]
    row = {"chosen": [*both, assistant("Yes.")], "rejected": [*start, assistant("Well, no.")]}
    assert preference_content(row)["prompt"] == start


@given(
    prompt=st.lists(st.text(min_size=1), min_size=1, max_size=4),
    chosen=st.text(min_size=1),
    rejected=st.text(min_size=1),
)
def test_no_word_is_lost_when_a_prompt_is_taken_out(prompt, chosen, rejected):
    turns = [turn for text in prompt for turn in (user(text), assistant(text))][:-1]
    row = {"chosen": [*turns, assistant(chosen)], "rejected": [*turns, assistant(rejected)]}
    found = preference_content(row)
    assert [*found["prompt"], *found["chosen"]] == row["chosen"]
    assert [*found["prompt"], *found["rejected"]] == row["rejected"]
    assert found["prompt"][-1]["role"] == "user"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"chosen": "a", "rejected": "b"}, "prompt: is missing, and chosen and rejected do not begin alike"),
        ({"prompt": "Other?", **FORMS["whole"]}, "prompt: is not what chosen and rejected begin with"),
        ({"prompt": "a", "chosen": None, "rejected": "b"}, "chosen: is missing"),
        ({"prompt": "a", "chosen": 5, "rejected": "b"}, "chosen: is not text or a list of turns"),
        ({"prompt": "a", "chosen": [{"from": "gpt"}], "rejected": "b"}, "chosen.0: has no role or no content"),
    ],
)
def test_what_is_no_preference_is_told_by_field(row, message):
    with pytest.raises(InvalidInput) as caught:
        preference_content(row)
    assert str(caught.value).startswith(message)


# --- files ------------------------------------------------------------------------------------------------------------


def write_parquet(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_parquet_and_lines_of_the_same_rows_bring_the_same(place, mapping):
    rows = [{"prompt": "Why?", "chosen": f"Yes {number}.", "rejected": "No.", "noise": 1.5} for number in range(200)]
    parquet = write_parquet(place.folder / "rows.parquet", rows)
    lines = place.write("rows.jsonl", rows)
    options = ("--mapping", mapping, "--source", "set", "--json")
    assert place.rows(parquet, "preference", *options).json()["taken"] == {"propose": 200}
    assert place.rows(lines, "preference", *options).json()["known"] == 200


README = """---
license: cc0-1.0
configs:
- config_name: first
  default: true
  data_files:
  - split: train
    path: first/train-*.parquet
  - split: test
    path: first/test.jsonl
- config_name: second
  data_files: second.jsonl
---
# A set
"""


@pytest.fixture
def folder(place):
    rows = [{"messages": [user(f"{number}?"), assistant()]} for number in range(9)]
    write_parquet(place.folder / "set/first/train-00000-of-00002.parquet", rows[:3])
    write_parquet(place.folder / "set/first/train-00001-of-00002.parquet", rows[3:5])
    place.write("set/first/test.jsonl", rows[5:6])
    place.write("set/second.jsonl", rows[6:])
    (place.folder / "set/README.md").write_text(README)
    return place.folder / "set"


@pytest.mark.parametrize(
    ("options", "taken"), [((), 6), (("--split", "train"), 5), (("--config", "second"), 3), (("--split", "test"), 1)]
)
def test_folder_as_the_hub_has_it(place, mapping, folder, options, taken):
    called = place.rows(folder, "messages", "--mapping", mapping, "--json", *options)
    assert called.code == 0, called.err
    assert called.json()["taken"] == {"propose": taken}


def test_folder_without_a_readme_has_its_files_under_data(place, mapping, folder):
    (folder / "README.md").unlink()
    (folder / "second.jsonl").unlink()
    (folder / "first").rename(folder / "data")
    assert place.rows(folder, "messages", "--mapping", mapping, "--json").json()["taken"] == {"propose": 6}
    assert place.rows(folder, "messages", "--mapping", mapping, "--split", "train", "--json").json()["known"] == 5


# --- what does not come in --------------------------------------------------------------------------------------------


def row_with(text):
    return {"messages": [user(), assistant(text)]}


BAD_ROWS = {
    "hidden-character": row_with("Two words\u200b here."),
    "not-normal-form": row_with("cafe\u0301"),
    "carriage-return": row_with("One\r\ntwo"),
    "lone-surrogate": b'{"messages": [{"role": "user", "content": "\\ud800"}]}',
    "empty-text": row_with("  "),
    "ends-with-the-user": {"messages": [user(), assistant(), user()]},
    "unknown-role": {"messages": [{"role": "human", "content": "a"}, assistant()]},
    "no-conversation": {"messages": "Why?"},
    "content-of-parts": {"messages": [user(), {"role": "assistant", "content": [{"type": "text", "text": "a"}]}]},
    "tools": {"messages": [user(), {**assistant(), "tool_calls": [1]}]},
    "column-missing": {"other": 1},
    "malformed": b"{",
    "no-object": b"[]",
    "encoding": b'{"messages": "\xff"}',
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_row_that_cannot_be_mapped_is_told_and_the_rest_goes_in(place, mapping, name):
    good = [{"messages": [user(f"{number}?"), assistant()]} for number in range(3)]
    path = place.write("rows.jsonl", [good[0], BAD_ROWS[name], *good[1:]])
    called = place.rows(path, "messages", "--mapping", mapping, "--json")
    assert called.code == 1
    (bad,) = called.json()["bad"]
    assert (bad["file"], bad["line"]) == ("rows.jsonl", 2)
    assert_golden(f"messages/{name}", bad["reason"])
    assert place.count("example:proposed") == 3
    place.check()


BAD_VALUES = {
    "language": "xx",
    "license": "MIT",
    "topic": "another",
    "positions": ["yes", "maybe"],
    "framing": "maybe",
    "claims": ["rumour"],
    "origin": {"kind": "synthetic"},
    "sources": [{"url": "https://example.org"}],
    "group": [1],
    "id": 1.5,
    "claims-without-sources": None,
}


@pytest.mark.parametrize("name", BAD_VALUES)
def test_value_that_the_dataset_does_not_admit_is_told_with_those_it_does(place, name):
    good = {"messages": [user(), assistant()], **CONSTANTS, "claims": ["value"]}
    bad = (
        {**good, name: BAD_VALUES[name]}
        if name in (*CONSTANTS, "sources", "group", "id")
        else {**good, "claims": ["fact"]}
    )
    called = place.rows(place.write("rows.jsonl", [bad, good]), "messages", "--json")
    assert called.code == 1
    (told,) = called.json()["bad"]
    assert told["line"] == 1
    assert_golden(f"messages/value-of-{name}", told["reason"])
    assert place.count("example:proposed") == 1


def broken_files(place):
    """A call that is wrong as a whole: (file, format, further options)."""
    rows = [{"messages": [user(), assistant()]}]
    good = place.write("good.jsonl", rows)
    whole = mapped(place)

    def raw(name, content):
        path = place.folder / name
        path.write_bytes(content)
        return path

    def yaml_file(name, text):
        return raw(name, text.encode())

    parquet = write_parquet(place.folder / "whole.parquet", rows).read_bytes()
    other = write_parquet(place.folder / "other.parquet", [{"text": "a", "label": 1}])
    set_folder = place.folder / "empty-set"
    set_folder.mkdir()
    remote = place.folder / "remote"
    remote.mkdir()
    (remote / "README.md").write_text("---\nconfigs:\n- config_name: a\n  data_files: hf://datasets/a/b.parquet\n---\n")
    os.mkfifo(place.folder / "pipe.jsonl")
    return {
        "pipe": (place.folder / "pipe.jsonl", "messages", ("--mapping", whole)),
        "missing-file": (place.folder / "nothing.jsonl", "messages", ()),
        "empty-file": (raw("empty.jsonl", b""), "messages", ("--mapping", whole)),
        "blank-lines": (raw("blank.jsonl", b"\n \n"), "messages", ("--mapping", whole)),
        "csv": (raw("rows.csv", b"prompt,chosen,rejected\na,b,c\n"), "preference", ("--mapping", whole)),
        "csv-called-jsonl": (raw("csv.jsonl", b"prompt,chosen,rejected\na,b,c\n"), "preference", ("--mapping", whole)),
        "json-array": (raw("array.json", b'[{"messages": []}]'), "messages", ("--mapping", whole)),
        "gzip": (raw("rows.jsonl.gz", b"\x1f\x8b\x08\x00more"), "messages", ("--mapping", whole)),
        "utf-16": (raw("utf16.jsonl", "{}\n".encode("utf-16")), "messages", ("--mapping", whole)),
        "parquet-of-another-schema": (other, "messages", ("--mapping", whole)),
        "parquet-cut-short": (raw("short.parquet", parquet[: len(parquet) // 2]), "messages", ("--mapping", whole)),
        "parquet-by-name-only": (raw("name.parquet", b'{"messages": 1}\n'), "messages", ("--mapping", whole)),
        "parquet-without-rows": (
            write_parquet_schema(place.folder / "none.parquet"),
            "messages",
            ("--mapping", whole),
        ),
        "parquet-as-contributions": (write_parquet(place.folder / "c.parquet", rows), "contributions", ()),
        "missing-column": (place.write("other.jsonl", [{"text": "a"}]), "messages", ("--mapping", whole)),
        "missing-fields": (good, "messages", ()),
        "mapping-of-unknown-field": (good, "messages", ("--mapping", yaml_file("a.yaml", "tone: warm\n"))),
        "mapping-is-no-yaml": (good, "messages", ("--mapping", yaml_file("b.yaml", "a: [\n"))),
        "mapping-names-no-column": (
            good,
            "messages",
            ("--mapping", mapped_as(place, "c.yaml", language={"column": "lang"})),
        ),
        "mapping-of-unknown-language": (
            good,
            "messages",
            ("--mapping", mapped_as(place, "d.yaml", language="English")),
        ),
        "mapping-of-unknown-licence": (good, "messages", ("--mapping", mapped_as(place, "e.yaml", license="MIT"))),
        "mapping-of-unknown-topic": (good, "messages", ("--mapping", mapped_as(place, "f.yaml", topic="another"))),
        "mapping-of-unknown-position": (good, "messages", ("--mapping", mapped_as(place, "g.yaml", positions=["x"]))),
        "mapping-with-constant-id": (good, "messages", ("--mapping", mapped_as(place, "h.yaml", id="one"))),
        "folder-without-data": (set_folder, "messages", ("--mapping", whole)),
        "folder-names-what-is-elsewhere": (remote, "messages", ("--mapping", whole)),
        "split-of-a-file": (good, "messages", ("--mapping", whole, "--split", "train")),
        "people-with-rows": (good, "messages", ("--people", good)),
        "mapping-with-contributions": (good, "contributions", ("--mapping", whole)),
        "source-too-long": (good, "messages", ("--source", "x" * 129)),
    }


def mapped_as(place, name, **changes):
    path = place.folder / name
    path.write_text(yaml.safe_dump({**CONSTANTS, **changes}))
    return path


def write_parquet_schema(path):
    turn = pa.struct([("role", pa.string()), ("content", pa.string())])
    pq.write_table(pa.schema([("messages", pa.list_(turn))]).empty_table(), path)
    return path


def test_what_is_wrong_as_a_whole_is_refused_before_its_first_row(place):
    status = place.status()
    wrong = []
    for name, (path, form, options) in broken_files(place).items():
        called = place.rows(path, form, *options)
        told = called.err.replace(str(place.folder), "FOLDER")
        if called.code != 2:
            wrong.append((name, called))
        else:
            assert_golden(f"whole/{name}", told)
    assert not wrong
    assert place.status() == status


def test_folder_with_several_configs_asks_which(place, mapping, folder):
    (folder / "README.md").write_text(README.replace("  default: true\n", ""))
    for name, options in {"config-unsaid": (), "config-unknown": ("--config", "third")}.items():
        called = place.rows(folder, "messages", "--mapping", mapping, *options)
        assert called.code == 2
        assert_golden(f"whole/{name}", called.err.replace(str(place.folder), "FOLDER"))
    called = place.rows(folder, "messages", "--mapping", mapping, "--config", "first", "--split", "validation")
    assert called.code == 2
    assert_golden("whole/split-unknown", called.err.replace(str(place.folder), "FOLDER"))


def test_parquet_damaged_further_on_keeps_what_was_read(place, mapping):
    rows = [{"messages": [user(f"{number}? " + "x" * 50), assistant()]} for number in range(4000)]
    path = place.folder / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=1000, compression="none")
    content = bytearray(path.read_bytes())
    where = len(content) * 3 // 4
    content[where : where + 20_000] = b"\xff" * 20_000
    path.write_bytes(bytes(content))
    command = ImportRows(path=path, source="set", form="messages", by="founder", mapping=mapping)
    summary = import_rows(place.platform, command)
    assert summary.bad
    assert 0 < summary.taken.total() < 4000
    place.check()
