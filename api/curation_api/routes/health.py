"""Whether the platform answers."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import text

from curation_api.asking import ThePlatform
from curation_api.openapi import operation
from curation_api.views import HealthView

router = APIRouter(tags=["health"])


@router.get("/healthz", **operation("Ask whether the platform answers", access="none", counted=False))
def healthz(platform: ThePlatform) -> HealthView:
    """Answer once the database has answered. It says nothing else about the platform."""
    with platform.read() as loaded:
        loaded.connection.execute(text("SELECT 1"))
    return HealthView(status="ok")
