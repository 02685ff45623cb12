"""The datasets that ship with the project are what their schemas say, and say that they are simulated."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.contributions import read_lines, read_people
from curation.topics.define import read_definition
from curation_schemas.contribution import JudgementLine, ProposeLine, ReviseLine
from curation_schemas.example import EXAMPLE
from curation_schemas.parsing import validate

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[2] / "datasets").glob("*/dataset.yaml"))
LINKS = ("mirrors", "translation_of", "group")


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def folder(request):
    return request.param


def brought(folder):
    return [line for line in read_lines(folder / "contributions.jsonl") if isinstance(line, (ProposeLine, ReviseLine))]


def test_a_dataset_is_defined_in_every_language_and_ships_its_guidelines(folder):
    command = read_definition(folder)
    assert command.definition.slug == folder.name
    assert {f"guidelines/{language}.md" for language in command.definition.languages} <= set(command.documents)


def test_every_example_is_what_its_schema_says_and_says_that_it_is_synthetic(folder):
    topics = {topic.id: topic for topic in read_definition(folder).definition.topics}
    for line in brought(folder):
        plain = {name: value for name, value in line.example.items() if name not in LINKS}
        example = validate(EXAMPLE, plain)
        positions = {position.id for position in topics[example.topic].positions}
        assert example.origin.kind == "synthetic", line.id
        assert set(example.positions) <= positions, line.id
        assert example.framing in {"neutral", *positions}, line.id


def test_every_topic_has_examples_in_two_languages_or_more(folder):
    languages: dict[str, set[str]] = {}
    for line in brought(folder):
        languages.setdefault(line.example["topic"], set()).add(line.example["language"])
    assert set(languages) == {topic.id for topic in read_definition(folder).definition.topics}
    assert all(len(found) >= 2 for found in languages.values())


def test_every_judgement_has_the_reasons_it_needs(folder):
    judged = [line for line in read_lines(folder / "contributions.jsonl") if isinstance(line, JudgementLine)]
    assert len([line.judgement() for line in judged]) == len(judged) > 100


def test_everybody_in_it_is_simulated_and_says_so_in_the_handle(folder):
    people = read_people(folder / "people.jsonl")
    assert people
    assert all(person.simulated and person.person.startswith("sim-") for person in people)
