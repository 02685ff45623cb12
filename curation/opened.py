"""Texts behind commitments, read from the openings.

Rules that always hold:
- an opening that was erased is missing; one that is there opens exactly its commitment. What it holds was checked when
  it was taken in, and is not checked again;
- whether a text may be shown is decided elsewhere, before anything is read here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from curation.errors import LogInconsistent
from curation.log.leaf import Opening
from curation.tables import openings

Values = Mapping[str, Any]
"""Commitment → value, for each text that was not erased."""


def opened_of(connection: Connection, acts: Sequence[str]) -> Values:
    """The texts of these acts."""
    found = {}
    for row in connection.execute(select(openings).where(openings.c.act.in_(acts))).all():
        opening = Opening(row.unit, row.salt, row.body)
        if opening.commitment() != row.commitment:
            raise LogInconsistent("an opening does not open its commitment", where=row.commitment)
        found[row.commitment] = msgspec.json.decode(row.body)
    return found
