"""Open the home that `--home` names, for the commands that need one.

Rules that always hold:
- imports are inside: the auditor's commands never come here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from curation.people.accounts import Actor
    from curation.writing import Platform, Writing


def home_path(context: typer.Context) -> Path:
    """The folder that `--home` names."""
    return Path(context.find_root().obj)


@contextmanager
def opened_platform(context: typer.Context) -> Iterator[Platform]:
    """The home with the machine's clock."""
    from curation.clock import SystemClock
    from curation.home import open_home
    from curation.settings import read_settings
    from curation.writing import Platform

    settings = read_settings()
    home = open_home(home_path(context), settings.database)
    try:
        yield Platform(home, SystemClock(), settings.epoch_days)
    finally:
        home.close()


def acting(platform: Platform, handle: str | None) -> Actor:
    """The account that acts: the one named, or the home's administrator if there is only one."""
    from curation.errors import NotFound
    from curation.people.accounts import actor_by_handle, list_actors

    with platform.read() as loaded:
        if handle is not None:
            return actor_by_handle(loaded.connection, handle)
        able = [actor for actor in list_actors(loaded.connection) if "administrator" in actor.roles]
    if len(able) != 1:
        names = ", ".join(actor.handle for actor in able) or "none"
        raise NotFound(f"say who acts with --as HANDLE (administrators: {names})")
    return able[0]


@contextmanager
def writing_as(context: typer.Context, handle: str | None) -> Iterator[tuple[Writing, Actor]]:
    """One transaction of the home, and the account that acts in it."""
    with opened_platform(context) as platform:
        actor = acting(platform, handle)
        with platform.write() as writing:
            yield writing, actor
