"""The config `pluralistic` as conversations that trainers take.

Rules that always hold:
- in the voice of positions, each answer is a conversation of its own, and says whose voice it is in `position`; no
  position is left out;
- the integrating answer is one conversation for each example, `position` is null;
- the text is the release's, unchanged: no instruction is put before it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curation.audit.bundle import Bundle
from curation.errors import InvalidInput, NotFound
from curation.releases.columns import SCHEMAS
from curation_schemas.release import SPLITS

VOICES = ("positions", "synthesis")
_KEPT = ("example_id", "revision", "topic", "language", "license")


def conversations(rows: list[dict[str, Any]], voice: str) -> Iterator[dict[str, Any]]:
    """Each conversation, as a row for trainers."""
    for row in rows:
        known = {name: row[name] for name in _KEPT}
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
    rows = [
        row
        for path in paths
        for row in bundle.table(path, SCHEMAS["pluralistic"], bundle.manifest.files[path].rows or 0).to_pylist()
    ]
    written = 0
    aside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with aside.open("w", encoding="utf-8") as file:
            for item in conversations(rows, voice):
                file.write(json.dumps(item, ensure_ascii=False) + "\n")
                written += 1
        aside.replace(out)
    except OSError as error:
        raise InvalidInput(f"cannot be written: {error.strerror}", where=str(out)) from None
    finally:
        aside.unlink(missing_ok=True)
    return written
