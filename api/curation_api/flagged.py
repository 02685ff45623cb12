"""An open flag as one reader sees it, with the text that it is about.

Rules that always hold:
- flags and their evidence are told to who is signed in; a flag's text is held from the public, so:
- a text flagged for personal data or law is shown to maintainers only, one flagged on another ground also to who can
  uphold that flag, for nobody can judge what they cannot read;
- no text is shown before its round has ended, and none of a withdrawn example.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from curation.opened import opened_of
from curation.oversight.flags import OpenFlag, open_flag
from curation.people.accounts import Actor
from curation.people.vault import Vault, topic_scope
from curation.rulebook.flagging import involved_in
from curation.rulebook.history import History
from curation.shown import PROTECTING, sealed_history
from curation.writing import LoadedExamples, Platform
from curation_api.texts import text_of
from curation_api.views import TextView
from curation_schemas.definition import Topic
from curation_schemas.example import Kind

Part = Literal["may_uphold", "upheld", "involved", "undeclared", "no_contributor"]
"""What a reader can do about a flag, or why nothing."""


@dataclass(frozen=True, slots=True)
class SeenFlag:
    """A flag, what the reader can do about it, and the text, where the reader may see it."""

    flag: OpenFlag
    kind: Kind
    part: Part
    text: TextView | None
    topic: Topic | None


def seen_flag(loaded: LoadedExamples, platform: Platform, reader: Actor, flag: str) -> SeenFlag:
    """An open flag as the reader sees it. Raises NotFound."""
    found = open_flag(loaded, flag)
    history = loaded.glance(found.example)
    part = _part(loaded, platform, reader, history, flag)
    definition = loaded.definitions.topic_at(found.topic, loaded.epoch)
    text = _text(loaded, history, found) if _may_read(reader, found, part) else None
    return SeenFlag(found, history.first.kind, part, text, definition.content if definition else None)


def _part(loaded: LoadedExamples, platform: Platform, reader: Actor, history: History, flag: str) -> Part:
    if not reader.may("contributor"):
        return "no_contributor"
    vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
    pseudonym = vault.pseudonym(reader.account, topic_scope(history.first.topic))
    raised = history.flags[flag]
    if pseudonym is not None and pseudonym in {who for who, _ in raised.upheld.values()}:
        return "upheld"
    if pseudonym is not None and pseudonym in involved_in(history, raised):
        return "involved"
    declared = loaded.latest_declaration(pseudonym) if pseudonym is not None else None
    return "may_uphold" if declared is not None and declared.perspective is not None else "undeclared"


def _may_read(reader: Actor, flag: OpenFlag, part: Part) -> bool:
    return reader.may("maintainer") or (part == "may_uphold" and flag.ground not in PROTECTING)


def _text(loaded: LoadedExamples, history: History, flag: OpenFlag) -> TextView | None:
    if history.withdrawn is not None:
        return None
    for revision in sealed_history(loaded, flag.example).revisions:
        if revision.leaf == flag.revision and revision.stages[0].closed is not None:
            return text_of(opened_of(loaded.connection, [revision.leaf]), revision.event)
    return None
