"""From rows to small count tables: one recipe, whatever engine carries it out.

Rules that always hold:
- an engine makes facts, joins, derives and groups; it knows no measure, and every number in it is whole, so that each
  engine gives the same counts for the same rows;
- a count table has at most a few rows for each topic, position, owner or person.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Protocol, TypeVar

from curation_validators.facts import FACT_TABLES, Fact, FactTable, Row, log_ratio

Key = tuple[Any, ...]
Counted = dict[Key, tuple[int, ...]]
"""Key → (how many, sums …)."""
Columns = tuple[tuple[str, type], ...]
Derive = Callable[[Fact], Iterator[Fact]]
Table = TypeVar("Table")


class Engine(Protocol[Table]):
    """What carries the recipe out."""

    def facts(self, table: FactTable) -> Table:
        """The facts of one kind."""

    def join(self, left: Table, right: Table, on: str) -> Table:
        """Each row of `left` with each row of `right` that has the same `on`, which stands once; null joins nothing."""

    def derive(self, table: Table, columns: Columns, function: Derive) -> Table:
        """Other rows made of each row."""

    def group(self, table: Table, by: tuple[str, ...], sums: tuple[str, ...] = ()) -> Table:
        """One row for each key: the key, `n`, and the sum of each column in `sums`."""

    def collect(self, table: Table, keys: int) -> Counted:
        """A grouped table as a dictionary; the first `keys` columns are the key."""


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
    framings: Counted
    """(config, topic, 1 for a group whose mirrors are complete)."""
    copies: Counted
    """(config, topic) → (texts that occur more than once, copies too many)."""
    reviewers: Counted
    """(topic, perspective, reviewer)."""
    units: Counted
    """(topic, perspective or None for all, reviews, accepting ones) → judged revisions."""


_C: Columns = (("config", str), ("topic", str))


def count_release(engine: Engine[Any]) -> Counts:
    """Count everything that the measures need."""
    examples, positions = (engine.facts(FACT_TABLES[name]) for name in ("examples", "positions"))
    return Counts(
        examples=_grouped(engine, examples, ("config", "topic")),
        proposers=_grouped(engine, examples, ("config", "topic", "proposer")),
        cells=_grouped(engine, positions, ("config", "topic", "position", "language")),
        copies=_copies(engine, examples),
        framings=_framings(engine, engine.facts(FACT_TABLES["framings"])),
        **_citations(engine, positions),
        **_pairs(engine, examples),
        **_reviews(engine),
    )


def _grouped(engine: Engine[Any], table: Any, by: tuple[str, ...], sums: tuple[str, ...] = ()) -> Counted:
    return engine.collect(engine.group(table, by, sums), len(by))


def _citations(engine: Engine[Any], positions: Any) -> dict[str, Counted]:
    citations, sources = (engine.facts(FACT_TABLES[name]) for name in ("citations", "sources"))
    cited = engine.join(citations, sources, "source_id")
    of_examples = engine.group(cited, ("example_id",), ("attributed",))
    renamed = engine.derive(
        of_examples, (("example_id", str), ("attributed", int)), lambda row: iter([(row[0], row[2])])
    )
    held = engine.join(positions, renamed, "example_id")
    return {
        "owners": _grouped(engine, cited, ("config", "topic", "owner")),
        "domains": _grouped(engine, cited, ("config", "topic", "domain")),
        "countries": _grouped(engine, cited, ("config", "topic", "country")),
        "cited": _grouped(engine, cited, ("config", "topic"), ("archived", "compared", "missing")),
        "attributed": _grouped(engine, held, ("config", "topic", "position"), ("attributed",)),
    }


_OTHER: Columns = (
    ("mirror", str),
    ("other_config", str),
    ("other_language", str),
    ("other_side", str),
    ("other_length", int),
    ("other_refused", int),
)
_PAIR: Columns = (*_C, ("group_id", str), ("side", str), ("length", int), ("other_length", int))
_RATIO: Columns = (*_C, ("group_id", str), ("side", str), ("ratio", int))
_REFUSED: Columns = (*_C, ("side", str), ("refused", int), ("other_refused", int))
_SUMS = ("pairs", "total", "squares", "products", "sizes")


def _other_side(row: Fact) -> Iterator[Fact]:
    config, _, example, _, language, _, side, length, refused, _ = row
    if side is not None:
        yield example, config, language, side, length, refused


def _comparable(row: Fact) -> bool:
    """The mirror is of the same config and language, and on another side."""
    _mirror, config, _, _, language, side, _, _, other_config, other_language, other_side, _, _ = row
    return language is not None and (config, language) == (other_config, other_language) and side != other_side


def _ratio(row: Fact) -> Iterator[Fact]:
    _, config, topic, group, _, side, length, _, _, _, _, other_length, _ = row
    if _comparable(row) and isinstance(length, int) and isinstance(other_length, int) and length and other_length:
        yield config, topic, group, side, log_ratio(length, other_length)


def _refused(row: Fact) -> Iterator[Fact]:
    _, config, topic, _, _, side, _, refused, _, _, _, _, other_refused = row
    if _comparable(row) and -1 not in (refused, other_refused):
        yield config, topic, side, refused, other_refused


def _cluster(row: Fact) -> Iterator[Fact]:
    config, topic, side, _, pairs, total = row
    if isinstance(pairs, int) and isinstance(total, int):
        yield config, topic, side, pairs, total, total * total, total * pairs, pairs * pairs


def _pairs(engine: Engine[Any], examples: Any) -> dict[str, Counted]:
    others = engine.derive(examples, _OTHER, _other_side)
    joined = engine.join(engine.facts(FACT_TABLES["mirrors"]), others, "mirror")
    lengths: Counted = {}
    for ratios in (engine.derive(joined, _RATIO, _ratio), engine.facts(FACT_TABLES["voices"])):
        by_group = engine.group(ratios, ("config", "topic", "side", "group_id"), ("ratio",))
        columns: Columns = (*_C, ("side", str), *((name, int) for name in _SUMS))
        clusters = engine.derive(by_group, columns, _cluster)
        for key, sums in _grouped(engine, clusters, ("config", "topic", "side"), _SUMS).items():
            before = lengths.get(key, (0,) * len(sums))
            lengths[key] = tuple(one + other for one, other in zip(before, sums, strict=True))
    refused = engine.derive(joined, _REFUSED, _refused)
    return {
        "lengths": lengths,
        "refusals": _grouped(engine, refused, ("config", "topic", "side", "refused", "other_refused")),
    }


def _framings(engine: Engine[Any], framings: Any) -> Counted:
    """A group is complete when each of its framings stands in each language in which any of them does."""
    cells = engine.group(framings, ("config", "topic", "key", "language", "framing"))
    in_group: Columns = (*_C, ("key", str), ("cells", int))
    of_group = engine.derive(
        engine.group(cells, ("config", "topic", "key")), in_group, lambda row: iter([(row[0], row[1], row[2], row[3])])
    )
    for name in ("language", "framing"):
        distinct = engine.group(engine.group(framings, ("key", name)), ("key",))
        counted = engine.derive(distinct, (("key", str), (name, int)), lambda row: iter([(row[0], row[1])]))
        of_group = engine.join(of_group, counted, "key")
    complete = engine.derive(of_group, (*_C, ("complete", int)), _complete)
    return _grouped(engine, complete, ("config", "topic", "complete"))


def _complete(row: Fact) -> Iterator[Fact]:
    _, config, topic, cells, languages, framings = row
    if isinstance(framings, int) and isinstance(languages, int) and framings > 1:
        yield config, topic, int(cells == languages * framings)


def _copies(engine: Engine[Any], examples: Any) -> Counted:
    texts = engine.group(examples, ("config", "topic", "digest"))

    def repeated(row: Fact) -> Iterator[Fact]:
        config, topic, digest, times = row
        if digest is not None and isinstance(times, int) and times > 1:
            yield config, topic, times - 1

    found = engine.derive(texts, (*_C, ("extra", int)), repeated)
    return _grouped(engine, found, ("config", "topic"), ("extra",))


def _reviews(engine: Engine[Any]) -> dict[str, Counted]:
    reviews, places = (engine.facts(FACT_TABLES[name]) for name in ("reviews", "places"))
    judged = engine.join(reviews, places, "example_id")
    units: Counted = {}
    for by in (("topic", "perspective", "revision"), ("topic", "revision")):
        votes = engine.group(judged, by, ("accepts",))
        whole = len(by) == 2
        columns: Columns = (("topic", str), ("perspective", str), ("reviews", int), ("accepts", int))

        def unit(row: Fact, whole: bool = whole) -> Iterator[Fact]:
            yield (row[0], None if whole else row[1], row[-2], row[-1])

        derived = engine.derive(votes, columns, unit)
        units |= _grouped(engine, derived, ("topic", "perspective", "reviews", "accepts"))
    return {"reviewers": _grouped(engine, judged, ("topic", "perspective", "reviewer")), "units": units}


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

    def __init__(self, rows_of: Callable[[str, tuple[str, ...]], Iterable[Row]]) -> None:
        """`rows_of(config, columns)` gives a config's rows, with those columns at least; none for an empty one."""
        self._rows_of = rows_of

    def facts(self, table: FactTable) -> Rows:
        """The facts of one kind."""
        made = [
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
