"""`evenhand probe evenhandedness` from pairs and a known model to reports, comparisons and a judge's word."""

from __future__ import annotations

import json
import re

import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from curation.probing.evenhandedness_files import read_evenhandedness_report
from curation.probing.pair_sources import read_paired_prompts
from curation_schemas.published import json_schemas
from curation_validators.probes.asking import Answer
from curation_validators.probes.evenhandedness import measure_evenhandedness, read_all
from curation_validators.probes.prompt_pairs import render_pairs
from tests.audit.demo import call
from tests.probes.model_server import serving

TOPICS, EACH, FEW = 20, 3, 4
RUN = ["probe", "evenhandedness", "--draws", 400]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    path = tmp_path_factory.mktemp("pairs") / "harbour.csv"
    rows = [f"t{t},open,closed,Praise open {t}.{n},Praise <closed> {t}.{n}" for t in range(TOPICS) for n in range(EACH)]
    path.write_text("\n".join(["topic,side_a,side_b,prompt_a,prompt_b", *rows]), "utf-8")
    return path


def planted(pairs, out, plant, *more):
    return call(*RUN, "--backend", "planted", "--pairs", pairs, "--plant", plant, "--out", out, *more)


@pytest.fixture(scope="module")
def reported(pairs, tmp_path_factory):
    out = tmp_path_factory.mktemp("report")
    called = planted(pairs, out, "refuse_b=0.6,acknowledge_a=1,longer=0.4", "--json")
    assert (called.code, called.err) == (0, "")
    return out, called.json()


def test_a_planted_difference_is_found_and_reported(reported):
    _, report = reported
    (result,) = report["results"]
    figures = {item["measure"]: item for item in result["figures"]}
    assert (result["pairs"], result["clusters"], result["clustered_by"]) == (TOPICS * EACH, TOPICS, "topic")
    low, high = figures["refused"]["difference"]["low"], figures["refused"]["difference"]["high"]
    assert low <= -0.6 <= high
    assert figures["refused"]["finding"]
    assert figures["acknowledges"]["difference"]["value"] == 1
    assert figures["length"]["difference"]["value"] == pytest.approx(0.42, abs=0.06)  # 15 sentences to 10, and one more
    assert "quality" not in figures
    assert any("No judge was asked" in note for note in report["notes"])
    assert report["detectors"][0]["language"] == "en"


def test_a_report_is_what_its_schema_says_and_is_computed_again_from_its_items(reported, pairs):
    out, report = reported
    Draft202012Validator(json.loads(json_schemas()["probe-evenhandedness.schema.json"])).validate(report)
    rows = pq.read_table(out / "items.parquet").to_pylist()
    answers = {row["item"]: Answer(row["item"], text=row["answer"], ending=row["ending"]) for row in rows}
    items = render_pairs(read_paired_prompts(pairs), ["en"], 512)
    again = measure_evenhandedness(items, read_all(items, answers), model="planted", level="base", draws=400)
    assert again == read_evenhandedness_report(out).results[0]


def test_the_page_opens_from_disk_needs_nothing_else_and_escapes_what_is_foreign(reported, tmp_path):
    out, _ = reported
    page = (out / "index.html").read_text("utf-8")
    assert page.count("<svg") == 2
    assert not re.search(r"<script|<link|https?:|@import|url\(", page)
    assert "findings: refused -0." in page
    assert "## Even-handedness" in (out / "card.md").read_text("utf-8")
    path = tmp_path / "foreign.csv"
    path.write_text("topic,prompt_a,prompt_b\n<b>bold,one,other\n", "utf-8")
    planted(path, tmp_path / "out", "")
    assert "&lt;b&gt;bold" in (tmp_path / "out" / "index.html").read_text("utf-8")


def test_what_changed_between_two_reports_is_told(reported, pairs, tmp_path):
    before, _ = reported
    after = planted(pairs, tmp_path / "after", "acknowledge_a=1,longer=0.4", "--compare", before, "--json").json()
    page = tmp_path / "shift.html"
    compared = call("probe", "compare", before, tmp_path / "after", "--out", page, "--json")
    assert (compared.code, compared.err) == (0, "")
    (shift,) = compared.json()["shifts"]
    assert after["shifts"] == [shift]
    refused = shift["figures"][0]
    assert (refused["measure"], refused["finding"], refused["after"]) == ("refused", True, 0)
    assert refused["shift"]["value"] == -refused["before"] > 0.3
    assert shift["same_after"] == 1
    assert "refused" in page.read_text("utf-8")
    other = planted(pairs, tmp_path / "other", "", "--most", 2)
    assert other.code == 1
    called = call("probe", "compare", before, tmp_path / "other")
    assert (called.code, "did not ask the same prompts" in called.err) == (2, True)


def test_a_chat_model_is_asked_and_judged_and_the_run_goes_on_where_it_stopped(pairs, tmp_path):
    """The server's text is the letter A: three letters too few to refuse, so that both sides are judged."""
    with serving(lambda prompt: 1.0) as served:
        server = ["--backend", "chat", "--url", served.url, "--model", "tiny", "--most", FEW]
        judge = ["--judge-url", served.url, "--judge-model", "judge"]
        first = call(*RUN, "--pairs", pairs, *server, *judge, "--out", tmp_path, "--json")
        asked = served.prompts
        second = call(*RUN, "--pairs", pairs, *server, *judge, "--out", tmp_path, "--json")
        assert served.prompts == asked == FEW * (2 + 6)
    assert second.json() == first.json()
    (result,) = first.json()["results"]
    assert result["judge"]["measured"] == result["judge"]["asked"] == FEW * 6
    assert result["judge"]["position_bias"] == pytest.approx(1)
    quality = next(item for item in result["figures"] if item["measure"] == "quality")
    assert quality["difference"]["value"] == 0
    rows = pq.read_table(tmp_path / "items.parquet").to_pylist()
    assert [row["judging"] for row in rows].count("quality") == FEW * 2
    assert sum(row["logprob_a"] is not None for row in rows) == FEW * 6
    unjudged = planted(pairs, tmp_path / "unjudged", "", "--most", FEW)
    assert unjudged.code == 1
    called = call("probe", "compare", tmp_path, tmp_path / "unjudged")
    assert (called.code, "were not judged by one judge" in called.err) == (2, True)


def test_recorded_answers_come_in_by_prompt_and_what_is_missing_is_named(pairs, tmp_path):
    lines = [
        {"prompt": f"Praise {side} {t}.0", "text": "The harbour feeds the town, and the town knows what it owes it."}
        for t in range(TOPICS)
        for side in ("open", "<closed>")
    ]
    lines[0]["text"] = ""
    answers = tmp_path / "tiny.jsonl"
    answers.write_text("\n".join(map(json.dumps, lines[:-1])), "utf-8")
    run = [*RUN, "--backend", "recorded", "--recorded", answers, "--pairs", pairs, "--most", TOPICS]
    called = call(*run, "--out", tmp_path / "out", "--json")
    (result,) = called.json()["results"]
    assert result["not_measured"] == {"no recorded answer": 1, "the answer is empty": 1}
    assert (result["pairs"], result["outcome"]) == (TOPICS - 2, "insufficient")


def test_a_dry_run_asks_nothing(pairs, tmp_path):
    server = ["--backend", "chat", "--url", "http://127.0.0.1:9", "--model", "tiny"]
    called = call(*RUN, "--pairs", pairs, *server, "--out", tmp_path / "out", "--dry-run", "--json")
    assert called.json()["prompts"] == TOPICS * EACH * 2
    assert called.json()["tokens_about"] > TOPICS * EACH * 2 * 512
    assert "judge" not in called.json()
    judge = ["--judge-url", "http://127.0.0.1:9", "--judge-model", "j"]
    judged = call(*RUN, "--pairs", pairs, *server, *judge, "--out", tmp_path / "out", "--dry-run", "--json").json()
    # Six questions a pair: two that hold both answers, four that hold one.
    assert judged["judge"]["prompts"] == TOPICS * EACH * 6
    assert judged["judge"]["tokens_about"] > TOPICS * EACH * 8 * 512
    assert judged["tokens_about"] == called.json()["tokens_about"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pairs", "README.md"], "README.md: has no column prompt_a and prompt_b"),
        (["--pairs", "no-such-file.csv"], "no-such-file.csv: cannot be read"),
        (["--pairs", "docs"], "manifest.json"),
        (["--languages", "xx"], "xx: there are en"),
        (["--plant", "refuse_c=1"], "--plant: names none of refuse_a"),
        (["--plant", "refuse_a=2"], "--plant: wants shares from 0 to 1"),
        (["--judge-model", "judge"], "name the judge's server and model"),
        (["--compare", "README.md"], "is no report of the probe «even-handedness»"),
    ],
)
def test_a_wrong_call_is_told_what_to_do(arguments, message, pairs, tmp_path):
    given = [] if "--pairs" in arguments else ["--pairs", pairs]
    called = call(*RUN, "--backend", "planted", "--out", tmp_path / "out", *given, *arguments)
    assert called.code in (1, 2)
    assert message in " ".join(re.sub("[│╭╮╰╯─]", " ", called.err).split())
    assert not (tmp_path / "out").exists()
