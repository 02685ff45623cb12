"""The demonstration: the pilot dataset and its simulated story, through the same commands as everybody else.

Rules that always hold:
- every person in it is simulated, every account and release says so;
- its clock starts so far back that the story ends today.
"""

from __future__ import annotations

import base64
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from curation.begin import begin_home
from curation.checkout import dataset_in_checkout
from curation.clock import DAY, MovableClock, SystemClock
from curation.contributions import Contributors, read_lines, read_people
from curation.epoch import close_epoch
from curation.errors import CallerError, InvalidInput
from curation.home import discard_home
from curation.identifiers import TokenBytes
from curation.people.accounts import Actor, Joining, join
from curation.people.credentials import hash_passphrase, keep_passphrase
from curation.releases.cut import CutRelease, cut_release
from curation.topics.define import read_definition
from curation.writing import Platform
from curation_schemas.contribution import AdvanceLine, AnyLine, CloseEpochLine, ReleaseLine
from curation_schemas.review import Role

FOUNDER = "sim-founder"
GUESTS: dict[str, list[Role]] = {
    "demo-contributor": ["contributor"],
    "demo-maintainer": ["contributor", "maintainer"],
    "demo-auditor": ["auditor"],
}
"""One account for each role, to sign in with on the pages; the founder is the administrator."""
GUESTS_FILE = "demo-accounts.txt"
Tell = Callable[[str], None]
Watch = Callable[[list[AnyLine]], Iterable[AnyLine]]


@dataclass
class Played:
    """What the story brought about."""

    platform: Platform
    acts: Counter[str] = field(default_factory=Counter)
    releases: list[CutRelease] = field(default_factory=list)
    examples: dict[str, str] = field(default_factory=dict)


def pilot_folder() -> Path:
    """The pilot dataset in the checkout. Raises NotFound when this is an installed package without it."""
    return dataset_in_checkout("datasets/contested-pilot", "the pilot dataset")


def play(
    home: Path,
    folder: Path,
    tell: Tell,
    watch: Watch,
    *,
    database: str | None = None,
    token_bytes: TokenBytes = secrets.token_bytes,
) -> Played:
    """Play a dataset's simulated story into a new home.

    Args:
        home: a folder that does not exist or is empty.
        folder: the dataset, with people.jsonl and contributions.jsonl.
        tell: is given one sentence at each stage direction.
        watch: wraps the lines, for a progress bar.
        database: the URL of an empty PostgreSQL database; by default SQLite in the folder.
        token_bytes: where keys, identifiers and salts come from. The same bytes at the same time give the same home.
    """
    people, lines = read_people(folder / "people.jsonl"), read_lines(folder / "contributions.jsonl")
    if not any(isinstance(line, ReleaseLine) for line in lines):
        raise InvalidInput("the story cuts no release", where=str(folder / "contributions.jsonl"))
    days = sum(line.days for line in lines if isinstance(line, AdvanceLine))
    clock = MovableClock(SystemClock().now() - days * DAY)
    definition = read_definition(folder)
    platform, founder = begin_home(
        home, definition, FOUNDER, clock=clock, simulated=True, database=database, token_bytes=token_bytes
    )
    played = Played(platform)
    try:
        contributors = Contributors(platform)
        contributors.join_people(people)
        tell(f"{len(people)} simulated people joined and declared where they stand.")
        _perform(played, contributors, founder, watch(lines), tell)
    except BaseException as error:
        if isinstance(error, CallerError):
            done = sum(played.acts.values())
            error.where = f"{folder / 'contributions.jsonl'}, line {lines[done - 1].id}" if done else str(folder)
        discard_home(platform.home)  # half a story is no demonstration, and would be in the way of the next try
        raise
    played.examples = contributors.examples
    _invite(platform, founder, definition.definition.languages)
    return played


def _invite(platform: Platform, founder: Actor, languages: Sequence[str]) -> None:
    """Open an account for each role, and keep their passphrase in the home's folder."""
    passphrase = base64.b32encode(platform.token_bytes(10)).decode().lower()
    hashed = hash_passphrase(passphrase, platform.token_bytes)
    with platform.write() as writing:
        for handle, roles in GUESTS.items():
            joining = Joining(handle=handle, languages=list(languages), roles=roles, simulated=True)
            actor = join(writing.connection, writing.vault, joining, platform.token_bytes)
            keep_passphrase(writing.connection, actor.account, hashed)
        keep_passphrase(writing.connection, founder.account, hashed)
    handles = [*GUESTS, founder.handle]
    lines = ["Sign in on the pages of this demonstration as", *(f"  {handle}" for handle in handles)]
    path = platform.home.path / GUESTS_FILE
    path.touch(mode=0o600)
    path.write_text("\n".join([*lines, f"with the passphrase {passphrase}", ""]), "utf-8")


def _perform(played: Played, contributors: Contributors, founder: Actor, lines: Iterable[AnyLine], tell: Tell) -> None:
    platform = played.platform
    for line in lines:
        played.acts[line.act] += 1
        if isinstance(line, AdvanceLine) and isinstance(platform.clock, MovableClock):
            platform.clock.advance(days=line.days)
        elif isinstance(line, CloseEpochLine):
            sealed = close_epoch(platform).sealed
            tell(f"Epoch {sealed.epoch} closed on {sealed.date}: {sealed.acts} acts sealed, {sealed.size} leaves.")
        elif isinstance(line, ReleaseLine):
            _cut(played, founder, tell)
        else:
            contributors.perform(line)
    close_epoch(platform)


def _cut(played: Played, founder: Actor, tell: Tell) -> None:
    made = cut_release(played.platform, founder)
    played.releases.append(made)
    rows = ", ".join(f"{config} {sum(splits.values())}" for config, splits in made.manifest.rows.items())
    tell(f"Release {made.manifest.version} cut: {rows}.")
