"""Everything that the home holds about one person, for that person.

Rules that always hold:
- it is made for its owner only, and never stored;
- it names the owner's pseudonyms: whoever finds the file can link them to the person.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import select

from curation.drafts import find_draft, forms_of, forms_with_drafts
from curation.integrations.label_studio.reviewers import link_of
from curation.integrations.label_studio.slots import slots_of
from curation.people.accounts import Actor, leased_by, list_tokens, organisations_of
from curation.people.credentials import codes_left
from curation.people.identities import has_identity
from curation.people.vault import DATASET_SCOPE, Vault, topic_scope
from curation.public_handles import handles_of
from curation.tables import declarations, examples, flags, leases, reviews, sessions
from curation.writing import LoadedExamples, Platform


def holdings_of(platform: Platform, actor: Actor) -> dict[str, Any]:
    """What the home holds about an account, as plain data."""
    with platform.read() as loaded:
        connection = loaded.connection
        vault = Vault(connection, platform.home.vault_key, platform.token_bytes)
        mine = select(leases.c.example, leases.c.topic, leases.c.ends_at)
        held = connection.execute(mine.where(leased_by(connection, vault, actor.account))).mappings()
        on_topics = _on_topics(loaded, vault, actor)
        ends = select(sessions.c.ends_at).where(sessions.c.account == actor.account)
        return {
            "handle": actor.handle,
            "roles": sorted(actor.roles),
            "languages": list(actor.languages),
            "simulated": actor.simulated,
            "organisations": {
                "kept as keyed hashes": sorted(organisations_of(connection, actor.account)),
            },
            "tokens": [label for _, label in list_tokens(connection, actor.account)],
            "signs in through a provider, kept as a keyed hash": has_identity(connection, actor.account),
            "recovery codes left": codes_left(connection, actor.account),
            "sessions end at": list(connection.execute(ends.order_by(sessions.c.ends_at)).scalars()),
            "seats held": [dict(row) for row in held],
            "on topics": on_topics,
            "reviewing in Label Studio": _label_studio(loaded, vault, actor),
            "drafts": _drafts(loaded, platform, actor, on_topics),
        }


def _label_studio(loaded: LoadedExamples, vault: Vault, actor: Actor) -> dict[str, Any] | None:
    """The link, and each task with what came of it; None without one."""
    link = link_of(loaded, vault, actor)
    if link is None:
        return None
    tasks = [msgspec.to_builtins(slot) for slot in slots_of(loaded, vault, actor)]
    return {"address there": link.email, "language": link.language, "projects": link.projects, "tasks": tasks}


def _drafts(
    loaded: LoadedExamples, platform: Platform, actor: Actor, on_topics: dict[str, Any]
) -> dict[str, list[list[str]]]:
    """Form → what was typed into it."""
    own = [item["id"] for acts in on_topics.values() for item in acts["proposed"]]
    forms = forms_with_drafts(loaded, platform, actor, forms_of(loaded.definitions.topics, own))
    found = {form: find_draft(loaded, platform, actor, form) for form in forms}
    return {form: [list(pair) for pair in draft.fields] for form, draft in found.items() if draft}


def _on_topics(loaded: LoadedExamples, vault: Vault, actor: Actor) -> dict[str, Any]:
    """Topic → the pseudonym there, and what was done under it. What a maintainer did stands under «dataset»."""
    known = select(examples.c.topic).distinct()
    topics = sorted({*loaded.definitions.topics, *loaded.connection.execute(known).scalars()})
    found = {}
    for name, scope in [*((topic, topic_scope(topic)) for topic in topics), (DATASET_SCOPE, DATASET_SCOPE)]:
        pseudonym = vault.pseudonym(actor.account, scope)
        if pseudonym is not None:
            shown = handles_of(loaded.connection, [pseudonym]).get(pseudonym)
            found[name] = {"pseudonym": pseudonym, "public handle": shown, **_acts(loaded, pseudonym)}
    return found


def _acts(loaded: LoadedExamples, pseudonym: str) -> dict[str, Any]:
    queries = {
        "declared": select(declarations.c.id, declarations.c.perspective).where(declarations.c.pseudonym == pseudonym),
        "proposed": select(examples.c.id, examples.c.kind, examples.c.language).where(examples.c.proposer == pseudonym),
        "reviewed": select(reviews.c.id, reviews.c.example, reviews.c.verdict).where(reviews.c.reviewer == pseudonym),
        "flagged": select(flags.c.id, flags.c.example, flags.c.ground).where(flags.c.raiser == pseudonym),
    }
    return {
        name: [dict(row) for row in loaded.connection.execute(query.order_by(*query.selected_columns)).mappings()]
        for name, query in queries.items()
    }
