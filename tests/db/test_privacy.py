"""Who anybody is stays out of the log, out of reach of whoever copies the database, and goes when it is erased."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import sqlite3

import pytest
from sqlalchemy import LargeBinary, func, select

from curation.clock import DAY
from curation.db import reading
from curation.errors import HomeUnusable, NotFound
from curation.home import create_home
from curation.log.leaf import decode_leaf
from curation.people.accounts import erase_account
from curation.people.vault import DATASET_SCOPE, Vault, topic_scope
from curation.tables import (
    account_keys,
    accounts,
    flag_clocks,
    metadata,
    openings,
    organisations,
    policy_drafts,
    stage_clocks,
    tokens,
    vault,
)
from tests.support.words import HARBOUR, RIVER
from tests.support.world import copy_home, template

TABLES = metadata.sorted_tables
MARK = "Quetzalcoatl-7731"
"""A word that stands nowhere by chance."""


@pytest.fixture
def sqlite_world(homes, tmp_path):
    made = copy_home(template(homes, "small"), tmp_path / "home")
    yield made
    made.platform.home.close()


def tell_a_story(world):
    """Acts of every kind by people whose names would be noticed."""
    people = {"zaphod": "keep", "trillian": "move"}
    for handle, perspective in people.items():
        world.join(handle, organisations=["Heart of Gold"], simulated=False)
        world.declare(handle, perspective)
    world.signing = {"zaphod"}
    own = world.propose("ana")
    world.take("zaphod")
    world.submit("zaphod", own, "reject")
    world.review("move-1", own)
    world.appeal(own)
    world.flag(own, "zaphod", "source")
    world.uphold(next(iter(world.history(own).flags)), "trillian")
    for reviewer in ("keep-2", "move-2"):
        world.review(reviewer, own)
    world.revise(own)
    world.erase(world.history(own).revisions[0].leaf, "ana")
    world.agree(world.draft(reason="We are fewer."))
    other = world.propose("zaphod", topic=HARBOUR)
    world.withdraw(other, "zaphod")
    world.declare("zaphod", "move")
    for _turn in range(12):
        world.close()
    return own


def texts_and_numbers(value):
    """Every key, text and number within plain data."""
    if isinstance(value, dict):
        found = [*value]
        for item in value.values():
            found += texts_and_numbers(item)
        return found
    if isinstance(value, list):
        return [inner for item in value for inner in texts_and_numbers(item)]
    return [value]


def cells(world):
    """(table, column, value as bytes) of every cell in the database."""
    with reading(world.platform.home.engine) as connection:
        for table in TABLES:
            for row in connection.execute(select(table)):
                for column, value in zip(table.columns, row, strict=True):
                    content = bytes(value) if isinstance(column.type, LargeBinary) else str(value).encode()
                    yield table, column, content


# --- the log ----------------------------------------------------------------------------------------------------------


def test_no_leaf_holds_a_time_of_day_an_account_a_handle_or_an_organisation(small_world):
    tell_a_story(small_world)
    rows = small_world.rows(accounts)
    leaves = [decode_leaf(leaf) for leaf in small_world.sealed()]
    assert len({leaf["type"] for leaf in leaves}) >= 14
    private = {row.handle for row in rows} | {row.id for row in rows} | {"Heart of Gold", "heart of gold"}
    for leaf in leaves:
        for item in texts_and_numbers(leaf):
            assert item not in private, leaf["type"]
            if isinstance(item, int) and not isinstance(item, bool):
                assert item < 1_000_000, f"{item} in {leaf['type']} may be a time"
            elif isinstance(item, str):
                assert not re.search(r"\ba_[a-z2-7]{16}\b|\d{4}-\d\d-\d\d[T ]\d|\d\d:\d\d", item), leaf["type"]


def test_no_leaf_holds_a_contributed_text(small_world):
    own = small_world.propose(sources=[], messages=text_with(MARK))
    small_world.review("keep-1", own, "reject", rationale=f"I know {MARK}.")
    small_world.close()
    content = b"".join([*small_world.sealed(), *small_world.pending().values()])
    assert MARK.encode() not in content
    assert hashlib.sha256(MARK.encode()).hexdigest().encode() not in content


def text_with(mark):
    return [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": f"Because of {mark}."}]


def test_every_act_has_a_nonce_and_every_commitment_a_salt_of_its_own(small_world):
    tell_a_story(small_world)
    nonces = [decode_leaf(leaf)["nonce"] for leaf in small_world.sealed()]
    assert len(set(nonces)) == len(nonces)
    salts = [bytes(row.salt) for row in small_world.rows(openings)]
    assert len(set(salts)) == len(salts)
    assert {len(salt) for salt in salts} == {32}


# --- the vault --------------------------------------------------------------------------------------------------------


def test_a_person_has_one_pseudonym_on_a_topic_and_another_on_every_other(small_world):
    scopes = (HARBOUR, RIVER, "lake")
    drawn = {handle: [small_world.pseudonym(handle, scope) for scope in scopes] for handle in ("ana", "ben", "keep-1")}
    assert len({item for items in drawn.values() for item in items}) == 9
    assert drawn == {handle: [small_world.pseudonym(handle, scope) for scope in scopes] for handle in drawn}


def test_a_vault_row_tells_neither_account_nor_topic_nor_pseudonym(small_world):
    tell_a_story(small_world)
    pseudonyms = {small_world.pseudonym(handle) for handle in ("ana", "zaphod", "trillian", "keep-1")}
    known = {row.handle for row in small_world.rows(accounts)} | {row.id for row in small_world.rows(accounts)}
    for row in small_world.rows(vault):
        content = row.tag.encode() + bytes(row.sealed)
        assert not [item for item in known | pseudonyms if item.encode() in content]
        assert not [topic for topic in (HARBOUR, RIVER, DATASET_SCOPE) if topic.encode() in content]


def test_all_vault_rows_look_alike(small_world):
    tell_a_story(small_world)
    rows = small_world.rows(vault)
    assert {len(row.sealed) for row in rows} == {12 + len("p_") + 26 + 16}
    assert all(re.fullmatch(r"[0-9a-f]{64}", row.tag) for row in rows)
    assert len({bytes(row.sealed)[:12] for row in rows}) == len(rows), "no nonce serves twice"


def test_without_the_vault_key_nobody_is_linked_to_a_pseudonym(small_world):
    account = small_world.actor("keep-1").account
    with reading(small_world.platform.home.engine) as connection:
        stranger = Vault(connection, bytes(32), os.urandom)
        with pytest.raises(HomeUnusable, match="does not open with this home's key"):
            stranger.pseudonym(account, topic_scope(HARBOUR))


def test_one_account_cannot_open_anothers_rows(small_world):
    home = small_world.platform.home
    with reading(home.engine) as connection:
        opened = Vault(connection, home.vault_key, os.urandom)
        names = {small_world.actor(handle).account for handle in ("keep-1", "keep-2", "move-1")}
        assert len({opened.pseudonym(account, topic_scope(HARBOUR)) for account in names}) == 3


def test_accounts_stand_in_few_tables_and_none_of_those_names_a_pseudonym(small_world):
    tell_a_story(small_world)
    small_world.draft()
    names = [row.id.encode() for row in small_world.rows(accounts)]
    allowed = {accounts.name, account_keys.name, organisations.name, tokens.name, policy_drafts.name}
    found = {table.name for table, _, content in cells(small_world) if any(name in content for name in names)}
    assert found <= allowed
    named = [table.name for table, _, content in cells(small_world) if content.startswith(b"p_")]
    assert allowed.isdisjoint(named)


def test_handles_stand_in_the_accounts_table_only(small_world):
    tell_a_story(small_world)
    found = {table.name for table, _, content in cells(small_world) if b"zaphod" in content or b"trillian" in content}
    assert found == {accounts.name}


def test_organisations_are_kept_as_keyed_hashes_that_join_with_nothing(small_world):
    small_world.join("pat", organisations=["Harbour Friends"])
    own = small_world.propose("pat")
    assert not [table.name for table, _, content in cells(small_world) if b"arbour friends" in content.lower()]
    (person,) = [row.organisation for row in small_world.rows(organisations)]
    kept = [row for row in small_world.rows(metadata.tables["proposer_organisations"]) if row.example == own]
    assert len(kept) == 1
    assert kept[0].organisation != person
    plain = hashlib.sha256(b"harbour friends").hexdigest()
    assert plain not in (person, kept[0].organisation)


# --- order and time ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_no_table_keeps_the_order_of_arrival(sqlite_world, table):
    sqlite_world.platform.home.close()
    plain = sqlite3.connect(sqlite_world.platform.home.path / "evenhand.db")
    try:
        for name in ("rowid", "oid", "_rowid_"):
            if name not in table.columns:
                with pytest.raises(sqlite3.OperationalError, match="no such column"):
                    plain.execute(f"SELECT {name} FROM {table.name}")
    finally:
        plain.close()


def test_clocks_keep_no_more_than_the_day(small_world):
    small_world.clock.advance(hours=7.37)
    own = small_world.propose()
    small_world.flag(own, "ben", "law")
    assert [row.opened_at % DAY for row in small_world.rows(stage_clocks)] == [0]
    assert [row.raised_at % DAY for row in small_world.rows(flag_clocks)] == [0]


def test_nothing_in_the_database_tells_the_second_at_which_anything_happened(small_world):
    small_world.clock.advance(hours=7.37)
    tell_a_story(small_world)
    own = small_world.propose("ben")
    small_world.take("keep-2", of=own)
    moments = range(small_world.clock.now() - 100 * DAY, small_world.clock.now() + 100 * DAY)
    finer = [
        (table.name, column.name)
        for table, column, content in cells(small_world)
        if content.isdigit() and len(content) < 12 and int(content) in moments and int(content) % 3600
    ]
    assert finer == []


def test_what_was_kept_for_a_round_goes_when_it_ends(small_world):
    own = small_world.propose()
    small_world.take("keep-1", of=own)
    small_world.submit("keep-1", own)
    small_world.review("move-1", own)
    for table in ("leases", "stage_clocks"):
        assert small_world.rows(metadata.tables[table]) == []


# --- erasure ----------------------------------------------------------------------------------------------------------


def forget(world, handle):
    with world.acting(handle) as (made, actor):
        erase_account(made.connection, made.vault, actor.account)
        made.leaves_traces = True  # as `evenhand people forget` says
        return actor.account


def test_an_erased_account_can_never_be_linked_again(small_world):
    tell_a_story(small_world)
    home = small_world.platform.home
    key = key_of(small_world, "zaphod")
    tags = {hmac.new(key, topic_scope(topic).encode(), hashlib.sha256).hexdigest() for topic in (HARBOUR, RIVER)}
    assert tags & {row.tag for row in small_world.rows(vault)}, "with the key, the rows are found"
    account = forget(small_world, "zaphod")
    with reading(home.engine) as connection:
        known = Vault(connection, home.vault_key, os.urandom)
        with pytest.raises(NotFound, match="erased"):
            known.pseudonym(account, topic_scope(HARBOUR))
        scopes = [topic_scope(HARBOUR), topic_scope(RIVER), DATASET_SCOPE]
        reachable = {
            known._key_and_tag(row.account, scope)[1]
            for row in connection.execute(select(account_keys))
            for scope in scopes
        }
    assert reachable.isdisjoint(tags)
    assert not [table.name for table, _, content in cells(small_world) if account.encode() in content]
    assert not [table.name for table, _, content in cells(small_world) if b"zaphod" in content]


def key_of(world, handle):
    """An account's key, as only the platform can unwrap it."""
    home = world.platform.home
    with reading(home.engine) as connection:
        opened = Vault(connection, home.vault_key, os.urandom)
        opened.pseudonym(world.actor(handle).account, topic_scope(HARBOUR))
        return opened._account_keys[world.actor(handle).account]


def test_erasing_an_account_leaves_its_published_acts_and_breaks_nothing(small_world):
    own = tell_a_story(small_world)
    before = small_world.sealed()
    forget(small_world, "zaphod")
    assert small_world.sealed() == before
    assert small_world.history(own).reviews
    small_world.check_projection()


def test_a_maintainer_with_an_open_draft_can_be_erased(small_world):
    small_world.draft("mia")
    forget(small_world, "mia")
    assert small_world.rows(policy_drafts) == []


def test_erasing_a_proposer_takes_the_organisations_kept_with_their_examples(small_world):
    small_world.join("pat", organisations=["Harbour Friends"])
    small_world.propose("pat")
    forget(small_world, "pat")
    assert small_world.rows(metadata.tables["proposer_organisations"]) == []
    assert small_world.rows(organisations) == []


def test_an_erased_handle_can_be_taken_by_somebody_else_who_gets_other_pseudonyms(small_world):
    before = small_world.pseudonym("ana")
    forget(small_world, "ana")
    small_world.join("ana")
    assert small_world.pseudonym("ana") != before


def bytes_of(world):
    """Everything in the files of a SQLite home's database."""
    files = sorted(world.platform.home.path.glob("evenhand.db*"))
    return b"".join(path.read_bytes() for path in files)


def test_an_erased_texts_bytes_are_gone_from_the_database_files(sqlite_world):
    own = sqlite_world.propose(messages=text_with(MARK))
    revision = sqlite_world.history(own).latest
    salts = [bytes(row.salt) for row in sqlite_world.rows(openings) if row.act == revision.leaf]
    content = bytes_of(sqlite_world)
    assert MARK.encode() in content
    assert all(salt in content for salt in salts)
    sqlite_world.erase(revision.leaf, "ana")
    content = bytes_of(sqlite_world)
    assert MARK.encode() not in content
    assert not [salt for salt in salts if salt in content], "with the salt, a guess could be confirmed"


def test_an_erased_accounts_bytes_are_gone_from_the_database_files(sqlite_world):
    sqlite_world.join("zaphod-beeblebrox", organisations=["Heart of Gold"])
    sqlite_world.declare("zaphod-beeblebrox", "keep")
    wrapped = [bytes(row.wrapped) for row in sqlite_world.rows(account_keys)]
    account = sqlite_world.actor("zaphod-beeblebrox").account
    own = next(item for item in wrapped if item not in wrapped_without(sqlite_world, account))
    assert own in bytes_of(sqlite_world)
    forget(sqlite_world, "zaphod-beeblebrox")
    content = bytes_of(sqlite_world)
    assert b"zaphod-beeblebrox" not in content
    assert account.encode() not in content
    assert own not in content, "with the wrapped key and the vault's key, the person would be linked"


def wrapped_without(world, account):
    return [bytes(row.wrapped) for row in world.rows(account_keys) if row.account != account]


def test_a_text_is_erased_once_its_leaf_and_its_commitment_stay(small_world):
    own = small_world.propose(messages=text_with(MARK))
    revision = small_world.history(own).latest
    small_world.erase(revision.leaf, "ana")
    assert small_world.history(own).latest.event.commitments() == revision.event.commitments()
    assert not [row for row in small_world.rows(openings) if row.act == revision.leaf]
    with pytest.raises(NotFound):
        small_world.erase(revision.leaf, "ana")
    small_world.close()
    assert small_world.replay().violations == []


def test_one_text_of_several_can_be_erased_and_the_rest_later(small_world):
    own = small_world.propose(messages=text_with(MARK))
    revision = small_world.history(own).latest
    first, *rest = revision.event.commitments()
    small_world.erase(revision.leaf, "ana", commitments=[first])
    with pytest.raises(NotFound, match="erased already"):
        small_world.erase(revision.leaf, "ana", commitments=[first])
    small_world.erase(revision.leaf, "ana")
    assert set(small_world.history(own).erased) == {first, *rest}


# --- keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_only_their_owner_can_read_the_keys(tmp_path, mask):
    before = os.umask(mask)
    try:
        home = create_home(tmp_path / "home", "two-disputes")
    finally:
        os.umask(before)
    home.close()
    modes = {path.name: path.stat().st_mode & 0o777 for path in (home.path / "keys").iterdir()}
    assert modes == {"log.key": 0o600, "vault.key": 0o600}
    assert (home.path / "keys").stat().st_mode & 0o077 == 0


def test_no_key_stands_in_the_database(sqlite_world):
    home = sqlite_world.platform.home
    secret = (home.path / "keys" / "log.key").read_bytes().split(b"+", 4)[-1].strip()
    content = bytes_of(sqlite_world)
    for key in (home.vault_key, home.vault_key.hex().encode(), secret):
        assert key not in content


def test_every_account_has_a_key_of_its_own(small_world):
    with reading(small_world.platform.home.engine) as connection:
        number = connection.execute(select(func.count()).select_from(accounts)).scalar()
    wrapped = {bytes(row.wrapped) for row in small_world.rows(account_keys)}
    assert len(wrapped) == number
