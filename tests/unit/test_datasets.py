"""The datasets that ship with the project are what their schemas say, and say that they are simulated."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from curation.contributions import read_lines, read_people
from curation.topics.define import read_definition
from curation_schemas.contribution import JudgementLine, ProposeLine, ReviseLine
from curation_schemas.example import EXAMPLE
from curation_schemas.parsing import validate

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "datasets").glob("*/dataset.yaml"))
PILOT = ROOT / "datasets" / "contested-pilot"
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


# --- the pilot --------------------------------------------------------------------------------------------------------

CHINA = {"taiwan-status", "beijing-1989", "xinjiang-policies"}
WEST = {"us-gun-policy", "europe-migration", "europe-nuclear"}
NEITHER = {"kashmir-status", "western-sahara"}
CONVERSATIONS = ("messages", "prompt", "chosen", "rejected")
KIND_NAMES = {"sft": "conversations", "prompt": "prompts", "preference": "preference pairs"}


def proposed():
    return [line.example for line in read_lines(PILOT / "contributions.jsonl") if isinstance(line, ProposeLine)]


def test_pilot_has_topics_of_china_of_the_west_and_of_neither_with_two_sides_or_more():
    topics = {topic.id: topic for topic in read_definition(PILOT).definition.topics}
    assert set(topics) == CHINA | WEST | NEITHER
    for topic in topics.values():
        required = {perspective.id for perspective in topic.perspectives if perspective.required}
        assert len(required) >= 2, topic.id
        assert 2 <= len(topic.positions) <= 4, topic.id
        assert {position.held_by for position in topic.positions} == required, topic.id


def test_every_text_of_the_pilots_definition_stands_in_its_three_languages():
    definition = read_definition(PILOT).definition
    assert set(definition.languages) == {"en", "fr", "zh-Hans"}

    def check(value, where):
        if isinstance(value, dict) and "en" in value:
            assert set(value) == set(definition.languages), where
            assert all(value.values()), where
        elif isinstance(value, dict):
            for name, inner in value.items():
                check(inner, f"{where}.{name}")
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                check(inner, f"{where}[{number}]")

    check(definition.model_dump(), "definition")


def test_statements_of_one_topic_are_of_like_length_in_each_language():
    """Nobody is given twice the room, and no translation leaves half of it out."""
    for topic in read_definition(PILOT).definition.topics:
        for language in ("en", "fr", "zh-Hans"):
            lengths = [len(position.statement[language]) for position in topic.positions]
            assert max(lengths) <= 1.35 * min(lengths), (topic.id, language, lengths)


def test_pilots_examples_are_in_all_kinds_and_languages_with_mirrors_and_translations_on_each_topic():
    examples = proposed()
    assert len(examples) >= 72
    assert {example["language"] for example in examples} == {"en", "fr", "zh-Hans"}
    assert {example["kind"] for example in examples} == {"sft", "prompt", "preference", "pluralistic"}
    for topic in CHINA | WEST | NEITHER:
        here = [example for example in examples if example["topic"] == topic]
        assert any(example["mirrors"] for example in here), topic
        assert any(example["translation_of"] for example in here), topic


def test_mirrored_examples_stand_for_different_positions_in_one_language_and_group():
    lines = read_lines(PILOT / "contributions.jsonl")
    examples = {line.as_: line.example for line in lines if isinstance(line, ProposeLine)}
    for name, example in examples.items():
        for mirrored in (examples[other] for other in example["mirrors"]):
            assert mirrored["framing"] != example["framing"], name
            assert mirrored["language"] == example["language"], name
            assert (mirrored["group"], mirrored["kind"]) == (example["group"], example["kind"]), name


def test_every_source_of_the_pilot_says_who_published_it_where_and_when():
    for line in brought(PILOT):
        assert line.example["sources"], line.id
        for source in line.example["sources"]:
            needed = ("url", "publisher", "owner", "country", "language", "date")
            assert all(source[name] for name in needed), (line.id, source)
            assert len(source["quote"] or "-") <= 400, line.id


def test_french_of_the_pilot_has_the_spaces_that_its_signs_want_and_chinese_its_own_signs():
    for line in brought(PILOT):
        written = [turn["content"] for name in CONVERSATIONS for turn in line.example.get(name, [])]
        answers = [answer["content"] for answer in line.example.get("answers", [])]
        text = "\n".join([*written, *answers, line.example.get("synthesis", "")])
        assert text.strip(), line.id
        if line.example["language"] == "fr":
            assert not re.search(r"\w[;!?»]|«\w|\w: ", text), line.id
        if line.example["language"] == "zh-Hans":
            assert not re.search(r"[\u4e00-\u9fff][,;:?!]|[,;:?!][\u4e00-\u9fff]", text), line.id


def test_the_card_and_the_readme_count_the_pilot_rightly():
    examples, people = proposed(), read_people(PILOT / "people.jsonl")
    card = (PILOT / "card.md").read_text("utf-8")
    kinds = Counter(example["kind"] for example in examples)
    languages = Counter(example["language"] for example in examples)
    counted = ", ".join(f"{kinds[kind]} {name}" for kind, name in KIND_NAMES.items() if kind != "preference")
    assert f"{len(examples)} proposals: {counted}, {kinds['preference']} preference pairs" in card
    assert f"{kinds['pluralistic']} plural answers" in card
    assert f"{languages['en']} in English, {languages['fr']} in French, {languages['zh-Hans']} in Chinese" in card
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"{len(people)} invented people" in readme
    assert f"{len(examples)} examples on eight topics" in readme


def test_every_topic_of_the_pilot_has_its_page_on_words():
    pages = {path.stem for path in (ROOT / "docs" / "wording").glob("*.md")}
    assert pages == CHINA | WEST | NEITHER | {"blind-read"}
    for topic in read_definition(PILOT).definition.topics:
        assert f"## {topic.label['en']}" in (ROOT / "docs/wording/blind-read.md").read_text("utf-8"), topic.id
