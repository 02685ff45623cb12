"""The log: how large, how old, who signed it, and how to check it on one's own machine."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import Response

from curation.clock import day_of, days_between
from curation.log.notes import SignedNote, encode_base64
from curation.tables import log_epochs
from curation_api.pages.figures import newest_release
from curation_api.pages.render import show
from curation_api.pages.visit import TheVisit

router = APIRouter()
_EPOCHS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature line of the checkpoint; not verified here, for that is what one's own machine is for."""

    name: str
    key_id: str
    own: bool


@router.get("/log")
def log(visit: TheVisit) -> Response:
    """The log's state, and the exact commands."""
    platform = visit.platform
    query = select(log_epochs).order_by(log_epochs.c.epoch.desc()).limit(_EPOCHS_SHOWN)
    with platform.read() as loaded:
        epochs = loaded.connection.execute(query).all()
        release = newest_release(loaded)
    last = epochs[0] if epochs else None
    signatures = []
    if last is not None:
        note = SignedNote.parse(last.checkpoint.encode())
        signatures = [
            Signature(item.name, item.key_id.hex(), item.name == platform.home.origin) for item in note.signatures
        ]
    root = encode_base64(bytes.fromhex(last.root)) if last else ""
    age = days_between(last.date, day_of(platform.clock.now())) if last else 0
    return show(
        visit,
        "log.html",
        epochs=epochs,
        last=last,
        root=root,
        age=max(age, 0),
        epoch_days=platform.epoch_days,
        signatures=signatures,
        verifier_key=platform.home.log_key.verifier().text(),
        release=release,
        address=str(visit.request.base_url).rstrip("/"),
    )
