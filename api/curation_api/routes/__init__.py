"""The routes, one module per noun. Each reads a request, runs a command or a query, and renders the result."""

from curation_api.routes import (
    appeals,
    cutting,
    examples,
    exports,
    flags,
    health,
    label_studio,
    log,
    me,
    oversight,
    people,
    perspectives,
    policies,
    releases,
    reviews,
    search,
    seats,
    topics,
    webhooks,
)

ROUTERS = tuple(
    module.router
    for module in (
        examples,
        exports,
        seats,
        reviews,
        appeals,
        flags,
        perspectives,
        topics,
        search,
        releases,
        me,
        oversight,
        policies,
        cutting,
        people,
        webhooks,
        label_studio,
        log,
        health,
    )
)
"""Every router, in the order of the OpenAPI document."""
UNCOUNTED = (log.router, health.router)
"""Those whose requests are not counted: a log's files are read by the hundred, and are as cheap as any file."""
