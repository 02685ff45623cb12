"""Requests that Schemathesis makes up from the OpenAPI document: none breaks anything, none is answered unforeseen."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from curation.clock import MovableClock
from curation_api import create_app
from curation_api.limiting import RateLimits
from tests.api.support import START, Api, copy_home

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ASKING = [None, "contributor", "maintainer"]
REQUESTS = 4
"""To each operation, so that all of it takes some seconds."""


@pytest.fixture(scope="module")
def made_up(seeded, tmp_path_factory):
    """The application, with an example in it, and its document as Schemathesis reads it."""
    platform = copy_home(seeded, tmp_path_factory.mktemp("made-up") / "home", MovableClock(START))
    Api(platform, MovableClock(START), seeded.tokens).propose()
    app = create_app(platform, limits=RateLimits(0, 0))
    yield schemathesis.openapi.from_asgi("/openapi.json", app, config=SchemathesisConfig()), seeded.tokens
    platform.home.close()


def test_no_request_breaks_anything_or_is_answered_unforeseen(made_up):
    schema, tokens = made_up
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=REQUESTS,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(), who=st.sampled_from(ASKING))
        def ask(case, who):
            headers = {} if who is None else {"Authorization": f"Bearer {tokens[who]}"}
            case.call_and_validate(checks=CHECKS, headers=headers)

        ask()
        asked += 1
    assert asked > 25
