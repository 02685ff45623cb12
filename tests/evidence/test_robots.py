"""What robots.txt permits (RFC 9309)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.evidence.politeness import Politeness
from curation.evidence.robots import read_robots

CASES = [
    ("", "/x", True),
    ("User-agent: *\nDisallow: /", "/x", False),
    ("User-agent: *\nDisallow:", "/x", True),
    ("User-agent: *\nDisallow: /\n\nUser-agent: evenhand\nAllow: /", "/x", True),
    ("User-agent: Evenhand/1.0\nDisallow: /", "/x", False),
    ("User-agent: other\nUser-agent: evenhand\nDisallow: /x", "/x", False),
    ("User-agent: other\nDisallow: /", "/x", True),
    ("User-agent: evenhand\nDisallow: /a\n\nUser-agent: evenhand\nDisallow: /b", "/a", False),
    ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
    ("User-agent: *\nAllow: /a\nDisallow: /a", "/a", True),
    ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
    ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?z", True),
    ("User-agent: *\nDisallow: /a*b*c", "/a/xx/b/c", False),
    ("User-agent: *\nDisallow: /fish$", "/fish/", True),
    ("User-agent: *\nDisallow: /ü", "/%C3%BC", False),
    ("User-agent: *\nDisallow: /%c3%bc", "/%C3%BC", False),
    ("\ufeffUser-agent: *\r\nDisallow: /x # a comment", "/x", False),
    ("Disallow: /x", "/x", True),
    ("User-agent: *\nDisallow: /robots.txt", "/robots.txt", True),
]


@pytest.mark.parametrize(("text", "target", "permitted"), CASES)
def test_robots_permits(text, target, permitted):
    assert read_robots(text.encode()).permits(target) is permitted


def test_the_longest_wait_that_is_asked_for_counts():
    assert read_robots(b"User-agent: *\nCrawl-delay: 2\nCrawl-delay: 7.5").delay == 7.5
    assert read_robots(b"User-agent: *\nCrawl-delay: -1\nCrawl-delay: inf").delay == 0


@given(st.binary(max_size=300), st.text(max_size=30))
def test_any_bytes_read_as_some_rules(content, target):
    assert read_robots(content).permits(f"/{target}") in (True, False)


def test_many_wildcards_take_no_time():
    robots = read_robots(b"User-agent: *\n" + b"Disallow: /" + b"*a" * 5_000 + b"b$")
    before = time.perf_counter()
    robots.permits("/" + "a" * 2_000)
    assert time.perf_counter() - before < 1


def test_a_host_is_asked_again_after_its_pause_and_others_at_once():
    moment, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        moment[0] += seconds

    politeness = Politeness(5.0, lambda: moment[0], sleep)
    politeness.take_turn("a.org")
    politeness.take_turn("b.org")
    assert slept == []
    moment[0] += 2
    politeness.take_turn("a.org")
    politeness.take_turn("a.org", delay=20)
    politeness.take_turn("a.org", delay=10_000)
    assert slept == [3, 20, 60]
