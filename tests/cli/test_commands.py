"""Each command does what it says on a home that the demonstration filled; what is stable is compared word by word."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from curation.log.notes import open_checkpoint
from curation_schemas.release import CONFIGS
from tests.audit.demo import FIRST, SECOND, call
from tests.audit.tampering import Folder
from tests.cli.masking import assert_golden, masked

PILOT = Path(__file__).parents[2] / "datasets" / "contested-pilot"


def run(home: Path, *arguments: object, code: int = 0):
    called = call("--home", home, *arguments)
    assert called.code == code, (called.out, called.err)
    if code == 0:
        assert called.err == ""
    return called


# --- looking ----------------------------------------------------------------------------------------------------------


def test_the_demonstration_tells_its_story_and_verifies_what_it_made(demo):
    assert demo.output.count("\nVERIFIED  contested-pilot ") == 2
    assert "Simulated people, synthetic content" in demo.output
    assert "What to do next" in demo.output
    told = masked(demo.output.split("\nWhat came of it")[0], demo.home)
    assert_golden("demo", re.sub(r"Added? .*", "", told))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("status", ["status"]),
        ("release-list", ["release", "list"]),
        ("topics-list", ["topics", "list"]),
        ("topics-show", ["topics", "show", "us-gun-policy"]),
        ("topics-show-fr", ["topics", "show", "us-gun-policy", "--language", "fr"]),
        ("topics-policy", ["topics", "policy"]),
        ("people-list", ["people", "list"]),
        ("log-checkpoint", ["log", "checkpoint"]),
        ("doctor", ["doctor"]),
    ],
)
def test_what_a_command_prints_is_as_it_was(name, arguments, demo):
    assert_golden(name, masked(run(demo.home, *arguments).out, demo.home))


def test_status_is_the_same_as_long_as_nothing_changes(demo):
    first, second = run(demo.home, "status", "--json"), run(demo.home, "status", "--json")
    assert first.out == second.out
    found = first.json()
    assert found["dataset"] == "contested-pilot"
    assert found["log"]["pending"] == 0
    assert [item["version"] for item in found["releases"]] == [FIRST, SECOND]


def test_status_changes_when_something_happens(home):
    before = run(home, "status", "--json").json()
    run(home, "epoch", "close")
    after = run(home, "status", "--json").json()
    assert after["log"]["epochs"] == before["log"]["epochs"] + 1
    assert after["log"]["size"] > before["log"]["size"]
    assert after["examples"] == before["examples"]


def test_the_home_can_be_named_by_the_environment(demo, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert call("status").code == 1
    monkeypatch.setenv("EVENHAND_HOME", str(demo.home))
    assert call("status").out == run(demo.home, "status").out


def test_the_option_wins_over_the_environment(demo, monkeypatch, tmp_path):
    monkeypatch.setenv("EVENHAND_HOME", str(tmp_path))
    assert run(demo.home, "status").code == 0


def test_a_plan_names_what_goes_in_and_what_does_not_and_why(demo):
    found = run(demo.home, "release", "plan", "--json").json()
    assert (found["version"], found["previous"]) == ("2.0.1", SECOND)
    assert found["rows"] == Folder(demo.bundle()).manifest()["rows"]
    assert {item["reason"] for item in found["left_out"]} >= {"rejected by every required perspective"}
    assert {item["config"] for item in found["included"]} <= set(CONFIGS)
    printed = run(demo.home, "release", "plan").out
    for item in found["left_out"]:
        assert re.search(rf"^{item['example']}  {re.escape(item['reason'])}$", printed, re.MULTILINE)


def test_verify_prints_what_it_found(demo):
    called = call("verify", demo.bundle())
    assert (called.code, called.err) == (0, "")
    assert_golden("verify", masked(called.out, demo.home))


def test_verify_prints_each_failure_and_exits_with_one(bundle):
    folder = Folder(bundle)
    folder.change_rows("data/tombstones/*.parquet", _blame)
    called = call("verify", bundle)
    assert called.code == 1
    assert called.out.startswith("FAILED  contested-pilot 2.0.0")
    told = re.sub(r"-[0-9a-f]{8}\.parquet", "-….parquet", re.sub(r"\d+ bytes; .*", "<n> bytes", called.out))
    assert_golden("verify-failed", masked(told, bundle))


def _blame(rows):
    rows[0]["reason"] = "it was boring"


def test_verify_with_a_pin_says_that_the_log_extends_it(demo):
    called = call("verify", demo.bundle(), "--pin", demo.bundle(FIRST) / "log" / "checkpoint")
    assert called.code == 0
    size = Folder(demo.bundle(FIRST)).manifest()["log"]["size"]
    assert f"note      the log extends the pinned checkpoint of size {size}" in called.out


@pytest.mark.parametrize("status", ["contested", "withdrawn", "unresolved", "rejected"])
def test_trace_tells_a_story(status, demo):
    database = sqlite3.connect(demo.home / "evenhand.db")
    ((example,),) = database.execute("SELECT id FROM examples WHERE status = ?", [status])
    database.close()
    called = call("trace", example, "--bundle", demo.bundle())
    assert (called.code, called.err) == (0, "")
    assert_golden(f"trace-{status}", masked(called.out, demo.home))


def test_trace_tells_of_an_appeal_a_revision_and_flags(demo):
    leaves = [json.loads(leaf) for leaf in Folder(demo.bundle()).leaves()]
    for type_, wanted in (
        ("round:appealed", "  Appeal: "),
        ("example:revised", "\nRevision 2, epoch "),
        ("flag:raised", "\nFlag ("),
        ("flag:upheld", "upheld by p_"),
        ("seat:passed", "could not judge and handed the seat on"),
    ):
        about = {event["example"] for event in leaves if event["type"] == type_}
        assert about
        for example in about:
            assert wanted in call("trace", example, "--bundle", demo.bundle()).out


def test_a_leaf_can_be_shown_by_number_and_by_hash(demo):
    shown = run(demo.home, "log", "show", "5").json()
    assert shown["index"] == 5
    assert run(demo.home, "log", "show", shown["hash"]).json()["event"] == shown["event"]


def test_the_checkpoint_that_is_printed_is_signed(demo):
    printed = run(demo.home, "log", "checkpoint").out.encode()
    key = Folder(demo.bundle()).trusted_log().key
    assert open_checkpoint(printed, key).size == run(demo.home, "status", "--json").json()["log"]["size"]


def test_schemas_are_listed_written_and_compared(tmp_path):
    listed = call("schemas", "export")
    assert listed.code == 0
    names = [line.split()[0] for line in listed.out.splitlines()]
    assert "manifest.schema.json" in names
    assert call("schemas", "export", "--out", tmp_path / "out").code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)
    assert json.loads((tmp_path / "out" / "event.schema.json").read_text())
    assert call("schemas", "export", "--check").code == 0


def test_topics_and_people_can_be_printed_for_programs(demo):
    topics = run(demo.home, "topics", "list", "--json").json()
    assert [topic["id"] for topic in topics] == ["taiwan-status", "us-gun-policy"]
    people = run(demo.home, "people", "list", "--json").json()
    assert all(person["simulated"] for person in people)
    assert "p_" not in json.dumps(people)


# --- acting -----------------------------------------------------------------------------------------------------------


def test_a_home_is_made_for_a_dataset(tmp_path):
    called = run(tmp_path / "new", "init", "--dataset", PILOT, "--origin", "example.org/pilot")
    assert_golden("init", masked(called.out, tmp_path / "new"))
    run(tmp_path / "new", "epoch", "close")
    assert run(tmp_path / "new", "status", "--json").json()["log"]["origin"] == "example.org/pilot"
    assert run(tmp_path / "new", "doctor").code == 0


def test_an_account_is_opened_listed_given_a_token_and_forgotten(home):
    added = run(home, "people", "add", "dora", "--language", "en", "--organisation", "The town", "--role", "maintainer")
    assert masked(added.out) == "dora may act as maintainer. Token, shown this once:\nevh_…\n"
    assert "dora" in run(home, "people", "list").out
    token = run(home, "people", "token", "dora").out.strip()
    assert token.startswith("evh_")
    assert token not in added.out
    assert run(home, "people", "forget", "dora", "--yes").out == "dora is forgotten.\n"
    assert "dora" not in run(home, "people", "list").out


def test_roles_are_changed_and_somebody_is_suspended_and_restored(home):
    assert run(home, "people", "roles", "sim-sunny-skink", "--role", "auditor").out.startswith(
        "sim-sunny-skink may act as auditor. Leaf "
    )
    unknown = run(home, "people", "roles", "sim-sunny-skink", "--role", "king", code=2)
    assert unknown.err.startswith("evenhand: roles.0: Input should be 'contributor'")
    acts = [json.loads(leaf) for leaf in Folder(home / "releases" / SECOND).leaves()]
    proposed = [item for item in acts if item["type"] == "example:proposed" and item["topic"] == "us-gun-policy"]
    someone = proposed[0]["pseudonym"]
    suspended = run(home, "people", "suspend", "us-gun-policy", someone, "--ground", "spam").out
    assert suspended.startswith(f"{someone} is suspended on us-gun-policy. Leaf ")
    again = run(home, "people", "suspend", "us-gun-policy", someone, "--ground", "spam", code=2)
    assert "suspend/chain" in again.err
    assert run(home, "people", "restore", someone).out.startswith(f"{someone} may act again. Leaf ")
    assert run(home, "doctor").code == 0


def test_nobody_is_forgotten_without_being_asked_for(home):
    run(home, "people", "add", "dora", "--language", "en")
    called = call("--home", home, "people", "forget", "dora")
    assert called.code != 0
    assert "dora" in run(home, "people", "list").out


def test_an_epoch_is_closed_only_when_due_if_asked_so(home):
    first = run(home, "epoch", "close").out
    assert first.startswith("Closed epoch ")
    assert run(home, "epoch", "close", "--if-due").out == "Not due: the epoch has been open for 0 days.\n"
    assert "is open" in run(home, "epoch", "status").out or "has been open" in run(home, "epoch", "status").out


def test_closing_early_says_what_it_costs(home):
    run(home, "epoch", "close")
    assert "link their pseudonyms" in run(home, "epoch", "close").out


def test_a_release_is_cut_listed_proved_and_built_again(home, tmp_path):
    run(home, "epoch", "close")
    cut = run(home, "release", "cut").out
    assert cut.startswith("Cut 2.0.1: ")
    assert [item["version"] for item in run(home, "status", "--json").json()["releases"]] == [FIRST, SECOND, "2.0.1"]
    made = home / "releases" / "2.0.1"
    assert not (made / "release.tlog-proof").exists()
    run(home, "epoch", "close")
    assert (made / "release.tlog-proof").is_file()
    assert call("verify", made).code == 0
    run(home, "release", "rebuild", "2.0.1", "--out", tmp_path / "again")
    assert (tmp_path / "again" / "manifest.json").read_bytes() == (made / "manifest.json").read_bytes()


def test_a_policy_is_drafted_by_one_and_agreed_by_another(home, tmp_path):
    for handle in ("mia", "max"):
        run(home, "people", "add", handle, "--language", "en", "--role", "maintainer")
    rule = {"seats": 5, "min_accepts": 3, "min_share_percent": 60}
    fields = {"round_days": 30, "lease_hours": 48, "max_revisions": 3, "flag_days": 14}
    policy = json.loads(run(home, "topics", "policy").out)[0]["policy"] | fields
    policy |= {"standard": rule, "high": rule}
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    drafted = run(home, "topics", "draft-policy", tmp_path / "policy.json", "--reason", "More seats.", "--as", "mia")
    draft = drafted.out.split()[1].rstrip(".")
    refused = run(home, "topics", "agree-policy", draft, "--as", "mia", code=2)
    assert "define/two-maintainers" in refused.err
    agreed = run(home, "topics", "agree-policy", draft, "--as", "max")
    assert re.search(r"It binds from epoch \d+\.", agreed.out)
    policies = run(home, "topics", "policy").json()
    assert [item["in_force"] for item in policies] == [True, False]


def test_a_text_is_erased_and_a_release_built_again_without_it(home, tmp_path):
    row = Folder(home / "releases" / SECOND).rows("data/sft/train-*.parquet")[0]
    erased = run(home, "log", "erase", row["revision"], "--ground", "personal_data")
    assert erased.out.startswith("Erased. Recorded as ")
    run(home, "epoch", "close")
    run(home, "release", "rebuild", SECOND, "--out", tmp_path / "again")
    called = call("verify", tmp_path / "again")
    assert called.code == 0
    assert "ERASED" in called.out


def test_log_files_are_published_again(home):
    shutil.rmtree(home / "log")
    assert run(home, "log", "publish").out.startswith("Wrote a log of ")
    assert run(home, "doctor").code == 0


def test_replaying_says_when_nothing_was_different(home):
    assert "The projection was as it should be." in run(home, "log", "replay").out
