"""The reader's own account."""

from __future__ import annotations

from fastapi import APIRouter

from curation.people.vault import Vault, topic_scope
from curation_api.asking import TheActor, ThePlatform
from curation_api.openapi import operation
from curation_api.views import MeView

router = APIRouter(tags=["me"])


@router.get("/v1/me", **operation("Read the own account", access="required"))
def me(platform: ThePlatform, actor: TheActor) -> MeView:
    """Read the own handle, roles, languages and declared perspectives. Nothing of it is published."""
    declared = {}
    with platform.read() as loaded:
        vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
        for topic in loaded.definitions.topics:
            pseudonym = vault.pseudonym(actor.account, topic_scope(topic))
            latest = loaded.latest_declaration(pseudonym) if pseudonym else None
            if latest is not None and latest.perspective is not None:
                declared[topic] = latest.perspective
    return MeView(
        handle=actor.handle,
        roles=sorted(actor.roles),
        languages=list(actor.languages),
        simulated=actor.simulated,
        declared=declared,
    )
