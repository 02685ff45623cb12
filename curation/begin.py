"""Begin: a new home with its first maintainer and its dataset's definition.

Rules that always hold:
- a definition that is refused leaves no home behind.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from sqlalchemy import insert

from curation.clock import Clock, SystemClock, day_of
from curation.home import create_home, discard_home
from curation.identifiers import TokenBytes
from curation.people.accounts import Actor, join, read_joining
from curation.tables import BEGUN, meta
from curation.topics.define import DefineDataset, define_dataset
from curation.writing import Platform


def begin_home(
    path: Path,
    command: DefineDataset,
    maintainer: str,
    *,
    origin: str | None = None,
    clock: Clock | None = None,
    epoch_days: int = 7,
    simulated: bool = False,
    database: str | None = None,
    token_bytes: TokenBytes = secrets.token_bytes,
) -> tuple[Platform, Actor]:
    """Make a home, open the first maintainer's account, define the dataset.

    Args:
        path: a folder that does not exist or is empty.
        command: the dataset's definition.
        maintainer: the first maintainer's handle.
        origin: the log's name for ever; by default one that no other home has.
        clock: by default the machine's.
        epoch_days: how long an epoch lasts.
        simulated: whether the maintainer is made up for a demonstration.
        database: the URL of an empty PostgreSQL database; by default SQLite in the folder.
        token_bytes: where keys, identifiers and salts come from.

    Raises:
        Conflict, InvalidInput, Refused, HomeUnusable: no home was made.
    """
    joining = read_joining(
        {
            "handle": maintainer,
            "languages": list(command.definition.languages),
            "roles": ["administrator", "maintainer", "contributor"],
            "simulated": simulated,
        }
    )
    existed = path.exists()
    home = create_home(path, command.definition.slug, origin, database=database, token_bytes=token_bytes)
    platform = Platform(home, clock or SystemClock(), epoch_days, token_bytes)
    try:
        with platform.write() as writing:
            actor = join(writing.connection, writing.vault, joining, writing.token_bytes)
            define_dataset(writing, actor, command)
            writing.connection.execute(insert(meta), {"name": BEGUN, "value": day_of(writing.now)})
    except BaseException:
        discard_home(home)
        if existed:
            path.mkdir()
        raise
    return platform, actor
