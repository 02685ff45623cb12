"""Copies: an example that says the same as another one, or nearly, is found when it is proposed.

Rules that always hold:
- compared are texts of one topic and one language, what trains and what measures apart (near.py keeps those two from
  each other); a text is that of a whole example, and the same when `curation_validators.duplicates` says so;
- an exact copy of a text that lives is refused; a near one is a finding for its proposer and its reviewers;
- a text lives while its revision is its example's latest or the one that stands, unless that was rejected and is not
  appealed; what was withdrawn, erased, rejected or replaced forbids nothing, and an example is no copy of itself;
- another example is named only where everybody may read its text; of any other no more is said than that there is one,
  never which or how near: whoever tries texts out must not find an unpublished one by steps;
- of two who bring the same text at once, the second waits and sees the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Select, exists, or_, select, text

from curation.copies.fingerprints import BANDS, bands_of, fingerprint, likeness
from curation.copies.known import (
    Brought,
    Scope,
    digest_of,
    entry_of,
    keep_rows,
    kept_texts,
    rows_of_text,
    scope_of,
    text_of,
)
from curation.errors import Refused
from curation.people.vault import Vault
from curation.shown import is_shown
from curation.tables import examples, known_texts, log_leaves, revisions, stages
from curation.writing import LoadedExamples, Writing
from curation_schemas.example import Written
from curation_validators.duplicates import THRESHOLD, jaccard, shingles
from curation_validators.findings import Finding

_OF_A_BAND = 100
"""So many texts are looked at of those that share a band: where more do, they are all alike and any is as good."""
_LEAST_LIKENESS = 0.6
"""Four standard deviations of the estimate below the threshold."""
_COMPARED = 20
"""So many of the likeliest candidates are compared shingle by shingle."""
_LOOKED_UP = 5
_HIDDEN = "another example of this topic, whose text is not public"
_CANDIDATES = text(
    " UNION ALL ".join(
        f"SELECT entry FROM (SELECT entry FROM text_bands WHERE band = :b{number} LIMIT {_OF_A_BAND}) AS t{number}"  # noqa: S608  # numbers of our own
        for number in range(BANDS)
    )
)


@dataclass(frozen=True, slots=True)
class Near:
    """Another revision whose text is near, and the share of all their shingles that both have."""

    example: str
    revision: str
    share: float


def remember_text(writing: Writing, example: Written, brought: Brought, revision: str) -> None:
    """Know the text of a revision that was just recorded."""
    keep_rows(writing.connection, [rows_of_text(writing.vault, brought, revision, text_of(example))])


def _living() -> Select[tuple[str, str, bytes | None]]:
    """The revisions whose texts live."""
    return (
        select(known_texts.c.example, known_texts.c.revision, known_texts.c.fingerprint)
        .join(examples, examples.c.id == known_texts.c.example)
        .join(revisions, revisions.c.id == known_texts.c.revision)
        .where(
            or_(known_texts.c.revision == examples.c.latest, known_texts.c.revision == examples.c.standing),
            or_(
                revisions.c.outcome.is_(None),
                revisions.c.outcome != "rejected",
                exists().where(stages.c.revision == known_texts.c.revision, stages.c.open),
            ),
        )
    )


def find_copy(writing: Writing, example: Written, own: str | None = None) -> Finding | None:
    """A finding where another example has this text. Nobody else brings it until the transaction ends.

    Args:
        writing: the transaction.
        example: what is proposed.
        own: the example that is revised, or is about to be: its own texts do not count.
    """
    return _copy_of(writing, digest_of(writing.vault, scope_of(example), text_of(example)), own)


def _copy_of(writing: Writing, digest: str, own: str | None) -> Finding | None:
    writing.lock_text(digest)
    same = known_texts.c.digest == digest
    other = same if own is None else same & (known_texts.c.example != own)
    if writing.connection.execute(select(known_texts.c.entry).where(other).limit(1)).first() is None:
        return None
    writing.flush()
    found = writing.connection.execute(_living().where(other).order_by(known_texts.c.revision)).first()
    if found is None:
        return None
    named = f"example {found.example}" if is_shown(writing, found.example, found.revision) else _HIDDEN
    hint = "If that one is yours, it was taken in already; else propose something of your own."
    return Finding("duplicate/exact", "the example", f"is the same text as {named}", hint)


def check_still_single(writing: Writing, revision: str, own: str) -> None:
    """Refuse to judge again what was rejected, where another example brought its text meanwhile."""
    digest = writing.connection.execute(select(known_texts.c.digest).where(known_texts.c.revision == revision)).scalar()
    found = None if digest is None else _copy_of(writing, digest, own)
    if found is not None:
        message = f"{found.where}: {found.message} ({found.rule})"
        raise Refused("propose/intake", message, hint="That one is judged instead.")


def find_near(loaded: LoadedExamples, example: str, revision: str, whole: str) -> list[Near]:
    """The living texts of other examples that are near a known revision's, the nearest first."""
    connection = loaded.connection
    own = connection.execute(select(known_texts.c.fingerprint).where(known_texts.c.revision == revision)).scalar()
    if own is None:
        return []
    bands = {f"b{number}": band for number, band in enumerate(bands_of(own))}
    entries = set(connection.execute(_CANDIDATES, bands).scalars()) - {entry_of(revision)}
    if not entries:
        return []
    candidates = _living().where(known_texts.c.entry.in_(entries), known_texts.c.example != example)
    rows = connection.execute(candidates).all()
    guessed = ((likeness(own, row.fingerprint), row.revision) for row in rows if row.fingerprint is not None)
    likely = sorted((item for item in guessed if item[0] >= _LEAST_LIKENESS), reverse=True)[:_COMPARED]
    mine = shingles(whole)
    near = [
        Near(event.example, leaf, jaccard(mine, shingles(other)))
        for leaf, event, other in kept_texts(connection, [leaf for _, leaf in likely])
    ]
    return sorted((item for item in near if item.share >= THRESHOLD), key=lambda item: (-item.share, item.revision))


@dataclass(frozen=True, slots=True)
class Likeness:
    """A public text that is near to one that was not proposed yet, and the share of all their shingles."""

    example: str
    share: float
    text: str


def find_public_likenesses(loaded: LoadedExamples, vault: Vault, scope: Scope, whole: str) -> list[Likeness]:
    """The texts that everybody may read and that are near to a new one, the nearest first.

    What is not public is left out before it is compared, so that not even the time that it takes tells of it.
    """
    connection = loaded.connection
    mine = shingles(whole)
    if not mine:
        return []
    made = fingerprint(mine, bytes.fromhex(vault.blind("fingerprint", *scope)))
    bands = {f"b{number}": band for number, band in enumerate(bands_of(made))}
    entries = set(connection.execute(_CANDIDATES, bands).scalars())
    judged = exists().where(log_leaves.c.example == known_texts.c.example, log_leaves.c.type == "round:closed")
    rows = connection.execute(_living().where(known_texts.c.entry.in_(entries), judged)).all() if entries else []
    guessed = ((likeness(made, row.fingerprint), row.revision) for row in rows if row.fingerprint is not None)
    likely = sorted((item for item in guessed if item[0] >= _LEAST_LIKENESS), reverse=True)[:_LOOKED_UP]
    found = [
        Likeness(event.example, jaccard(mine, shingles(other)), other)
        for leaf, event, other in kept_texts(connection, [leaf for _, leaf in likely])
        if is_shown(loaded, event.example, leaf)
    ]
    return sorted((item for item in found if item.share >= THRESHOLD), key=lambda item: (-item.share, item.example))


def near_findings(loaded: LoadedExamples, example: str, revision: str, whole: str) -> Iterator[Finding]:
    """A finding for the nearest text that everybody may read, and one where there are others."""
    near = find_near(loaded, example, revision, whole)[:_LOOKED_UP]
    shown = [item for item in near if is_shown(loaded, item.example, item.revision)]
    if shown:
        message = f"shares {shown[0].share:.0%} of its wording with example {shown[0].example}"
        yield Finding("duplicate/near", "the example", message, "Say what it adds, or leave one of them out.")
    if len(shown) < len(near):
        message = f"shares {THRESHOLD:.0%} of its wording or more with {_HIDDEN}"
        yield Finding("duplicate/near", "the example", message, "Say what it adds, or wait until that one is judged.")
