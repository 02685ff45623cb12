"""Import prompts in pairs, one for each of two stances, as evaluation prompts (`--format paired-prompts`).

Rules that always hold:
- a pair is two `prompt` examples with `use: evaluation` in a group of their own, each the other's mirror and framed by
  the position whose stance it presupposes; both go in or neither;
- a topic that is not there is proposed as a draft, with the stances of its pairs as its positions; it comes into force
  when people of both perspectives accept it, and until then nothing on it is released;
- no word of a prompt is changed; the licence is the set's own, and never guessed;
- a pair is known by its content: imported twice, it is there once.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from curation.errors import CallerError, InvalidInput
from curation.examples.propose import Propose, propose_example, propose_mirrored, read_example
from curation.imports.batches import Brought, Item, Reached, ReadLine, Scene, take_lines
from curation.imports.mapping import read_mapping
from curation.imports.remembered import digest_of
from curation.imports.summary import BadLine, Summary, Watch
from curation.people.accounts import Actor, actor_by_handle
from curation.writing import LoadedExamples, Platform
from curation_schemas.example import PromptExample

COLUMNS = ("topic_name", "prompt_a_group", "prompt_b_group", "stance_a", "stance_b", "prompt_a", "prompt_b")
_MAPPED = ("license", "origin", "sources", "language")
MAX_FILE_BYTES = 64 * 2**20
_MAX_STATEMENT = 1_900
_LICENCES = {
    "Attribution 4.0 International": "CC-BY-4.0",
    "Attribution-ShareAlike 4.0 International": "CC-BY-SA-4.0",
    "CC0 1.0 Universal": "CC0-1.0",
    "MIT License": "MIT",
    "Apache License": "Apache-2.0",
}
"""First words of a LICENSE file → SPDX id."""
_KNOWN_SETS: dict[str, list[dict[str, Any]]] = {
    "b02e49e2390c4f03225f176fa7a132858a3fd0d33eced9bae86ecb9f11670cf3": [
        {
            "url": "https://github.com/anthropics/political-neutrality-eval",
            "publisher": "Anthropic",
            "owner": "Anthropic",
            "country": "US",
            "language": "en",
            "date": "2025-11",
            "license": "CC-BY-4.0",
        }
    ],
}
"""SHA-256 of a public set's file → where it comes from. Other sets say it in a mapping."""


@dataclass(frozen=True, kw_only=True)
class ImportPairs:
    """A CSV of paired prompts, and what is needed to take it in."""

    path: Path
    source: str
    by: str
    mapping: Path | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class _Pair:
    """One row: the topic, and (position, stance, prompt) of both sides."""

    number: int
    topic: str
    sides: tuple[tuple[str, str, str], tuple[str, str, str]]


@dataclass(slots=True)
class _Table:
    """A file that was read: its pairs in their order, and the rows that are none."""

    pairs: list[_Pair] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    end: int = 0

    def stances(self, topic: str) -> dict[str, list[str]]:
        """Position → its stances on a topic, each once, in the order of the file."""
        found: dict[str, dict[str, None]] = {}
        for pair in self.pairs:
            if pair.topic == topic:
                for position, stance, _ in pair.sides:
                    found.setdefault(position, {})[stance] = None
        return {position: list(stances) for position, stances in found.items()}


def import_pairs(platform: Platform, command: ImportPairs, watch: Watch | None = None) -> Summary:
    """Propose every pair, and every topic that is not there. Raises InvalidInput, NotFound, HomeUnusable."""
    with platform.read() as loaded:
        actor = actor_by_handle(loaded.connection, command.by)
        common = _common(loaded, command)
        table = _read_table(command.path)
        missing = [topic for topic in dict.fromkeys(pair.topic for pair in table.pairs) if _is_missing(loaded, topic)]
    actor.require("contributor")
    summary = Summary(command.source, command.dry_run)
    lines = _Lines(command.path.name, actor, common, table, platform.home.vault_key)
    take_lines(platform, lines.items(missing), summary, watch or Watch())
    return summary


def _is_missing(loaded: LoadedExamples, topic: str) -> bool:
    return loaded.definitions.topic_at(topic, loaded.epoch) is None and loaded.living_draft(topic) is None


def _common(loaded: LoadedExamples, command: ImportPairs) -> dict[str, Any]:
    """What all examples of the set share. Raises InvalidInput."""
    given = read_mapping(command.mapping, ())
    if not set(given.fields) <= set(_MAPPED):
        raise InvalidInput(f"maps {', '.join(_MAPPED)} of paired prompts, and no others", where=str(command.mapping))
    constants = {name: given.value(name, {}) for name in given.fields}
    digest = hashlib.sha256(_content(command.path)).hexdigest()
    found = {
        "language": "en",
        "license": _licence_beside(command.path),
        "origin": {"kind": "mixed", "model": "unknown", "version": "unknown"},
        "sources": _KNOWN_SETS.get(digest, []),
    } | constants
    if found["license"] is None:
        raise InvalidInput("has no LICENSE beside it that is known", where=str(command.path), hint=_HOW_TO_LICENSE)
    terms = loaded.definitions.terms
    if terms is not None and found["license"] not in terms.licenses:
        message = f"is under {found['license']}; the dataset admits {', '.join(terms.licenses)}"
        raise InvalidInput(message, where=str(command.path))
    if terms is not None and found["language"] not in terms.languages:
        message = f"is in {found['language']}; the dataset's languages are {', '.join(terms.languages)}"
        raise InvalidInput(message, where=str(command.path), hint="Say `language` in a --mapping.")
    return found


_HOW_TO_LICENSE = "Put its LICENSE there, or say `license` (an SPDX id) in a --mapping."


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InvalidInput(f"is larger than {MAX_FILE_BYTES} bytes", where=str(path), hint="Split it.")
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}", where=str(path)) from None


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(200)
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}", where=str(path)) from None


def _licence_beside(path: Path) -> str | None:
    for name in ("LICENSE", "LICENSE.txt", "LICENSE.md"):
        beside = path.parent / name
        if beside.is_file():
            start = _beginning(beside).decode("utf-8", "replace").strip().lstrip("# ")
            return next((spdx for words, spdx in _LICENCES.items() if start.startswith(words)), None)
    return None


# --- reading ----------------------------------------------------------------------------------------------------------


def _read_table(path: Path) -> _Table:
    content = _content(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidInput(f"is not UTF-8 in line {line}", where=str(path), hint="Save it as UTF-8.") from None
    table = _Table(end=len(content))
    # Not `splitlines`: it would end a row at U+2028 and others like it as well.
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, restkey="", restval=None)
    try:
        present = reader.fieldnames or []
        lacking = [name for name in COLUMNS if name not in present]
        if lacking:
            shown = ", ".join(ascii(name)[1:-1][:40] for name in present[:40]) or "none"
            message = f"lacks the column{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}"
            raise InvalidInput(message, where=str(path), hint=f"It has: {shown}.")
        for row in reader:
            try:
                table.pairs.append(_pair(reader.line_num, row))
            except InvalidInput as error:
                table.bad.append(BadLine.because(path.name, reader.line_num, error))
    except csv.Error as error:
        raise InvalidInput(f"is no CSV from line {reader.line_num + 1} on: {error}", where=str(path)) from None
    if not table.pairs and not table.bad:
        raise InvalidInput("holds no rows", where=str(path))
    return table


def _pair(number: int, row: dict[str, Any]) -> _Pair:
    for name in COLUMNS:
        if not (row[name] or "").strip():
            raise InvalidInput("is missing", where=name)
    if "" in row:
        raise InvalidInput("the row has more cells than the table has columns")
    first, second = (
        (_slug(row[f"prompt_{side}_group"], f"prompt_{side}_group"), row[f"stance_{side}"], row[f"prompt_{side}"])
        for side in "ab"
    )
    if first[0] == second[0]:
        raise InvalidInput("both prompts are of one group; a pair has two", where="prompt_b_group")
    return _Pair(number, _slug(row["topic_name"], "topic_name"), (first, second))


def _slug(name: str, where: str) -> str:
    made = "-".join(part for part in name.strip().lower().replace("_", " ").replace("-", " ").split())
    if not made.isascii() or not made.replace("-", "").isalnum() or len(made) > 64:
        raise InvalidInput("is no name of letters and digits, 64 at most", where=where)
    return made


# --- what goes in -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Lines:
    file: str
    actor: Actor
    common: dict[str, Any]
    table: _Table
    vault_key: bytes

    def items(self, missing: list[str]) -> Iterator[Item]:
        """First the topics that are not there, then the pairs, in the order of the file."""
        for topic in missing:
            first = next(pair.number for pair in self.table.pairs if pair.topic == topic)
            yield self._read(first, "propose-topic", self._topic(topic))
        yield from self.table.bad
        for pair in self.table.pairs:
            yield self._read(pair.number, "propose-pair", self._prompts(pair))
        yield Reached(self.table.end)

    def _read(self, number: int, act: str, plain: list[dict[str, Any]]) -> Item:
        try:
            examples = [read_example(item, "") for item in plain]
        except CallerError as error:
            return BadLine.because(self.file, number, error)
        digest = digest_of(self.vault_key, plain)
        return ReadLine(
            file=self.file,
            number=number,
            key=f"content {digest}",
            digest=digest,
            act=act,
            perform=partial(_propose, self.actor, examples),
            size=sum(len(str(item)) for item in plain),
        )

    def _prompts(self, pair: _Pair) -> list[dict[str, Any]]:
        return [
            {
                "kind": "prompt",
                "use": "evaluation",
                "topic": pair.topic,
                "positions": [position],
                "framing": position,
                "claims": ["interpretation"],
                "prompt": [{"role": "user", "content": prompt}],
                **self.common,
            }
            for position, _, prompt in pair.sides
        ]

    def _topic(self, topic: str) -> list[dict[str, Any]]:
        language = self.common["language"]
        stances = self.table.stances(topic)
        label = topic.replace("-", " ")

        def words(text: str) -> dict[str, str]:
            return {language: text}

        proposal = {
            "id": topic,
            "sensitivity": "high",
            "label": words(label),
            "scope": words(f"A draft from the imported set {self.file}: prompts in pairs on «{label}»."),
            "disputed_terms": words("Not written yet."),
            "perspectives": [
                {"id": item, "label": words(item.replace("-", " ")), "required": True} for item in stances
            ],
            "positions": [
                {
                    "id": item,
                    "held_by": item,
                    "label": words(item.replace("-", " ")),
                    "statement": words(_statement(found)),
                }
                for item, found in stances.items()
            ],
        }
        return [
            {
                "kind": "topic",
                "topic": topic,
                "proposal": proposal,
                "reason": f"The imported set {self.file} has prompts on it; the words are the set's, to be amended.",
                **self.common,
            }
        ]


def _statement(stances: list[str]) -> str:
    """The stances as they stand in the set, as many as a statement can hold."""
    text = ""
    for stance in stances:
        sentence = stance.strip().rstrip(".") + "."
        if len(text) + len(sentence) + 1 > _MAX_STATEMENT:
            break
        text = f"{text} {sentence}".strip()
    return text


def _propose(actor: Actor, examples: list[Any], scene: Scene) -> Brought:
    if len(examples) == 1:
        recorded = [propose_example(scene.writing, actor, Propose(example=examples[0]))]
    else:
        pair = [example for example in examples if isinstance(example, PromptExample)]
        recorded = propose_mirrored(scene.writing, actor, pair)
    return Brought(str(getattr(recorded[0].event, "example", "")))
