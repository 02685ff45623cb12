"""Intake: the checks on one example, when it is proposed or revised, and again for those who review it.

Rules that always hold:
- the same checks as at a release (`curation_validators.examples`), but for those that need the other examples; copies
  are found by an index;
- a finding of a blocking rule refuses the proposal; the others go to the proposer, and with the seat to its reviewers;
- nothing is fetched; what is not installed, or broke, is named as not measured, and never passes silently;
- what is proposed about a topic is checked for what it says: hygiene, personal data, secrets;
- a finding never repeats personal data or a secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from curation.copies.find import find_copy, near_findings
from curation.errors import HomeUnusable, Refused
from curation.log.leaf import Opening
from curation.protected import FOLDER
from curation.tables import openings
from curation.writing import LoadedExamples, Writing
from curation_schemas.commons import TopicProposal
from curation_schemas.definition import Topic
from curation_schemas.events import ExampleProposed, ExampleRevised
from curation_schemas.example import Written
from curation_validators.contamination import builtin_sets, sets_in
from curation_validators.examples import WORDING, Instruments, check_example, installed_instruments
from curation_validators.findings import Checked, Finding
from curation_validators.records import Record, Text, read_record

NOT_AT_INTAKE = frozenset({"id", "duplicate", "near-duplicate", "quotes", "mirrors"})
"""The checks that need other examples, or archived pages. Copies are looked for in the index (curation.copies), and
quotes are told to reviewers once they were looked for."""
_LATER = frozenset({"source/unarchived"})
"""What is wrong with every example until somebody archives its sources."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What the checks say of an example."""

    findings: tuple[Finding, ...] = ()
    not_measured: tuple[str, ...] = ()
    """Checks that broke or for which something is not installed."""

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings for which a proposal is refused."""
        return tuple(finding for finding in self.findings if finding.severity == "block")


@lru_cache(maxsize=4)
def _instruments(languages: tuple[str, ...], protected: Path) -> Instruments:
    try:
        own = sets_in(protected) if protected.is_dir() else []
    except (OSError, ValueError) as error:
        message = f"a protected set of this home cannot be read: {error}"
        raise HomeUnusable(message, hint=f"Mend or remove it in {protected}; `evenhand protect` makes one.") from None
    made = installed_instruments(languages, [*builtin_sets(), *own])
    made.near = None
    return made


def make_ready(languages: tuple[str, ...], home: Path) -> None:
    """Load what the checks need, some seconds' work, before the first proposal comes."""
    personal = _instruments(languages, home / FOLDER).personal
    if personal is not None:
        personal.load()


def examine(row: Mapping[str, Any], languages: tuple[str, ...], home: Path) -> Intake:
    """Check one example, given as its columns.

    Args:
        row: column → value, as a release has it.
        languages: the dataset's languages, among which the detector chooses.
        home: the home's folder; more protected sets lie in its folder `protected`.
    """
    checked = check_example(read_record(row, "the example"), _instruments(languages, home / FOLDER))
    found = [item for item in checked if item.check not in NOT_AT_INTAKE or (item.check == "quotes" and item.findings)]
    return _intake_of(found)


def _intake_of(found: Sequence[Checked]) -> Intake:
    return Intake(
        tuple(finding for item in found for finding in item.findings if finding.rule not in _LATER),
        tuple(item.check for item in found if item.outcome in ("insufficient", "error")),
    )


def examine_topic(topic: Topic | None, reason: str | None, languages: tuple[str, ...], home: Path) -> Intake:
    """Check the texts of a topic as it is proposed, and the reason given; None is what was erased."""
    told = topic.texts() if topic else ()
    texts = [(f"proposal.{path}.{tag}", said) for path, several in told for tag, said in several.items()]
    texts += [("reason", reason)] if reason else []
    return examine_words(texts, languages, home)


def examine_words(texts: Sequence[tuple[str, str]], languages: tuple[str, ...], home: Path) -> Intake:
    """Check texts of a proposal about a topic, each as (where it stands, what it says)."""
    record = Record("the proposal", tuple(Text(place, "user", said) for place, said in texts))
    return _intake_of(list(check_example(record, _instruments(languages, home / FOLDER), WORDING)))


def examine_note(loaded: LoadedExamples, home: Path, said: str) -> Intake:
    """Check a text that belongs to no example: hygiene, personal data, secrets."""
    record = Record("the note", (Text("text", "user", said),))
    return _intake_of(list(check_example(record, _instruments(_languages(loaded), home / FOLDER), WORDING)))


def check_intake(writing: Writing, example: Written, own: str | None = None) -> Intake:
    """Check an example that is proposed. Raises Refused naming every blocking finding.

    Args:
        writing: the transaction; nobody else brings this text until it ends.
        example: what is proposed.
        own: the example that is revised.
    """
    row = example.model_dump(mode="json", exclude_none=True)
    made = examine(row, _languages(writing), writing.home.path)
    copy = find_copy(writing, example, own)
    _refuse([*made.blocking, *([copy] if copy else [])])
    return made


def check_topic_intake(writing: Writing, proposed: TopicProposal) -> Intake:
    """Check what is proposed about a topic. Raises Refused naming every blocking finding."""
    made = examine_topic(proposed.proposal, proposed.reason, _languages(writing), writing.home.path)
    _refuse(made.blocking)
    return made


def _refuse(blocking: Sequence[Finding]) -> None:
    if blocking:
        said = "; ".join(f"{item.where}: {item.message} ({item.rule})" for item in blocking)
        hints = " ".join(dict.fromkeys(item.hint for item in blocking))
        raise Refused("propose/intake", said, hint=hints)


def examine_revision(loaded: LoadedExamples, example: str, revision: str, home: Path) -> Intake:
    """Check a revision as it stands, without what was erased of it: for those who review it."""
    history = loaded.existing(example)
    event = history.revision_of(revision, "review/revision-known").event
    values = {
        row.commitment: Opening(row.unit, row.salt, row.body).value()
        for row in loaded.connection.execute(select(openings).where(openings.c.act == revision))
    }
    if not isinstance(event, (ExampleProposed, ExampleRevised)):
        topic, reason = (values.get(event.content[name][0]) for name in ("proposal", "reason"))
        told = Topic(**topic) if topic else None
        return examine_topic(told, reason["content"] if reason else None, _languages(loaded), home)
    row: dict[str, Any] = {"language": event.language, "license": event.license, "use": event.use}
    row["sources"] = [
        values[item] | ({"quote_status": check.event.status} if (check := history.latest_check(item)) else {})
        for item in event.sources
        if item in values
    ]
    row["origin"] = {"kind": event.origin_kind} | values.get(event.origin or "", {})
    for field, commitments in event.content.items():
        texts = [values[item] for item in commitments if item in values]
        row[field] = (texts[0]["content"] if texts else None) if field == "synthesis" else texts
    made = examine(row, _languages(loaded), home)
    near = near_findings(loaded, example, revision, read_record(row, "the example").whole())
    return replace(made, findings=(*made.findings, *near))


def _languages(loaded: LoadedExamples) -> tuple[str, ...]:
    terms = loaded.definitions.terms
    return tuple(terms.languages) if terms else ()
