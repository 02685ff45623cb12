"""Every table, once.

Rules that always hold:
- *event tables* are append-only: the database itself refuses update, delete, replace, upsert and truncate (guards.py);
  pending leaves may go only once they stand in the log, openings only once their erasure stands;
- *projection tables* are a function of the leaves and can be rebuilt (`evenhand log replay`);
- *private tables* hold what is never published; nothing but the vault links a person to a pseudonym;
- no table keeps the order in which its rows arrived (PostgreSQL's own files do: its heap, its write-ahead log and
  copies of these are to be kept like keys; `evenhand backup` keeps no order);
- portable types only, and identifiers sort by their bytes on every database; times are whole seconds since 1970 (UTC)
  and exist in private tables only.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import VARCHAR

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _table(name: str, *parts: Any) -> Table:
    # No table has SQLite's hidden row number: it would keep the order of arrival, by which one person's pseudonyms
    # could be linked, and it is a second key by which `INSERT OR REPLACE` gets past a guard.
    return Table(name, metadata, *parts, sqlite_with_rowid=False)


def word(length: int) -> String:
    """Text of limited length that sorts by its bytes; PostgreSQL would follow the database's own collation."""
    return String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


_HASH = word(64)
_ID = word(32)
_SLUG = word(64)

# --- event tables -----------------------------------------------------------------------------------------------------

log_leaves = _table(
    "log_leaves",
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False),
    Column("hash", _HASH, nullable=False, unique=True),
    Column("type", word(32), nullable=False, index=True),
    Column("example", _ID, nullable=True),
    Column("leaf", LargeBinary, nullable=False),
    Index("ix_log_leaves_example_type", "example", "type"),
)
log_epochs = _table(
    "log_epochs",
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("root", _HASH, nullable=False),
    Column("date", word(10), nullable=False),
    Column("checkpoint", Text, nullable=False),
)
pending_leaves = _table(
    "pending_leaves",
    Column("hash", _HASH, primary_key=True),
    Column("type", word(32), nullable=False, index=True),
    Column("example", _ID, nullable=True),
    Column("leaf", LargeBinary, nullable=False),
    Index("ix_pending_leaves_example_type", "example", "type"),
)
openings = _table(
    "openings",
    Column("commitment", _HASH, primary_key=True),
    Column("act", _HASH, nullable=False, index=True),
    Column("unit", word(16), nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
erasures = _table(
    "erasures",
    Column("commitment", _HASH, primary_key=True),
    Column("act", _HASH, nullable=False),
)
documents = _table(
    "documents",
    Column("sha256", _HASH, primary_key=True),
    Column("path", word(200), nullable=False),
    Column("content", LargeBinary, nullable=False),
)
EVENT_TABLES = (log_leaves, log_epochs, pending_leaves, openings, erasures, documents)

# --- projection tables ------------------------------------------------------------------------------------------------

examples = _table(
    "examples",
    Column("id", _ID, primary_key=True),
    Column("group_id", _ID, nullable=False, index=True),
    Column("topic", _SLUG, nullable=False, index=True),
    Column("kind", word(16), nullable=False),
    Column("language", word(16), nullable=False),
    Column("status", word(16), nullable=False, index=True),
    Column("proposer", _ID, nullable=False, index=True),
    Column("latest", _HASH, nullable=False),
    Column("standing", _HASH, nullable=True),
    Column("held", Boolean, nullable=False),
)
revisions = _table(
    "revisions",
    Column("id", _HASH, primary_key=True),
    Column("example", _ID, ForeignKey("examples.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("outcome", word(16), nullable=True),
)
stages = _table(
    "stages",
    Column("revision", _HASH, ForeignKey("revisions.id"), primary_key=True),
    Column("stage", Integer, primary_key=True, autoincrement=False),
    Column("example", _ID, nullable=False, index=True),
    Column("epoch", Integer, nullable=False),
    Column("open", Boolean, nullable=False, index=True),
    Column("how", word(16), nullable=True),
    Column("outcome", word(16), nullable=True),
)
seats = _table(
    "seats",
    Column("revision", _HASH, primary_key=True),
    Column("perspective", _SLUG, primary_key=True),
    Column("seat", Integer, primary_key=True, autoincrement=False),
    Column("example", _ID, ForeignKey("examples.id"), nullable=False, index=True),
    Column("stage", Integer, nullable=False),
    Column("topic", _SLUG, nullable=False),
    Column("language", word(16), nullable=False),
    Column("epoch", Integer, nullable=False, server_default="0"),
    Column("open", Boolean, nullable=False),
    Column("reviewer", _ID, nullable=True, index=True),
    Index("ix_seats_queue", "topic", "perspective", "open", "epoch", "revision"),
)
reviews = _table(
    "reviews",
    Column("id", _HASH, primary_key=True),
    Column("example", _ID, ForeignKey("examples.id"), nullable=False, index=True),
    Column("revision", _HASH, nullable=False),
    Column("stage", Integer, nullable=False),
    Column("perspective", _SLUG, nullable=False),
    Column("seat", Integer, nullable=False),
    Column("reviewer", _ID, nullable=False, index=True),
    Column("verdict", word(16), nullable=False),
    Column("superseded", Boolean, nullable=False),
)
flags = _table(
    "flags",
    Column("id", _HASH, primary_key=True),
    Column("example", _ID, ForeignKey("examples.id"), nullable=False, index=True),
    Column("revision", _HASH, nullable=False),
    Column("topic", _SLUG, nullable=False),
    Column("raiser", _ID, nullable=False, index=True),
    Column("ground", word(16), nullable=False),
    Column("upheld_by", Integer, nullable=False),
    Column("status", word(16), nullable=False),
)
declarations = _table(
    "declarations",
    Column("id", _HASH, primary_key=True),
    Column("topic", _SLUG, nullable=False),
    Column("pseudonym", _ID, nullable=False, index=True),
    Column("perspective", _SLUG, nullable=True),
    Column("epoch", Integer, nullable=False),
    Column("changed", Boolean, nullable=False),
    Column("replaced_in", Integer, nullable=True),
    Index("ix_declarations_standing", "topic", "perspective", "replaced_in"),
)
signing_keys = _table(
    "signing_keys",
    Column("pseudonym", _ID, primary_key=True),
    Column("key", word(64), nullable=False, unique=True),
)
releases = _table(
    "releases",
    Column("version", word(24), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", _HASH, nullable=False),
    Column("manifest", _HASH, nullable=False),
    Column("leaf", _HASH, nullable=False),
)
PROJECTION_TABLES = (
    examples,
    revisions,
    stages,
    seats,
    reviews,
    flags,
    declarations,
    signing_keys,
    releases,
)

# --- private tables ---------------------------------------------------------------------------------------------------

BEGUN = "begun"
"""The entry of `meta` with the day on which the home began."""
meta = _table(
    "meta",
    Column("name", word(32), primary_key=True),
    Column("value", Text, nullable=False),
)
accounts = _table(
    "accounts",
    Column("id", _ID, primary_key=True),
    Column("handle", word(64), nullable=False, unique=True),
    Column("simulated", Boolean, nullable=False),
    Column("roles", Text, nullable=False),
    Column("languages", Text, nullable=False),
)
account_keys = _table(
    "account_keys",
    Column("account", _ID, ForeignKey("accounts.id"), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)
vault = _table(
    "vault",
    Column("tag", _HASH, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)
organisations = _table(
    "organisations",
    Column("account", _ID, ForeignKey("accounts.id"), primary_key=True),
    Column("organisation", _HASH, primary_key=True),
)
proposer_organisations = _table(
    "proposer_organisations",
    Column("example", _ID, primary_key=True),
    Column("organisation", _HASH, primary_key=True),
)
tokens = _table(
    "tokens",
    Column("digest", _HASH, primary_key=True),
    Column("account", _ID, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("label", word(64), nullable=True),
)
credentials = _table(
    "credentials",
    Column("account", _ID, ForeignKey("accounts.id"), primary_key=True),
    Column("passphrase", Text, nullable=False),
    Column("consent", word(16), nullable=False),
)
recovery_codes = _table(
    "recovery_codes",
    Column("digest", _HASH, primary_key=True),
    Column("account", _ID, ForeignKey("accounts.id"), nullable=False, index=True),
)
identities = _table(
    "identities",
    Column("identity", _HASH, primary_key=True),
    Column("account", _ID, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("consent", word(16), nullable=False),
)
sessions = _table(
    "sessions",
    Column("digest", _HASH, primary_key=True),
    Column("account", _ID, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("ends_at", BigInteger, nullable=False, index=True),
)
sign_in_failures = _table(
    "sign_in_failures",
    Column("handle", _HASH, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("wait_until", BigInteger, nullable=False),
)
leases = _table(
    "leases",
    Column("revision", _HASH, primary_key=True),
    Column("perspective", _SLUG, primary_key=True),
    Column("seat", Integer, primary_key=True, autoincrement=False),
    Column("example", _ID, nullable=False),
    Column("topic", _SLUG, nullable=False),
    Column("holder", _HASH, nullable=False, index=True),
    Column("order_shown", word(16), nullable=True),
    Column("ends_at", BigInteger, nullable=False),
)
handed_on = _table(
    "handed_on",
    Column("revision", _HASH, primary_key=True),
    Column("holder", _HASH, primary_key=True),
    Column("epoch", Integer, nullable=False),
)
stage_clocks = _table(
    "stage_clocks",
    Column("revision", _HASH, primary_key=True),
    Column("stage", Integer, primary_key=True, autoincrement=False),
    Column("example", _ID, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
)
flag_clocks = _table(
    "flag_clocks",
    Column("flag", _HASH, primary_key=True),
    Column("example", _ID, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
)
policy_drafts = _table(
    "policy_drafts",
    Column("id", _ID, primary_key=True),
    Column("account", _ID, ForeignKey("accounts.id"), nullable=False),
    Column("policy", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("supersedes", _HASH, nullable=False),
)
drafted_acts = _table(
    "drafted_acts",
    Column("id", _ID, primary_key=True),
    Column("account", _ID, ForeignKey("accounts.id"), nullable=False),
    Column("act", word(24), nullable=False),
    Column("fields", Text, nullable=False),
)
prompt_shingles = _table(
    "prompt_shingles",
    Column("shingle", _HASH, primary_key=True),
    Column("commitment", _HASH, primary_key=True, index=True),
    Column("evaluation", Boolean, nullable=False),
    Column("example", _ID, nullable=False, index=True),
)
known_texts = _table(
    "known_texts",
    Column("entry", BigInteger, primary_key=True, autoincrement=False),
    Column("revision", _HASH, nullable=False, unique=True),
    Column("example", _ID, nullable=False, index=True),
    Column("digest", _HASH, nullable=False, index=True),
    Column("fingerprint", LargeBinary, nullable=True),
)
text_bands = _table(
    "text_bands",
    Column("band", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", BigInteger, primary_key=True, autoincrement=False),
)
search_texts = _table(
    "search_texts",
    Column("entry", BigInteger, primary_key=True, autoincrement=False),
    Column("revision", _HASH, nullable=False, unique=True),
    Column("example", _ID, nullable=False, index=True),
)
search_words = _table(
    "search_words",
    Column("word", word(32), primary_key=True),
    Column("entry", BigInteger, primary_key=True, autoincrement=False),
)
planted_controls = _table(
    "planted_controls",
    Column("leaf", _HASH, primary_key=True),
    Column("commitment", _HASH, nullable=False),
    Column("example", _ID, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("content", Text, nullable=True),
    Column("opened", Boolean, nullable=False, default=False),
)
imported = _table(
    "imported",
    Column("source", word(128), primary_key=True),
    Column("key", _HASH, primary_key=True),
    Column("digest", _HASH, nullable=True),
    Column("brought", _HASH, nullable=True),
)
source_records = _table(
    "source_records",
    Column("commitment", _HASH, primary_key=True),
    Column("day", word(10), nullable=False),
    Column("status", word(16), nullable=False),
    Column("via", word(8), nullable=False),
    Column("record", _HASH, nullable=True),
    Column("payload", _HASH, nullable=True),
    Column("extractor", word(64), nullable=True),
    Column("anchorer", word(32), nullable=True),
    Column("quote_status", word(16), nullable=True),
    Column("ways", word(64), nullable=True),
    Column("edits", Integer, nullable=True),
    Column("occurrences", Integer, nullable=True),
)
repeats = _table(
    "repeats",
    Column("tag", _HASH, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("ends_at", BigInteger, nullable=False, index=True),
)
drafts = _table(
    "drafts",
    Column("tag", _HASH, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("ends_at", BigInteger, nullable=False, index=True),
)
objections = _table(
    "objections",
    Column("id", _ID, primary_key=True),
    Column("topic", _SLUG, nullable=False, index=True),
    Column("path", word(120), nullable=False),
    Column("language", word(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("ends_at", BigInteger, nullable=False, index=True),
)
webhooks = _table(
    "webhooks",
    Column("id", _ID, primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("earlier", LargeBinary, nullable=True),
    Column("earlier_until", BigInteger, nullable=True),
    Column("active", Boolean, nullable=False),
)
webhook_messages = _table(
    "webhook_messages",
    Column("id", _ID, primary_key=True),
    Column("webhook", _ID, ForeignKey("webhooks.id"), nullable=False, index=True),
    Column("body", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("state", word(16), nullable=False),
    Index("ix_webhook_messages_due", "state", "next_at"),
)
webhook_attempts = _table(
    "webhook_attempts",
    Column("message", _ID, ForeignKey("webhook_messages.id"), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("webhook", _ID, nullable=False, index=True),
    Column("status", Integer, nullable=True),
    Column("at", BigInteger, nullable=False),
)
label_studio_server = _table(
    "label_studio_server",
    Column("name", word(16), primary_key=True),
    Column("url", Text, nullable=False),
    Column("token", LargeBinary, nullable=False),
    Column("secret", LargeBinary, nullable=False),
)
label_studio_reviewers = _table(
    "label_studio_reviewers",
    Column("tag", _HASH, primary_key=True),
    Column("member", _HASH, nullable=False, unique=True),
    Column("sealed", LargeBinary, nullable=False),
)
label_studio_tasks = _table(
    "label_studio_tasks",
    Column("tag", _HASH, primary_key=True),
    Column("holder", _HASH, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
)
label_studio_hints = _table(
    "label_studio_hints",
    Column("project", BigInteger, primary_key=True, autoincrement=False),
)
public_handles = _table(
    "public_handles",
    Column("pseudonym", _ID, primary_key=True),
    Column("handle", word(64), nullable=False, index=True),
)
