"""What Label Studio says has changed: a hint, which only says where to look first.

Rules that always hold:
- whoever does not know the secret is refused; who does is answered before anything is written, because Label Studio
  lets its annotators wait for the answer;
- of what is sent, nothing is read but the project's number, which stands in the address.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Header, Query

from curation.errors import NotAllowed, Unavailable
from curation.integrations.label_studio.connection import SECRET_HEADER, is_from_server
from curation.integrations.label_studio.hints import note_hint
from curation.people.vault import Vault
from curation.writing import Platform
from curation_api.asking import ThePlatform
from curation_api.openapi import operation
from curation_api.views import HintView

router = APIRouter(tags=["integrations"])
_WRITTEN = operation("Hint that something changed in Label Studio", access="none", problems=(403, 422))


@router.post("/v1/integrations/label-studio/webhook", status_code=202, **_WRITTEN)
def webhook(
    platform: ThePlatform,
    afterwards: BackgroundTasks,
    project: Annotated[int | None, Query(ge=1, le=2**53 - 1, description="The project in which it did.")] = None,
    secret: Annotated[str, Header(alias=SECRET_HEADER, max_length=200, description="The webhook's secret.")] = "",
) -> HintView:
    """Remember to look into a project soon. What is found there counts; a lost or doubled hint does no harm."""
    with platform.read() as loaded:
        vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
        known = is_from_server(loaded, vault, secret)
    if not known:
        raise NotAllowed("this is not the secret of the connected Label Studio")
    if project is not None:
        afterwards.add_task(_note, platform, project)
    return HintView(status="noted")


def _note(platform: Platform, project: int) -> None:
    try:
        with platform.write() as writing:
            note_hint(writing.connection, project)
    except Unavailable:
        pass  # a lost hint: the next look at everything finds what it would have told
