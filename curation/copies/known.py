"""The texts that are known, in a form by which copies and near-copies are found.

Rules that always hold:
- of a text a digest and a fingerprint are kept, both keyed by the home's vault key and bound to topic, language and
  whether the example measures: without that key no guess can be tried, and no two topics can be compared;
- they are kept for every revision of which nothing was erased and whose example was not withdrawn, and for no other;
- the index is a function of leaves, openings and that key, and can be made anew (`evenhand log replay`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from curation.copies.fingerprints import BANDS, bands_of, fingerprint
from curation.log.leaf import Opening
from curation.people.vault import Vault
from curation.rulebook.replay import Replay
from curation.tables import examples, known_texts, log_leaves, openings, pending_leaves, revisions, text_bands
from curation_schemas.events import EVENT, ExampleProposed, ExampleRevised
from curation_schemas.example import CONTENT_FIELDS, Written
from curation_validators.duplicates import plain_text, shingles

Brought = ExampleProposed | ExampleRevised
Scope = tuple[str, str, str]
"""What texts are compared within: topic, language, and whether they train or measure."""
_ENTRY_DIGITS = 15
_AT_ONCE = 500


def whole_text(kind: str, content: Mapping[str, Sequence[str]]) -> str:
    """All texts of an example, one after the other, as `Record.whole` has them."""
    return "\n".join(item for name in CONTENT_FIELDS[kind] for item in content[name])


def text_of(example: Written) -> str:
    """The whole text of an example that is proposed."""
    fields = {name: getattr(example, name) for name in CONTENT_FIELDS[example.kind]}
    content = {
        name: [value] if isinstance(value, str) else [item.content for item in value] for name, value in fields.items()
    }
    return whole_text(example.kind, content)


def scope_of(brought: Written | Brought) -> Scope:
    """What an example's text is compared within."""
    measures = getattr(brought, "use", None) == "evaluation"
    return brought.topic, brought.language, "evaluation" if measures else "training"


def digest_of(vault: Vault, scope: Scope, whole: str) -> str:
    """The keyed digest of the form in which two texts count as the same."""
    return vault.blind("copy", *scope, plain_text(whole))


def entry_of(revision: str) -> int:
    """The short name of a revision in the index: 60 bits of its leaf's hash, which tell nothing of when it came."""
    return int(revision[:_ENTRY_DIGITS], 16)


Rows = tuple[dict[str, Any], list[dict[str, int]]]
"""What is kept of a text: its row, and those of its bands."""


def rows_of_text(vault: Vault, brought: Brought, revision: str, whole: str) -> Rows:
    """What is kept of a revision's text."""
    scope, entry = scope_of(brought), entry_of(revision)
    found = shingles(whole)  # none in a text that has no word
    made = fingerprint(found, bytes.fromhex(vault.blind("fingerprint", *scope))) if found else None
    row = {
        "entry": entry,
        "revision": revision,
        "example": brought.example,
        "digest": digest_of(vault, scope, whole),
        "fingerprint": made,
    }
    return row, [{"band": band, "entry": entry} for band in (bands_of(made) if made else ())]


def keep_rows(connection: Connection, made: Iterable[Rows]) -> None:
    """Write what is kept of texts."""
    rows = list(made)
    if rows:
        connection.execute(insert(known_texts), [row for row, _ in rows])
    if bands := [band for _, several in rows for band in several]:
        connection.execute(insert(text_bands), bands)


def forget_texts(connection: Connection, *, example: str | None = None, revision: str | None = None) -> None:
    """Forget the texts of a withdrawn example, or that of a revision of which something was erased."""
    mine = known_texts.c.example == example if revision is None else known_texts.c.revision == revision
    for row in connection.execute(select(known_texts.c.entry, known_texts.c.fingerprint).where(mine)).all():
        if row.fingerprint is not None:
            bands = text_bands.c.band.in_(bands_of(row.fingerprint))
            connection.execute(delete(text_bands).where(bands, text_bands.c.entry == row.entry))
    connection.execute(delete(known_texts).where(mine))


def kept_texts(connection: Connection, leaves: Sequence[str]) -> Iterator[tuple[str, Brought, str]]:
    """(revision, its event, its whole text) of those revisions of which no text was erased."""
    bodies = {
        row.commitment: Opening(row.unit, row.salt, row.body)
        for row in connection.execute(select(openings).where(openings.c.act.in_(leaves)))
    }
    for table in (log_leaves, pending_leaves):
        for row in connection.execute(select(table.c.hash, table.c.leaf).where(table.c.hash.in_(leaves))):
            event = EVENT.validate_json(row.leaf)
            if not isinstance(event, (ExampleProposed, ExampleRevised)):
                continue
            if all(item in bodies for items in event.content.values() for item in items):
                said = {item: bodies[item].value()["content"] for items in event.content.values() for item in items}
                told = {name: [said[item] for item in items] for name, items in event.content.items()}
                yield row.hash, event, whole_text(event.kind, told)


def index_texts(connection: Connection, vault_key: bytes) -> None:
    """Make the index anew from the texts that are there. The transaction writes alone."""
    vault = Vault(connection, vault_key, secrets.token_bytes)
    connection.execute(delete(text_bands))
    connection.execute(delete(known_texts))
    wanted = select(revisions.c.id).join(examples, examples.c.id == revisions.c.example)
    wanted = wanted.where(examples.c.status != "withdrawn", examples.c.kind != "topic").order_by(revisions.c.id)
    leaves = list(connection.execute(wanted).scalars())
    for place in range(0, len(leaves), _AT_ONCE):
        some = kept_texts(connection, leaves[place : place + _AT_ONCE])
        keep_rows(connection, [rows_of_text(vault, event, leaf, whole) for leaf, event, whole in some])


def wrongly_known(connection: Connection, state: Replay) -> Iterator[str]:
    """What the index holds too much or too little, in words."""
    wanted = {
        revision.leaf
        for history in state.histories.values()
        if history.withdrawn is None and history.first.kind != "topic"
        for revision in history.revisions
        if not any(item in history.erased for items in revision.event.content.values() for item in items)
    }
    found = set(connection.execute(select(known_texts.c.revision)).scalars())
    if missing := len(wanted - found):
        yield f"{missing} texts are not known, so copies of them are not found"
    if left := len(found - wanted):
        yield f"of {left} texts something is known that should be forgotten"
    marked = select(func.count()).select_from(known_texts).where(known_texts.c.fingerprint.is_not(None))
    bands = connection.execute(select(func.count()).select_from(text_bands)).scalar()
    if bands != BANDS * (connection.execute(marked).scalar() or 0):
        yield "the bands do not fit the fingerprints"
