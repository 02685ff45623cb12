"""Import a foreign set's rows as proposals (`--format messages`, `--format preference`).

Rules that always hold:
- every row is proposed by the account that runs the import, through the command that everybody else calls;
- a row is known by the set's name and its id, or by its content where it has no id: imported twice, it is there once;
- what cannot be mapped is reported row by row with its reason; a whole set that cannot be is refused before its first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from curation.errors import CallerError, InvalidInput
from curation.examples.propose import Propose, propose_example, read_example
from curation.imports.batches import Brought, Item, Reached, ReadLine, Scene, take_lines
from curation.imports.conversations import messages_content, preference_content
from curation.imports.files import Row, RowFile, find_files
from curation.imports.mapping import Allowed, RowMapping, allowed_now, read_mapping
from curation.imports.remembered import Name, digest_of
from curation.imports.summary import BadLine, Summary, Watch
from curation.people.accounts import Actor, actor_by_handle
from curation.writing import Platform
from curation_schemas.commons import AnyProposal

Form = Literal["messages", "preference"]
_COLUMNS: dict[Form, tuple[str, ...]] = {"messages": ("messages",), "preference": ("chosen", "rejected", "prompt")}
_NEEDED: dict[Form, tuple[str, ...]] = {"messages": ("messages",), "preference": ("chosen", "rejected")}
_KIND: dict[Form, str] = {"messages": "sft", "preference": "preference"}
_CONTENT = {"messages": messages_content, "preference": preference_content}
_MAX_KEY_CHARS = 500


@dataclass(frozen=True, kw_only=True)
class ImportRows:
    """A foreign set, and what is needed to take it in."""

    path: Path
    source: str
    form: Form
    by: str
    mapping: Path | None = None
    config: str | None = None
    split: str | None = None
    dry_run: bool = False


@dataclass(frozen=True)
class _Reading:
    """What every row is read with."""

    form: Form
    mapping: RowMapping
    allowed: Allowed
    vault_key: bytes
    actor: Actor


def import_rows(platform: Platform, command: ImportRows, watch: Watch | None = None) -> Summary:
    """Propose every row that can be; the others are in the summary. Raises InvalidInput, NotFound, HomeUnusable."""
    mapping = read_mapping(command.mapping, _COLUMNS[command.form])
    with platform.read() as loaded:
        actor = actor_by_handle(loaded.connection, command.by)
        allowed = allowed_now(loaded)
    actor.require("contributor")
    mapping.check_constants(allowed)
    files = find_files(command.path, command.config, command.split)
    for file in files:
        mapping.check_columns(file.columns(), str(file.path), _NEEDED[command.form])
    reading = _Reading(command.form, mapping, allowed, platform.home.vault_key, actor)
    summary = Summary(command.source, command.dry_run)
    take_lines(platform, _items(files, reading), summary, watch or Watch())
    if summary.read == 0:
        raise InvalidInput("holds no rows", where=str(command.path))
    return summary


def set_size(command: ImportRows) -> int:
    """How many bytes the files of the set have. Raises InvalidInput."""
    return sum(file.size for file in find_files(command.path, command.config, command.split))


def _items(files: list[RowFile], reading: _Reading) -> Iterator[Item]:
    before = 0
    for file in files:
        for row in file.rows(reading.mapping.columns()):
            if row.columns is None:
                yield BadLine(row.file, row.number, row.problem)
            else:
                try:
                    yield _read(row, row.columns, reading)
                except CallerError as error:
                    yield BadLine.because(row.file, row.number, error)
            yield Reached(before + row.end)
        before += file.size


def _read(row: Row, columns: dict[str, object], reading: _Reading) -> ReadLine:
    mapping, form = reading.mapping, reading.form
    fields = mapping.example_fields(columns, reading.allowed)
    content = _CONTENT[form]({name: mapping.value(name, columns) for name in _COLUMNS[form]})
    plain = {"kind": _KIND[form], **fields, **content}
    example = read_example(plain, "")
    group = _key(mapping.value("group", columns), "group")
    digest = digest_of(reading.vault_key, {"example": plain, "group": group})
    key = _key(mapping.value("id", columns), "id")
    return ReadLine(
        file=row.file,
        number=row.number,
        key=f"content {digest}" if key is None else f"id {key}",
        digest=digest,
        act="propose",
        perform=partial(_propose, reading.actor, example, group),
        needs=(("group", group),) if group else (),
        size=sum(len(turn["content"]) for turns in content.values() for turn in turns),
    )


def _key(value: object, where: str) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)) or len(str(value)) > _MAX_KEY_CHARS:
        raise InvalidInput(f"must be text or a whole number, {_MAX_KEY_CHARS} characters at most", where=where)
    return str(value)


def _propose(actor: Actor, example: AnyProposal, group: str | None, scene: Scene) -> Brought:
    name: Name = ("group", group or "")
    known = scene.remembered.brought(name) if group else None
    if known is not None:
        example = example.model_copy(update={"group": known})
    event = propose_example(scene.writing, actor, Propose(example=example)).event
    names = ((name, str(getattr(event, "group", ""))),) if group and known is None else ()
    return Brought(str(getattr(event, "example", "")), names)
