"""Go on syncing: hinted projects at once, everything once in a while.

Rules that always hold:
- what no webhook told of is found by the next look at everything;
- a server that is away is waited for; nothing ends the watch but its owner.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from curation.errors import Unavailable
from curation.integrations.label_studio.client import Client
from curation.integrations.label_studio.hints import take_hints
from curation.integrations.label_studio.reviewers import linked_reviewers
from curation.integrations.label_studio.sync import Synced, sync_all
from curation.people.vault import Vault
from curation.writing import Platform

LOOK_S = 1.0
EVERYTHING_S = 60.0


def watch(
    platform: Platform,
    client: Client,
    *,
    tell: Callable[[Synced], None],
    every_s: float = EVERYTHING_S,
    ends: Callable[[], bool] = bool,
    **options: Any,
) -> None:
    """Sync until `ends` says so.

    Args:
        platform: the home.
        client: the connected server.
        tell: is given what a sync came to, where it came to anything.
        every_s: after how many seconds everything is looked at, hinted or not.
        ends: whether to stop.
        options: as `sync_reviewer` takes them.
    """
    everything_at = time.monotonic()
    while not ends():
        try:
            if time.monotonic() >= everything_at:
                take_hints(platform)
                came = sync_all(platform, client, **options)
                everything_at = time.monotonic() + every_s
            else:
                came = sync_hinted(platform, client, **options)
        except Unavailable as error:
            came = Synced(failed=[str(error)])
        if came.happened():
            tell(came)
        time.sleep(LOOK_S)


def sync_hinted(platform: Platform, client: Client, **options: Any) -> Synced:
    """Sync the reviewers in whose projects something changed."""
    hinted = take_hints(platform)
    if not hinted:
        return Synced()
    with platform.read() as loaded:
        vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
        linked = linked_reviewers(loaded, vault)
    who = [actor.handle for actor, link in linked if not hinted.isdisjoint(link.projects.values())]
    return sync_all(platform, client, who, **options) if who else Synced()
