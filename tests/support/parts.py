"""Verification in parts, on logs that are too small for it: what the whole refuses, the parts must not let pass."""

from __future__ import annotations

import pytest

from curation.rulebook.parts import Parts


@pytest.fixture(autouse=True)
def in_parts(monkeypatch):
    """Every bundle is looked at in three parts first, in this process. Gives (parts found it sound, …) by call."""
    from curation.audit import parts, verify

    look, found = parts.look_in_parts, []

    def noted(*given):
        result = look(*given)
        found.append(result is not None)
        return result

    monkeypatch.setattr(verify, "parts_for", lambda *_: Parts(3))
    monkeypatch.setattr(verify, "look_in_parts", noted)
    return found
