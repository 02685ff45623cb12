"""From rows to small count tables: one recipe, whatever engine carries it out.

Rules that always hold:
- every number is whole, so that each engine gives the same counts for the same rows;
- a count table has at most a few rows for each topic, position, owner, person or result that groups share.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from operator import itemgetter
from typing import Any, NamedTuple

from curation_validators.contents import Row
from curation_validators.engine import TOPICAL, Columns, Counted, Derive, Engine, Key, grouped
from curation_validators.facts import FACT_TABLES, Fact, FactTable
from curation_validators.judging import count_directions, count_reviews, judged_points
from curation_validators.pairing import added, count_pairs


@dataclass(frozen=True, slots=True)
class Counts:
    """Every count table. Keys begin with (config, topic), but for reviews: (topic, …)."""

    examples: Counted
    proposers: Counted
    cells: Counted
    """(config, topic, position, language)."""
    owners: Counted
    domains: Counted
    countries: Counted
    attributed: Counted
    """(config, topic, position) → (examples with a source, attributed citations)."""
    cited: Counted
    """(config, topic) → (citations, of sources that are archived, whose quote was compared, and is missing)."""
    lengths: Counted
    """(config, topic, position) → (groups, pairs, sum of log ratios, Σ S², Σ S n, Σ n²)."""
    refusals: Counted
    """(config, topic, position, refused, mirror refused)."""
    refusing: Counted
    """(config, topic, position, pairs, sum of refused less mirror refused) → groups."""
    framings: Counted
    """(config, topic, 1 for a group whose mirrors are complete)."""
    scored: Counted
    """(config, topic, position, pairs, sum of differences of reviewers' scores) → groups."""
    swaps: Counted
    """(config, topic, 1 for a pair that stays in its class) → pairs whose prompts differ by a swap."""
    loaded: Counted
    """(config, topic, position, pairs, sum of differences of loaded terms) → groups."""
    terms: Counted
    """(config, topic, position) → (answers, loaded terms, tokens)."""
    directions: Counted
    """(config, topic, position, 1 where it is in the chosen answer alone, 0 in the rejected one) → pairs."""
    copies: Counted
    """(config, topic) → (texts that stand elsewhere in the topic too, examples that hold them)."""
    faults: Counted
    """(config, topic, example, the sum of its faults), of examples that have any."""
    reviewers: Counted
    """(topic, perspective, reviewer)."""
    units: Counted
    """(topic, perspective or None for all, reviews, accepting ones) → judged revisions."""


def count_release(engine: Engine[Any]) -> Counts:
    """Count everything that the measures need."""
    examples = engine.facts(FACT_TABLES["examples"])
    return _count(engine, examples, _copies(engine, _texts(engine, examples)))


class PartCounts(NamedTuple):
    """The counts of some of a release's groups, and what it takes to count copies across all of them."""

    counts: Counts
    """Without copies."""
    texts: Counted
    """(config, topic, digest of a text) → examples that hold it."""


def count_part(engine: Engine[Any]) -> PartCounts:
    """Count some groups of a release, each of them whole. All of them are brought together by `merge_counts`."""
    examples = engine.facts(FACT_TABLES["examples"])
    texts = engine.collect(_texts(engine, examples), len(_TEXT))
    return PartCounts(_count(engine, examples, {}), texts)


def merge_counts(parts: Iterable[PartCounts]) -> Counts:
    """The counts of a whole release, from those of its parts."""
    tables: dict[str, list[Counted]] = {field.name: [] for field in fields(Counts)}
    texts = []
    for part in parts:
        texts.append(part.texts)
        for name, found in tables.items():
            found.append(getattr(part.counts, name))
    whole = {name: added(found) for name, found in tables.items()}
    rows = Rows((*_TEXT, "n"), [(*key, *held) for key, held in added(texts).items()])
    whole["copies"] = _copies(LocalEngine(lambda _config, _columns: ()), rows)
    return Counts(**whole)


def _count(engine: Engine[Any], examples: Any, copies: Counted) -> Counts:
    positions = engine.facts(FACT_TABLES["positions"])
    return Counts(
        examples=grouped(engine, examples, ("config", "topic")),
        proposers=grouped(engine, examples, ("config", "topic", "proposer")),
        cells=grouped(engine, positions, ("config", "topic", "position", "language")),
        copies=copies,
        faults=_faults(engine, examples),
        framings=_framings(engine, engine.facts(FACT_TABLES["framings"])),
        **_citations(engine, positions),
        **count_pairs(engine, examples, judged_points(engine)),
        **count_reviews(engine),
        directions=count_directions(engine, examples),
    )


def _citations(engine: Engine[Any], positions: Any) -> dict[str, Counted]:
    citations, sources = (engine.facts(FACT_TABLES[name]) for name in ("citations", "sources"))
    cited = engine.join(citations, sources, "source_id")
    of_examples = engine.group(cited, ("example_id",), ("attributed",))
    renamed = engine.derive(
        of_examples, (("example_id", str), ("attributed", int)), lambda row: iter([(row[0], row[2])])
    )
    held = engine.join(positions, renamed, "example_id")
    return {
        "owners": grouped(engine, cited, ("config", "topic", "owner")),
        "domains": grouped(engine, cited, ("config", "topic", "domain")),
        "countries": grouped(engine, cited, ("config", "topic", "country")),
        "cited": grouped(engine, cited, ("config", "topic"), ("archived", "compared", "missing")),
        "attributed": grouped(engine, held, ("config", "topic", "position"), ("attributed",)),
    }


def _framings(engine: Engine[Any], framings: Any) -> Counted:
    """A group is complete when each of its framings stands in each language in which any of them does."""
    cells = engine.group(framings, ("config", "topic", "key", "language", "framing"))
    in_group: Columns = (*TOPICAL, ("key", str), ("cells", int))
    of_group = engine.derive(
        engine.group(cells, ("config", "topic", "key")), in_group, lambda row: iter([(row[0], row[1], row[2], row[3])])
    )
    for name in ("language", "framing"):
        distinct = engine.group(engine.group(framings, ("key", name)), ("key",))
        counted = engine.derive(distinct, (("key", str), (name, int)), lambda row: iter([(row[0], row[1])]))
        of_group = engine.join(of_group, counted, "key")
    complete = engine.derive(of_group, (*TOPICAL, ("complete", int)), _complete)
    return grouped(engine, complete, ("config", "topic", "complete"))


def _complete(row: Fact) -> Iterator[Fact]:
    _, config, topic, cells, languages, framings = row
    if isinstance(framings, int) and isinstance(languages, int) and framings > 1:
        yield config, topic, int(cells == languages * framings)


_TEXT = ("config", "topic", "digest")


def _texts(engine: Engine[Any], examples: Any) -> Any:
    return engine.group(examples, _TEXT)


def _copies(engine: Engine[Any], held: Any) -> Counted:
    """Of texts that occur more than once in a topic, whatever the kinds: who holds them.

    Not across topics: one of them may leave the release, and what is measured of the other must not change by that.
    """
    keyed: Columns = (("key", str), *TOPICAL, ("holding", int))
    texts = engine.derive(held, keyed, _in_topic)
    several = engine.derive(engine.group(texts, ("key",), ("holding",)), (("key", str),), _repeated)
    return grouped(engine, engine.join(texts, several, "key"), ("config", "topic"), ("holding",))


def _in_topic(row: Fact) -> Iterator[Fact]:
    config, topic, digest, times = row
    if digest is not None:
        yield f"{digest}|{'' if topic is None else topic}", config, topic, times


def _repeated(row: Fact) -> Iterator[Fact]:
    key, _, holding = row
    if isinstance(holding, int) and holding > 1:
        yield (key,)


def _faults(engine: Engine[Any], examples: Any) -> Counted:
    def faulty(row: Fact) -> Iterator[Fact]:
        config, topic, example, *_, faults = row
        if faults:
            yield config, topic, example, faults

    columns: Columns = (*TOPICAL, ("example_id", str), ("faults", int))
    return grouped(engine, engine.derive(examples, columns, faulty), tuple(name for name, _ in columns))


@dataclass(frozen=True, slots=True)
class Rows:
    """A table of the local engine."""

    names: tuple[str, ...]
    rows: list[Fact]

    def place(self, name: str) -> int:
        """A column's place."""
        return self.names.index(name)


class LocalEngine:
    """Plain Python: what an auditor's install has."""

    def __init__(
        self, rows_of: Callable[[str, tuple[str, ...]], Iterable[Row]], made: Mapping[str, list[Fact]] | None = None
    ) -> None:
        """`rows_of(config, columns)` gives a config's rows, with those columns at least; none for an empty one.

        `made` holds the facts that were made already, by the name of their table.
        """
        self._rows_of = rows_of
        self._made = made or {}

    def facts(self, table: FactTable) -> Rows:
        """The facts of one kind."""
        made = self._made.get(table.name) or [
            fact
            for config in table.configs
            for row in self._rows_of(config, table.reads)
            for fact in table.facts(config, row)
        ]
        return Rows(table.names, made)

    def join(self, left: Rows, right: Rows, on: str) -> Rows:
        """An inner join. The column `on` comes first, then the others of `left`, then those of `right`."""
        one, other = left.place(on), right.place(on)
        found: dict[Any, list[Fact]] = defaultdict(list)
        for row in right.rows:
            if row[other] is not None:
                found[row[other]].append((*row[:other], *row[other + 1 :]))
        names = tuple(name for name in left.names if name != on) + tuple(name for name in right.names if name != on)
        rows = [
            (row[one], *row[:one], *row[one + 1 :], *more)
            for row in left.rows
            if row[one] is not None
            for more in found.get(row[one], ())
        ]
        return Rows((on, *names), rows)

    def derive(self, table: Rows, columns: Columns, function: Derive) -> Rows:
        """Other rows made of each row."""
        return Rows(tuple(name for name, _ in columns), [made for row in table.rows for made in function(row)])

    def group(self, table: Rows, by: tuple[str, ...], sums: tuple[str, ...] = ()) -> Rows:
        """Count and sum by key."""
        # A slice of one gives a tuple, which itemgetter of one place does not.
        places = [table.place(name) for name in by]
        key_of: Callable[[Fact], Any] = (
            itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))
        )
        keys = map(key_of, table.rows)
        if not sums:
            return Rows((*by, "n"), [(*key, count) for key, count in Counter(keys).items()])
        summed = [table.place(name) for name in sums]
        counted: dict[Key, list[int]] = {}
        for key, row in zip(keys, table.rows, strict=True):
            tally = counted.get(key)
            if tally is None:
                tally = counted[key] = [0] * (1 + len(sums))
            tally[0] += 1
            for number, place in enumerate(summed, 1):
                tally[number] += row[place]  # type: ignore[operator]  # columns that are summed are whole numbers
        return Rows((*by, "n", *sums), [(*key, *tally) for key, tally in counted.items()])

    def collect(self, table: Rows, keys: int) -> Counted:
        """The rows by their key."""
        return {row[:keys]: row[keys:] for row in table.rows}  # type: ignore[misc]  # what follows a key is counted
