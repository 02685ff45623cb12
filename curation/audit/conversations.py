"""The config `pluralistic` as conversations that trainers take.

Rules that always hold:
- in the voice of positions, each answer is a conversation of its own, and says whose voice it is in `position`; no
  position is left out;
- the integrating answer is one conversation for each example, `position` is null;
- the text is the release's, unchanged: no instruction is put before it; each line says whether its people are made up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curation.audit.bundle import Bundle
from curation.errors import BundleInvalid, InvalidInput, NotFound
from curation.releases.columns import SCHEMAS
from curation.releases.manifest import sha256_of
from curation.whole import write_whole
from curation_schemas.release import SPLITS

VOICES = ("positions", "synthesis")
NEEDED = ("data/pluralistic/",)
"""What of a bundle is read here."""
_KEPT = ("example_id", "revision", "topic", "language", "license")


def conversations(rows: list[dict[str, Any]], voice: str, *, simulated: bool) -> Iterator[dict[str, Any]]:
    """Each conversation, as a row for trainers."""
    for row in rows:
        known = {**{name: row[name] for name in _KEPT}, "simulated": simulated}
        answers = row["answers"] if voice == "positions" else [{"position": None, "content": row["synthesis"]}]
        for answer in answers:
            said = {"role": "assistant", "content": answer["content"]}
            yield {"messages": [*row["prompt"], said], "position": answer["position"], **known}


def write_conversations(bundle: Bundle, out: Path, voice: str, split: str) -> int:
    """Write a split as JSON Lines. Returns how many conversations. Raises InvalidInput, NotFound, BundleInvalid."""
    if voice not in VOICES:
        raise InvalidInput(f"is none of {', '.join(VOICES)}", where="--voice")
    if split not in SPLITS:
        raise InvalidInput(f"is none of {', '.join(SPLITS)}", where="--split")
    paths = bundle.parquet_files(f"data/pluralistic/{split}-")
    if not paths:
        raise NotFound(f"this release has no pluralistic examples in the split {split}")
    if out.is_dir():
        raise InvalidInput("is a folder; name a file", where=str(out))
    rows = [row for path in paths for row in _rows(bundle, path)]
    lines = list(conversations(rows, voice, simulated=bundle.manifest.simulated))
    try:
        write_whole(out, ((json.dumps(line, ensure_ascii=False) + "\n").encode() for line in lines))
    except OSError as error:
        raise InvalidInput(f"cannot be written: {error.strerror}", where=str(out)) from None
    return len(lines)


def _rows(bundle: Bundle, path: str) -> list[dict[str, Any]]:
    entry = bundle.manifest.files[path]
    table = bundle.table(path, SCHEMAS["pluralistic"], entry.rows or 0)
    if sha256_of(bundle.path / path) != entry.sha256:
        raise BundleInvalid("is not the file that the manifest names", where=path, hint="Run `evenhand verify` on it.")
    return list(table.to_pylist())
