"""`prov/<topic>.json`: who brought, who judged and what was cited, as W3C PROV-JSON; one document for each topic.

Rules that always hold (pure):
- it says what rows and log say, in PROV's words: an example `wasGeneratedBy` its proposal, `wasAttributedTo` its
  proposer and `wasDerivedFrom` its sources; its judging `used` it and `wasAssociatedWith` each seated reviewer;
- people are pseudonyms, and pseudonyms are of one topic; so is a document. No text of a contributor is in it;
- it is written in pieces, straight from the columns: a release has hundreds of thousands of reviews.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from curation.releases.project import Projection
from curation_schemas.release import SPLITS

FOLDER = "prov"
EXAMPLE_CONFIGS = ("sft", "preference", "pluralistic", "prompts", "contested")
NAMESPACE = "https://evenhand.org/ns/v1#"
_NEEDED = ("example_id", "revision", "topic", "proposer", "reviewers", "sources")
_TYPE = '"prov:type":{"$":"%s","type":"prov:QUALIFIED_NAME"}'
_PIECE = 4_000


@dataclass(frozen=True, slots=True)
class NamedRelease:
    """The release that the documents are of."""

    name: str
    """`<dataset>-<version>`."""
    previous: str | None
    """Likewise, of the release before it; None for the first."""
    origin: str
    """The log's."""
    simulated: bool
    """Whether its people are made up: its persons are marked."""


class Judged(NamedTuple):
    """What a document says of one example."""

    place: tuple[int, int, str]
    """Where it stands among those of its topic: by config, split and id."""
    config: str
    example: str
    revision: str
    leaf: int
    """The revision's index in the log."""
    proposer: str
    reviewers: list[str]
    sources: list[str]


def judged_rows(made: Projection, index_of: Callable[[str], int]) -> dict[str, list[Judged]]:
    """What the documents of each topic are made of.

    Args:
        made: the release's rows, or those of a part of it.
        index_of: leaf → its index in the log.
    """
    topics: dict[str, list[Judged]] = {}
    for first, config in enumerate(EXAMPLE_CONFIGS):
        for second, split in enumerate(SPLITS):
            columns = made.rows.get((config, split))
            if columns is not None:
                for example, revision, topic, *others in zip(*map(columns.column, _NEEDED), strict=True):
                    item = Judged((first, second, example), config, example, revision, index_of(revision), *others)
                    topics.setdefault(topic, []).append(item)
    return topics


def provenance_files(
    topics: Mapping[str, list[Judged]], release: NamedRelease
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Each document's path and its bytes in pieces, by topic; of what `judged_rows` found, for this release."""
    for topic in sorted(topics):
        yield f"{FOLDER}/{topic}.json", _Document(topics[topic], release).pieces()


class _Document:
    """One topic's. Every identifier in it is ASCII without quotes (curation_schemas.text); the log's origin need
    not be."""

    def __init__(self, rows: list[Judged], release: NamedRelease) -> None:
        self.rows = rows
        self.release, self.previous, self.origin = release.name, release.previous, release.origin
        self.mark = ',"evenhand:simulated":true' if release.simulated else ""

    def pieces(self) -> Iterator[bytes]:
        """The document's bytes."""
        yield (
            f'{{"prefix":{{"evenhand":"{NAMESPACE}","example":"{NAMESPACE}example/","leaf":"{NAMESPACE}leaf/",'
            f'"person":"{NAMESPACE}person/","release":"{NAMESPACE}release/","round":"{NAMESPACE}round/",'
            f'"source":"{NAMESPACE}source/"}}'
        ).encode()
        sections: list[tuple[str, Iterable[str]]] = [
            ("entity", self._entities()),
            ("agent", self._agents()),
            ("activity", self._activities()),
            ("wasGeneratedBy", self._generations()),
            ("wasAttributedTo", self._attributions()),
            ("wasDerivedFrom", self._derivations()),
            ("used", self._uses()),
            ("wasAssociatedWith", self._associations()),
            ("hadMember", self._members()),
        ]
        for name, items in sections:
            yield f',\n"{name}":{{'.encode()
            yield from _joined(items)
            yield b"}"
        yield b"}\n"

    def _entities(self) -> Iterator[str]:
        kind = _TYPE % "prov:Collection"
        yield f'"release:{self.release}":{{{kind},"evenhand:log":{json.dumps(self.origin)}{self.mark}}}'
        if self.previous is not None:
            yield f'"release:{self.previous}":{{{kind}}}'
        kind = _TYPE % "evenhand:Example"
        for _, config, example, revision, *_ in self.rows:
            yield f'"example:{example}":{{{kind},"evenhand:config":"{config}","evenhand:revision":"{revision}"}}'
        kind = _TYPE % "evenhand:Source"
        for source in dict.fromkeys(source for item in self.rows for source in item.sources):
            yield f'"source:{source}":{{{kind}}}'

    def _agents(self) -> Iterator[str]:
        kind = _TYPE % "prov:Person"
        people = (who for item in self.rows for who in (item.proposer, *item.reviewers))
        return (f'"person:{who}":{{{kind}{self.mark}}}' for who in dict.fromkeys(people))

    def _activities(self) -> Iterator[str]:
        proposing, judging = _TYPE % "evenhand:Proposing", _TYPE % "evenhand:Judging"
        for item in self.rows:
            yield f'"leaf:{item.leaf}":{{{proposing}}},"round:{item.example}":{{{judging}}}'

    def _generations(self) -> Iterator[str]:
        for _, _, example, _, leaf, *_ in self.rows:
            yield f'"_:g{leaf}":{{"prov:entity":"example:{example}","prov:activity":"leaf:{leaf}"}}'

    def _attributions(self) -> Iterator[str]:
        for number, item in enumerate(self.rows):
            ends = f'"prov:entity":"example:{item.example}","prov:agent":"person:{item.proposer}"'
            yield f'"_:a{number}":{{{ends}}}'

    def _derivations(self) -> Iterator[str]:
        if self.previous is not None:
            ends = f'"prov:generatedEntity":"release:{self.release}","prov:usedEntity":"release:{self.previous}"'
            yield f'"_:d":{{{_TYPE % "prov:Revision"},{ends}}}'
        number = 0
        for _, _, example, *_, sources in self.rows:
            for source in sources:
                ends = f'"prov:generatedEntity":"example:{example}","prov:usedEntity":"source:{source}"'
                yield f'"_:d{number}":{{{ends}}}'
                number += 1

    def _uses(self) -> Iterator[str]:
        for number, (_, _, example, *_) in enumerate(self.rows):
            yield f'"_:u{number}":{{"prov:activity":"round:{example}","prov:entity":"example:{example}"}}'

    def _associations(self) -> Iterator[str]:
        number = 0
        for _, _, example, _, leaf, proposer, reviewers, _ in self.rows:
            yield f'"_:w{number}":{{"prov:activity":"leaf:{leaf}","prov:agent":"person:{proposer}"}}'
            number += 1
            for reviewer in reviewers:
                yield f'"_:w{number}":{{"prov:activity":"round:{example}","prov:agent":"person:{reviewer}"}}'
                number += 1

    def _members(self) -> Iterator[str]:
        for number, (_, _, example, *_) in enumerate(self.rows):
            yield f'"_:m{number}":{{"prov:collection":"release:{self.release}","prov:entity":"example:{example}"}}'


def _joined(items: Iterable[str]) -> Iterator[bytes]:
    piece: list[str] = []
    before = ""
    for item in items:
        piece.append(item)
        if len(piece) == _PIECE:
            yield (before + ",\n".join(piece)).encode()
            before, piece = ",\n", []
    if piece:
        yield (before + ",\n".join(piece)).encode()
