"""Prompts from anywhere: a file of lines, JSON lines, or a release's prompts.

Rules that always hold:
- they are read where they lie and copied nowhere but into the report's items;
- a release's prompts are bound by its manifest.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import BundleInvalid, InvalidInput
from curation.probing.files import read_bound_release
from curation_schemas.release import MANIFEST
from curation_validators.probes.refusal_items import PromptList, RefusalItem, prompt_item, read_prompts

_CONFIG = "prompts"


def read_prompt_list(path: Path, languages: Sequence[str]) -> PromptList:
    """Prompts in some languages from a file, or from a release's folder.

    Raises:
        InvalidInput: where the file is no list of prompts, or holds none in these languages.
        BundleInvalid: where the folder is no release.
    """
    found = _read_release(path, languages) if path.is_dir() else _read_file(path, languages)
    if not found.items:
        raise InvalidInput(f"holds no prompts in {', '.join(languages)}", where=str(path))
    return found


def _read_file(path: Path, languages: Sequence[str]) -> PromptList:
    try:
        return read_prompts(path.read_bytes(), path.name, languages)
    except ValueError as error:
        hint = 'Write one prompt a line, or {"prompt": "…", "language": "en"}.'
        raise InvalidInput(str(error), where=str(path), hint=hint) from None


def _read_release(folder: Path, languages: Sequence[str]) -> PromptList:
    release = read_bound_release(folder)
    items: list[RefusalItem] = []
    left_out = 0
    for path in sorted((folder / "data" / _CONFIG).glob("*.parquet")):
        for row in _rows(path):
            language = str(row["language"]).split("-")[0]
            if language not in languages:
                continue
            if len(row["prompt"]) == 1 and row["prompt"][0]["role"] == "user":
                items.append(prompt_item(row["example_id"], row["prompt"][0]["content"], language))
            else:
                left_out += 1
    digest = sha256((folder / MANIFEST).read_bytes()).hexdigest()
    return PromptList(f"prompts of {release.dataset} {release.version}", digest, tuple(items), left_out)


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = pq.read_table(path, columns=["example_id", "language", "prompt"]).to_pylist()
    except (OSError, KeyError, pa.ArrowException) as error:
        raise BundleInvalid(f"is no file of prompts: {str(error).splitlines()[0]}", where=str(path)) from None
    return rows
