"""The pages, one module per noun. Each reads a request, runs a command or a query, and shows the result."""

from curation_api.pages.routes import (
    account,
    acts,
    cutting,
    examples,
    flags,
    home,
    joining,
    leaves,
    log,
    looking,
    objecting,
    oversight,
    people,
    perspectives,
    policies,
    proposing,
    provider,
    receipts,
    releases,
    reviewing,
    search,
    signing_in,
    topic_proposing,
    topics,
    webhooks,
    work,
)

ROUTERS = tuple(
    module.router
    for module in (
        home,
        topics,
        objecting,
        perspectives,
        examples,
        leaves,
        releases,
        log,
        search,
        joining,
        signing_in,
        provider,
        account,
        work,
        receipts,
        topic_proposing,  # before the forms for examples: `topic` is no kind of theirs
        proposing,
        looking,
        reviewing,
        acts,
        flags,
        oversight,
        policies,
        cutting,
        people,
        webhooks,
    )
)
"""Every router of the pages."""
