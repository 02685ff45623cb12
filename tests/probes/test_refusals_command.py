"""`evenhand probe refusals` from servers, files and fakes to reports; a judge beside the rules; before and after."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from curation.probing.judging import class_of_reply
from curation.probing.refusal_files import read_refusal_report
from curation_schemas.published import json_schemas
from curation_validators.probes.asking import Answer
from curation_validators.probes.refusal import measure_refusals, read_answers
from curation_validators.probes.refusal_items import builtin_refusal_instrument, render_topics
from tests.audit.demo import call
from tests.probes.model_server import serving

PROMPTS = "\n".join(f"What happened in the year {1900 + number}, and what was said of it?" for number in range(24))
OUTSIDE = Path(os.environ.get("EVENHAND_TRIAL_DATA", Path(__file__).parents[3] / "shared" / "data")) / "deccp"
SCHEMA = json.loads(json_schemas()["probe-refusals.schema.json"])


def no_odds(_):
    raise AssertionError("a text has no options")


def planted(out, plant, *more):
    return call("probe", "refusals", "--backend", "planted", "--draws", 200, "--plant", plant, "--out", out, *more)


@pytest.fixture(scope="module")
def biased(tmp_path_factory):
    """A fake that refuses questions about one side, with its folder and what it printed."""
    out = tmp_path_factory.mktemp("refusals") / "out"
    called = planted(out, "CN=1,hedge=0.2", "--json")
    assert (called.code, called.err) == (0, "")
    return out, called


def test_a_planted_asymmetry_is_found_and_reported(biased):
    _, called = biased
    report = called.json()
    Draft202012Validator(SCHEMA).validate(report)
    (overall,) = report["overall"]
    assert [side["side"] for side in overall["sides"] if side["finding"]] == ["CN"]
    china = next(side for side in overall["sides"] if side["side"] == "CN")
    assert (china["refused"]["gained"], china["refused"]["lost"], china["refused"]["pairs"]) == (24, 0, 24)
    assert {item["language"] for item in report["results"]} == {"en", "fr", "zh"}
    fresh = [item for item in report["detector"] if (item["part"], item["language"]) == ("fresh", "all")]
    assert fresh[0]["refused"]["recall"]["value"] > 0.9


def test_a_report_is_computed_again_from_its_items(biased):
    out, _ = biased
    known = builtin_refusal_instrument()
    rows = pq.read_table(out / "items.parquet").to_pylist()
    answers = {row["item"]: Answer(row["item"], text=row["answer"], ending=row["ending"]) for row in rows}
    everything = render_topics(known, ["en", "fr", "zh"])
    read = read_answers(everything, answers)
    assert {row["item"]: row["found"] for row in rows} == read.found
    english = [item for item in everything if item.language == "en"]
    again = measure_refusals(english, read, known.sides, model="planted", level="chat", draws=200)
    assert again == read_refusal_report(out).results[0]


def test_the_page_opens_from_disk_and_needs_nothing_else(biased):
    out, _ = biased
    page = (out / "index.html").read_text("utf-8")
    assert page.count("<svg") == 2
    assert not re.search(r"<script|<link|https?:|@import|url\(", page)
    assert "Findings: China +1.00 against its mirrors (chat, all languages)" in page
    assert "How well the rules tell answers apart" in page
    assert "## Refusals" in (out / "card.md").read_text("utf-8")


def test_before_and_after_are_compared_question_by_question(biased, tmp_path):
    out, _ = biased
    planted(tmp_path / "after", "US=1,RU=1,FR=1,IN=1,GB=1,DE=1,JP=1,hedge=0.2")
    page = tmp_path / "page.html"
    compared = call("probe", "compare", out, tmp_path / "after", "--out", page, "--json")
    assert compared.code == 0
    overall = next(item for item in compared.json()["shifts"] if item["language"] == "all")
    change = overall["contested"]
    assert (change["lost"], change["gained"], change["pairs"]) == (24, 7 * 24, 264)
    turned = {side["side"]: (side["before"], side["after"]) for side in overall["sides"] if side["turned"]}
    assert turned == {"CN": (1.0, -1.0)}
    assert "turned" in page.read_text("utf-8")
    printed = call("probe", "compare", out, tmp_path / "after").out
    assert "China: its mirrors are refused or hedged more often now." in printed
    assert "which side is refused more has turned" in printed


def test_other_prompts_or_other_rules_are_not_compared(biased, tmp_path):
    out, _ = biased
    planted(tmp_path / "one", "", "--languages", "en")
    called = call("probe", "compare", out, tmp_path / "one")
    assert called.code == 2
    assert "did not ask the same prompts" in called.err
    changed = json.loads((out / "report.json").read_text("utf-8"))
    changed["rules"]["sha256"] = "0" * 64
    (tmp_path / "rules.json").write_text(json.dumps(changed), "utf-8")
    assert "by the same rules" in call("probe", "compare", out, tmp_path / "rules.json").err


def test_a_list_of_prompts_is_asked_and_a_judge_gives_a_second_opinion(tmp_path):
    prompts = tmp_path / "list.txt"
    prompts.write_text(PROMPTS, "utf-8")

    def says(prompt):
        if "<question>" in prompt:
            return "**E**" if "can't help" in prompt.split("<answer>")[1] else "I would say A."
        year = int(prompt.split("year ")[1][:4])
        if year % 4 == 0:
            return "I'm sorry, but I can't help with that."
        return f"In the year {year} three things were said of what had happened, and all of them are in the records."

    with serving(no_odds, says=says) as served:
        chat = ["--backend", "chat", "--url", served.url, "--model", "tiny", "--prompts", prompts]
        judge = ["--judge-url", served.url, "--judge-model", "wise"]
        first = call("probe", "refusals", *chat, *judge, "--out", tmp_path / "out", "--json")
        asked = served.prompts
        again = call("probe", "refusals", *chat, *judge, "--out", tmp_path / "out", "--json")
        assert served.prompts == asked == 48
    assert (first.code, first.json()) == (0, again.json())
    report = first.json()
    (result,) = report["results"]
    (rates,) = result["groups"]
    assert (rates["group"], rates["refused"]["count"], rates["refused"]["of"]) == ("prompts", 6, 24)
    assert rates["canned"]["count"] == 6
    assert (result["sides"], result["one_sided"], report["overall"]) == ([], None, [])
    (agreement,) = report["judge"]
    assert (agreement["agree"]["count"], agreement["agree"]["of"], agreement["kappa"]) == (24, 24, 1.0)
    assert "These prompts have no mirrors" in (tmp_path / "out" / "index.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("reply", "found"),
    [("A", "literal"), ("The answer is (D).", "helpful"), ("A or B", None), ("", None), ("Aha", None)],
)
def test_a_judges_reply_is_a_class_or_nothing(reply, found):
    assert class_of_reply(reply) == found


def release_with(folder, rows):
    log = {"origin": "example.org/tiny", "size": 3, "root": "0" * 64, "rows_at": 3}
    said = {"dataset": "tiny", "version": "1.2.0", "previous": None, "simulated": True, "log": log, "policy": "1" * 64}
    manifest = json.dumps({"schema": "evenhand/manifest/v1", **said, "writers": {}, "rows": {}, "files": {}})
    (folder / "manifest.json").write_text(manifest)
    (folder / "data" / "prompts").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "data" / "prompts" / "test-00000000.parquet")


def test_a_releases_prompts_are_asked_where_they_lie(tmp_path):
    one = [{"role": "user", "content": "What is known of it, and what is not?"}]
    two = [{"role": "system", "content": "Be brief."}, *one]
    rows = [
        {"example_id": f"ex_{number}", "language": language, "prompt": prompt}
        for number, (language, prompt) in enumerate([("zh-Hans", one), ("en", one), ("en", two), ("de", one)])
    ]
    release_with(tmp_path, rows)
    called = planted(tmp_path / "out", "prompts=1", "--prompts", tmp_path, "--json")
    report = called.json()
    assert called.code == 1  # two answers are too few for a rate
    assert report["binding"]["instrument"] == "prompts of tiny 1.2.0"
    assert [(item["language"], item["items"]) for item in report["results"]] == [("en", 1), ("zh", 1)]
    assert "1 prompts of several messages were left out: a probe asks one." in report["notes"]


@pytest.mark.skipif(not OUTSIDE.exists(), reason="the shared prompts are not here")
def test_others_lists_of_prompts_are_read_where_they_lie(tmp_path):
    called = planted(tmp_path / "out", "prompts=0.5", "--prompts", OUTSIDE / "censored.txt", "--json")
    assert called.code == 0
    lines = (OUTSIDE / "censored.txt").read_text("utf-8").splitlines()
    assert sum(item["items"] for item in called.json()["results"]) == sum(bool(line.strip()) for line in lines)


def test_what_could_not_be_measured_is_told_and_the_run_goes_on_later(tmp_path):
    prompts = tmp_path / "list.txt"
    prompts.write_text(PROMPTS, "utf-8")
    with serving(no_odds, always=400) as served:
        chat = ["--backend", "chat", "--url", served.url, "--model", "tiny", "--prompts", prompts]
        called = call("probe", "refusals", *chat, "--out", tmp_path / "out")
        assert called.code == 1
        assert "24 not measured: the server answers 400: no." in called.out
        assert "nothing measured" in called.out
        served.always, served.says = None, lambda prompt: ""
        called = call("probe", "refusals", *chat, "--out", tmp_path / "out")
    assert called.code == 1
    assert "24 answers are empty: they are in no rate." in called.out


def test_prompts_go_out_and_recorded_texts_come_in(tmp_path):
    printed = call("probe", "prompts", "refusals", "--languages", "fr").out
    lines = [json.loads(line) for line in printed.splitlines()]
    assert set(lines[0]) == {"id", "language", "prompt", "max_tokens"}
    answers = tmp_path / "tiny.jsonl"
    answers.write_text(
        "\n".join(json.dumps({"id": line["id"], "text": "Je ne peux pas vous aider."}) for line in lines[1:]), "utf-8"
    )
    run = ["probe", "refusals", "--backend", "recorded", "--recorded", answers, "--languages", "fr", "--draws", 200]
    called = call(*run, "--out", tmp_path / "out", "--json")
    contested, controls = called.json()["results"][0]["groups"]
    assert contested["not_measured"] == {"no recorded answer": 1}
    assert (contested["refused"]["count"], controls["refused"]["count"]) == (87, 16)
    assert any("refuses in general" in note for note in called.json()["notes"])


def test_a_dry_run_says_what_it_takes(tmp_path):
    longer = planted(tmp_path / "out", "", "--dry-run", "--json", "--max-tokens", 1024)
    called = planted(tmp_path / "out", "", "--dry-run", "--json")
    assert longer.json()["tokens_about"] - called.json()["tokens_about"] == 512 * called.json()["prompts"]
    assert called.json()["prompts"] == 3 * builtin_refusal_instrument().topics
    assert called.json()["tokens_about"] > 512 * called.json()["prompts"]
    judged = planted(tmp_path / "out", "", "--dry-run", "--judge-url", "http://127.0.0.1:9", "--judge-model", "j").out
    assert f"The judge: at most {called.json()['prompts']} prompts" in judged
    assert not (tmp_path / "out").exists()


def test_precision_and_recall_are_printed():
    printed = call("probe", "rules").out
    assert "fresh, all: 90 answers" in printed
    assert re.search(r"refused +\d+ of \d+ \(\d+%", printed)
    said = call("probe", "rules", "--json").json()
    assert {item["part"] for item in said["quality"]} == {"seen", "fresh"}


def test_your_own_labelled_answers_are_read(tmp_path):
    own = tmp_path / "own.jsonl"
    line = {"id": "a", "language": "en", "label": "unhelpful", "asked": "Why?", "answer": "I can't help with that."}
    own.write_text(json.dumps(line))
    assert "all, en: 1 answers, 1 of 1" in call("probe", "rules", "--labelled", own).out
    own.write_text('{"id": "a"}')
    called = call("probe", "rules", "--labelled", own)
    assert (called.code, "line 1 is no labelled answer" in called.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--plant", "XX=1"], "names no side, nor controls, prompts or hedge"),
        (["--plant", "CN=2"], "wants shares between 0 and 1"),
        (["--plant", "CN=much"], "holds what is no number"),
        (["--instrument", "README.md"], "is no instrument for refusals"),
        (["--instrument", "README.md", "--prompts", "README.md"], "name an instrument or prompts, not both"),
        (["--languages", "zh", "--prompts", "LICENSE"], "holds no prompts in zh"),
        (["--prompts", "docs"], "holds no release's manifest"),
        (["--judge-url", "http://h"], "name the judge's server and model"),
        (["--judge-url", "nonsense", "--judge-model", "m"], "is no address of a server"),
    ],
)
def test_a_wrong_call_is_told_what_to_do(arguments, message, tmp_path):
    called = call("probe", "refusals", "--backend", "planted", "--out", tmp_path / "out", *arguments)
    assert called.code in (1, 2)
    assert message in " ".join(re.sub("[│╭╮╰╯─]", " ", called.err).split())
    assert not (tmp_path / "out").exists()
