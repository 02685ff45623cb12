"""The index of public texts, and what is found in it.

Rules that always hold:
- it holds words of revisions whose round has ended as the log has it, and of no others: an epoch's end brings the new
  ones; who asks is shown of them what `curation.shown` allows at that moment;
- an erasure of any text of a revision takes its words away at once, and so does a withdrawal of its example;
- it is a function of leaves and openings, and can be made anew (`evenhand log replay`);
- its rows are ordered by words and by the leaves' hashes, which tell nothing of when they came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, exists, func, insert, select

from curation.copies.known import entry_of, kept_texts
from curation.rulebook.replay import Replay
from curation.search.words import Term, words_of
from curation.tables import examples, log_leaves, pending_leaves, revisions, search_texts, search_words, stages

_AT_ONCE = 200
_RARE = 5_000
"""A word with fewer rows is looked up whole."""
_LOOKED_UP = 24
"""So many words are looked up; who asks compares the texts that are found with all of them."""


def to_learn() -> Select[Any]:
    """The revisions whose first round has ended as the log has it, and whose words are not in the index."""
    ended = exists().where(stages.c.revision == revisions.c.id, stages.c.stage == 1, stages.c.open.is_(False))
    told = exists().where(log_leaves.c.example == revisions.c.example, log_leaves.c.type == "round:closed")
    changing = exists().where(pending_leaves.c.example == revisions.c.example)
    known = exists().where(search_texts.c.revision == revisions.c.id)
    return (
        select(revisions.c.id)
        .join(examples, examples.c.id == revisions.c.example)
        .where(ended, told, ~changing, ~known)
        .where(examples.c.status != "withdrawn", examples.c.kind != "topic")
        .order_by(revisions.c.id)
    )


def add_new_texts(connection: Connection) -> None:
    """Bring the index up to the log, in a transaction that writes alone."""
    leaves = list(connection.execute(to_learn()).scalars())
    for place in range(0, len(leaves), _AT_ONCE):
        some = list(kept_texts(connection, leaves[place : place + _AT_ONCE]))
        if some:
            texts = [{"entry": entry_of(leaf), "revision": leaf, "example": event.example} for leaf, event, _ in some]
            connection.execute(insert(search_texts), texts)
        rows = [{"word": word, "entry": entry_of(leaf)} for leaf, _, whole in some for word in words_of(whole)]
        if rows:
            connection.execute(insert(search_words), sorted(rows, key=lambda row: (row["word"], row["entry"])))


def forget_words(connection: Connection, *, example: str | None = None, revision: str | None = None) -> None:
    """Take the words of a withdrawn example, or of a revision of which something was erased, out of the index."""
    mine = search_texts.c.example == example if revision is None else search_texts.c.revision == revision
    entries = list(connection.execute(select(search_texts.c.entry).where(mine)).scalars())
    if entries:
        connection.execute(delete(search_words).where(search_words.c.entry.in_(entries)))
        connection.execute(delete(search_texts).where(search_texts.c.entry.in_(entries)))


def index_anew(connection: Connection) -> None:
    """Make the index anew from the texts that are there. The transaction writes alone."""
    connection.execute(delete(search_words))
    connection.execute(delete(search_texts))
    add_new_texts(connection)


def wrongly_found(connection: Connection, state: Replay) -> Iterator[str]:
    """What the index holds too much, in words. What it lacks yet, the next epoch's end brings."""
    open_or_gone = {
        revision.leaf
        for history in state.histories.values()
        for revision in history.revisions
        if history.withdrawn is not None
        or revision.stages[0].closed is None
        or any(item in history.erased for items in revision.event.content.values() for item in items)
    }
    found = set(connection.execute(select(search_texts.c.revision)).scalars())
    if left := len(found & open_or_gone):
        yield f"{left} texts can be searched that should be forgotten"


def find_examples(connection: Connection, terms: Sequence[Term], most: int) -> Iterator[str]:
    """Examples of which a revision may have every term, in the order of their ids; who asks compares what is shown.

    Rare words are looked up first. A beginning that very many words have is left to who asks, and of words that stand
    nearly everywhere only the first texts are looked at: the time does not grow with the number of examples.
    """
    wanted = [(key, term.beginning) for term in terms for key in term.indexed()][:_LOOKED_UP]
    if not wanted:
        return
    rows = [_rows_of(key, begins=begins) for key, begins in wanted]
    rare = [_is_rare(connection, item) for item in rows]
    query = select(search_texts.c.example).distinct().order_by(search_texts.c.example).limit(most)
    if not any(rare):
        first = select(rows[0].limit(_RARE).subquery().c.entry)
        query = query.where(search_texts.c.entry.in_(first))
    for (key, begins), item, few in zip(wanted, rows, rare, strict=True):
        if few:
            query = query.where(search_texts.c.entry.in_(item))
        elif not begins:
            there = (search_words.c.word == key) & (search_words.c.entry == search_texts.c.entry)
            query = query.where(exists().where(there))
    yield from connection.execute(query).scalars()


def _rows_of(key: str, *, begins: bool) -> Select[tuple[int]]:
    """The entries that have a word, or one that begins so."""
    word = search_words.c.word
    # The greatest character stands for the end of all words that begin so; both databases sort words by their bytes.
    fits = (word >= key) & (word < key + "\U0010ffff") if begins else word == key
    return select(search_words.c.entry).where(fits)


def _is_rare(connection: Connection, rows: Select[tuple[int]]) -> bool:
    few = rows.limit(_RARE).subquery()
    return (connection.execute(select(func.count()).select_from(few)).scalar() or 0) < _RARE
