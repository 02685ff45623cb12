"""A Hub of one's own, and the demonstration's releases."""

from __future__ import annotations

import pytest

from tests.audit.demo import bundle, demo, home
from tests.simulators.hub import WRITE, running_hub

__all__ = ["bundle", "demo", "home"]


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """An empty Hub, named as the one to talk to, with a token that may write."""
    from huggingface_hub import constants

    with running_hub() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        monkeypatch.setenv("HF_TOKEN", WRITE)
        monkeypatch.setattr(constants, "ENDPOINT", running.address)
        # Xet is a protocol of its own; without it the client falls back to LFS, which the simulator speaks.
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
        monkeypatch.setattr(constants, "HF_HOME", str(tmp_path / "hf"))
        yield running
