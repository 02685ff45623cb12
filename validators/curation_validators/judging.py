"""Recipes over reviews: who judged, how far they agree, how they scored, and which positions they saw.

Rules that always hold:
- only reviews that counted are counted, and each for the revision that it judged;
- a score is whole thousandths of a point.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from curation_validators.engine import TOPICAL, Columns, Counted, Engine, grouped
from curation_validators.facts import FACT_TABLES, Fact


def count_reviews(engine: Engine[Any]) -> dict[str, Counted]:
    """Who judged, and how far they agree."""
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
        units |= grouped(engine, derived, ("topic", "perspective", "reviews", "accepts"))
    return {"reviewers": grouped(engine, judged, ("topic", "perspective", "reviewer")), "units": units}


POINTS: Columns = (("revision", str), ("perspective", str), ("points", int))


def judged_points(engine: Engine[Any]) -> Any:
    """A table of each revision's mean score in each perspective."""
    scores = engine.group(engine.facts(FACT_TABLES["scores"]), ("revision", "perspective"), ("points",))

    def mean(row: Fact) -> Iterator[Fact]:
        revision, perspective, reviews, points = row
        if revision is not None and isinstance(reviews, int) and isinstance(points, int):
            yield revision, perspective, round(points / reviews)

    return engine.derive(scores, POINTS, mean)


_SEEN: Columns = (("revision", str), ("position", str), ("chosen", int), ("rejected", int))
_TAGGING: Columns = (("revision", str), ("tagging", int))
_DIRECTION: Columns = (("revision", str), ("position", str), ("is_chosen", int))


def count_directions(engine: Engine[Any], examples: Any) -> Counted:
    """Preference pairs of which one answer holds a position, as most reviewers who tagged the pair say."""
    facts = engine.facts(FACT_TABLES["seen"])
    seen = engine.derive(engine.group(facts, ("revision", "position"), ("chosen", "rejected")), _SEEN, _of_position)
    tagging = engine.group(engine.derive(facts, _TAGGING, _tagging), ("revision",), ("tagging",))
    reviews = engine.derive(tagging, _TAGGING, lambda row: iter([(row[0], row[2])]))
    directions = engine.derive(engine.join(seen, reviews, "revision"), _DIRECTION, _direction)
    places: Columns = (("revision", str), *TOPICAL)
    pairs = engine.derive(examples, places, _place_of_pair)
    found = engine.join(pairs, directions, "revision")
    return grouped(engine, found, ("config", "topic", "position", "is_chosen"))


def _of_position(row: Fact) -> Iterator[Fact]:
    revision, position, _, chosen, rejected = row
    if revision is not None and position is not None:
        yield revision, position, chosen, rejected


def _tagging(row: Fact) -> Iterator[Fact]:
    if row[1] is None:
        yield row[0], 1


def _direction(row: Fact) -> Iterator[Fact]:
    """A position is in an answer where more than half of those who tagged the pair see it there."""
    revision, position, chosen, rejected, tagging = row
    if isinstance(chosen, int) and isinstance(rejected, int) and isinstance(tagging, int):
        in_chosen, in_rejected = 2 * chosen > tagging, 2 * rejected > tagging
        if in_chosen != in_rejected:
            yield revision, position, int(in_chosen)


def _place_of_pair(row: Fact) -> Iterator[Fact]:
    config, topic, _, revision = row[:4]
    if config == "preference" and revision is not None:
        yield revision, config, topic
