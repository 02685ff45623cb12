"""Recipes over mirrored pairs: an example and one of its mirrors, or two answers of a pluralistic example.

Rules that always hold:
- a pair is of one config and one language, and its sides differ: nothing is compared across languages;
- a difference is that of the side that comes first, so that a pair's two directions have opposite signs;
- what a pair lacks (a score, a list of terms for its language) leaves it out of that table alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import add
from typing import Any

from curation_validators.engine import TOPICAL, Columns, Counted, Engine, grouped
from curation_validators.facts import FACT_TABLES, PAIR, Fact, Pair, log_ratio
from curation_validators.loaded import rate_difference
from curation_validators.swapping import is_swap, rubric_class

_OWN: Columns = (
    ("example_id", str),
    *TOPICAL,
    ("group_id", str),
    ("language", str),
    ("side", str),
    ("revision", str),
    ("length", int),
    ("refused", int),
    ("loaded", int),
    ("tokens", int),
    ("prompt", str),
)
_OTHER: Columns = (
    ("mirror", str),
    ("other_config", str),
    ("other_language", str),
    ("other_side", str),
    ("other_revision", str),
    ("other_length", int),
    ("other_refused", int),
    ("other_loaded", int),
    ("other_tokens", int),
    ("other_prompt", str),
)
_SIDE: Columns = (*TOPICAL, ("side", str))
_RATIO: Columns = (*_SIDE, ("group_id", str), ("ratio", int))
_SUMS = ("pairs", "total", "squares", "products", "sizes")


def count_pairs(engine: Engine[Any], examples: Any, judged: Any) -> dict[str, Counted]:
    """Every table of mirrored pairs.

    Args:
        engine: what counts.
        examples: the facts of examples.
        judged: each revision's mean score in each perspective.
    """
    pairs = _pairs(engine, examples)
    both = (pairs, engine.facts(FACT_TABLES["voices"]))
    refused = engine.derive(pairs, (*_SIDE, ("refused", int), ("other_refused", int)), _refused)
    refusing = engine.derive(pairs, (*_SIDE, ("group_id", str), ("difference", int)), _refusing)
    rates = (engine.derive(table, (*_SIDE, ("group_id", str), ("difference", int)), _rates) for table in both)
    terms = (engine.derive(table, (*_SIDE, ("loaded", int), ("tokens", int)), _terms) for table in both)
    return {
        "lengths": _lengths(engine, both),
        "refusals": grouped(engine, refused, ("config", "topic", "side", "refused", "other_refused")),
        "refusing": _by_result(engine, refusing),
        "scored": _by_result(engine, _score_differences(engine, pairs, judged)),
        "swaps": _swaps(engine, pairs, judged),
        "loaded": added(_by_result(engine, table) for table in rates),
        "terms": added(grouped(engine, table, ("config", "topic", "side"), ("loaded", "tokens")) for table in terms),
    }


def added(tables: Iterable[Counted]) -> Counted:
    """Count tables of the same columns, summed key by key."""
    found: Counted = {}
    for table in tables:
        for key, sums in table.items():
            before = found.get(key)
            found[key] = sums if before is None else tuple(map(add, before, sums))
    return found


def _pairs(engine: Engine[Any], examples: Any) -> Any:
    own = engine.derive(examples, _OWN, _on_a_side)
    others = engine.derive(own, _OTHER, _as_other)
    mirrored = engine.join(engine.facts(FACT_TABLES["mirrors"]), own, "example_id")
    return engine.derive(engine.join(mirrored, others, "mirror"), PAIR, _comparable)


def _on_a_side(row: Fact) -> Iterator[Fact]:
    (config, topic, example, revision, group, language, _, side, length, refused, _, loaded, tokens, prompt) = row[:-1]
    if side is not None and example is not None:
        yield example, config, topic, group, language, side, revision, length, refused, loaded, tokens, prompt


def _as_other(row: Fact) -> Iterator[Fact]:
    example, config, _, _, *rest = row
    yield example, config, *rest


def _comparable(row: Fact) -> Iterator[Fact]:
    """The mirror is of the same config and language, and on another side."""
    mirror, example, config, topic, group, language, side, revision, length, refused, loaded, tokens, prompt = row[:13]
    o_config, o_language, o_side, o_revision, o_length, o_refused, o_loaded, o_tokens, o_prompt = row[13:]
    if language is not None and (config, language) == (o_config, o_language) and side != o_side:
        # Pairs without a group are no cluster together: each is one, the same in both directions.
        group = group or " ".join(sorted((str(example), str(mirror))))
        swap = int(is_swap(str(prompt or ""), str(o_prompt or "")))
        yield (
            *(config, topic, group, side, example, mirror, revision, o_revision, length, o_length),
            *(refused, o_refused, loaded, o_loaded, tokens, o_tokens, swap),
        )


# --- lengths and refusals ---------------------------------------------------------------------------------------------


def _ratio(row: Fact) -> Iterator[Fact]:
    pair = Pair._make(row)
    if pair.length and pair.other_length:
        yield pair.config, pair.topic, pair.side, pair.group_id, log_ratio(pair.length, pair.other_length)


def _refused(row: Fact) -> Iterator[Fact]:
    pair = Pair._make(row)
    if -1 not in (pair.refused, pair.other_refused):
        yield pair.config, pair.topic, pair.side, pair.refused, pair.other_refused


def _refusing(row: Fact) -> Iterator[Fact]:
    pair = Pair._make(row)
    if -1 not in (pair.refused, pair.other_refused):
        yield pair.config, pair.topic, pair.side, pair.group_id, pair.refused - pair.other_refused


def _cluster(row: Fact) -> Iterator[Fact]:
    config, topic, side, _, pairs, total = row
    if isinstance(pairs, int) and isinstance(total, int):
        yield config, topic, side, pairs, total, total * total, total * pairs, pairs * pairs


def _lengths(engine: Engine[Any], tables: tuple[Any, ...]) -> Counted:
    columns: Columns = (*_SIDE, *((name, int) for name in _SUMS))
    found = []
    for table in tables:
        ratios = engine.derive(table, _RATIO, _ratio)
        by_group = engine.group(ratios, ("config", "topic", "side", "group_id"), ("ratio",))
        clusters = engine.derive(by_group, columns, _cluster)
        found.append(grouped(engine, clusters, ("config", "topic", "side"), _SUMS))
    return added(found)


# --- loaded language --------------------------------------------------------------------------------------------------


def _rates(row: Fact) -> Iterator[Fact]:
    pair = Pair._make(row)
    if pair.tokens > 0 and pair.other_tokens > 0:
        difference = rate_difference(pair.loaded, pair.tokens, pair.other_loaded, pair.other_tokens)
        yield pair.config, pair.topic, pair.side, pair.group_id, difference


def _terms(row: Fact) -> Iterator[Fact]:
    pair = Pair._make(row)
    if pair.tokens > 0 and pair.other_tokens > 0:
        yield pair.config, pair.topic, pair.side, pair.loaded, pair.tokens


# --- scores -----------------------------------------------------------------------------------------------------------

_WHO: Columns = (*_SIDE, ("group_id", str), ("example_id", str), ("mirror", str))


def _score_differences(engine: Engine[Any], pairs: Any, judged: Any) -> Any:
    """Each pair's difference in score, over the perspectives that scored both."""
    own = engine.derive(pairs, (("revision", str), *_WHO, ("other_revision", str)), _to_score)
    scored = engine.join(own, judged, "revision")
    keyed = engine.derive(scored, (("key", str), *_WHO, ("points", int)), _with_key)
    others = engine.derive(judged, (("key", str), ("other_points", int)), _key_of_points)
    compared = engine.derive(engine.join(keyed, others, "key"), (*_WHO, ("difference", int)), _less)
    of_pair = engine.group(compared, tuple(name for name, _ in _WHO), ("difference",))
    return engine.derive(of_pair, (*_SIDE, ("group_id", str), ("difference", int)), _mean_of_pair)


def _to_score(row: Fact) -> Iterator[Fact]:
    pair = Pair._make(row)
    if pair.revision and pair.other_revision:
        who = (pair.config, pair.topic, pair.side, pair.group_id, pair.example_id, pair.mirror)
        yield pair.revision, *who, pair.other_revision


def _with_key(row: Fact) -> Iterator[Fact]:
    _, *who, other, perspective, points = row
    yield f"{other}|{perspective}", *who, points


def _key_of_points(row: Fact) -> Iterator[Fact]:
    revision, perspective, points = row
    yield f"{revision}|{perspective}", points


def _less(row: Fact) -> Iterator[Fact]:
    _, *who, points, other = row
    if isinstance(points, int) and isinstance(other, int):
        yield *who, points - other


def _mean_of_pair(row: Fact) -> Iterator[Fact]:
    config, topic, side, group, _, _, perspectives, difference = row
    if isinstance(perspectives, int) and isinstance(difference, int):
        yield config, topic, side, group, round(difference / perspectives)


def _by_result(engine: Engine[Any], differences: Any) -> Counted:
    """Groups by what they share: how many pairs they have, and the sum of the pairs' differences."""
    by_group = engine.group(differences, ("config", "topic", "side", "group_id"), ("difference",))
    columns: Columns = (*_SIDE, ("pairs", int), ("total", int))
    results = engine.derive(by_group, columns, lambda row: iter([(*row[:3], *row[4:])]))
    return grouped(engine, results, ("config", "topic", "side", "pairs", "total"))


# --- entity swap ------------------------------------------------------------------------------------------------------


def _swaps(engine: Engine[Any], pairs: Any, judged: Any) -> Counted:
    """Pairs whose prompts differ by a swap, each once, by whether both are in one rubric class."""
    whole = engine.group(judged, ("revision",), ("points",))
    own = engine.derive(whole, (("revision", str), ("class", int)), _class_of)
    other = engine.derive(own, (("other_revision", str), ("other_class", int)), lambda row: iter([row]))
    columns: Columns = (("revision", str), ("other_revision", str), *TOPICAL)
    swapped = engine.derive(pairs, columns, _swapped)
    judged_both = engine.join(engine.join(swapped, own, "revision"), other, "other_revision")
    kept: Columns = (*TOPICAL, ("one", str), ("two", str), ("same", int))
    once = engine.group(engine.derive(judged_both, kept, _same), ("config", "topic", "one", "two", "same"))
    return grouped(engine, once, ("config", "topic", "same"))


def _class_of(row: Fact) -> Iterator[Fact]:
    revision, perspectives, points = row
    if isinstance(perspectives, int) and isinstance(points, int):
        yield revision, rubric_class(points / perspectives)


def _swapped(row: Fact) -> Iterator[Fact]:
    pair = Pair._make(row)
    if pair.swap and pair.revision and pair.other_revision:
        yield pair.revision, pair.other_revision, pair.config, pair.topic


def _same(row: Fact) -> Iterator[Fact]:
    other, one, config, topic, first, second = row
    names = sorted((str(one), str(other)))
    yield config, topic, *names, int(first == second)
