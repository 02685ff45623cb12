"""`evenhand validate`: a release, a home, and other people's files."""

from __future__ import annotations

import json
import os
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.cli.validating import print_validation
from curation_validators.gaming import Odd
from curation_validators.validation import Validation
from tests.audit.demo import SECOND, call
from tests.support.balanced import balanced
from tests.support.findings import ANSWER, clean
from tests.support.measured import measured_fault

PLAIN = ("--engine", "python")
TURNS = clean()["messages"]


def lines(path, *rows):
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def result(path, *more):
    done = call("validate", path, "--json", *PLAIN, *more)
    return done.code, json.loads(done.out)


def test_release_of_the_demonstration_passes_and_says_what_was_not_measured(demo):
    done = call("validate", demo.home / "releases" / SECOND, *PLAIN)
    assert done.code == 0, done.out
    assert done.out.startswith("PASS  contested-pilot 2.0.0\n")
    assert "\nNot measured (" in done.out


def test_home_is_what_its_next_release_will_hold(home):
    done = call("--home", home, "validate", "--json", *PLAIN)
    made = json.loads(done.out)
    assert done.code == 0, done.out
    assert made["dataset"] == "contested-pilot"
    assert made["examples"] > 40


def test_same_release_gives_the_same_bytes_twice(demo):
    one, other = (call("validate", demo.home / "releases" / SECOND, "--json", *PLAIN).out for _ in range(2))
    assert one == other


def test_foreign_file_is_checked_and_what_it_has_no_fields_for_is_insufficient(tmp_path):
    code, made = result(lines(tmp_path / "set.jsonl", {"messages": TURNS}, {"messages": TURNS[:1] * 2}))
    assert code == 0
    checks = {item["check"]: item for item in made["checks"]}
    assert checks["text"]["pass"] == 2
    assert checks["licence"]["insufficient"] == checks["mirrors"]["insufficient"] == 2
    assert {item["outcome"] for item in made["measures"]} == {"insufficient"}


def test_foreign_preferences_are_read_in_the_form_that_repeats_its_prompt(tmp_path):
    chosen = [*TURNS[:1], {"role": "assistant", "content": ANSWER}]
    rejected = [*TURNS[:1], {"role": "assistant", "content": "It should be built at once, whatever anybody says."}]
    code, made = result(lines(tmp_path / "set.jsonl", {"chosen": chosen, "rejected": rejected}))
    assert (code, made["examples"], made["found"]) == (0, 1, {})


def test_faults_of_a_foreign_file_are_named_by_row(tmp_path):
    bad = {"messages": [*TURNS[:1], {"role": "assistant", "content": f"{ANSWER}\u202e"}]}
    code, made = result(lines(tmp_path / "set.jsonl", {"messages": TURNS}, bad, "not json"))
    assert code == 1
    assert [(item["rule"], item["where"]) for item in made["findings"]] == [
        ("text/hidden-character", "set.jsonl row 2, messages.1"),
        ("duplicate/near", "set.jsonl row 2"),
        ("shape/unreadable", "set.jsonl row 3"),
    ]


def test_faults_in_a_folder_are_named_by_file_and_by_the_number_of_the_row_there(tmp_path):
    (tmp_path / "data").mkdir()
    lines(tmp_path / "data" / "a.jsonl", {"messages": TURNS})
    lines(tmp_path / "data" / "b.jsonl", "no", "no", "no", {"messages": TURNS}, {"messages": None})
    _, made = result(tmp_path)
    assert [(item["rule"], item["where"], item["message"]) for item in made["findings"][:2]] == [
        ("duplicate/exact", "data/b.jsonl row 4", "is the same text as data/a.jsonl row 1"),
        ("shape/content", "data/b.jsonl row 5", "messages is missing"),
    ]


def test_rows_that_cannot_be_read_block_and_are_counted(tmp_path):
    code, made = result(lines(tmp_path / "set.jsonl", {"messages": TURNS}, *["garbage"] * 500))
    assert (code, made["examples"], made["found"]) == (1, 1, {"shape/unreadable": 500})
    assert [item["where"] for item in made["findings"]] == [f"set.jsonl row {number}" for number in range(2, 202)]
    assert (made["checks"][0]["check"], made["checks"][0]["fail"]) == ("shape", 500)


def test_row_with_half_a_character_blocks(tmp_path):
    half = '{"messages": [{"role": "user", "content": "\\ud800"}]}'
    code, made = result(lines(tmp_path / "set.jsonl", {"messages": TURNS}, half))
    assert (code, made["found"]) == (1, {"shape/unreadable": 1})


def test_damaged_end_of_a_parquet_file_blocks_and_its_rows_are_counted(tmp_path):
    rows = [{"id": number, "messages": TURNS[:1]} for number in range(128)]
    path = tmp_path / "set.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=64)
    with pq.ParquetFile(path) as file:
        place = min(file.metadata.row_group(1).column(number).dictionary_page_offset or 0 for number in range(3))
    whole = path.read_bytes()
    path.write_bytes(whole[:place] + b"\xff" * 60 + whole[place + 60 :])
    code, made = result(path)
    assert (code, made["examples"], made["found"]["shape/unreadable"]) == (1, 64, 1)
    assert made["checks"][0]["fail"] == 64
    assert made["findings"][-1]["where"] == "set.parquet row 65"
    assert made["findings"][-1]["message"].endswith("the rows from here on were not read (64)")


def test_rows_that_share_an_id_are_told_apart_by_their_place(tmp_path):
    same = {"example_id": "ex_aaaaaaaaaaaaaaaa", "messages": TURNS}
    code, made = result(lines(tmp_path / "set.jsonl", *[same] * 5))
    assert (code, made["found"]) == (1, {"duplicate/exact": 4, "shape/id-taken": 4})
    assert {item["message"] for item in made["findings"]} >= {
        "set.jsonl row 5 has the id that set.jsonl row 1 has",
        "is the same text as set.jsonl row 1, which has the same id",
    }


def test_parquet_and_hub_folders_are_read(tmp_path):
    rows = [{"messages": row["messages"], "language": row["language"]} for row in balanced(groups=6)["sft"]]
    folder = tmp_path / "hub"
    (folder / "data").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "data" / "train-00000.parquet")
    for path in (folder, folder / "data" / "train-00000.parquet"):
        _, made = result(path)
        assert made["examples"] == len(rows)
        assert made["verdict"] == "pass", made["findings"]


def test_outsiders_dataset_with_positions_is_measured(tmp_path):
    rows = [
        {name: row[name] for name in ("messages", "topic", "positions", "language", "framing", "group_id")}
        | {"id": row["example_id"], "mirrors": row["mirrors"], "sources": [{"url": "https://a.example", "owner": "A"}]}
        for row in balanced()["sft"]
    ]
    code, made = result(lines(tmp_path / "set.jsonl", *rows))
    outcomes = {item["measure"]: item["outcome"] for item in made["measures"] if item["config"] == "all"}
    assert outcomes["balance/position-share"] == outcomes["balance/length-parity"] == "pass"
    assert outcomes["provenance/source-concentration"] == outcomes["provenance/attribution"] == "fail"
    assert outcomes["provenance/reviewer-share"] == "insufficient"
    assert code == 1
    hints = {item["measure"]: item.get("hint") for item in made["measures"] if item["config"] == "all"}
    assert hints["provenance/attribution"] == "Give each position a source with publisher and date."
    assert hints["balance/length-parity"] is None, "there is nothing to do"


def test_people_are_told_what_to_do_about_measures_and_odd_reviewers(capsys):
    odd = Odd("harbour", ("p_a", "p_b"), "judged 60 revisions together", "together", {})
    print_validation(Validation("set", measures=measured_fault("skewed positions"), odd=[odd]))
    out = capsys.readouterr().out
    assert "\nWhat to do\n" in out
    assert "Ask for examples of the positions that fall short of their share." in out
    assert f"  {odd}\n" in out
    assert "change no vote. (rule reviewing/together, version 1)" in out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"[]", "is one JSON array"),
        (b'{"a": 1}\n', "has no conversations; its columns: a"),
        (b"nonsense\n", "holds no JSON object"),
        (b"PAR1 and no more", "is no readable Parquet file"),
        (b'{"messages": "' + b"x" * 100 + b"\n", "holds no JSON object"),
    ],
)
def test_file_that_is_no_dataset_is_a_wrong_call(tmp_path, content, said):
    path = tmp_path / "set.jsonl"
    path.write_bytes(content)
    done = call("validate", path, *PLAIN)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err


def test_damaged_bundle_is_said_and_never_a_traceback(demo, tmp_path):
    folder = tmp_path / "bundle"
    (folder / "data" / "sft").mkdir(parents=True)
    manifest = (demo.home / "releases" / SECOND / "manifest.json").read_text("utf-8")
    (folder / "manifest.json").write_text(manifest, "utf-8")
    (folder / "data" / "sft" / "train-00000000.parquet").write_bytes(b"PAR1 no")
    done = call("validate", folder, *PLAIN)
    assert (done.code, done.err) == (1, "evenhand: data/sft: holds a file that is no readable Parquet\n")
    (folder / "manifest.json").write_text(manifest.replace("manifest/v1", "manifest/v9"), "utf-8")
    done = call("validate", folder, *PLAIN)
    assert done.code == 1
    assert "manifest.json" in done.err
    assert "Traceback" not in done.err


def test_release_without_rows_that_its_manifest_counts_fails(demo, tmp_path):
    folder = tmp_path / "bundle"
    shutil.copytree(demo.home / "releases" / SECOND, folder, ignore=shutil.ignore_patterns("sft", "openings"))
    code, made = result(folder)
    found = [item for item in made["findings"] if item["rule"] == "shape/unreadable"]
    assert (code, [item["where"] for item in found]) == (1, ["data/sft"])
    assert found[0]["message"].startswith("holds 0 rows, and the manifest counts ")


def test_release_whose_files_have_other_columns_or_none_at_all_never_passes(demo, tmp_path):
    folder = tmp_path / "bundle"
    shutil.copytree(demo.home / "releases" / SECOND, folder, ignore=shutil.ignore_patterns("openings", "log"))
    (sft,) = (folder / "data" / "sft").glob("train-*")
    whole = pq.read_table(sft, partitioning=None)
    nulls = pa.nulls(whole.num_rows, whole.schema.field("positions").type)
    changed = whole.drop_columns(["topic"]).set_column(whole.column_names.index("positions") - 1, "positions", nulls)
    pq.write_table(changed.append_column("topic", pa.array([3] * whole.num_rows)).drop_columns(["mirrors"]), sft)
    (preference,) = (folder / "data" / "preference").glob("train-*")
    preference.unlink()
    os.mkfifo(preference)
    code, made = result(folder)
    found = {item["where"]: item["message"] for item in made["findings"] if item["rule"] == "shape/unreadable"}
    assert code == 1
    assert found[f"data/sft/{sft.name}"] == (
        "its column topic is of another type than string; lacks the column mirrors; "
        f"its column positions is null in {whole.num_rows} rows"
    )
    assert "and the manifest counts" in found["data/preference"]


def test_people_see_what_blocks_before_what_warns(tmp_path):
    warned = [{"messages": TURNS, "sources": [{"url": f"https://{number}.example"}]} for number in range(60)]
    path = lines(tmp_path / "set.jsonl", *warned, {"messages": None})
    shown = call("validate", path, *PLAIN).out.split("\nFindings\n")[1].split("\nMeasures")[0]
    told = [line.split()[0] for line in shown.splitlines() if line.startswith(("  block  ", "  warn  "))]
    assert told == sorted(told)
    assert {"(rule shape/content", "(rule duplicate/exact", "(rule source/incomplete"} <= {
        f"(rule {part.split(',')[0]}" for part in shown.split("(rule ")[1:]
    }


def test_spark_reads_releases_only(tmp_path):
    done = call("validate", lines(tmp_path / "set.jsonl", {"messages": TURNS}), "--engine", "spark")
    assert done.code == 2
    assert "Spark reads a release's folder" in done.err


def test_nowhere_and_broken_protected_sets_are_wrong_calls(tmp_path):
    path = lines(tmp_path / "set.jsonl", {"messages": TURNS})
    assert call("validate", tmp_path / "nowhere").code == 2
    (tmp_path / "bad.ngrams").write_bytes(b"{}")
    done = call("validate", path, "--protected", tmp_path, *PLAIN)
    assert done.code == 2
    assert "bad.ngrams" in done.err


def test_set_that_was_protected_is_found_in_a_training_text_and_keeps_no_text(tmp_path):
    item = "Explain in two sentences why the harbour ought to be closed to ships."
    (tmp_path / "items.txt").write_text(f"{item}\nShort.\n", "utf-8")
    options = ("--name", "harbour", "--origin", "This test", "--licence", "CC0-1.0", "--out", tmp_path / "sets")
    done = call("protect", tmp_path / "items.txt", *options)
    assert done.code == 0, done.err
    assert b"harbour ought" not in (tmp_path / "sets" / "harbour.ngrams").read_bytes()
    held = {"messages": [{"role": "user", "content": f"Please: {item}"}, *TURNS[1:]]}
    code, made = result(lines(tmp_path / "set.jsonl", {"messages": TURNS}, held), "--protected", tmp_path / "sets")
    assert (code, made["found"]) == (1, {"contamination/protected": 1})
    again = call("protect", tmp_path / "items.txt", *options)
    assert (again.code, "exists" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("content", "name"), [("One. Two.\n", "short"), ("", "empty"), ("words enough to say much of it\n", "No Slug")]
)
def test_set_that_protects_nothing_is_a_wrong_call(tmp_path, content, name):
    (tmp_path / "items.txt").write_text(content, "utf-8")
    options = ("--name", name, "--origin", "x", "--licence", "CC0-1.0", "--out", tmp_path / "sets")
    done = call("protect", tmp_path / "items.txt", *options)
    assert done.code == 2
    assert not (tmp_path / "sets").exists()
