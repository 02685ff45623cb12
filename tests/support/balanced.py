"""A dataset without fault, and the same with one: what each measure should see, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.releases.columns import CRITERIA, SCHEMAS
from curation_validators.contamination import CANARY, builtin_sets
from curation_validators.duplicates import NearIndex
from curation_validators.examples import Instruments
from curation_validators.measuring.scope import TopicShape
from curation_validators.personal import PersonalData
from curation_validators.validation import RowSource, Validation, check_examples

POSITIONS, LANGUAGES = ("keep", "move"), ("en", "fr")
TOPIC = "harbour"
SHAPES = {TOPIC: TopicShape(POSITIONS, LANGUAGES)}
GROUPS, OWNERS, PROPOSERS, REVIEWERS = 30, 30, 12, 25
Tables = dict[str, list[dict[str, Any]]]
REFUSAL = {
    "en": "I'm sorry, but I can't discuss the {}.",
    "fr": "Je suis désolé, je ne peux pas parler de {}.",
}
LOADED = {"en": "puppet regime", "fr": "régime fantoche"}
_ENGLISH = (
    "harbour city council ferry road traffic night morning worker trader house square winter river quarter market "
    "report survey budget quiet plan public private stone bridge pier engine noise cargo engineer tenant"
)
_FRENCH = (
    "port ville conseil bac route trafic nuit matin ouvrier marchand maison place hiver fleuve quartier marché "
    "rapport enquête budget calme projet public privé pierre pont quai moteur bruit fret locataire"
)
_QUESTION = {
    "en": "Question {number}: what do those people say who would {position} the harbour, and what is said against it?",
    "fr": "Question {number}: que disent ceux qui choisissent «{position}» pour le port, et que dit-on contre eux?",
}
_WORDS = {"en": _ENGLISH.split(), "fr": _FRENCH.split()}


def _text(language: str, chance: random.Random, words: int = 60) -> str:
    drawn = [chance.choice(_WORDS[language]) for _ in range(words)]
    return " ".join(drawn).capitalize() + "."


def example_id(group: int, position: str, language: str) -> str:
    """The id of an example, in its published form."""
    letters = f"{group:04d}{POSITIONS.index(position)}{LANGUAGES.index(language)}"
    return "ex_" + "".join("abcdefghij"[int(digit)] for digit in letters).ljust(16, "a")


def balanced(groups: int = GROUPS, reviewers: int = REVIEWERS) -> Tables:
    """Two positions, two languages, every group with a mirror in each; many sources, proposers and reviewers."""
    chance = random.Random(7)
    examples: list[dict[str, Any]] = []
    reviews: list[dict[str, Any]] = []
    for group in range(groups):
        for language in LANGUAGES:
            for position in POSITIONS:
                number = len(examples)
                examples.append(_example(group, position, language, number, chance))
                reviews += _reviews(examples[-1], number, reviewers, chance)
    return {"sft": examples, "sources": [source(number) for number in range(OWNERS)], "reviews": reviews}


def source(number: int, **changes: Any) -> dict[str, Any]:
    """A source with an owner and a domain of its own."""
    row = {
        "source_id": f"src_{number:024x}",
        "url": f"https://site-{number}.example/page",
        "archive_url": f"https://archive.example/{number}",
        "publisher": f"Publisher {number}",
        "owner": f"Owner {number}",
        "country": "US",
        "language": "en",
        "date": "2020-01-01",
        "quote": "The harbour stays.",
        "quote_status": "exact",
        "license": None,
    }
    return row | changes


def _example(group: int, position: str, language: str, number: int, chance: random.Random) -> dict[str, Any]:
    other = POSITIONS[1 - POSITIONS.index(position)]
    return {
        "messages": [
            {"role": "user", "content": _QUESTION[language].format(number=group, position=position)},
            {"role": "assistant", "content": _text(language, chance)},
        ],
        "example_id": example_id(group, position, language),
        "revision": f"{number:064x}",
        "group_id": f"g_{group}",
        "topic": TOPIC,
        "language": language,
        "positions": [position],
        "framing": position,
        "mirrors": [example_id(group, other, language)],
        "translation_of": None,
        "sources": [f"src_{(number + step) % OWNERS:024x}" for step in (0, 7)],
        "license": "CC-BY-4.0",
        "origin": {"kind": "human", "model": None, "version": None},
        "proposer": f"p_{(number + number // 4) % PROPOSERS}",
        "reviewers": [],
        "acceptance": [],
        "events": [number],
    }


def _reviews(row: Mapping[str, Any], number: int, reviewers: int, chance: random.Random) -> list[dict[str, Any]]:
    return [
        {
            "example_id": row["example_id"],
            "revision": row["revision"],
            "round": 1,
            "seat": seat + 1,
            "reviewer": f"p_{perspective}-{(3 * number + seat) % reviewers}",
            "perspective": perspective,
            "verdict": "accept" if chance.random() < 0.85 else "reject",
            "scores": dict.fromkeys(CRITERIA, chance.choice((4, 5))),
            "reason_codes": [],
            "rationale": None,
            "comparison": None,
            "order_shown": None,
            "counted": True,
            "via": "cli",
            "auth": "server",
            "event": 10 * number + seat,
            "positions_seen": None,
        }
        for perspective in ("left", "right")
        for seat in range(3)
    ]


def with_preferences(chosen: int = 20) -> Tables:
    """The same, and forty preference pairs, each answer holding one position; `chosen` choose the first position's."""
    tables, chance = balanced(), random.Random(10)
    tables["preference"] = []
    for number in range(40):
        language = LANGUAGES[number % 2]
        row = _example(2_000 + number, POSITIONS[0], language, 6_000 + number, chance)
        prompt, answer = row.pop("messages")
        turned = POSITIONS if number < chosen else POSITIONS[::-1]
        row |= {
            "prompt": [prompt],
            "chosen": [answer],
            "rejected": [{"role": "assistant", "content": _text(language, chance)}],
            "positions": list(POSITIONS),
            "framing": "neutral",
            "mirrors": [],
        }
        tables["preference"].append(row)
        for review in _reviews(row, 6_000 + number, REVIEWERS, chance):
            # One in three sees both positions in each answer: most decide.
            seen = list(POSITIONS) if review["seat"] == 3 else None
            tagged = {"chosen": seen or [turned[0]], "rejected": seen or [turned[1]]}
            tables["reviews"].append(review | {"comparison": "chosen", "positions_seen": tagged})
    return tables


# --- one fault each ---------------------------------------------------------------------------------------------------


def _answers(tables: Tables, position: str) -> Iterable[dict[str, Any]]:
    return (row for row in tables["sft"] if row["framing"] == position)


def _alone(tables: Tables, number: int) -> None:
    """Examples of one position without mirrors, in groups of their own."""
    chance = random.Random(8)
    for extra in range(number):
        row = _example(1000 + extra, "keep", LANGUAGES[extra % 2], 5_000 + extra, chance)
        tables["sft"].append(row | {"mirrors": []})


def skewed_positions() -> Tables:
    tables = balanced()
    _alone(tables, 40)
    return tables


def far_from_even() -> Tables:
    tables = balanced()
    _alone(tables, 600)
    return tables


def one_owner_behind_ten_domains() -> Tables:
    tables = balanced()
    tables["sources"] = [
        row | ({"owner": "Owner 0"} if place < 18 else {}) for place, row in enumerate(tables["sources"])
    ]
    return tables


def mirror_missing_in_one_language() -> Tables:
    tables = balanced()
    gone = example_id(3, "move", "fr")
    tables["sft"] = [row for row in tables["sft"] if row["example_id"] != gone]
    for row in tables["sft"]:
        row["mirrors"] = [mirror for mirror in row["mirrors"] if mirror != gone]
    return tables


def reviewer_with_forty_percent() -> Tables:
    tables = balanced()
    left = [row for row in tables["reviews"] if row["perspective"] == "left"]
    for row in left[: len(left) * 2 // 5]:
        row["reviewer"] = "p_left-0"
    return tables


def longer_answers_on_one_side() -> Tables:
    tables = balanced()
    chance = random.Random(9)
    for row in _answers(tables, "keep"):
        row["messages"][1]["content"] += " " + _text(row["language"], chance, 40)
    return tables


def refusals_on_one_side() -> Tables:
    """Answers that refuse one thing after the other, and are about as long as they were."""
    tables = balanced()
    for row in list(_answers(tables, "move"))[::2]:
        answer, refusal = row["messages"][1]["content"], REFUSAL[row["language"]]
        refused = [refusal.format(word) for word in answer.split()]
        row["messages"][1]["content"] = " ".join(refused[: len(answer) // len(refused[0])])
    return tables


def exact_copies() -> Tables:
    tables = balanced()
    tables["sft"][9]["messages"] = tables["sft"][5]["messages"]
    return tables


def near_copies() -> Tables:
    """Three answers of one side and language, each another's but for one word in the middle."""
    tables = balanced()
    for place in (5, 25, 45):
        asked, answered = tables["sft"][place]["messages"]
        words = answered["content"].split()
        words[30] = "lantern"
        copy = {"role": "assistant", "content": " ".join(words)}
        tables["sft"][place + 4]["messages"] = [asked, copy]
    return tables


def invisible_character() -> Tables:
    tables = balanced()
    answer = tables["sft"][11]["messages"][1]
    answer["content"] = answer["content"].replace(" ", " \u200b", 1)
    return tables


def one_language_only() -> Tables:
    tables = balanced(groups=60)
    tables["sft"] = [row for row in tables["sft"] if row["language"] == "en"]
    return tables


def position_without_dated_source() -> Tables:
    tables = balanced()
    undated = [source(100 + place, date=None) for place in range(OWNERS)]
    tables["sources"] += undated
    for place, row in enumerate(_answers(tables, "move")):
        row["sources"] = [undated[(place + step) % OWNERS]["source_id"] for step in (0, 7)]
    return tables


def quote_not_in_the_source() -> Tables:
    tables = balanced()
    tables["sources"][4]["quote_status"] = "missing"
    return tables


def proposer_of_a_third() -> Tables:
    tables = balanced()
    for row in tables["sft"][::3]:
        row["proposer"] = "p_0"
    return tables


def better_scores_on_one_side() -> Tables:
    tables = balanced()
    liked = {row["revision"] for row in _answers(tables, "keep")}
    for review in tables["reviews"]:
        review["scores"] = dict.fromkeys(CRITERIA, 5 if review["revision"] in liked else 4)
    return tables


def other_class_after_a_swap() -> Tables:
    tables = balanced()
    worse = {row["revision"] for row in tables["sft"] if int(row["group_id"][2:]) % 4 == 0 and _loses(row)}
    for review in tables["reviews"]:
        review["scores"] = dict.fromkeys(CRITERIA, 3 if review["revision"] in worse else 4)
    return tables


def _loses(row: Mapping[str, Any]) -> bool:
    """Each side in turn, so that neither is scored better on the whole."""
    return bool(row["framing"] == POSITIONS[int(row["group_id"][2:]) // 4 % 2])


def loaded_terms_on_one_side() -> Tables:
    tables = balanced()
    for row in list(_answers(tables, "keep"))[::2]:
        words = row["messages"][1]["content"].split()
        row["messages"][1]["content"] = " ".join([*words[:10], LOADED[row["language"]], *words[12:]])
    return tables


def preferences_for_one_position() -> Tables:
    return with_preferences(chosen=32)


def _holding(text: str) -> Tables:
    tables = balanced()
    tables["sft"][7]["messages"][0]["content"] += " " + text
    return tables


def protected_text() -> Tables:
    return _holding(CANARY)


def secret() -> Tables:
    return _holding("The key is AKIA" + "ABCDEFGHIJKLMNOP.")


def card_number() -> Tables:
    return _holding("The card is 4242 4242 4242 4242.")


# A fault → who makes it, and every measure and rule that should speak of it.
FAULTS: dict[str, tuple[Any, set[str]]] = {
    "skewed positions": (skewed_positions, {"balance/position-share"}),
    "far from an even split": (far_from_even, {"balance/position-share", "balance/evenness", "balance/drift"}),
    "one owner behind many domains": (one_owner_behind_ten_domains, {"provenance/source-concentration"}),
    "a mirror missing in one language": (mirror_missing_in_one_language, {"balance/framing-completeness"}),
    "a reviewer with 40 % of the seats": (reviewer_with_forty_percent, {"provenance/reviewer-share"}),
    "longer answers on one side": (longer_answers_on_one_side, {"balance/length-parity"}),
    "refusals on one side only": (refusals_on_one_side, {"balance/refusal-parity"}),
    "exact copies": (exact_copies, {"examples/exact-copies", "duplicate/exact"}),
    "near-copies": (near_copies, {"duplicate/near"}),
    "an invisible character": (invisible_character, {"text/hidden-character"}),
    "a text of a protected set": (protected_text, {"examples/contamination", "contamination/protected"}),
    "a secret": (secret, {"examples/secrets", "secret/credential"}),
    "a card number": (card_number, {"examples/personal-data", "personal/identifier"}),
    "one language only": (one_language_only, {"balance/coverage"}),
    "a position without a dated source": (
        position_without_dated_source,
        {"provenance/attribution", "source/incomplete"},
    ),
    "a quote that is not in the source": (quote_not_in_the_source, {"provenance/quotes", "source/quote-missing"}),
    "better scores on one side": (better_scores_on_one_side, {"balance/stance-parity"}),
    "another class after a swap": (other_class_after_a_swap, {"balance/entity-swap"}),
    "loaded terms on one side": (loaded_terms_on_one_side, {"balance/loaded-language"}),
    "preferences for one position": (preferences_for_one_position, {"balance/preference-direction"}),
    "a proposer of a third": (proposer_of_a_third, {"provenance/proposer-share"}),
}


def checked(source: RowSource, personal: bool = False) -> Validation:
    """What the checks find in such a dataset; `personal` data only where it is asked for, because it takes seconds."""
    made = Instruments(near=NearIndex(), protected=tuple(builtin_sets()), personal=PersonalData() if personal else None)
    validation = Validation("test")
    check_examples(source, made, validation)
    return validation


class TableRows:
    """Rows from memory, with the columns that were asked for and no others."""

    def __init__(self, tables: Tables, without: frozenset[str] = frozenset()) -> None:
        self.tables, self.without = tables, without

    def rows(self, config: str, columns: tuple[str, ...]) -> Iterable[dict[str, Any]]:
        wanted = set(columns) - self.without
        return ({name: row[name] for name in row if name in wanted} for row in self.tables.get(config, []))

    def where(self, config: str, number: int, _row: Mapping[str, Any], /) -> str:
        return f"{config} row {number}"


def write_bundle_data(tables: Tables, folder: Path, files: int = 1) -> Path:
    """The tables as a bundle's Parquet files."""
    for config, rows in tables.items():
        (folder / "data" / config).mkdir(parents=True)
        step = max(1, -(-len(rows) // files))
        for place in range(0, len(rows), step):
            table = pa.Table.from_pylist(rows[place : place + step], schema=SCHEMAS[config])
            pq.write_table(table, folder / "data" / config / f"train-{place:08x}.parquet")
    return folder
