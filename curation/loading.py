"""Events as the database has them, sealed and pending; and every definition so far, read once for each state of them.

Rules that always hold:
- what is kept of definitions is a function of leaves: it is looked up by the root of the last sealed epoch and by the
  hashes of the pending definitions, so what another process records is seen at once, and no two homes share anything;
- what is kept is never changed: everybody is given a copy, because events are applied to it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from curation.log.order import canonical_order
from curation.rulebook.definitions import Definitions
from curation.tables import log_epochs, log_leaves, pending_leaves
from curation_schemas.events import EVENT, AnyEvent, references_of

DEFINITION_TYPES = (
    "dataset:defined",
    "topic:defined",
    "policy:changed",
    "topic:proposed",
    "topic:revised",
    "control:planted",
    "gate:overruled",
    "roles:changed",
    "person:suspended",
    "person:restored",
)
_KEPT = 8
_State = tuple[int | None, str | None, tuple[str, ...]]
_kept: OrderedDict[_State, Definitions] = OrderedDict()
_keeping = threading.Lock()


def current_epoch(connection: Connection) -> int:
    """The number of the epoch that is open."""
    last = connection.execute(select(func.max(log_epochs.c.epoch))).scalar()
    return 0 if last is None else last + 1


def load_events(
    connection: Connection, sealed_column: Any, pending_column: Any, values: Sequence[str], epoch: int
) -> Iterator[tuple[AnyEvent, str, int]]:
    """The events whose column has one of these values: event, leaf and epoch, in the order of the log."""
    sealed = select(log_leaves.c.leaf, log_leaves.c.hash, log_leaves.c.epoch).where(sealed_column.in_(values))
    for row in connection.execute(sealed.order_by(log_leaves.c.idx)):
        yield EVENT.validate_json(row.leaf), row.hash, row.epoch
    pending = select(pending_leaves.c.leaf, pending_leaves.c.hash).where(pending_column.in_(values))
    waiting = {row.hash: EVENT.validate_json(row.leaf) for row in connection.execute(pending)}
    for leaf in canonical_order({leaf: references_of(event) for leaf, event in waiting.items()}):
        yield waiting[leaf], leaf, epoch


def load_definitions(connection: Connection) -> Definitions:
    """Every definition so far, the pending ones as of the open epoch."""
    state = _state(connection)
    with _keeping:
        known = _kept.get(state)
        if known is not None:
            _kept.move_to_end(state)
            return known.copy()
    made = _read_definitions(connection)
    # A transaction that writes sees what others commit meanwhile: then what was read is of a later state.
    if _state(connection) == state:
        with _keeping:
            _kept[state] = made.copy()
            while len(_kept) > _KEPT:
                _kept.popitem(last=False)
    return made


def _state(connection: Connection) -> _State:
    """What fixes every definition: the last sealed epoch with its root, and the pending definitions."""
    last = connection.execute(
        select(log_epochs.c.epoch, log_epochs.c.root).order_by(log_epochs.c.epoch.desc()).limit(1)
    ).first()
    waiting = select(pending_leaves.c.hash).where(pending_leaves.c.type.in_(DEFINITION_TYPES))
    epoch, root = last or (None, None)
    return epoch, root, tuple(sorted(connection.execute(waiting).scalars()))


def _read_definitions(connection: Connection) -> Definitions:
    found = Definitions()
    epoch = current_epoch(connection)
    for event, leaf, leaf_epoch in load_events(
        connection, log_leaves.c.type, pending_leaves.c.type, DEFINITION_TYPES, epoch
    ):
        found.apply(event, leaf, leaf_epoch)  # type: ignore[arg-type]  # the query admits definitions only
    return found
