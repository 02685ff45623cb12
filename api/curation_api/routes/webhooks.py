"""Receivers of webhooks, for maintainers.

Rules that always hold:
- a secret is answered once and kept nowhere: these requests have no idempotency key, under which it would be kept.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from curation.settings import read_settings
from curation.webhooks.receivers import NewSecret, add_receiver, list_receivers, remove_receiver, replace_secret
from curation_api.asking import TheActor, ThePlatform
from curation_api.bodies import RECEIVER, read_body
from curation_api.openapi import operation
from curation_api.oversight import may_oversee
from curation_api.oversight_views import ReceiverList, ReceiverView, SecretView

router = APIRouter(tags=["webhooks"])
AReceiver = Annotated[str, Path(pattern=r"^wh_[a-z2-7]{1,40}$", description="A receiver's id.")]


@router.get("/v1/webhooks", **operation("List receivers of webhooks", access="required", problems=(403,)))
def webhooks(platform: ThePlatform, actor: TheActor) -> ReceiverList:
    """List every receiver, and how many messages wait, were delivered or were given up."""
    may_oversee(actor)
    with platform.read() as loaded:
        found = list_receivers(loaded.connection)
    return ReceiverList(receivers=[ReceiverView.model_validate(item, from_attributes=True) for item in found])


@router.post(
    "/v1/webhooks",
    status_code=201,
    **operation("Add a receiver of webhooks", access="required", body="ReceiverForm", problems=(403, 409)),
)
def add(request: Request, platform: ThePlatform, actor: TheActor) -> SecretView:
    """Register a receiver. It gets messages from the next epoch's end on; its secret is told this once."""
    wanted = read_body(request, RECEIVER)
    with platform.write() as writing:
        return _told(add_receiver(writing, actor, wanted.url, private=read_settings().webhooks_private))


@router.post(
    "/v1/webhooks/{receiver}/secret",
    status_code=201,
    **operation("Make a receiver a new secret", access="required", problems=(403, 404)),
)
def rotate(receiver: AReceiver, platform: ThePlatform, actor: TheActor) -> SecretView:
    """Make a receiver a new secret, told this once. The one before signs beside it for a day."""
    with platform.write() as writing:
        return _told(replace_secret(writing, actor, receiver))


@router.post(
    "/v1/webhooks/{receiver}/removal", **operation("Remove a receiver", access="required", problems=(403, 404))
)
def remove(receiver: AReceiver, platform: ThePlatform, actor: TheActor) -> ReceiverList:
    """Send nothing more to a receiver. Answers with those that are left."""
    with platform.write() as writing:
        remove_receiver(writing, actor, receiver)
    return webhooks(platform, actor)


def _told(made: NewSecret) -> SecretView:
    return SecretView(id=made.id, secret=made.secret)
