"""Define a dataset, and change its policy.

Rules that always hold:
- the first definition is one transaction: terms, first policy and every topic;
- a changed policy needs two maintainers: one drafts it with a reason, another agrees;
- nothing binds backwards (rulebook/definitions.py).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select

from curation.errors import InvalidInput, NotFound, Refused
from curation.identifiers import new_account_id
from curation.people.accounts import Actor, actor_by_id
from curation.people.vault import DATASET_SCOPE
from curation.tables import documents, policy_drafts
from curation.writing import Recorded, Writing
from curation_schemas.base import Wire
from curation_schemas.definition import DatasetDefinition, DatasetTerms, Policy
from curation_schemas.events import DatasetDefined, PolicyChanged, TopicDefined
from curation_schemas.parsing import SchemaInvalid, load_yaml, validate
from curation_schemas.text import Paragraph

MAX_DOCUMENT_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class DefineDataset:
    """A dataset's first definition, and the documents shipped with it (guidelines, card text) by path."""

    definition: DatasetDefinition
    documents: dict[str, bytes] = field(default_factory=dict)


def read_definition(folder: Path) -> DefineDataset:
    """Read a dataset's folder: `dataset.yaml`, `card.md`, `guidelines/*.md`. Raises InvalidInput."""
    path = folder / "dataset.yaml"
    try:
        definition = validate(DatasetDefinition, load_yaml(path.read_text("utf-8")))
    except SchemaInvalid as error:
        place, message = error.problems[0]
        raise InvalidInput(f"{place}: {message}" if place else message, where=str(path)) from None
    except (OSError, UnicodeDecodeError):
        raise InvalidInput("cannot be read as UTF-8 text", where=str(path), hint="A dataset needs this file.") from None
    found = {}
    for item in sorted([*folder.glob("card.md"), *folder.glob("guidelines/*.md")]):
        content = item.read_bytes()
        if len(content) > MAX_DOCUMENT_BYTES:
            raise InvalidInput(f"is larger than {MAX_DOCUMENT_BYTES} bytes", where=str(item))
        found[item.relative_to(folder).as_posix()] = content
    return DefineDataset(definition=definition, documents=found)


def define_dataset(writing: Writing, actor: Actor, command: DefineDataset) -> Recorded:
    """Take in a dataset's first definition with all its topics."""
    writing.admit(actor, "maintainer")
    definition = command.definition
    if definition.slug != writing.home.dataset:
        raise InvalidInput(f"this home is for dataset {writing.home.dataset}", where="slug")
    maintainer = writing.vault.pseudonym_for_act(actor.account, DATASET_SCOPE)
    digests = {}
    for path, content in command.documents.items():
        digests[path] = hashlib.sha256(content).hexdigest()
    terms = DatasetTerms(
        slug=definition.slug,
        title=definition.title,
        description=definition.description,
        simulated=definition.simulated,
        languages=definition.languages,
        licenses=definition.licenses,
        documents=digests,
    )
    recorded = writing.record(
        DatasetDefined, terms=terms, policy=definition.policy, reason=definition.reason, maintainers=[maintainer]
    )
    for topic in definition.topics:
        fields: dict[str, Any] = {"topic": topic, "reason": definition.reason, "maintainers": [maintainer]}
        writing.record(TopicDefined, founding=recorded.leaf, **fields)
    rows = {
        digests[path]: {"sha256": digests[path], "path": path, "content": content}
        for path, content in command.documents.items()
    }
    if rows:
        writing.connection.execute(insert(documents), list(rows.values()))
    return recorded


class DraftPolicy(Wire):
    """A new policy and why."""

    policy: Policy
    reason: Paragraph


def read_draft(path: Path, reason: str) -> DraftPolicy:
    """Read a new policy from YAML or JSON. Raises InvalidInput."""
    try:
        return validate(DraftPolicy, {"policy": load_yaml(path.read_text("utf-8")), "reason": reason})
    except SchemaInvalid as error:
        raise InvalidInput(str(error), where=str(path)) from None
    except (OSError, UnicodeDecodeError):
        raise InvalidInput("cannot be read as UTF-8 text", where=str(path)) from None


def draft_policy(writing: Writing, actor: Actor, command: DraftPolicy) -> str:
    """Draft a policy that replaces the latest one. Returns the draft's id, for a second maintainer to agree to.

    Whoever drafts the same twice has one draft.
    """
    writing.admit(actor, "maintainer")
    row = {
        "account": actor.account,
        "policy": command.policy.model_dump_json(),
        "reason": command.reason,
        "supersedes": writing.definitions.policies[-1].leaf,
    }
    same = select(policy_drafts.c.id).where(*(policy_drafts.c[name] == value for name, value in row.items()))
    known: str | None = writing.connection.execute(same).scalar()
    if known is not None:
        return known
    draft = "d" + new_account_id(writing.token_bytes)[1:]
    writing.connection.execute(insert(policy_drafts), {"id": draft, **row})
    return draft


def agree_policy(writing: Writing, actor: Actor, draft: str) -> Recorded:
    """Agree to a draft as the second maintainer; the policy then stands and binds two epochs after its leaf."""
    actor.require("maintainer")
    query = select(policy_drafts).where(policy_drafts.c.id == draft)
    row = writing.connection.execute(query).first()
    if row is not None:
        # Both people's acts wait for this one; and where a third person agrees just now, the draft is gone after that.
        writing.lock_accounts([row.account, actor.account])
        row = writing.connection.execute(query).first()
    if row is None:
        raise NotFound(f"there is no policy draft {draft!r}", where="draft")
    if row.account == actor.account:
        raise Refused("define/two-maintainers", "a draft is agreed by another maintainer than the one who wrote it")
    author = actor_by_id(writing.connection, row.account)
    if author is None or not author.may("maintainer"):
        raise Refused("define/two-maintainers", "who wrote the draft is no maintainer any more", hint="Draft it anew.")
    writing.connection.execute(delete(policy_drafts).where(policy_drafts.c.id == draft))
    maintainers = [writing.vault.pseudonym_for_act(account, DATASET_SCOPE) for account in (row.account, actor.account)]
    return writing.record(
        PolicyChanged,
        policy=Policy(**json.loads(row.policy)),
        reason=row.reason,
        maintainers=maintainers,
        supersedes=row.supersedes,
    )
