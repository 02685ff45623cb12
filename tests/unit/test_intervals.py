"""Intervals as pictures: they show what the numbers beside them say."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from curation.releases.intervals import draw_interval
from curation_schemas.definition import Thresholds
from curation_validators.measures import Measured

ITEM = Measured("balance/refusal-parity", "", "topic", "left", "pass", None, "a <message>", 0.0, -0.05, 0.05, 40)


def numbers(picture: str, element: str, *names: str) -> list[float]:
    """Attributes of the first element of a class."""
    found = re.search(f'<[a-z]+ class="{element}"[^>]*>', picture)
    assert found is not None
    attributes = dict(re.findall(r' (\w+)="([^"]+)"', found.group()))
    return [float(attributes[name]) for name in names]


def test_an_interval_inside_the_margin_is_drawn_inside_the_band() -> None:
    picture = draw_interval(ITEM, Thresholds())
    left, width = numbers(picture, "allowed", "x", "width")
    start, end = numbers(picture, "interval", "x1", "x2")
    (dot,) = numbers(picture, "value", "cx")
    assert left < start < dot < end < left + width
    assert dot == numbers(picture, "zero", "x1")[0]
    assert "a &lt;message&gt;" in picture


def test_an_interval_that_leaves_the_margin_leaves_the_band_and_never_the_picture() -> None:
    picture = draw_interval(replace(ITEM, value=0.15, low=0.08, high=5.0), Thresholds())
    left, width = numbers(picture, "allowed", "x", "width")
    start, end = numbers(picture, "interval", "x1", "x2")
    assert left < start < left + width < end <= 180


@pytest.mark.parametrize(
    "item",
    [replace(ITEM, low=None), replace(ITEM, value=None), replace(ITEM, measure="balance/coverage")],
    ids=["no interval", "no value", "no scale"],
)
def test_nothing_is_drawn_without_an_interval(item: Measured) -> None:
    assert draw_interval(item, Thresholds()) == ""


def test_a_margin_of_zero_has_no_scale() -> None:
    assert draw_interval(ITEM, Thresholds(refusal_points_percent=0)) == ""
