"""Paired prompts: the same request put from two sides, read from a table, from JSON lines or from a release.

Rules that always hold (pure):
- the sides of a pair are in one language, and their prompts differ;
- a pair has a topic and, within it, a group: variations of one pair of stances, or translations of one example;
- in a table the first side is the file's `a`; in a release the one whose position comes first in the alphabet.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import zip_longest
from typing import Any

from curation_validators.contents import Row, prompt_of, side_of, text_of, texts_of
from curation_validators.probes.asking import Question

SIDES = ("a", "b")
MAX_PROMPT = 100_000
_TOPIC = ("topic", "topic_name")
_NAMES = ("prompt_a_group", "side_a"), ("prompt_b_group", "side_b")
_STANCES = "stance_a", "stance_b"


@dataclass(frozen=True, slots=True)
class PromptPair:
    """One request from two sides. `names` say whose sides they are; `group` is the cluster within a topic."""

    id: str
    topic: str
    group: str
    language: str
    names: tuple[str, str]
    prompts: tuple[str, str]


@dataclass(frozen=True, slots=True)
class PairedPrompts:
    """Pairs, with the digest of what they were read from. `passed_over`: why some were left out, and how many."""

    name: str
    digest: str
    pairs: tuple[PromptPair, ...]
    ordered: bool
    """Whether the first side of every pair is the first for a reason, so that a sum over topics means something."""
    passed_over: Mapping[str, int]
    version: int = 1

    @property
    def languages(self) -> list[str]:
        """In the order in which they come."""
        return list(dict.fromkeys(pair.language for pair in self.pairs))


@dataclass(frozen=True, slots=True)
class PairItem:
    """One side of a pair, as it is asked."""

    pair: PromptPair
    side: str
    question: Question


def read_pairs(content: bytes, name: str, language: str = "en") -> PairedPrompts:
    """Read a table (CSV with a head) or JSON lines. Raises ValueError, which says what is missing where.

    Args:
        content: each row or object has `prompt_a` and `prompt_b`; `topic` (or `topic_name`), `side_a` and `side_b` (or
            `prompt_a_group` …), `stance_a` and `stance_b`, `language` and `id` are read where they are there.
        language: of rows that name none.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("is no UTF-8 text") from None
    rows = _json_rows(text) if text.lstrip()[:1] == "{" else _table_rows(text)
    passed_over: Counter[str] = Counter()
    pairs = tuple(_pairs_of_rows(rows, language, passed_over))
    if not pairs:
        raise ValueError("holds no pair of prompts: rows need prompt_a and prompt_b, and the two must differ")
    return PairedPrompts(name, sha256(content).hexdigest(), pairs, ordered=True, passed_over=dict(passed_over))


def _json_rows(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                raise ValueError(f"line {number} is no JSON") from None
            if not isinstance(row, dict):
                raise ValueError(f"line {number} is no object")
            yield number, row


def _table_rows(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        missing = [name for name in ("prompt_a", "prompt_b") if name not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"has no column {' and '.join(missing)}")
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise ValueError(f"is no table: {error}") from None


def _pairs_of_rows(
    rows: Iterable[tuple[int, Mapping[str, Any]]], language: str, passed_over: Counter[str]
) -> Iterator[PromptPair]:
    seen: set[tuple[str, str]] = set()
    ids: set[str] = set()
    for number, row in rows:
        prompts = (_text(row, "prompt_a").strip(), _text(row, "prompt_b").strip())
        if not all(prompts) or max(map(len, prompts)) > MAX_PROMPT:
            raise ValueError(f"line {number}: a prompt is missing, or longer than {MAX_PROMPT:,} characters")
        if prompts[0] == prompts[1] or prompts in seen:
            passed_over["both sides are asked the same" if prompts[0] == prompts[1] else "stands there twice"] += 1
            continue
        seen.add(prompts)
        name = _text(row, "id") or f"{number:05d}"
        if name in ids:
            raise ValueError(f"line {number}: two pairs have one id")
        ids.add(name)
        sides = tuple(next(filter(None, (_text(row, key) for key in keys)), "") for keys in _NAMES)
        stances = tuple(_text(row, key) for key in _STANCES)
        topic = next(filter(None, (_text(row, key) for key in _TOPIC)), "")
        yield PromptPair(
            name,
            topic,
            f"{topic}: {' / '.join(stances)}" if all(stances) else name,
            _text(row, "language") or language,
            (sides[0] or "a", sides[1] or "b"),
            prompts,
        )


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def pair_mirrors(rows: Iterable[tuple[str, Row]], name: str, digest: str) -> PairedPrompts:
    """The mirrored pairs of a release: examples of one config and language that name each other, on other sides.

    Args:
        rows: (config, row), of the configs that hold a prompt.
        digest: of the release's manifest.
    """
    known = {(config, text_of(row, "example_id") or ""): row for config, row in rows}
    passed_over: Counter[str] = Counter()
    pairs: dict[tuple[str, str], PromptPair] = {}
    for (config, example), row in sorted(known.items(), key=lambda item: item[0]):
        for mirror in texts_of(row, "mirrors"):
            other = known.get((config, mirror))
            if other is not None and tuple(sorted((example, mirror))) not in pairs:
                found = _mirrored((example, row), (mirror, other), passed_over)
                if found is not None:
                    pairs[min(example, mirror), max(example, mirror)] = found
    made = tuple(pairs.values())
    contrasts = {(pair.topic, *pair.names) for pair in made}
    # Each pair that is passed over is met from both its sides.
    halved = {why: -(-count // 2) for why, count in passed_over.items()}
    return PairedPrompts(name, digest, made, ordered=len(contrasts) == 1, passed_over=halved)


def _mirrored(one: tuple[str, Row], other: tuple[str, Row], passed_over: Counter[str]) -> PromptPair | None:
    sides = {example: side_of(row) for example, row in (one, other)}
    if None in sides.values() or len(set(sides.values())) < 2:
        passed_over["mirrors that stand on no side, or both on one"] += 1
        return None
    (first, row), (second, mirror) = sorted((one, other), key=lambda item: sides[item[0]] or "")
    language, prompts = text_of(row, "language"), (prompt_of(row).strip(), prompt_of(mirror).strip())
    if language is None or language != text_of(mirror, "language"):
        passed_over["mirrors in two languages"] += 1
        return None
    if not all(prompts) or prompts[0] == prompts[1] or max(map(len, prompts)) > MAX_PROMPT:
        passed_over["both sides are asked the same"] += 1
        return None
    topic = text_of(row, "topic") or ""
    group = text_of(row, "group_id") or first
    return PromptPair(f"{first}.{second}", topic, group, language, (sides[first] or "", sides[second] or ""), prompts)


def render_pairs(
    made: PairedPrompts, languages: Sequence[str], max_tokens: int, most: int | None = None
) -> list[PairItem]:
    """Both sides of every pair, in a fixed order, those of one language together.

    Args:
        max_tokens: of an answer.
        most: only so many pairs in each language, taken in turn from the topics; None: all.
    """
    items = []
    for language in languages:
        by_topic: dict[str, list[PromptPair]] = {}
        for pair in made.pairs:
            if pair.language == language:
                by_topic.setdefault(pair.topic, []).append(pair)
        in_turn = [pair for turn in zip_longest(*by_topic.values()) for pair in turn if pair is not None]
        for pair in in_turn[:most]:
            for side, prompt in zip(SIDES, pair.prompts, strict=True):
                question = Question(
                    id=f"{pair.id}.{side}", prompt=prompt, language=language, options=(), max_tokens=max_tokens
                )
                items.append(PairItem(pair, side, question))
    return items
