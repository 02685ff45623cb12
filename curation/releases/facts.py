"""What a release's texts are made of: figures from its rows and its log.

Rules that always hold (pure):
- every figure is counted from rows or leaves; what was not counted is not here;
- people are counted as pseudonyms, and fewer than ten are never told apart (`shown_people`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from curation.releases.diff import Difference
from curation.releases.gates import Gates
from curation.releases.project import Projection
from curation.rulebook.controls import ControlCounts
from curation.rulebook.definitions import Definitions
from curation.rulebook.replay import Epoch
from curation_schemas.definition import AcceptanceRule, DatasetTerms, Topic
from curation_validators.acceptance import AcceptancePolicy, operating_characteristic

DataFiles = Mapping[tuple[str, str], str]
"""(config, split) → path of its Parquet file."""
EXAMPLE_CONFIGS = ("sft", "preference", "pluralistic", "prompts", "contested")
FEW = 10
SIMULATED = "Simulated data: every person is made up."
"""What a release whose people are simulated says of them wherever it has words."""
CHANCES = ((0.9, 0.9), (0.9, 0.3), (0.95, 0.05))
"""How likely a seat of the one and of the other perspective accepts, for which the rule's odds are printed."""


@dataclass(frozen=True, slots=True)
class Removed:
    """An example that the release before held: what took it out, the reason as the tombstone has it, and which leaf."""

    example: str
    kind: str
    reason: str
    event: int


@dataclass(frozen=True, slots=True)
class RowFigures:
    """What is counted over a release's rows."""

    examples: Mapping[tuple[str, str, str], int]
    """(config, topic, language) → examples."""
    positions: Mapping[tuple[str, str], int]
    """(topic, position) → examples that are tagged with it, contested ones left out."""
    origins: Mapping[str, int]
    """`origin.kind` → examples."""
    models: tuple[str, ...]
    """The models that wrote any of it, as their proposers say."""
    proposers: int
    reviewers: int
    reviews: int
    counted: int
    """Reviews that count: neither superseded nor of a round without an outcome."""
    seats: Mapping[tuple[str, str], tuple[int, int]]
    """(topic, perspective) → filled seats of the revisions in the release, and how many of them accept."""
    quotes: Mapping[str, int]
    """`quote_status` → number of sources."""
    archive_urls: int
    """Sources with the address of a public copy."""


@dataclass(slots=True)
class Tally:
    """The counts behind `RowFigures`, in a form in which those of several parts can be added up."""

    examples: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    positions: Counter[tuple[str, str]] = field(default_factory=Counter)
    origins: Counter[str] = field(default_factory=Counter)
    models: set[str] = field(default_factory=set)
    proposers: set[str] = field(default_factory=set)
    reviewers: set[str] = field(default_factory=set)
    reviews: int = 0
    counted: int = 0
    filled: Counter[tuple[str, str]] = field(default_factory=Counter)
    accepting: Counter[tuple[str, str]] = field(default_factory=Counter)
    quotes: Counter[str] = field(default_factory=Counter)
    archive_urls: int = 0

    def add(self, other: Tally) -> None:
        """Take in what was counted over other rows."""
        for name in ("examples", "positions", "origins", "filled", "accepting", "quotes"):
            mine, theirs = getattr(self, name), getattr(other, name)
            for key, number in theirs.items():
                mine[key] += number
        for name in ("models", "proposers", "reviewers"):
            getattr(self, name).update(getattr(other, name))
        self.reviews += other.reviews
        self.counted += other.counted
        self.archive_urls += other.archive_urls

    def figures(self) -> RowFigures:
        """What the texts say of it."""
        return RowFigures(
            examples=self.examples,
            positions=self.positions,
            origins=self.origins,
            models=tuple(sorted(self.models)),
            proposers=len(self.proposers),
            reviewers=len(self.reviewers),
            reviews=self.reviews,
            counted=self.counted,
            seats={key: (filled, self.accepting[key]) for key, filled in self.filled.items()},
            quotes=self.quotes,
            archive_urls=self.archive_urls,
        )


def count_rows(made: Projection) -> Tally:
    """Count a projection's rows."""
    found = Tally()
    for (config, _), columns in made.rows.items():
        if config not in EXAMPLE_CONFIGS:
            continue
        names = ("topic", "language", "positions", "origin", "proposer", "acceptance")
        for topic, language, held, origin, proposer, acceptance in zip(*map(columns.column, names), strict=True):
            found.examples[config, topic, language] += 1
            if config != "contested":
                found.positions.update((topic, position) for position in held)
            found.origins[origin["kind"]] += 1
            if origin["model"]:
                found.models.add(origin["model"])
            found.proposers.add(proposer)
            for cell in acceptance:
                found.filled[topic, cell["perspective"]] += cell["seats"]
                found.accepting[topic, cell["perspective"]] += cell["accepts"]
    reviews = made.rows.get(("reviews", "train"))
    if reviews is not None:
        found.reviews = len(reviews)
        found.reviewers.update(reviews.column("reviewer"))
        found.counted = sum(reviews.column("counted"))
    sources = made.rows.get(("sources", "train"))
    if sources is not None:
        found.quotes.update(item for item in sources.column("quote_status") if item is not None)
        found.archive_urls = sum(item is not None for item in sources.column("archive_url"))
    return found


@dataclass(frozen=True, slots=True)
class CardFacts:
    """Everything that the texts of a release say."""

    definitions: Definitions
    epochs: tuple[Epoch, ...]
    """The closed epochs of the prefix; at least one."""
    version: str
    previous: str | None
    origin: str
    size: int
    rows: Mapping[str, Mapping[str, int]]
    changes: Difference
    removed: tuple[Removed, ...]
    left_out: Mapping[str, int]
    """Reason → number of examples left out for it."""
    gates: Gates
    controls: ControlCounts
    figures: RowFigures
    yanked: Mapping[str, str] = field(default_factory=dict)
    """Earlier release that was yanked → why."""

    @property
    def terms(self) -> DatasetTerms:
        """The dataset's terms."""
        if self.definitions.terms is None:
            raise ValueError("a release needs a defined dataset")
        return self.definitions.terms

    @property
    def epoch(self) -> int:
        """The last closed epoch of the prefix."""
        return self.epochs[-1].number

    @property
    def date(self) -> str:
        """The last epoch's last day: what the log itself says of the release's time."""
        return self.epochs[-1].date

    @property
    def title(self) -> str:
        """The dataset's title in English, where it has one."""
        return in_english(self.terms.title)

    @property
    def cited_title(self) -> str:
        """The title as it stands where nothing else of the release does: it still says when the data is simulated."""
        return f"{self.title} (simulated data)" if self.terms.simulated else self.title

    @property
    def contributors(self) -> str:
        """The release's author, who is nobody by name."""
        return f"The {'simulated' if self.terms.simulated else 'pseudonymous'} contributors to {self.title}"

    @property
    def people(self) -> str:
        """What sort of people proposers and reviewers are."""
        return "simulated people" if self.terms.simulated else "people who signed up"

    def topics(self) -> list[Topic]:
        """The topics in force."""
        return [item.content for item in self.definitions.topics_at(self.epoch)]

    def rule_for(self, topic: Topic) -> AcceptanceRule:
        """The acceptance rule that binds a topic."""
        return self.definitions.policy_at(self.epoch).content.rule_for(topic.sensitivity)

    def rules(self) -> list[tuple[AcceptanceRule, list[Topic]]]:
        """Each acceptance rule that binds, with the topics under it."""
        found: list[tuple[AcceptanceRule, list[Topic]]] = []
        for topic in self.topics():
            rule = self.rule_for(topic)
            for known, topics in found:
                if known == rule:
                    topics.append(topic)
                    break
            else:
                found.append((rule, [topic]))
        return found

    def seat_rules(self) -> list[str]:
        """Each acceptance rule in a few words, with the topics under it."""
        return [
            f"{', '.join(topic.id for topic in topics)}: {rule.seats} seats for each perspective, of which at least "
            f"{rule.min_accepts} and {rule.min_share_percent} % must accept"
            for rule, topics in self.rules()
        ]

    def time_frame(self) -> tuple[str, str]:
        """The first and the last epoch's day."""
        return self.epochs[0].date, self.date

    def summary(self) -> str:
        """The dataset's description in English, saying first whether it is simulated."""
        said = f"{SIMULATED} " if self.terms.simulated else ""
        return said + in_english(self.terms.description)

    def citation(self, shown: Callable[[str], str] = str) -> str:
        """One line to cite it by; `shown` makes what maintainers wrote fit for where it stands."""
        return (
            f"{shown(self.contributors)} ({self.date[:4]}). {shown(self.cited_title)}, version {self.version} "
            f"[data set]. Log {self.origin}, size {self.size}."
        )

    def reviews_per_example(self) -> str:
        """How many counted reviews there are for an example."""
        examples = sum(self.figures.examples.values())
        if not examples:
            return "no example is in this release"
        return f"{self.figures.counted / examples:.1f} counted reviews on average ({self.figures.counted} in all)"


def in_english(labels: Mapping[str, str]) -> str:
    """A label in English, or in the first language that it has."""
    return labels.get("en") or next(iter(labels.values()))


def shown_people(number: int) -> str:
    """A count of people."""
    return f"under {FEW}" if number < FEW else str(number)


def chances(rule: AcceptanceRule, perspectives: int) -> list[float]:
    """The chance that a rule accepts, for each pair of `CHANCES`; further perspectives accept like the first."""
    policy = AcceptancePolicy(rule.seats, rule.min_accepts, Fraction(rule.min_share_percent, 100))
    return [operating_characteristic(policy, [first] * (perspectives - 1) + [last]) for first, last in CHANCES]
