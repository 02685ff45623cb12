"""Where the rows to validate come from: a bundle, a release that was derived, a foreign file or folder.

Rules that always hold:
- no database, no network; a file that cannot be read is an error with its place, never a traceback;
- a row that cannot be read is a finding of its own, and is never left out in silence;
- rows are streamed and read again for each pass: a set is never held in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.audit.bundle import open_bundle
from curation.errors import BundleInvalid, EvenhandError, InvalidInput, WorldError
from curation.imports.conversations import preference_content
from curation.imports.files import Row, RowFile, find_files
from curation.log.leaf import canonical_json
from curation.releases.columns import NEVER_NULL, SCHEMAS
from curation_schemas.definition import Policy
from curation_schemas.parsing import SchemaInvalid, load_json, load_yaml, validate
from curation_validators.findings import Finding
from curation_validators.measuring.scope import TopicShape
from curation_validators.tables import files_of, rows_of_bundle
from curation_validators.validation import MAX_FINDINGS


class BundleRows:
    """A bundle's own Parquet files. Whether they are what the log gives is `verify`'s business."""

    def __init__(self, bundle: Path) -> None:
        self.bundle = bundle

    def rows(self, config: str, columns: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
        """A config's rows. Raises BundleInvalid."""
        try:
            yield from rows_of_bundle(self.bundle, config, columns)
        except (OSError, pa.ArrowException, ValueError):
            raise BundleInvalid("holds a file that is no readable Parquet", where=f"data/{config}") from None

    def where(self, config: str, number: int, _row: Mapping[str, Any], /) -> str:
        """A row without an id."""
        return f"{config} row {number}"


@dataclass(frozen=True, slots=True)
class Unread:
    """What one reading of a set could not read."""

    findings: tuple[Finding, ...] = ()
    """One for each row, and for the end of a file, in the order of the files; the first ones, as many as are kept."""
    more: int = 0
    """How many such findings there are beyond those."""
    rows: int = 0
    """How many rows all of them stand for."""

    def and_also(self, row: Row) -> Unread:
        """This, and a row that cannot be read."""
        if len(self.findings) == MAX_FINDINGS:
            return replace(self, more=self.more + 1, rows=self.rows + row.count)
        hint = "Mend the row or leave it out: what is not read is not checked."
        finding = Finding("shape/unreadable", f"{row.file} row {row.number}", row.problem, hint)
        return replace(self, findings=(*self.findings, finding), rows=self.rows + row.count)


class FileRows:
    """A foreign set: JSON lines, Parquet, or a folder laid out as the Hub has it."""

    def __init__(self, path: Path, config: str | None = None, split: str | None = None) -> None:
        """Raises InvalidInput when nothing there can be read."""
        self.files: list[RowFile] = find_files(path, config, split)
        self.unread = Unread()
        """What could not be read, of the reading that met the most."""
        self._columns: set[str] = set()
        for file in self.files:
            self._columns |= file.columns()
        self.config = self._kind()

    def _kind(self) -> str:
        for column, config in (("messages", "sft"), ("chosen", "preference"), ("answers", "pluralistic")):
            if column in self._columns:
                return config
        if "prompt" in self._columns:
            return "prompts"
        shown = ", ".join(sorted(self._columns)[:12])
        hint = "Give a set with the column messages, or chosen and rejected, or prompt."
        raise InvalidInput(f"has no conversations; its columns: {shown}", where=self.files[0].name, hint=hint)

    def rows(self, config: str, columns: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
        """The rows, in the form of a bundle's; the sources that they hold, as rows of the config `sources`."""
        if config not in (self.config, "sources"):
            return
        for row in self._read(set(columns) | {"id", "group", "sources", *(_CHOICE if "chosen" in columns else ())}):
            cited = _cited(row)
            if config == "sources":
                yield from (dict(source) | {"source_id": name} for name, source in cited.items())
            else:
                yield row | ({"sources": list(cited)} if cited else {})

    def _read(self, wanted: set[str]) -> Iterator[dict[str, Any]]:
        unread = Unread()
        for file in self.files:
            for row in file.rows(wanted | {"example_id", "group_id"}):
                if row.columns is None:
                    unread = unread.and_also(row)
                else:
                    yield _in_our_form(row.columns, f"{row.file} row {row.number}")
        # Damage may lie in columns that another reading leaves out.
        self.unread = max(self.unread, unread, key=lambda item: item.rows)

    def where(self, _config: str, _number: int, row: Mapping[str, Any], /) -> str:
        """A row by its file, and its number there."""
        return str(row[_PLACE])


_PLACE = "row in its file"
_CHOICE = ("prompt", "chosen", "rejected")


def _in_our_form(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    made = dict(row) | {_PLACE: where}
    if made.get("example_id") is None:
        made["example_id"] = str(row["id"]) if isinstance(row.get("id"), (str, int)) else where
    if made.get("group_id") is None and isinstance(row.get("group"), (str, int)):
        made["group_id"] = str(row["group"])
    if row.get("chosen") is not None and row.get("rejected") is not None:
        try:
            made |= preference_content(row)
        except EvenhandError:
            pass  # The check of its shape says what is wrong with it.
    return made


def _cited(row: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The sources that a row holds itself, by a name made of their content."""
    found = {}
    for source in row.get("sources") or () if isinstance(row.get("sources"), (list, tuple)) else ():
        if isinstance(source, Mapping):
            plain = {str(name): str(value) for name, value in source.items() if value is not None}
            found[f"src_{hashlib.sha256(canonical_json(plain)).hexdigest()[:24]}"] = source
    return found


def differing_counts(bundle: Path, rows: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[Finding, int]]:
    """A finding for each config whose files hold other than the manifest's number of rows, and how many are missing."""
    for config, by_split in sorted(rows.items()):
        said, held = sum(by_split.values()), sum(pq.read_metadata(path).num_rows for path in files_of(bundle, config))
        if held != said:
            message = f"holds {held} rows, and the manifest counts {said}"
            hint = "Get the release's files anew, and run `evenhand verify`."
            yield Finding("shape/unreadable", f"data/{config}", message, hint), max(0, said - held)


def differing_columns(bundle: Path, rows: Mapping[str, Mapping[str, int]]) -> Iterator[Finding]:
    """A finding for each file that lacks a column of its config, has one of another type, or null where none can be.

    What is measured would silently be measured on the other files alone. Raises BundleInvalid.
    """
    for config in sorted(set(rows) & set(SCHEMAS)):
        for path in files_of(bundle, config):
            try:
                with pq.ParquetFile(path) as file:
                    wrong = _differing(file, config)
            except (OSError, pa.ArrowException, ValueError):
                raise BundleInvalid("is no readable Parquet file", where=f"data/{config}/{path.name}") from None
            if wrong:
                hint = "Get the release's files anew, and run `evenhand verify`."
                yield Finding("shape/unreadable", f"data/{config}/{path.name}", "; ".join(wrong), hint)


def _differing(file: pq.ParquetFile, config: str) -> list[str]:
    """What is wrong with a file's columns."""
    found, wrong = file.schema_arrow, []
    for field in SCHEMAS[config]:
        if field.name not in found.names:
            wrong.append(f"lacks the column {field.name}")
        elif found.field(field.name).type != field.type:
            wrong.append(f"its column {field.name} is of another type than {field.type}")
    filled = [name for name in NEVER_NULL[config] if name in found.names]
    table = file.read(columns=filled)
    nulls = {name: table.column(name).null_count for name in filled}
    return wrong + [f"its column {name} is null in {count} rows" for name, count in nulls.items() if count]


def epochs_of_bundle(bundle: Path) -> list[int]:
    """The log's size at the end of each epoch; none where the bundle's log cannot be read."""
    try:
        opened = open_bundle(bundle)
        leaves = opened.leaves(0, opened.manifest.log.size)
        return [index + 1 for index, leaf in enumerate(leaves) if b'"type":"epoch:closed"' in leaf]
    except WorldError:
        return []


def shapes_of_bundle(bundle: Path, policy: Policy | None) -> dict[str, TopicShape]:
    """What a bundle's definition and policy say that each topic should have; nothing where it cannot be read."""
    targets = (policy.targets if policy is not None else None) or {}
    try:
        plain = load_yaml((bundle / "dataset" / "dataset.yaml").read_text("utf-8"))
        languages = tuple(str(item) for item in plain["languages"])
        return {
            str(topic["id"]): TopicShape(
                tuple(str(item["id"]) for item in topic["positions"]),
                languages,
                targets[str(topic["id"])].percents if str(topic["id"]) in targets else {},
            )
            for topic in plain["topics"]
        }
    except (OSError, UnicodeDecodeError, SchemaInvalid, KeyError, TypeError):
        return {}


def policy_of_bundle(bundle: Path, policy: str) -> Policy | None:
    """A bundle's policy, named by its leaf; None where it cannot be read."""
    for path in sorted((bundle / "dataset" / "policies").glob("*.json")):
        try:
            plain = load_json(path.read_text("utf-8"))
            if plain["leaf"] == policy:
                return validate(Policy, plain["policy"])
        except (OSError, UnicodeDecodeError, SchemaInvalid, KeyError, TypeError):
            continue
    return None


def languages_of(shapes: Iterable[TopicShape]) -> list[str]:
    """Every language of these topics."""
    return sorted({language for shape in shapes for language in shape.languages})
