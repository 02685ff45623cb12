"""What was imported before: for each source, its lines' ids and names, and what each brought.

Rules that always hold:
- an entry is written in the transaction of the act that it remembers, or not at all;
- keys are keyed hashes under the vault's key, as are digests of lines: the table names nobody, and a text that was
  erased cannot be guessed from it;
- a line is known by its id; the same id with other content is an error of the file, never a silent change.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, insert, select

from curation.errors import InvalidInput
from curation.tables import imported
from curation_schemas.text import check_text

Name = tuple[Literal["line", "example", "group"], str]
"""A line's id, or the name of an example or group within the source."""
MAX_SOURCE_CHARS = 128

_encode = msgspec.json.Encoder(order="sorted").encode


def check_source(name: str) -> str:
    """The name of a source. Raises InvalidInput when it cannot be kept."""
    if not 0 < len(name) <= MAX_SOURCE_CHARS:
        raise InvalidInput(f"has 1 to {MAX_SOURCE_CHARS} characters", where="source", hint="Name it with --source.")
    try:
        return check_text(name)
    except ValueError as error:
        raise InvalidInput(str(error), where="source") from None


class Remembered:
    """The entries of one source that a transaction needs. New ones are sent with `flush`."""

    def __init__(self, connection: Connection, vault_key: bytes, source: str) -> None:
        self._connection = connection
        self._vault_key = vault_key
        self._source = source
        self._found: dict[Name, tuple[str | None, str | None]] = {}
        self._keys: dict[Name, str] = {}
        self._new: list[dict[str, Any]] = []

    def load(self, names: Iterable[Name]) -> None:
        """Look many names up at once."""
        keys = {self._key(name): name for name in names if name not in self._found}
        query = select(imported.c.key, imported.c.digest, imported.c.brought)
        query = query.where(imported.c.source == self._source, imported.c.key.in_(keys))
        for row in self._connection.execute(query):
            self._found[keys[row.key]] = (row.digest, row.brought)

    def brought(self, name: Name) -> str | None:
        """What a name stands for: an example's, group's or flag's id. Only names that were loaded are known."""
        found = self._found.get(name)
        return found[1] if found else None

    def digest(self, name: Name) -> str | None:
        """The digest of a line that was imported before, or None."""
        found = self._found.get(name)
        return found[0] if found else None

    def keep(self, name: Name, brought: str | None, digest: str | None = None) -> None:
        """Remember a name from now on."""
        self._found[name] = (digest, brought)
        row = {"source": self._source, "key": self._key(name), "digest": digest, "brought": brought}
        self._new.append(row)

    def flush(self) -> None:
        """Send what is new to the database; the transaction stays open."""
        if self._new:
            self._connection.execute(insert(imported), self._new)
            self._new = []

    def _key(self, name: Name) -> str:
        found = self._keys.get(name)
        if found is None:
            text = "\0".join(("imported", self._source, *name))
            found = self._keys[name] = hmac.digest(self._vault_key, text.encode(), "sha256").hex()
        return found


def digest_of(vault_key: bytes, value: object) -> str:
    """A keyed hash of plain data, the same for every order of its fields."""
    return hmac.digest(vault_key, b"imported content\0" + _encode(value), "sha256").hex()
