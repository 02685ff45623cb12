"""Whatever is sent, the answer is one that the document names, and never a 500."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.support import ACCEPT, REJECT, SOURCE, TOPIC, sft

EXAMPLE, HASH = "ex_aaaaaaaaaaaaaaaa", "0" * 64
BODIES = [
    ("POST", "/v1/examples", sft(sources=[SOURCE], origin={"kind": "mixed", "model": "m", "version": "1"})),
    ("POST", f"/v1/examples/{EXAMPLE}/withdrawal", {"reason": "error"}),
    ("POST", "/v1/seats", {"topic": TOPIC, "language": "en"}),
    ("POST", "/v1/reviews", REJECT | {"example": EXAMPLE, "revision": HASH, "counter_source": SOURCE}),
    ("PUT", f"/v1/reviews/{EXAMPLE}", ACCEPT | {"positions_seen": {"chosen": ["right-to-arms"]}}),
    ("POST", "/v1/appeals", {"example": EXAMPLE, "rationale": "Because."}),
    ("POST", "/v1/flags", {"example": EXAMPLE, "revision": HASH, "ground": "law", "evidence": "Here."}),
    ("POST", "/v1/perspectives", {"topic": TOPIC, "perspective": "gun-rights"}),
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=30)
    | st.sampled_from(["neutral", "x" * 30_000, "\x00", "\u202e", "e\u0301", "en", "zh", "..", "http://[", "2025-13"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=6,
)


def places(value, path=()):
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*path, key))


def put(body, path, value):
    if not path:
        return value
    changed = copy.deepcopy(body)
    inside = changed
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return changed


@pytest.mark.parametrize(("method", "path", "body"), BODIES, ids=[f"{row[0]} {row[1]}" for row in BODIES])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_body_with_anything_anywhere_is_answered_as_documented(api, method, path, body, data):
    place = data.draw(st.sampled_from(list(places(body))))
    sent = json.dumps(put(body, place, data.draw(VALUES))).encode()
    headers = {"Content-Type": "application/json"}
    response = api.call(method, path, "simulated", content=sent, headers=headers)
    assert response.status_code in (200, 201, 404, 409, 422), response.text


@given(content=st.binary(max_size=200))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_body_of_any_bytes_is_answered_as_documented(api, content):
    response = api.call("POST", "/v1/seats", "simulated", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422)
