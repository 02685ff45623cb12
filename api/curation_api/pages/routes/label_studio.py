"""Reviewing in Label Studio: what its server learns, said before anything is linked; linking, and taking it back.

Rules that always hold:
- nothing is asked of Label Studio while somebody waits for a page: the next sync does what was chosen here;
- where this home is connected to no Label Studio, there is no such page.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from curation.errors import Conflict, InvalidInput, NotFound
from curation.integrations.label_studio.connection import server_url
from curation.integrations.label_studio.forms import ASKED_FOR
from curation.integrations.label_studio.reviewers import (
    LinkReviewer,
    ask_to_unlink,
    link_of,
    link_reviewer,
)
from curation.integrations.label_studio.slots import slots_of
from curation.integrations.label_studio.telling import told
from curation.integrations.label_studio.words import LANGUAGES
from curation.people.vault import Vault
from curation_api.pages.catalogue import N_
from curation_api.pages.complaints import Problems, by_field
from curation_api.pages.refused import say_reason
from curation_api.pages.render import go, show
from curation_api.pages.visit import Form, TheForm, TheVisit, Visit

router = APIRouter()
PAGE = "/account/label-studio"


@router.get(PAGE)
def label_studio(visit: TheVisit) -> Response:
    """How somebody stands there, and the form."""
    return _page(visit, None, {}, 200)


def _page(visit: Visit, form: Form | None, problems: Problems, status: int) -> Response:
    actor = visit.must_act()
    with visit.platform.read() as loaded:
        url = server_url(loaded)
        if url is None:
            raise NotFound("this home is connected to no Label Studio")
        vault = Vault(loaded.connection, visit.platform.home.vault_key, visit.platform.token_bytes)
        link = link_of(loaded, vault, actor)
        slots = slots_of(loaded, vault, actor) if link else []
    if form is None:
        chosen = [("language", link.language if link else visit.language)]
        form = Form([*chosen, *(("also", also) for also in (link.also if link else ()))])
    return show(
        visit,
        "label-studio.html",
        status,
        url=url,
        link=link,
        counts={state: sum(slot.state == state for slot in slots) for state in ("open", "taken", "refused")},
        refused=[(slot, say_reason(slot, visit.language)) for slot in slots if slot.state == "refused"],
        told=told(visit.language),
        form=form,
        form_languages=LANGUAGES,
        problems=problems,
        said=visit.request.query_params.get("done") == "1",
    )


@router.post(PAGE)
def link(visit: TheVisit, form: TheForm) -> Response:
    """Link the account there, or change which forms one has."""
    actor = visit.must_act()
    with visit.platform.read() as loaded:
        if server_url(loaded) is None:
            raise NotFound("this home is connected to no Label Studio")
        vault = Vault(loaded.connection, visit.platform.home.vault_key, visit.platform.token_bytes)
        known = link_of(loaded, vault, actor)
    if not (known or form.has("agreed")):
        said = visit.say(N_("Nobody is linked who did not agree to what Label Studio’s server learns."))
        return _page(visit, form, {"agreed": [said]}, 422)
    command = LinkReviewer(
        email=known.email if known else form.one("email"),
        language=form.one("language"),
        consents=True,
        also=tuple(also for also in form.all("also") if also in ASKED_FOR),
    )
    try:
        with visit.platform.write() as writing:
            link_reviewer(writing, actor, command)
    except (Conflict, InvalidInput) as error:
        return _page(visit, form, by_field(visit.say, [(error.where, error.message)]), 422)
    return go(f"{PAGE}?done=1")


@router.post(PAGE + "/end")
def end(visit: TheVisit, form: TheForm) -> Response:
    """Take the link back."""
    with visit.platform.write() as writing:
        ask_to_unlink(writing, visit.must_act())
    return go(f"{PAGE}?done=1")
