"""How Label Studio stands: who reviews there, and how their tasks stand.

Rules that always hold:
- it says how many tasks of each kind somebody has, and of what was refused project, task and reason; never what was
  judged.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from curation.integrations.label_studio.client import Client
from curation.integrations.label_studio.reviewers import linked_reviewers
from curation.integrations.label_studio.slots import slots_of
from curation.people.vault import Vault
from curation.writing import Platform


def standing_of(platform: Platform, client: Client) -> dict[str, Any]:
    """How the connected server and its reviewers stand, as plain data. Raises Unavailable."""
    reviewers: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    with platform.read() as loaded:
        vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
        for actor, link in linked_reviewers(loaded, vault):
            slots = slots_of(loaded, vault, actor)
            counts = Counter(slot.state for slot in slots)
            states = {state: counts[state] for state in ("open", "taken", "refused")}
            reviewers.append({"handle": actor.handle, "language": link.language, "projects": link.projects, **states})
            refused += [
                {"project": slot.project, "task": slot.task, "reason": slot.reason}
                for slot in slots
                if slot.state == "refused"
            ]
    return {
        "url": client.url,
        "version": client.version(),
        "invitation": client.invitation(),
        "reviewers": reviewers,
        "refused": refused,
    }
