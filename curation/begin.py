"""Begin: a new home with its first maintainer and its dataset's definition.

Rules that always hold:
- a definition that is refused leaves no home behind.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from curation.clock import Clock, SystemClock
from curation.errors import EvenhandError
from curation.home import create_home
from curation.people.accounts import Actor, join, read_joining
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
) -> tuple[Platform, Actor]:
    """Make a home, open the first maintainer's account, define the dataset. Raises Conflict, InvalidInput, Refused."""
    joining = read_joining(
        {
            "handle": maintainer,
            "languages": list(command.definition.languages),
            "roles": ["administrator", "maintainer", "contributor"],
            "simulated": simulated,
        }
    )
    existed = path.exists()
    home = create_home(path, command.definition.slug, origin)
    platform = Platform(home, clock or SystemClock(), epoch_days)
    try:
        with platform.write() as writing:
            actor = join(writing.connection, writing.vault, joining, writing.token_bytes)
            define_dataset(writing, actor, command)
    except EvenhandError:
        home.close()
        shutil.rmtree(path)
        if existed:
            path.mkdir()
        raise
    return platform, actor
