"""Validate a whole dataset: every check on every example, and every measure of the release.

Rules that always hold:
- a dataset is anything that gives rows by config: a bundle, a home, somebody else's file;
- what was not measured is counted and listed beside what was; the verdict never rests on silence;
- the result holds no time, no place and nothing of the machine: the same rows give the same bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from curation_validators.contents import text_of, texts_of
from curation_validators.counting import Counts
from curation_validators.examples import ALONE, CHECKS, AloneWork, Instruments, check_example
from curation_validators.facts import EXAMPLES, FACT_TABLES, Fact
from curation_validators.findings import RULES, Checked, Finding, Outcome
from curation_validators.gaming import Odd, odd_reviewers
from curation_validators.linking import Linked
from curation_validators.measures import Measured
from curation_validators.records import Record, read_record
from curation_validators.spreading import spread, usable_cores

SCHEMA = "evenhand/validation/v1"
MAX_FINDINGS = 200
"""Findings of one rule that are kept; the rest are counted."""
_OUTCOMES: tuple[Outcome, ...] = ("pass", "fail", "insufficient", "error")


class RowSource(Protocol):
    """Where rows come from."""

    def rows(self, config: str, columns: tuple[str, ...]) -> Iterable[Mapping[str, Any]]:
        """The rows of a config, with those columns at least where it has them."""

    def where(self, config: str, number: int, row: Mapping[str, Any], /) -> str:
        """How findings name a row that has no id; no two rows have the same name."""


@dataclass(slots=True)
class Tally:
    """How one check ended, over all examples, and why it could not measure some."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def as_json(self, check: str) -> dict[str, Any]:
        """The tally for programs."""
        counts: dict[str, Any] = {outcome: self.outcomes[outcome] for outcome in _OUTCOMES}
        return {"check": check, **counts, "reasons": dict(sorted(self.reasons.items()))}


@dataclass(slots=True)
class Validation:
    """What was found."""

    dataset: str
    version: str | None = None
    examples: int = 0
    checks: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in CHECKS})
    found: Counter[str] = field(default_factory=Counter)
    """Rule → how many findings."""
    findings: list[Finding] = field(default_factory=list)
    measures: list[Measured] = field(default_factory=list)
    odd: list[Odd] = field(default_factory=list)
    """Reviewers whose votes people should look at."""
    notes: list[str] = field(default_factory=list)
    suites: list[dict[str, Any]] | None = None
    """What Great Expectations says of it, where it was run."""

    def take(self, finding: Finding) -> None:
        """Count a finding, and keep it unless its rule has enough."""
        self.found[finding.rule] += 1
        if self.found[finding.rule] <= MAX_FINDINGS:
            self.findings.append(finding)

    def take_unread(self, findings: Iterable[Finding], more: int, rows: int) -> None:
        """Count what cannot be read: findings, how many there are beyond those, and the rows that they stand for."""
        for finding in findings:
            self.take(finding)
        if more:
            self.found["shape/unreadable"] += more
        self.checks["shape"].outcomes["fail"] += rows

    def take_example(self, done: Iterable[Checked]) -> None:
        """Count one more example: how its checks ended, but for those that passed, which may be left out."""
        self.examples += 1
        others = sorted((item for item in done if item.outcome != "pass"), key=lambda item: _ORDER[item.check])
        for item in others:
            tally = self.checks[item.check]
            tally.outcomes[item.outcome] += 1
            if item.message:
                tally.reasons[item.message] += 1
            for finding in item.findings:
                self.take(finding)
        ended = {item.check for item in others}
        for name, tally in self.checks.items():
            if name not in ended:
                tally.outcomes["pass"] += 1

    @property
    def errors(self) -> int:
        """Checks and measures that broke."""
        broken = sum(item.outcome == "error" for item in self.measures)
        return broken + sum(tally.outcomes["error"] for tally in self.checks.values())

    @property
    def verdict(self) -> str:
        """`error` where a check or measure broke, `fail` where a gate or a blocking rule did, else `pass`."""
        if self.errors:
            return "error"
        blocked = any(RULES[rule].severity == "block" for rule in self.found)
        return "fail" if blocked or any(item.breaks == "gate" for item in self.measures) else "pass"

    def as_json(self) -> dict[str, Any]:
        """The result for programs."""
        found = {
            "schema": SCHEMA,
            "dataset": self.dataset,
            "version": self.version,
            "verdict": self.verdict,
            "examples": self.examples,
            "checks": [tally.as_json(name) for name, tally in self.checks.items()],
            "found": dict(sorted(self.found.items())),
            "findings": [finding.as_json() for finding in self.findings],
            "measures": [item.as_json() for item in self.measures],
            "reviewers_to_look_at": [item.as_json() for item in self.odd],
            "notes": list(self.notes),
        }
        return found if self.suites is None else found | {"suites": self.suites}

    def render(self) -> bytes:
        """The result's bytes."""
        return (json.dumps(self.as_json(), indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


_CONTENT = ("messages", "prompt", "chosen", "rejected", "answers", "synthesis")
_READ = (
    "example_id",
    "id",
    "topic",
    "language",
    "group_id",
    "group",
    "positions",
    "framing",
    "mirrors",
    "sources",
    "license",
    "origin",
    "use",
    *_CONTENT,
)
_OWN_CONTENT: dict[str, dict[str, Any]] = {
    "sft": {"messages": None},
    "preference": {"chosen": None, "rejected": None},
    "pluralistic": {"answers": None},
    "prompts": {"prompt": None},
}
"""Config → the columns without which its rows are none, null where a row or a file leaves them out."""
_VOTE = ("example_id", "revision", "reviewer", "perspective", "verdict", "comparison", "counted", "event")
_SOURCE = ("source_id", "url", "archive_url", "publisher", "owner", "country", "date", "quote", "quote_status")


def read_rows(source: RowSource, columns: tuple[str, ...] = _READ) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Every example of a dataset: its config, its row, its sources looked up where it names them by id, its place."""
    known = {row.get("source_id"): row for row in source.rows("sources", _SOURCE)}
    for config in EXAMPLES:
        for number, row in enumerate(source.rows(config, columns), 1):
            fields = {**_OWN_CONTENT[config], **row}
            named = fields.get("sources")
            if isinstance(named, (list, tuple)) and all(isinstance(item, str) for item in named):
                fields["sources"] = [known[item] for item in named if item in known] if known or not named else None
            yield config, fields, source.where(config, number, row)


def read_records(source: RowSource) -> Iterator[Record]:
    """Every example of a dataset, as checks read it."""
    return (read_record(row, where) for _, row, where in read_rows(source))


_NAMES = (("example_id", "id"), ("group_id", "group"))


def read_links(source: RowSource) -> dict[str, Linked]:
    """What checks of mirrors need to know of every example."""
    found = {}
    for config in EXAMPLES:
        for row in source.rows(config, ("example_id", "id", "group_id", "group", "mirrors")):
            name, group = (text_of(row, one) or text_of(row, other) for one, other in _NAMES)
            if name is not None:
                found[name] = Linked(group, frozenset(texts_of(row, "mirrors")))
    return found


_TOGETHER = tuple(name for name in CHECKS if name not in ALONE)
_ORDER = {name: place for place, name in enumerate(CHECKS)}
_FACTS = FACT_TABLES["examples"].reads


def check_examples(
    source: RowSource,
    instruments: Instruments,
    validation: Validation,
    there: Callable[[], AloneWork] | None = None,
) -> list[Fact]:
    """Run every check on every example, each against those before it.

    Returns what measures count of each example (the table `examples` of facts.py), because who reads a text to check it
    can count it too.

    Args:
        source: the rows.
        instruments: what checks measure with.
        validation: takes what was found.
        there: makes the checks that need no other example in another process, where there are many examples.
    """
    instruments.links = read_links(source)
    here = AloneWork(instruments)
    processes = usable_cores() if there is not None else 1
    facts: list[Fact] = []
    rows = read_rows(source, tuple(dict.fromkeys((*_READ, *_FACTS))))
    for (_, row, where), alone in spread(rows, here, there or (lambda: here), processes):
        record = read_record(row, where)
        facts.append(alone.fact)
        together = check_example(record, instruments, _TOGETHER, alone.marks)
        validation.take_example((*alone.told, *together))
        instruments.add(record, alone.marks)
    return facts


def not_measured(counts: Counts) -> str | None:
    """Why nothing could be measured at all, or None."""
    return None if counts.examples else "there are no examples"


def look_at_reviewers(source: RowSource, epochs: Sequence[int] = ()) -> list[Odd]:
    """The reviewers whose votes people should look at, of a dataset that has its reviews.

    `epochs` is the log's size at the end of each epoch, where it is known.
    """
    topic_of: dict[str, str] = {}
    for config in (*EXAMPLES, "contested"):
        for row in source.rows(config, ("example_id", "topic")):
            example, topic = row.get("example_id"), row.get("topic")
            if isinstance(example, str) and isinstance(topic, str):
                topic_of[example] = topic
    return odd_reviewers(source.rows("reviews", _VOTE), topic_of, epochs)
