"""A release in the field's own formats, read by others: Croissant by mlcroissant, PROV-JSON by prov, the card by the
Hub's tools."""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import huggingface_hub
import mlcroissant
import prov.model
import pytest
import yaml
from babel.messages.pofile import read_po
from huggingface_hub import DatasetCard

from curation.errors import InvalidInput
from curation.releases.card import render_card
from curation.releases.columns import SCHEMAS
from curation.releases.datasheets import render_datasheets
from curation.releases.derive import derive, look_around
from curation_schemas.release import CONFIGS, SPLITS
from tests.audit.tampering import Folder

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture(scope="module")
def croissant(demo):
    return mlcroissant.Dataset(str(demo.bundle() / "croissant.json"))


def plain(value):
    """A record of mlcroissant as a row: names without their path, text as text."""
    if isinstance(value, dict):
        return {name.rsplit("/", 1)[-1]: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.decode() if isinstance(value, bytes) else value


def test_mlcroissant_finds_nothing_to_say_about_the_metadata(croissant):
    issues = croissant.metadata.ctx.issues
    assert (issues.errors, issues.warnings) == (set(), set())
    assert croissant.metadata.ctx.is_v1_1()


@pytest.mark.parametrize("name", ["sft/train", "preference/train", "pluralistic/train", "reviews/train"])
def test_records_loaded_through_croissant_are_the_rows(name, croissant, demo):
    rows = Folder(demo.bundle()).rows(f"data/{name}-*.parquet")
    records = [plain(record) for record in croissant.records(name)]
    assert len(records) == len(rows)
    for record, row in zip(records, rows, strict=True):
        for column in ("example_id", "revision", "proposer", "reviewers", "messages", "chosen", "answers", "verdict"):
            if column in row:
                assert record[column] == row[column], column


def test_every_file_of_rows_and_every_column_is_described(demo):
    folder = Folder(demo.bundle())
    content = json.loads(folder.read("croissant.json"))
    files = folder.manifest()["files"]
    data = {name: entry["sha256"] for name, entry in files.items() if name.startswith("data/")}
    assert {item["contentUrl"]: item["sha256"] for item in content["distribution"]} == data
    for record_set in content["recordSet"]:
        config, split = record_set["name"].split("/")
        assert split in SPLITS
        assert [field["name"] for field in record_set["field"]] == SCHEMAS[config].names


def test_attribution_stands_on_the_fields_in_the_words_of_prov(demo):
    content = json.loads(Folder(demo.bundle()).read("croissant.json"))
    fields = {field["@id"]: field.get("equivalentProperty") for item in content["recordSet"] for field in item["field"]}
    assert fields["sft/train/proposer"] == fields["sft/train/reviewers"] == ["prov:wasAttributedTo"]
    assert fields["sft/train/sources"] == ["prov:wasDerivedFrom"]
    assert content["prov:wasRevisionOf"].endswith("1.0.0")


def test_what_croissant_says_of_simulated_data_and_of_what_was_not_measured(demo):
    content = json.loads(Folder(demo.bundle()).read("croissant.json"))
    assert content["description"].startswith("Simulated data: every person is made up.")
    assert content["rai:dataCollectionType"][0] == "Synthetic"
    assert "rai:dataDataManipulationProtocol" not in content


def test_prov_reads_each_topics_document_and_finds_who_brought_and_judged_what(demo):
    folder = Folder(demo.bundle())
    rows = [row for path in demo.bundle().glob("data/sft/*") for row in folder.rows(f"data/sft/{path.name}")]
    for topic in {row["topic"] for row in rows}:
        document = prov.model.ProvDocument.deserialize(source=str(demo.bundle() / f"prov/{topic}.json"), format="json")
        said = {
            kind: {tuple(str(value) for _, value in record.formal_attributes[:2]) for record in found}
            for kind in (prov.model.ProvAttribution, prov.model.ProvAssociation, prov.model.ProvDerivation)
            for found in [document.get_records(kind)]
        }
        for row in (row for row in rows if row["topic"] == topic):
            example = f"example:{row['example_id']}"
            assert (example, f"person:{row['proposer']}") in said[prov.model.ProvAttribution]
            for reviewer in row["reviewers"]:
                judging = (f"round:{row['example_id']}", f"person:{reviewer}")
                assert judging in said[prov.model.ProvAssociation]
            for source in row["sources"]:
                assert (example, f"source:{source}") in said[prov.model.ProvDerivation]


def test_the_card_has_every_section_of_the_hubs_template_and_leaves_none_open(demo):
    template = Path(huggingface_hub.__file__).parent / "templates" / "datasetcard_template.md"
    wanted = re.findall(r"^#{2,4} (.+?)(?: \[optional\])?$", template.read_text("utf-8"), re.MULTILINE)
    card = Folder(demo.bundle()).read("README.md").decode()
    headings = re.findall(r"^#{2,4} (.+)$", card, re.MULTILINE)
    places = [headings.index(name) for name in wanted]
    assert len(wanted) > 15
    assert places == sorted(places)
    assert "more information needed" not in card.lower()
    bold = re.findall(r"^(?:- )?\*\*(.+?)(?: \[optional\])?:\*\*", template.read_text("utf-8"), re.MULTILINE)
    for name in bold:
        assert f"**{name}:**" in card, name


def test_the_card_says_how_often_the_rules_accept(demo):
    card = Folder(demo.bundle()).read("README.md").decode()
    rows = re.findall(r"^\| (\d+), (\d+), (\d+) % \| (\d+) \| (.+) \|$", card, re.MULTILINE)
    assert rows
    for seats, accepts, share, perspectives, said in rows:
        counts = range(max(int(accepts), math.ceil(int(share) * int(seats) / 100)), int(seats) + 1)

        def passes(chance, seats=int(seats), counts=counts):
            return sum(math.comb(seats, n) * chance**n * (1 - chance) ** (seats - n) for n in counts)

        others = int(perspectives) - 1
        wanted = [passes(most) ** others * passes(one) for most, one in ((0.9, 0.9), (0.9, 0.3), (0.95, 0.05))]
        assert said == " | ".join(f"{chance:.1%}".replace("%", " %") for chance in wanted)


def test_the_hubs_own_reader_takes_the_cards_yaml(demo):
    card = DatasetCard.load(demo.bundle() / "README.md")
    assert card.data.language == ["en", "fr", "zh"]
    assert {"evenhand", "simulated"} <= set(card.data.tags)
    assert card.data.size_categories == ["n<1K"]


@pytest.fixture(scope="module")
def facts(demo):
    """What the second release's texts are made of."""
    folder = Folder(demo.bundle())
    leaves = folder.leaves()
    log = folder.manifest()["log"]
    asked = look_around(lambda start, end: leaves[start:end], log["rows_at"], log["size"], log["origin"], {})
    return derive(lambda start, end: leaves[start:end], asked, lambda *_: None).facts


def test_a_card_with_an_open_section_stops_the_build(facts):
    with pytest.raises(InvalidInput, match="a section is left open"):
        render_card(facts, {}, "Where it comes from: [More Information Needed]")


@pytest.mark.parametrize("empty", [[], ["preference"]])
@pytest.mark.parametrize("full", [True, False])
def test_the_card_says_what_a_dash_is_where_there_is_one(facts, empty, full):
    splits = dict.fromkeys(SPLITS, 1) if full else {"train": 1}
    rows = {config: splits for config in facts.rows.keys() | {"preference"} if config not in empty}
    rows |= {config: dict.fromkeys(SPLITS, 1) for config in CONFIGS if config not in rows and config not in empty}
    card = render_card(replace(facts, rows=rows), {}, "").decode()
    assert ("A dash is an empty split." in card) == (not full)
    assert ("therefore without a file: preference." in card) == bool(empty)


def test_plots_are_well_formed_without_script_and_say_what_they_show(demo):
    for name in ("positions", "acceptance"):
        content = Folder(demo.bundle()).read(f"plots/{name}.svg").decode()
        root = ET.fromstring(content)
        assert root.attrib["aria-label"]
        assert not re.search("<script|href|url\\(|@import", content)


def test_each_language_has_a_datasheet_in_its_own_words(demo):
    folder = Folder(demo.bundle())
    sheets = {name: folder.read(f"datasheets/{name}.md").decode() for name in ("en", "fr", "zh-Hans")}
    assert "Simulated data." in sheets["en"]
    assert "Données simulées." in sheets["fr"]
    assert "模拟数据" in sheets["zh-Hans"]
    rows = [
        row for path in demo.bundle().glob("data/*/*") for row in folder.rows(f"data/{path.parent.name}/{path.name}")
    ]
    french = sum(row.get("language") == "fr" and "proposer" in row for row in rows)
    assert f"contient {french} exemples" in sheets["fr"]


@pytest.mark.parametrize(
    ("language", "total", "said"),
    [
        ("en", 0, "holds no example"),
        ("en", 1, "holds one example in"),
        ("en", 2, "holds 2 examples"),
        ("fr", 1, "contient un exemple dans"),
        ("zh-Hans", 1, "样例 1 条"),
    ],
)
def test_a_datasheet_counts_as_its_language_does(facts, language, total, said):
    topic = facts.topics()[0].id
    figures = replace(facts.figures, examples={("sft", topic, language): total} if total else {})
    sheet = render_datasheets(replace(facts, figures=figures))[f"datasheets/{language}.md"].decode()
    assert said in sheet


def test_chinese_datasheets_use_the_words_of_the_pages(facts):
    with (ROOT / "api/curation_api/pages/locale/zh_Hans/messages.po").open("rb") as file:
        pages = read_po(file)
    sheet = render_datasheets(facts)["datasheets/zh-Hans.md"].decode()
    for message in ("Examples", "accepted", "Topics", "Empty seats"):
        (found,) = (item for item in pages if item.id == message)
        assert str(found.string) in sheet, message
    assert "评审人" in sheet
    assert not re.search("评审者|示例|[「」]", sheet)


def test_the_citation_names_version_log_and_the_logs_own_date(demo):
    folder = Folder(demo.bundle())
    citation = yaml.safe_load(folder.read("CITATION.cff"))
    manifest = folder.manifest()
    assert citation["version"] == manifest["version"]
    assert citation["identifiers"][0]["value"] == f"{manifest['log']['origin']}@{manifest['log']['rows_at']}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", citation["date-released"])


def test_the_difference_says_what_was_removed_why_and_by_which_leaf(demo):
    folder = Folder(demo.bundle())
    said = json.loads(folder.read("diff.json"))
    stones = {row["example_id"]: row for row in folder.rows("data/tombstones/*")}
    assert {item["example"] for items in said["removed"].values() for item in items} == set(stones)
    for kind, items in said["removed"].items():
        for item in items:
            stone = stones[item["example"]]
            assert (kind, item["reason"], item["event"]) == (stone["kind"], stone["reason"], stone["event"])
    changelog = folder.read("CHANGELOG.md").decode()
    assert all(example in changelog for example in [*said["added"], *stones])
