"""The policy: every one there was, drafts of the next, and a second maintainer's agreement."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from curation.people.accounts import Actor
from curation.topics.define import DraftPolicy, agree_policy, draft_policy
from curation.topics.policies import PolicyDraft, drop_draft, find_draft, list_drafts
from curation.writing import Writing
from curation_api.asking import TheActor, ThePlatform
from curation_api.bodies import POLICY_DRAFT, read_body
from curation_api.once import TheOnce
from curation_api.openapi import act, operation
from curation_api.oversight import may_oversee
from curation_api.oversight_views import PolicyDraftView, PolicyList, PolicyView
from curation_api.rendering import act_view
from curation_api.views import ActView

router = APIRouter(tags=["policies"])
ADraft = Annotated[str, Path(pattern=r"^d_?[a-z0-9]{1,40}$", description="A draft's id.")]


@router.get("/v1/policies", **operation("List policies and drafts", access="required", problems=(403,)))
def policies(platform: ThePlatform, actor: TheActor) -> PolicyList:
    """List every policy, the latest last, and the drafts that wait for a second maintainer."""
    may_oversee(actor)
    with platform.read() as loaded:
        in_force = loaded.definitions.policy_at(loaded.epoch).leaf
        return PolicyList(
            policies=[
                PolicyView(
                    leaf=item.leaf,
                    binds_from=item.binds_from,
                    in_force=item.leaf == in_force,
                    policy=item.content,
                )
                for item in loaded.definitions.policies
            ],
            drafts=[_view(item) for item in list_drafts(loaded, actor)],
        )


@router.post("/v1/policies/drafts", **act("Draft a policy", PolicyDraftView, body="DraftPolicy", problems=()))
def draft(request: Request, once: TheOnce) -> Response:
    """Draft a policy that replaces the latest one, with a reason that everybody will read."""
    command = read_body(request, POLICY_DRAFT)
    return once.perform(lambda writing, actor: _drafted(writing, actor, command), lambda _, made: _view(made))


def _drafted(writing: Writing, actor: Actor, command: DraftPolicy) -> PolicyDraft:
    return find_draft(writing, actor, draft_policy(writing, actor, command))


@router.post("/v1/policies/drafts/{draft}/agreement", **act("Agree to a drafted policy", ActView))
def agree(draft: ADraft, once: TheOnce) -> Response:
    """Agree as the second maintainer. The policy stands, and binds two epochs after its leaf."""
    return once.perform(lambda writing, actor: agree_policy(writing, actor, draft), act_view)


@router.post("/v1/policies/drafts/{draft}/removal", **act("Take a drafted policy back", PolicyDraftView))
def drop(draft: ADraft, once: TheOnce) -> Response:
    """Take an own draft back, or one that another policy has overtaken."""
    return once.perform(lambda writing, actor: drop_draft(writing, actor, draft), lambda _, made: _view(made))


def _view(draft: PolicyDraft) -> PolicyDraftView:
    return PolicyDraftView(
        id=draft.id,
        policy=draft.policy,
        reason=draft.reason,
        supersedes=draft.supersedes,
        own=draft.own,
        current=draft.current,
    )
