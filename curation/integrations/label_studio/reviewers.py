"""Who reviews in Label Studio: the link between an account here and an account there.

Rules that always hold:
- it is made by the volunteer, who was told first what Label Studio's server learns, and taken back by them at any time;
- it is sealed under the volunteer's own key; what stands beside it is a keyed hash of the address by which the other
  account goes, so that no two people are linked to one account there.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from sqlalchemy import delete, select

from curation.db import add_if_new
from curation.errors import Conflict, InvalidInput
from curation.integrations.label_studio.forms import ASKED_FOR, JUDGED, FormKind
from curation.integrations.label_studio.slots import drop_slots, slots_of
from curation.integrations.label_studio.words import LANGUAGES
from curation.people.accounts import Actor, list_actors
from curation.people.vault import Vault
from curation.tables import label_studio_reviewers
from curation.writing import LoadedExamples, Writing

_NAME = "label-studio"


class Link(msgspec.Struct, kw_only=True):
    """An account there. `mark` is in its projects' titles, so that they are found again; `projects`: form → project.

    `configs`: form → digest of the label configuration that the project has. `also`: the forms that they asked for
    besides those of reviews. `ending`: they took the link back, and the next sync deletes their projects there.
    """

    email: str
    language: str
    mark: str
    user: int | None = None
    projects: dict[str, int] = {}
    configs: dict[str, str] = {}
    also: list[FormKind] = []
    ending: bool = False

    def forms(self) -> tuple[FormKind, ...]:
        """The forms that they have."""
        return (*JUDGED, *(form for form in ASKED_FOR if form in self.also))


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkReviewer:
    """Review in Label Studio as the account with this e-mail address; `consents`: they read what its server learns.

    `also`: which of the forms that are asked for they want.
    """

    email: str
    language: str = "en"
    consents: bool = False
    also: tuple[str, ...] = ()


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(Link).decode


def link_reviewer(writing: Writing, actor: Actor, command: LinkReviewer) -> Link:
    """Link an account. Raises InvalidInput, Conflict (somebody else is linked to it), NotAllowed."""
    writing.admit(actor, "contributor")
    if not command.consents:
        raise InvalidInput("nobody is linked who did not agree to what Label Studio’s server learns", where="consents")
    email = command.email.strip().casefold()
    if email.count("@") != 1 or not 3 <= len(email) <= 254 or any(character.isspace() for character in email):
        raise InvalidInput("this is no e-mail address", where="email")
    if command.language not in LANGUAGES:
        raise InvalidInput(f"the forms are in {', '.join(LANGUAGES)}", where="language")
    if wrong := set(command.also).difference(ASKED_FOR):
        raise InvalidInput(f"there is no form {min(wrong)!r}; there are {', '.join(ASKED_FOR)}", where="also")
    known = link_of(writing, writing.vault, actor)
    if known is not None and known.email != email:
        raise Conflict("you are linked to another account there", where="email", hint="Take that link back first.")
    link = known or Link(email=email, language=command.language, mark=writing.token_bytes(5).hex())
    link.language, link.ending = command.language, False
    link.also = [form for form in ASKED_FOR if form in command.also]
    if known is None:
        row = {
            "tag": writing.vault.tag(actor.account, _NAME),
            "member": writing.vault.blind("label-studio", email),
            "sealed": writing.vault.lock_away(actor.account, _NAME, _ENCODE(link)),
        }
        if not add_if_new(writing.connection, label_studio_reviewers, row):
            raise Conflict("somebody is linked to that account already", where="email", hint="Ask a maintainer.")
    keep_link(writing, actor, link)
    return link


def unlink_reviewer(writing: Writing, actor: Actor) -> Link | None:
    """Take a link back and forget every task that came of it. Returns it, for clearing up there."""
    writing.admit(actor)
    link = link_of(writing, writing.vault, actor)
    drop_slots(writing, actor, slots_of(writing, writing.vault, actor))
    tag = writing.vault.tag(actor.account, _NAME)
    writing.connection.execute(delete(label_studio_reviewers).where(label_studio_reviewers.c.tag == tag))
    writing.leaves_traces = True
    return link


def ask_to_unlink(writing: Writing, actor: Actor) -> None:
    """Take a link back: from now on nothing is pushed or pulled, and the next sync deletes the projects there."""
    writing.admit(actor)
    link = link_of(writing, writing.vault, actor)
    if link is not None and not link.projects:
        unlink_reviewer(writing, actor)
    elif link is not None:
        link.ending = True
        keep_link(writing, actor, link)


def keep_link(writing: Writing, actor: Actor, link: Link) -> None:
    """Write a link anew. Nothing is written where it was taken back meanwhile."""
    tag = writing.vault.tag(actor.account, _NAME)
    sealed = writing.vault.lock_away(actor.account, _NAME, _ENCODE(link))
    table = label_studio_reviewers
    writing.connection.execute(table.update().where(table.c.tag == tag).values(sealed=sealed))


def link_of(loaded: LoadedExamples, vault: Vault, actor: Actor) -> Link | None:
    """Somebody's link, or None."""
    tag = vault.tag(actor.account, _NAME)
    query = select(label_studio_reviewers.c.sealed).where(label_studio_reviewers.c.tag == tag)
    sealed = loaded.connection.execute(query).scalar()
    return None if sealed is None else _DECODE(vault.take_out(actor.account, _NAME, sealed))


def linked_reviewers(loaded: LoadedExamples, vault: Vault) -> list[tuple[Actor, Link]]:
    """Everybody who is linked, by handle."""
    tags = set(loaded.connection.execute(select(label_studio_reviewers.c.tag)).scalars())
    if not tags:
        return []
    mine = [actor for actor in list_actors(loaded.connection) if vault.tag(actor.account, _NAME) in tags]
    return [(actor, link) for actor in mine if (link := link_of(loaded, vault, actor)) is not None]
