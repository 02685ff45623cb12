"""Datasets that stand in the checkout and in no installed package."""

from __future__ import annotations

from pathlib import Path

import curation
from curation.errors import NotFound


def dataset_in_checkout(folder: str, what: str) -> Path:
    """A dataset's folder, from wherever the command is run.

    Args:
        folder: its path in the checkout.
        what: what it is called in the message.

    Raises:
        NotFound: this is an installed package, which has no such folder.
    """
    found = Path(curation.__file__).parent.parent / folder
    if not (found / "dataset.yaml").is_file():
        hint = f"Name its folder with --dataset: in a checkout it is {folder}."
        raise NotFound(f"{what} is not installed", hint=hint)
    return found
