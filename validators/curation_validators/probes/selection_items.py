"""The items of the probe «selection»: invented application files, each with one marker line that is swapped.

Rules that always hold (pure, but for reading the instrument that comes with this package):
- within a file and a dimension nothing differs but the group's name; each file meets every group of every dimension;
- a prompt ends with the two decisions on lines `A)` and `B)`, each of them behind each letter, and a line that asks
  for the letter;
- the debias prompt is one sentence more, before the question, and names every dimension alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

import yaml

from curation_schemas.probe_selection import Prompting
from curation_validators.probes.asking import Question

LETTERS = ("A", "B")
FITS = ("meets", "lacks")
PLACE = "{group}"


@dataclass(frozen=True, slots=True)
class Dimension:
    """What is swapped: its groups, and for each language the wordings of the line with each group's form in it."""

    id: str
    groups: tuple[str, ...]
    lines: Mapping[str, Sequence[Mapping[str, str]]]
    """Language → for each wording, group → the whole line."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post and its two files, told in each language: {"post": …, "meets": [lines], "lacks": [lines]}."""

    id: str
    sector: str
    texts: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class SelectionInstrument:
    """Posts, files and markers, with the digest of the file that they stand in."""

    name: str
    version: int
    licence: str
    origin: str
    digest: str
    sectors: tuple[str, ...]
    dimensions: tuple[Dimension, ...]
    posts: tuple[Post, ...]
    wordings: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class SelectionItem:
    """One way of asking about one file with one marker."""

    post: str
    fit: str
    """Whether the file `meets` every requirement or `lacks` one."""
    dimension: str
    group: str
    language: str
    prompting: Prompting
    invites: str
    """The letter behind which the invitation stands."""
    question: Question

    @property
    def file(self) -> str:
        """The file's name, whatever its marker."""
        return f"{self.post}-{self.fit}"


@cache
def builtin_selection_instrument() -> SelectionInstrument:
    """The files that come with this package."""
    path = files("curation_validators") / "probes" / "instruments" / "selection.yaml"
    return read_selection_instrument(path.read_bytes())


def read_selection_instrument(content: bytes) -> SelectionInstrument:
    """Read an instrument's YAML. Raises ValueError, which says what is missing or not symmetric."""
    try:
        raw = yaml.safe_load(content)
        languages = tuple(raw["languages"])
        made = SelectionInstrument(
            raw["name"],
            raw["version"],
            raw["licence"],
            raw["origin"],
            sha256(content).hexdigest(),
            tuple(raw["sectors"]),
            tuple(_dimension(name, told, languages) for name, told in raw["dimensions"].items()),
            tuple(_post(item, languages) for item in raw["posts"]),
            {language: dict(raw["languages"][language]) for language in languages},
        )
        for wording in made.wordings.values():
            _prompt(wording, made.posts[0].texts[languages[0]], "meets", "", "A", "debias")
    except (
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        yaml.YAMLError,
        UnicodeDecodeError,
        RecursionError,
    ) as error:
        raise ValueError(f"is no instrument for selection: {str(error).splitlines()[0]}") from None
    for fault in _faults(made):
        raise ValueError(fault)
    return made


def _dimension(name: str, told: Mapping[str, Any], languages: Sequence[str]) -> Dimension:
    groups = tuple(told[languages[0]]["groups"])
    lines = {}
    for language in languages:
        templates, forms = told[language]["lines"], told[language]["groups"]
        if set(forms) != set(groups) or not all(template.count(PLACE) == 1 for template in templates):
            raise ValueError(f"dimension {name}, {language}: groups differ, or a line does not hold {PLACE} once")
        lines[language] = [
            {group: template.replace(PLACE, _form(forms[group], place)) for group in groups}
            for place, template in enumerate(templates)
        ]
    return Dimension(name, groups, lines)


def _form(said: str | Sequence[str], place: int) -> str:
    """A group's form: one for all wordings, or a list with one for each."""
    return said if isinstance(said, str) else said[place]


def _post(item: Mapping[str, Any], languages: Sequence[str]) -> Post:
    texts = {language: item[language] for language in languages}
    for told in texts.values():
        if not isinstance(told["post"], str) or not all(told[fit] and isinstance(told[fit], list) for fit in FITS):
            raise ValueError(f"post {item['id']}: needs a post and lines of both files in each language")
    return Post(item["id"], item["sector"], texts)


def _faults(made: SelectionInstrument) -> Iterator[str]:
    if max(Counter(post.id for post in made.posts).values()) > 1:
        yield "two posts have one id"
    if max(Counter(group for dimension in made.dimensions for group in dimension.groups).values()) > 1:
        yield "two groups have one name"
    for post in made.posts:
        if post.sector not in made.sectors:
            yield f"post {post.id}: unknown sector"
    for dimension in made.dimensions:
        if len(dimension.groups) < 2 or len({len(lines) for lines in dimension.lines.values()}) > 1:
            yield f"dimension {dimension.id}: needs two groups or more, and as many wordings in each language"


def render_applications(
    made: SelectionInstrument,
    languages: Sequence[str],
    *,
    dimensions: Sequence[str] | None = None,
    prompting: Sequence[Prompting] = ("plain", "debias"),
    posts: int | None = None,
) -> list[SelectionItem]:
    """Every item, in a fixed order.

    Args:
        languages: of the instrument's.
        dimensions: of the instrument's; None: all.
        prompting: without the debias sentence, with it, or both.
        posts: only so many, taken in turn from the sectors; None: all.
    """
    known = [item for item in made.dimensions if dimensions is None or item.id in dimensions]
    chosen = {post.id for post in _in_turn(made)[:posts]}
    return [
        _item(made, language, how, (place, post), fit, (dimension, group), invites)
        for language in languages
        for how in prompting
        for place, post in enumerate(made.posts)
        if post.id in chosen
        for fit in FITS
        for dimension in known
        for group in dimension.groups
        for invites in LETTERS
    ]


def _in_turn(made: SelectionInstrument) -> list[Post]:
    """One post of each sector, then the next of each."""
    seen: Counter[str] = Counter()
    places = {}
    for post in made.posts:
        places[post.id] = (seen[post.sector], made.sectors.index(post.sector))
        seen[post.sector] += 1
    return sorted(made.posts, key=lambda post: places[post.id])


def _item(
    made: SelectionInstrument,
    language: str,
    how: Prompting,
    placed: tuple[int, Post],
    fit: str,
    marked: tuple[Dimension, str],
    invites: str,
) -> SelectionItem:
    (place, post), (dimension, group) = placed, marked
    wording = made.wordings[language]
    # Both files of a post take different wordings, and so do neighbours: no wording belongs to one fit or one sector.
    lines = dimension.lines[language]
    marker = lines[(place + FITS.index(fit)) % len(lines)][group]
    question = Question(
        id=f"{post.id}-{fit}.{group}.{language}.{invites}.{how}",
        prompt=_prompt(wording, post.texts[language], fit, marker, invites, how),
        language=language,
        options=LETTERS,
        continuation=wording["continuation"],
    )
    return SelectionItem(post.id, fit, dimension.id, group, language, how, invites, question)


def _prompt(
    wording: Mapping[str, Any],
    told: Mapping[str, Any],
    fit: str,
    marker: str,
    invites: str,
    how: Prompting,
) -> str:
    decisions = [wording["answers"]["invite"], wording["answers"]["reject"]]
    if invites == "B":
        decisions.reverse()
    return "\n".join(
        [
            wording["lead"],
            wording["post"].replace("{post}", told["post"]),
            wording["file"],
            *(f"- {line}" for line in [*told[fit], marker]),
            *([wording["debias"]] if how == "debias" else []),
            wording["ask"],
            *(f"{letter}) {decision}" for letter, decision in zip(LETTERS, decisions, strict=True)),
            wording["letter"],
        ]
    )
