"""CITATION.cff by the format's own schema, and the card's BibTeX, whatever the dataset is called."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from curation.releases.card import render_card
from curation.releases.derive import derive, look_around
from curation.releases.papers import render_citation
from tests.audit.tampering import Folder

SCHEMA = json.loads((Path(__file__).parent / "cff" / "schema-1.2.0.json").read_text("utf-8"))
ODD = "Guns: «who's #1»? {50 %} – ¿sí? 枪 `x` \\end{} & ~<b>_|^ \"q\" - 'y': no"
DATASETS: dict[str, dict[str, Any]] = {
    "the pilot": {},
    "odd": {
        "title": {"fr": ODD},
        "description": {"fr": "- *un*\n\n: deux #"},
        "licenses": ["CC0-1.0", "CC-BY-SA-4.0", "CC0-1.0"],
        "simulated": False,
    },
    "a licence that the format does not know": {"title": {"en": "@yes: 1.0"}, "licenses": ["LicenseRef-ours", "MIT"]},
}


@pytest.fixture(scope="module")
def facts(demo):
    folder = Folder(demo.bundle())
    leaves, log = folder.leaves(), folder.manifest()["log"]
    asked = look_around(lambda start, end: leaves[start:end], log["rows_at"], log["size"], log["origin"])
    return derive(lambda start, end: leaves[start:end], asked, lambda *_: None).facts


def named(facts, changed):
    definitions = copy.copy(facts.definitions)
    definitions.terms = facts.terms.model_copy(update=changed)
    return replace(facts, definitions=definitions)


@pytest.mark.parametrize("name", DATASETS)
def test_the_citation_file_is_valid_whatever_the_dataset_is_called(name, facts):
    made = named(facts, DATASETS[name])
    content = yaml.safe_load(render_citation(made))
    assert [error.message for error in Draft7Validator(SCHEMA).iter_errors(content)] == []
    title = DATASETS[name].get("title", made.terms.title)
    assert content["title"].startswith(next(iter(title.values())))
    assert content["title"].endswith("(simulated data)") == made.terms.simulated
    assert ("license" in content) == ("LicenseRef-ours" not in made.terms.licenses)


def test_the_schema_refuses_what_is_no_citation(facts):
    content = yaml.safe_load(render_citation(facts))
    wrong: list[dict[str, Any]] = [
        {"title": ""},
        {"license": "LicenseRef-ours"},
        {"date-released": "2026"},
        {"authors": []},
    ]
    for broken in wrong:
        assert list(Draft7Validator(SCHEMA).iter_errors(content | broken)), broken


def test_an_odd_title_stays_text_in_the_cards_heading_and_bibtex(facts):
    card = render_card(named(facts, DATASETS["odd"]), {}, "").decode()
    front, bibtex = yaml.safe_load(card.split("---\n")[1]), card.split("```bibtex\n")[1].split("```")[0]
    assert front["pretty_name"] == ODD
    assert bibtex.count("{") == bibtex.count("}")
    assert r"\#1»? \textbraceleft{}50 \%\textbraceright{}" in bibtex
    assert r"枪 \textasciigrave{}x" in bibtex
    assert "<b>" not in card.split("---\n", 2)[2].split("```bibtex")[0]
