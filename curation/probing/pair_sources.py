"""Where paired prompts come from: a file, or the mirrored pairs of a release's folder.

Rules that always hold:
- a file is read where it lies; nothing of it is copied but the prompts into the report's items;
- a release is read through its manifest; only WorldError leaves, whatever its bytes are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curation.audit.bundle import Bundle, open_bundle
from curation.errors import InvalidInput
from curation.releases.columns import SCHEMAS
from curation.releases.manifest import sha256_of
from curation_schemas.release import MANIFEST
from curation_validators.probes.prompt_pairs import PairedPrompts, pair_mirrors, read_pairs

CONFIGS = ("sft", "preference", "prompts")
MAX_FILE_BYTES = 64_000_000
_COLUMNS = ("example_id", "group_id", "topic", "language", "positions", "framing", "mirrors", "messages", "prompt")


def read_paired_prompts(path: Path, language: str = "en") -> PairedPrompts:
    """The pairs in a file (CSV or JSON lines) or in a release's folder. Raises InvalidInput, or BundleInvalid.

    Args:
        language: of a file's rows that name none.
    """
    if path.is_dir():
        return _of_release(path)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InvalidInput(f"is larger than {MAX_FILE_BYTES:,} bytes", where=str(path))
        return read_pairs(path.read_bytes(), path.stem, language)
    except OSError:
        raise InvalidInput("cannot be read", where=str(path), hint="Name a file, or a release's folder.") from None
    except ValueError as error:
        hint = "A row has prompt_a and prompt_b, and may have topic, side_a, side_b, language and id."
        raise InvalidInput(str(error), where=str(path), hint=hint) from None


def _of_release(path: Path) -> PairedPrompts:
    bundle = open_bundle(path)
    name = f"{bundle.manifest.dataset} {bundle.manifest.version}"
    found = pair_mirrors(_rows(bundle), name, sha256_of(path / MANIFEST))
    if not found.pairs:
        raise InvalidInput("holds no mirrored pair of prompts", where=str(path))
    return found


def _rows(bundle: Bundle) -> Iterator[tuple[str, dict[str, Any]]]:
    for config in CONFIGS:
        for file in bundle.parquet_files(f"data/{config}/"):
            table = bundle.table(file, SCHEMAS[config], bundle.row_count(file))
            for row in table.select([name for name in _COLUMNS if name in table.column_names]).to_pylist():
                yield config, row
