"""`evenhand probe` from a server to a report, and every wrong call."""

from __future__ import annotations

import json
import re
from hashlib import sha256

import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from curation.probing.files import read_lean_report
from curation_schemas.published import json_schemas
from curation_validators.probes.asking import Answer, OptionScore
from curation_validators.probes.lean import measure_lean
from curation_validators.probes.lean_items import builtin_lean_instrument, render_items
from tests.audit.demo import call
from tests.probes.model_server import serving

KEY = "sk-not-to-be-seen"
LEAN = {"United States": 0.5, "China": -0.5}
OPTION = re.compile(r"^([AB])\) (.+)$", re.MULTILINE)
ASK = ["probe", "geopolitical", "--languages", "en", "--scenarios", 20, "--draws", 100]


def odds(prompt, lean=LEAN, position=0.5):
    named = dict(OPTION.findall(prompt))
    return position + lean.get(named["A"], 0.0) - lean.get(named["B"], 0.0)


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """A run against a server, with its folder, what it printed and what the server saw."""
    out = tmp_path_factory.mktemp("probe") / "out"
    with serving(odds) as served, pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVENHAND_TEST_KEY", KEY)
        server = [
            "--backend",
            "completions",
            "--url",
            served.url,
            "--model",
            "tiny",
            "--api-key-env",
            "EVENHAND_TEST_KEY",
        ]
        called = call(*ASK, *server, "--out", out, "--batch", 64, "--json")
    assert (called.code, called.err) == (0, "")
    return out, called, served


def test_a_lean_is_measured_through_a_server_and_reported(reported):
    _, called, served = reported
    report = called.json()
    (result,) = report["results"]
    scores = {item["country"]: item for item in result["countries"]}
    assert scores["US"]["least_squares"]["value"] == pytest.approx(0.5)
    assert scores["CN"]["pair_mean"]["value"] == pytest.approx(-0.5 * 8 / 7)
    assert scores["US"]["finding"]
    assert scores["CN"]["finding"]
    assert not scores["JP"]["finding"]
    assert result["position_bias"]["value"] == pytest.approx(0.5)
    assert result["option_mass"]["mean"] == pytest.approx(1)
    assert served.prompts == result["items"] == result["measured"] == 20 * 28 * 4
    assert len(served.asked) == 35


def test_a_report_is_what_its_schema_says(reported):
    _, called, _ = reported
    schema = json.loads(json_schemas()["probe-geopolitical.schema.json"])
    Draft202012Validator(schema).validate(called.json())


def test_a_report_is_computed_again_from_its_items(reported):
    out, _, _ = reported
    rows = pq.read_table(out / "items.parquet").to_pylist()
    items = render_items(builtin_lean_instrument(), ["en"], scenarios=20)
    found = {
        row["item"]: Answer(row["item"], (OptionScore(row["logprob_a"]), OptionScore(row["logprob_b"]))) for row in rows
    }
    again = measure_lean(items, found, builtin_lean_instrument().countries, model="tiny", level="base", draws=100)
    assert again == read_lean_report(out).results[0]


def test_the_key_reaches_the_server_and_no_file(reported):
    out, called, served = reported
    assert served.keys == {f"Bearer {KEY}"}
    assert KEY not in called.out
    for path in out.iterdir():
        assert KEY.encode() not in path.read_bytes()


def test_the_page_opens_from_disk_and_needs_nothing_else(reported):
    out, _, _ = reported
    page = (out / "index.html").read_text("utf-8")
    assert page.count("<svg") == 1
    assert not re.search(r"<script|<link|https?:|@import|url\(", page)
    assert "Findings: US +0.57 (base, en)" in page
    assert "## Geopolitical lean" in (out / "card.md").read_text("utf-8")


def test_a_second_run_asks_nothing_and_reports_the_same(reported, monkeypatch):
    out, called, served = reported
    monkeypatch.setenv("EVENHAND_TEST_KEY", KEY)
    server = ["--backend", "completions", "--url", served.url, "--model", "tiny"]
    assert call(*ASK, *server, "--out", out, "--json").json() == called.json()


def planted(out, plant, *more):
    return call(*ASK, "--backend", "planted", "--plant", plant, "--out", out, *more)


def test_a_shift_since_an_earlier_report_is_told_with_its_odds_ratio(tmp_path):
    planted(tmp_path / "before", "US=0.6")
    after = planted(tmp_path / "after", "US=0.2", "--compare", tmp_path / "before", "--json").json()
    (shift,) = [item for item in after["shifts"] if item["kind"] == "training"]
    (america,) = [item for item in shift["countries"] if item["country"] == "US"]
    assert america["shift"]["value"] == pytest.approx(-0.4)
    assert america["odds_ratio"] == pytest.approx(0.67032, abs=1e-5)
    card = (tmp_path / "after" / "card.md").read_text("utf-8")
    assert "- Shift (training), `planted, base, en` → `planted, base, en`: US -0.40" in card
    page = tmp_path / "shift.html"
    compared = call("probe", "compare", tmp_path / "before", tmp_path / "after", "--out", page, "--json")
    assert compared.code == 0
    assert compared.json()["shifts"] == [shift]
    assert "<svg" in page.read_text("utf-8")


def test_languages_are_compared_with_the_first(tmp_path):
    report = planted(tmp_path, "US=0.6", "--languages", "zh,fr", "--json").json()
    assert [item["language"] for item in report["results"]] == ["zh", "fr"]
    assert [(item["first"], item["second"]) for item in report["shifts"]] == [("base, zh", "base, fr")]


def test_a_report_is_bound_to_the_release_that_the_model_was_trained_on(tmp_path):
    log = {"origin": "example.org/tiny", "size": 3, "root": "0" * 64, "rows_at": 3}
    said = {"dataset": "tiny", "version": "1.2.0", "previous": None, "simulated": True, "log": log, "policy": "1" * 64}
    manifest = json.dumps({"schema": "evenhand/manifest/v1", **said, "writers": {}, "rows": {}, "files": {}}).encode()
    (tmp_path / "manifest.json").write_bytes(manifest)
    release = planted(tmp_path / "out", "", "--release", tmp_path, "--json").json()["binding"]["release"]
    assert release == {"dataset": "tiny", "version": "1.2.0", "manifest_sha256": sha256(manifest).hexdigest()}
    assert planted(tmp_path / "out", "", "--release", tmp_path / "out").code == 1


def test_what_was_not_measured_is_told_and_the_command_fails(tmp_path):
    with serving(odds, logprobs=False) as served:
        server = ["--backend", "chat", "--url", served.url, "--model", "tiny"]
        called = call(*ASK, "--scenarios", 1, *server, "--out", tmp_path)
    assert called.code == 1
    assert "112 items not measured: the server returns no log-probabilities." in called.out
    assert "insufficient" in called.out
    assert "Too little was measured for any finding." in (tmp_path / "index.html").read_text("utf-8")


def test_a_dry_run_says_what_it_takes_and_asks_nothing(tmp_path):
    server = ["--backend", "completions", "--url", "http://127.0.0.1:9", "--model", "tiny"]
    called = call(*ASK, *server, "--out", tmp_path / "out", "--dry-run", "--price", 2, "--json")
    assert called.json()["prompts"] == 2240
    assert called.json()["requests"] == 140
    assert 100_000 < called.json()["tokens_about"] < 300_000
    assert called.json()["price_about"] == pytest.approx(called.json()["tokens_about"] * 2e-6)
    assert not (tmp_path / "out").exists()


def test_prompts_go_out_and_recorded_answers_come_in(tmp_path):
    printed = call("probe", "prompts", "--languages", "zh", "--scenarios", 20).out
    lines = [json.loads(line) for line in printed.splitlines()]
    assert len(lines) == 2240
    answers = tmp_path / "tiny.jsonl"
    answers.write_text(
        "\n".join(json.dumps({"id": line["id"], "logprobs": {"A": -0.1, "B": -2.5}}) for line in lines[1:]), "utf-8"
    )
    run = ["probe", "geopolitical", "--languages", "zh", "--scenarios", 20, "--draws", 100, "--backend", "recorded"]
    report = call(*run, "--recorded", answers, "--out", tmp_path / "out", "--json").json()
    assert report["binding"]["model"] == "tiny"
    assert report["results"][0]["not_measured"] == {"no recorded answer": 1}
    assert report["results"][0]["swap_consistency"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--backend", "completions"], "name the server and the model"),
        (["--backend", "completions", "--url", "nonsense", "--model", "m"], "--url: is no address of a server"),
        (["--backend", "chat", "--chat-template", "off"], "a chat server always applies its template"),
        (["--backend", "completions", "--chat-template", "on"], "name the template's file with --template"),
        (["--backend", "planted", "--plant", "XX=1"], "--plant: names none of US, CN"),
        (["--backend", "planted", "--plant", "US=much"], "--plant: holds what is no number"),
        (["--backend", "planted", "--plant", "mass=2"], "--plant: wants a mass over 0"),
        (["--backend", "planted", "--plant", "US=1e308,noise=1e308"], "--plant: wants log-odds from −50 to 50"),
        (["--backend", "planted", "--plant", "A=nan"], "--plant: wants log-odds from −50 to 50"),
        (["--backend", "planted", "--model-sha256", "xyz"], "is no SHA-256"),
        (["--backend", "planted", "--dry-run", "--price", "inf"], "is no number"),
        (["--backend", "planted", "--timeout", "inf"], "is no number"),
        (["--backend", "planted", "--languages", "en,xx"], "xx: there are en, fr, zh"),
        (["--backend", "recorded"], "name the file of answers"),
        (["--backend", "planted", "--compare", "README.md"], "is no report of the probe «geopolitical»"),
        (["--backend", "planted", "--instrument", "README.md"], "is no instrument for the geopolitical lean"),
    ],
)
def test_a_wrong_call_is_told_what_to_do(arguments, message, tmp_path):
    called = call("probe", "geopolitical", "--out", tmp_path / "out", *arguments)
    assert called.code == 2
    assert message in " ".join(re.sub("[│╭╮╰╯─]", " ", called.err).split())
    assert not (tmp_path / "out").exists()


def test_a_template_that_is_no_text_is_named(tmp_path):
    (tmp_path / "template").write_bytes(b"\xff\xfe")
    server = ["--backend", "completions", "--url", "http://127.0.0.1:9", "--model", "m"]
    called = call(
        "probe",
        "geopolitical",
        *server,
        "--chat-template",
        "on",
        "--template",
        tmp_path / "template",
        "--out",
        tmp_path / "out",
    )
    assert called.code == 2
    assert "is no text in UTF-8" in called.err


def test_reports_on_other_prompts_are_not_compared(tmp_path):
    planted(tmp_path / "one", "")
    planted(tmp_path / "two", "", "--scenarios", 21)
    called = call("probe", "compare", tmp_path / "one", tmp_path / "two")
    assert called.code == 2
    assert "did not ask the same prompts" in called.err
