"""Find and read a foreign set's rows: JSON lines, Parquet, or a folder laid out as the Hugging Face Hub has it.

Rules that always hold:
- nothing is fetched: a folder's README may name files of that folder only;
- rows are read in bounded pieces; a row that cannot be read is reported and the rest goes on;
- a file is never read by what its name says alone: its first bytes must agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import InvalidInput
from curation.imports.lines import MAX_LINE_BYTES, check_beginning, load_line, read_lines
from curation_schemas.parsing import SchemaInvalid, load_yaml

_LINES = (".jsonl", ".ndjson", ".json")
_PARQUET = ".parquet"
_ROWS_AT_ONCE = 64
_LOOKED_AT = 20
"""Rows of a file of lines that tell which columns it has."""
MAX_ROW_BYTES = MAX_LINE_BYTES


@dataclass(frozen=True, slots=True)
class Row:
    """A row's file, its number (from 1), its columns or why it cannot be read, and the bytes of the file behind it."""

    file: str
    number: int
    columns: dict[str, Any] | None
    problem: str
    end: int
    count: int = 1
    """How many rows it stands for: more than one where the end of a file cannot be read."""


@dataclass(frozen=True, slots=True)
class RowFile:
    """A file of rows, and its name within the set."""

    path: Path
    name: str

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self.path.stat().st_size

    def columns(self) -> set[str]:
        """The columns that it has; those of its first rows where each row has its own. Raises InvalidInput."""
        if self._is_parquet():
            with self._parquet() as file:
                return set(file.schema_arrow.names)
        found: set[str] = set()
        rows = 0
        for row in self._lines():
            found |= set(row.columns or ())
            rows += row.columns is not None
            if row.number >= (_LOOKED_AT if rows else 50 * _LOOKED_AT):
                break
        if not rows:
            raise InvalidInput("holds no JSON object, one a line", where=str(self.path))
        return found

    def rows(self, columns: set[str]) -> Iterator[Row]:
        """Its rows, with those of the columns that it has."""
        return self._parquet_rows(columns) if self._is_parquet() else self._lines()

    def _is_parquet(self) -> bool:
        with self.path.open("rb") as file:
            return file.read(4) == b"PAR1"

    def _lines(self) -> Iterator[Row]:
        for line in read_lines(self.path):
            if line.content is None:
                yield Row(self.name, line.number, None, f"is longer than {MAX_LINE_BYTES} bytes", line.end)
                continue
            try:
                plain = load_line(line.content)
                problem = "" if isinstance(plain, dict) else "is no JSON object"
            except SchemaInvalid as error:
                plain, problem = None, str(error)
            yield Row(self.name, line.number, plain if isinstance(plain, dict) else None, problem, line.end)

    @contextmanager
    def _parquet(self) -> Iterator[pq.ParquetFile]:
        try:
            with pq.ParquetFile(self.path) as file:
                yield file
        except (OSError, pa.ArrowException, ValueError):
            raise InvalidInput("is no readable Parquet file", where=str(self.path)) from None

    def _parquet_rows(self, columns: set[str]) -> Iterator[Row]:
        number, size = 0, 0
        try:
            with self._parquet() as file:
                size = file.metadata.num_rows
                self._check_size(file.metadata)
                wanted = [name for name in file.schema_arrow.names if name in columns]
                for batch in file.iter_batches(_ROWS_AT_ONCE, columns=wanted):
                    for plain in batch.to_pylist():
                        number += 1
                        yield Row(self.name, number, plain, "", self.size * number // size)
        except InvalidInput as error:
            left = max(1, size - number)
            problem = f"{error.message}; the rows from here on were not read ({left})"
            yield Row(self.name, number + 1, None, problem, self.size, left)

    def _check_size(self, described: Any) -> None:
        # A few kilobytes of Parquet can unpack to gigabytes.
        unpacked = sum(described.row_group(number).total_byte_size for number in range(described.num_row_groups))
        if unpacked > MAX_ROW_BYTES * max(1, described.num_rows):
            raise InvalidInput(f"unpacks to {unpacked} bytes for {described.num_rows} rows", where=str(self.path))


def find_files(path: Path, config: str | None = None, split: str | None = None) -> list[RowFile]:
    """The files of rows behind a path: itself, or those of a dataset's folder. Raises InvalidInput."""
    if path.is_dir():
        found = [RowFile(item, item.relative_to(path).as_posix()) for item in _in_folder(path, config, split)]
        if not found:
            raise InvalidInput("holds no data/*.parquet or data/*.jsonl", where=str(path))
    elif config or split:
        raise InvalidInput("--config and --split choose from a dataset's folder; this is a file", where=str(path))
    else:
        found = [RowFile(path, path.name)]
    for file in found:
        _check_kind(file.path)
    return found


def _check_kind(path: Path) -> None:
    with_magic = False
    if path.is_file():
        with path.open("rb") as file:
            with_magic = file.read(4) == b"PAR1"
    if not with_magic:
        check_beginning(path)
        if path.suffix.lower() == _PARQUET:
            raise InvalidInput("is no Parquet file, though its name says so", where=str(path))
        with path.open("rb") as file:
            if file.read(4096).lstrip().startswith(b"["):
                raise InvalidInput(
                    "is one JSON array", where=str(path), hint="Write one object a line: `jq -c '.[]'` does."
                )


def _in_folder(folder: Path, config: str | None, split: str | None) -> list[Path]:
    configs = _configs(folder)
    if configs is None:
        if config:
            raise InvalidInput("its README.md names no configs", where=str(folder))
        found = [item for place in (folder / "data", folder) for item in _data_in(place)]
        found = [item for item in found if split is None or item.name.startswith(f"{split}-") or item.stem == split]
        return found or [item for item in sorted(folder.glob("data/*/*")) if item.suffix in (*_LINES, _PARQUET)]
    chosen = _choose(configs, config, folder)
    by_split = _data_files(chosen, folder)
    if split is not None and split not in by_split:
        raise InvalidInput(f"has no split {split}", where=str(folder), hint=f"It has: {', '.join(by_split)}.")
    patterns = [item for name, items in by_split.items() if split in (None, name) for item in items]
    return list(dict.fromkeys(path for pattern in patterns for path in _matching(folder, pattern)))


def _data_in(place: Path) -> list[Path]:
    return sorted(item for item in place.glob("*") if item.suffix in (*_LINES, _PARQUET) and item.is_file())


def _configs(folder: Path) -> list[dict[str, Any]] | None:
    """What the front matter of README.md says under `configs`, or None."""
    readme = folder / "README.md"
    if not readme.is_file():
        return None
    try:
        text = readme.read_text("utf-8")
        _, dashes, rest = text.partition("---\n")
        front = load_yaml(rest.partition("\n---")[0]) if dashes and text.startswith("---\n") else None
    except (OSError, UnicodeDecodeError):
        raise InvalidInput("cannot be read as UTF-8 text", where=str(readme)) from None
    except SchemaInvalid as error:
        raise InvalidInput(str(error), where=str(readme)) from None
    configs = front.get("configs") if isinstance(front, dict) else None
    if configs is None:
        return None
    if not isinstance(configs, list) or not all(isinstance(item, dict) and "data_files" in item for item in configs):
        raise InvalidInput("configs: each needs config_name and data_files", where=str(readme))
    return configs


def _choose(configs: list[dict[str, Any]], name: str | None, folder: Path) -> dict[str, Any]:
    names = [str(item.get("config_name", "default")) for item in configs]
    if name is None:
        preferred = [item for item in configs if item.get("default") is True or item.get("config_name") == "default"]
        if len(configs) == 1 or preferred:
            return (preferred or configs)[0]
        raise InvalidInput("has several configs", where=str(folder), hint=f"Choose with --config: {', '.join(names)}.")
    if name not in names:
        raise InvalidInput(f"has no config {name}", where=str(folder), hint=f"It has: {', '.join(names)}.")
    return configs[names.index(name)]


def _data_files(config: dict[str, Any], folder: Path) -> dict[str, list[str]]:
    """Patterns by split."""
    given = config["data_files"]
    if isinstance(given, str) or (isinstance(given, list) and all(isinstance(item, str) for item in given)):
        given = [{"split": "train", "path": given}]
    if isinstance(given, dict):
        given = [{"split": name, "path": path} for name, path in given.items()]
    found: dict[str, list[str]] = {}
    for item in given if isinstance(given, list) else [given]:
        paths = item.get("path") if isinstance(item, dict) else None
        paths = [paths] if isinstance(paths, str) else paths
        if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
            raise InvalidInput("data_files: each is a path, or a split with its path", where=str(folder / "README.md"))
        split = str(item.get("split", "train")) if isinstance(item, dict) else "train"
        found.setdefault(split, []).extend(paths)
    return found


def _matching(folder: Path, pattern: str) -> list[Path]:
    if "://" in pattern or Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise InvalidInput("data_files: names a file outside the folder; nothing is fetched", where=str(folder))
    found = sorted(folder.glob(pattern)) if pattern else []
    if not found:
        raise InvalidInput("data_files: names a file that is not there", where=str(folder), hint="Is it downloaded?")
    return [item for item in found if item.is_file()]
