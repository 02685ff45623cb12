"""Every check on one example.

Rules that always hold:
- each check ends in an outcome of its own: an exception in one is `error`, and the others go on;
- what needs a library that is not installed, or a field that the dataset lacks, is `insufficient`, and says so;
- an example without any text passes no check of texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import NamedTuple, TypeVar

from curation_validators.contamination import ProtectedSet, check_contamination
from curation_validators.contents import Row
from curation_validators.credentials import check_secrets
from curation_validators.duplicates import ExactIndex, Marks, NearIndex, marks_of
from curation_validators.facts import Fact, fact_of_example
from curation_validators.findings import Checked, Finding, Insufficient, Outcome
from curation_validators.hygiene import check_text
from curation_validators.language import LanguageDetector, check_tag
from curation_validators.linking import Linked, check_id, check_mirrors
from curation_validators.personal import PersonalData
from curation_validators.records import Record, read_record
from curation_validators.sourcing import check_licence, check_origin, check_quotes, check_sources

Instrument = TypeVar("Instrument")
NOT_INSTALLED = "needs the extra «validate»"
RULES_OF = {
    "shape": ("shape/content", "shape/unreadable"),
    "id": ("shape/id-taken",),
    "text": ("text/empty", "text/hidden-character", "text/normal-form", "text/too-long", "text/mixed-script"),
    "language-tag": ("language/unknown",),
    "language": ("language/differs",),
    "duplicate": ("duplicate/exact",),
    "near-duplicate": ("duplicate/near",),
    "personal-data": ("personal/identifier", "personal/contact"),
    "secrets": ("secret/credential",),
    "contamination": ("contamination/protected",),
    "sources": ("source/incomplete", "source/unarchived"),
    "quotes": ("source/quote-fuzzy", "source/quote-missing"),
    "licence": ("licence/missing",),
    "origin": ("origin/unnamed",),
    "mirrors": ("mirror/unknown", "mirror/one-sided"),
}
"""Check → the rules that it knows."""
CHECKS = tuple(RULES_OF)
ALONE = tuple(name for name in CHECKS if name not in ("id", "duplicate", "near-duplicate", "mirrors"))
"""The checks that need no other example, in whatever process."""
WORDING = ("text", "personal-data", "secrets")
"""The checks that need nothing but texts: those on what is said about a topic."""

_OF_TEXTS = frozenset((*WORDING, "language", "duplicate", "near-duplicate", "contamination"))


@dataclass(slots=True)
class Instruments:
    """What checks measure with. What is None is not measured."""

    detector: LanguageDetector | None = None
    personal: PersonalData | None = None
    near: NearIndex | None = None
    exact: ExactIndex = field(default_factory=ExactIndex)
    protected: tuple[ProtectedSet, ...] = ()
    archived: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, Linked] | None = None
    ids: dict[str, str] = field(default_factory=dict)
    """Id → the row that has it first."""

    def add(self, record: Record, marks: Marks) -> None:
        """Know this example when others are checked for duplicates."""
        if record.id is not None:
            self.ids.setdefault(record.id, record.place)
        self.exact.add(record, marks)
        if self.near is not None:
            self.near.add(record, marks)

    def marks_of(self, record: Record) -> Marks:
        """By what these instruments know its text again."""
        return marks_of(record, signing=self.near is not None)


def installed_instruments(languages: Iterable[str], protected: Iterable[ProtectedSet] = ()) -> Instruments:
    """Every instrument whose library is installed."""
    made = Instruments(protected=tuple(protected))
    for name, make in (
        ("detector", lambda: LanguageDetector(languages)),
        ("personal", PersonalData),
        ("near", NearIndex),
    ):
        try:
            setattr(made, name, make())
        except ModuleNotFoundError:
            continue
    return made


_Marked = Callable[[], Marks]
_RUNS: dict[str, Callable[[Record, Instruments, _Marked], Iterable[Finding]]] = {
    "shape": lambda record, made, known: record.problems,
    "id": lambda record, made, known: check_id(record, made.ids),
    "text": lambda record, made, known: check_text(record),
    "language-tag": lambda record, made, known: check_tag(record),
    "language": lambda record, made, known: _needed(made.detector).check(record),
    "duplicate": lambda record, made, known: made.exact.check(record, known()),
    "near-duplicate": lambda record, made, known: _needed(made.near).check(record, known()),
    "personal-data": lambda record, made, known: _needed(made.personal).check(record),
    "secrets": lambda record, made, known: check_secrets(record),
    "contamination": lambda record, made, known: check_contamination(record, made.protected),
    "sources": lambda record, made, known: check_sources(record),
    "quotes": lambda record, made, known: check_quotes(record, made.archived),
    "licence": lambda record, made, known: check_licence(record),
    "origin": lambda record, made, known: check_origin(record),
    "mirrors": lambda record, made, known: _mirrors(record, made),
}


def check_example(
    record: Record, instruments: Instruments, names: Iterable[str] = CHECKS, marks: Marks | None = None
) -> Iterator[Checked]:
    """Run checks on one example, in the order of their names; its marks are made where they are needed and not given.

    Only a check that knows other examples needs them.
    """

    def known() -> Marks:
        return marks or instruments.marks_of(record)

    for name in names:
        has_text = record.texts or name not in _OF_TEXTS
        yield _run(name, partial(_RUNS[name] if has_text else _no_text, record, instruments, known))


class Alone(NamedTuple):
    """What can be said of one example without any other."""

    told: tuple[Checked, ...]
    """How its checks ended, but for those that passed: nearly all do, and they need not travel."""
    marks: Marks
    fact: Fact
    """What measures count of it (the table `examples` of facts.py)."""


class AloneWork:
    """What needs no other example, as work that can be made in any process."""

    def __init__(self, instruments: Instruments) -> None:
        self.instruments = instruments

    def __call__(self, example: tuple[str, Row, str]) -> Alone:
        """Look at an example: its config, its row, and how findings name it when it has no id of its own."""
        config, row, where = example
        record = read_record(row, where)
        told = (done for done in check_example(record, self.instruments, ALONE) if done.outcome != "pass")
        return Alone(tuple(told), self.instruments.marks_of(record), fact_of_example(config, row, record))


def alone_work(languages: Iterable[str], protected: Iterable[ProtectedSet]) -> AloneWork:
    """Make that work with every instrument whose library is installed."""
    return AloneWork(installed_instruments(languages, protected))


def _no_text(_record: Record, _made: Instruments, _known: _Marked) -> Iterable[Finding]:
    raise Insufficient("no text")


def _needed(instrument: Instrument | None) -> Instrument:
    if instrument is None:
        raise Insufficient(NOT_INSTALLED)
    return instrument


def _mirrors(record: Record, made: Instruments) -> Iterable[Finding]:
    if made.links is None:
        raise Insufficient("the other examples are not at hand")
    return check_mirrors(record, made.links)


def _run(name: str, check: Callable[[], Iterable[Finding]]) -> Checked:
    found: list[Finding] = []
    try:
        found.extend(check())
    except Insufficient as reason:
        # What was found before there was too little to go on still stands.
        return _ended(name, "fail" if found else "insufficient", tuple(found), str(reason))
    except Exception as error:  # noqa: BLE001  # any exception in a check is its outcome, and the others go on
        return _ended(name, "error", tuple(found), type(error).__name__)
    return _ended(name, "fail" if found else "pass", tuple(found))


def _ended(name: str, outcome: Outcome, found: tuple[Finding, ...], message: str = "") -> Checked:
    return Checked(name, outcome, found, message) if found else _without_finding(name, outcome, message)


@lru_cache(maxsize=1_024)
def _without_finding(name: str, outcome: Outcome, message: str) -> Checked:
    """One for many examples: most end alike, and what is one thing is sent to another process once a batch."""
    return Checked(name, outcome, (), message)
