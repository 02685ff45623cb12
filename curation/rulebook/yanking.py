"""What two maintainers say of a release or an example after it was published.

Rules that always hold (pure; used alike by commands and verification):
- two different maintainers agree, and say why in public;
- a release is yanked once. It stays as it is: no row of it changes, and it can still be had.
"""

from __future__ import annotations

from collections.abc import Collection

from curation.errors import Refused
from curation_schemas.events import ReleaseYanked


def require_two(maintainers: Collection[str], what: str) -> None:
    """Raise Refused unless two different maintainers agree."""
    if len(set(maintainers)) < 2:
        message = f"{what} has {len(set(maintainers))} maintainer"
        raise Refused("release/two-maintainers", message, hint="A second maintainer must agree.")


def check_yank(event: ReleaseYanked, version: str | None, yanked: Collection[str]) -> None:
    """Raise Refused when a yank may not stand.

    Args:
        event: the yank.
        version: that of the release whose cut is the leaf that it names, None where there is none.
        yanked: the versions that were yanked before.
    """
    require_two(event.maintainers, "a yank")
    if version != event.version:
        raise Refused("release/yanked", f"there is no release {event.version} under the leaf that is named")
    if event.version in yanked:
        raise Refused("release/yanked", f"release {event.version} is yanked already")
