"""Objecting to the wording of a topic, with or without an account, and reading what others objected to.

Rules that always hold:
- nobody has to say who they are, and nothing of it is kept; an address is counted for a minute, in memory only;
- what was objected to is read by people with an account: they can propose to change it. It is published nowhere.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from curation.errors import InvalidInput
from curation.topics.objections import Object, list_objections, object_to_wording, take_objection_away
from curation_api.errors import TooMany
from curation_api.limiting import RateLimits
from curation_api.pages.catalogue import N_
from curation_api.pages.complaints import Problems, by_field
from curation_api.pages.findings import findings_in, say_finding
from curation_api.pages.render import go, show
from curation_api.pages.visit import Form, TheForm, TheVisit, Visit
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.text import Slug

router = APIRouter()
ATopic = Annotated[Slug, Path()]
A_MINUTE = 3
"""Objections from one account or one network."""


@router.get("/topics/{topic}/objections")
def ask(topic: ATopic, visit: TheVisit) -> Response:
    """The form, and for people with an account what others objected to."""
    return _page(visit, topic, Form([("language", visit.language)]))


@router.post("/topics/{topic}/objections")
def object_(topic: ATopic, visit: TheVisit, form: TheForm) -> Response:
    """Keep an objection."""
    limits: RateLimits = visit.request.app.state.objections
    fields = {name: form.one(name) for name in ("path", "language", "text")}
    try:
        command = validate(Object, {"topic": topic, **fields})
        if visit.actor is not None:
            limits.count_account(visit.actor.account)
        else:
            limits.count_address(visit.request.client.host if visit.request.client else "")
        with visit.platform.write() as writing:
            object_to_wording(writing, command)
    except SchemaInvalid as error:
        return _page(visit, topic, form, by_field(visit.say, error.problems), 422)
    except TooMany as error:
        busy = N_("More objections came from here in a minute than are taken. Wait a little, then send it again.")
        answer = _page(visit, topic, form, {"": [visit.say(busy)]}, 429)
        answer.headers.update(error.own_headers)
        return answer
    except InvalidInput as error:
        return _page(visit, topic, form, _problems(visit, error), 422)
    return go(f"/topics/{topic}/objections?done=1")


@router.post("/topics/{topic}/objections/remove")
def remove(topic: ATopic, visit: TheVisit, form: TheForm) -> Response:
    """Take an objection away, as a maintainer."""
    actor = visit.must_act()
    with visit.platform.write() as writing:
        take_objection_away(writing, actor, topic, form.one("objection"))
    return go(f"/topics/{topic}/objections")


def _problems(visit: Visit, error: InvalidInput) -> Problems:
    if found := findings_in(error.message):
        return {"text": [str(say_finding(visit.say, item)) for item in found]}
    if error.where == "topic":
        return {
            "": [visit.say(N_("There are very many objections to this topic already. Please try again in some days."))]
        }
    return by_field(visit.say, [(error.where, error.message)])


def _page(visit: Visit, topic: str, form: Form, problems: Problems | None = None, status: int = 200) -> Response:
    with visit.platform.read() as loaded:
        definition = loaded.topic_in_force(topic).content
        found = list_objections(loaded, topic, visit.platform.clock.now()) if visit.actor else []
    return show(
        visit,
        "objections.html",
        status,
        topic=definition,
        texts=dict(definition.texts()),
        form=form,
        problems=problems or {},
        objections=found,
        removes=visit.actor is not None and visit.actor.may("maintainer"),
        done=visit.request.query_params.get("done") == "1",
    )
