"""Bring both sides to agree: take in what was annotated, remove what lapsed, hand out what is needed.

Rules that always hold:
- one sync of one reviewer at a time; two that meet follow each other, and the second finds nothing to do;
- nothing is believed that was not looked at: each sync lists the tasks that the server has, so what a webhook, or an
  earlier sync that was broken off, left out is found;
- a task whose seat is gone is removed; one whose annotation was refused stays, so that it can be seen and mended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from curation.db import taking_turns
from curation.errors import NotFound, Unavailable
from curation.integrations.label_studio.asking import is_asked_still
from curation.integrations.label_studio.client import Client, Task
from curation.integrations.label_studio.pull import Problem, Pulled, pull_tasks
from curation.integrations.label_studio.push import (
    ensure_projects,
    ensure_webhooks,
    keep_asked,
    keep_new_seats,
    lease_seats,
    make_tasks,
)
from curation.integrations.label_studio.reviewers import Link, keep_link, link_of, linked_reviewers, unlink_reviewer
from curation.integrations.label_studio.saying import SayReason, say_in_english
from curation.integrations.label_studio.slots import Slot, drop_slots, keep_slots, new_slot, slots_of
from curation.integrations.label_studio.tasks import FORMAT, Known, Texts
from curation.people.accounts import Actor, actor_by_handle
from curation.people.vault import Vault
from curation.reviews.seats import held_seats
from curation.writing import Platform

_AT_A_TIME = 2
MOST_TASKS = 5
"""How many seats somebody holds in Label Studio at a time, unless the maintainer says otherwise."""


@dataclass
class Synced(Pulled):
    """What a sync came to."""

    pushed: int = 0
    removed: int = 0
    unknown: list[Problem] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def happened(self) -> bool:
        """Whether anything was done, or failed. What was refused before and still is, is no news."""
        return any((self.taken, self.superseded, self.passed, self.pushed, self.removed, self.failed))


def sync_reviewer(
    platform: Platform,
    client: Client,
    actor: Actor,
    *,
    pull: bool = True,
    push: bool = True,
    most: int = MOST_TASKS,
    public_url: str | None = None,
    known: Known | None = None,
    say_reason: SayReason = say_in_english,
) -> Synced:
    """Bring the tasks of one reviewer up to date, on both sides.

    `public_url` is where this server can be reached, for webhooks; without it there are none. `known` are texts that
    were read for other reviewers. `say_reason` says in the tasks why an annotation was refused.

    Raises NotFound (not linked, or no such account in Label Studio), Unavailable.
    """
    came = Synced()
    with taking_turns(platform.home.engine, f"label-studio {actor.account}"):
        link, slots = _known(platform, actor)
        user = _user(platform, client, actor, link)
        ensure_projects(platform, client, actor, link)
        ensure_webhooks(client, link, public_url)
        found = _Found(client, link, slots, came)
        _put_right(platform, client, link, found, came, say_reason)
        if pull:
            wrong = {slot.name for slot in found.renamed}
            sure = [slot for slot in slots if slot.name in found.task_of and slot.name not in wrong]
            work = [(slot, found.task_of[slot.name]) for slot in sure]
            pull_tasks(platform, actor, user, work, came)
        if push:
            slots += keep_new_seats(platform, actor, link, slots, lease_seats(platform, actor, most))
            slots += keep_asked(platform, actor, link, slots, most)
        _settle(
            platform, client, actor, link, slots, found, came, {} if known is None else known, say_reason, push=push
        )
    return came


def _put_right(
    platform: Platform, client: Client, link: Link, found: _Found, came: Synced, say_reason: SayReason
) -> None:
    """Give the tasks that were made to name another seat their own text again; they are read at the next sync."""
    if not found.renamed:
        return
    with platform.read() as loaded:
        texts = Texts(loaded, platform.home.path, {}, say_reason)
        data = [(slot, texts.task_data(slot, link.language)) for slot in found.renamed]
    for slot, right in data:
        client.change_task(int(found.task_of[slot.name]["id"]), right)
        reason = "the task names another seat than its own; it was put right"
        came.refused.append(Problem(slot.project, slot.task, reason))


def _known(platform: Platform, actor: Actor) -> tuple[Link, list[Slot]]:
    with platform.read() as loaded:
        vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
        link = link_of(loaded, vault, actor)
        if link is None:
            raise NotFound(f"{actor.handle} does not review in Label Studio", hint="Run `evenhand label-studio link`.")
        return link, slots_of(loaded, vault, actor)


def _user(platform: Platform, client: Client, actor: Actor, link: Link) -> int:
    """The reviewer's account there, looked up once: an address can change hands, an id cannot."""
    if link.user is None:
        link.user = client.users().get(link.email)
        if link.user is None:
            raise NotFound(
                f"Label Studio has no account with the address that {actor.handle} gave",
                hint="Invite them there: `evenhand label-studio status` shows the address of invitations.",
            )
        with platform.write() as writing:
            keep_link(writing, actor, link)
    return link.user


class _Found:
    """The tasks that the server has, each with the seat that it was made for."""

    def __init__(self, client: Client, link: Link, slots: list[Slot], came: Synced) -> None:
        self.task_of: dict[str, Task] = {}
        self.renamed: list[Slot] = []
        by_key = {tuple(slot.key().values()): slot for slot in slots}
        by_task = {slot.task: slot for slot in slots if slot.task is not None}
        extra: list[Task] = []
        for project in link.projects.values():
            for task in client.tasks(project):
                named = by_key.get(_key_of(task))
                made_for = by_task.get(int(task["id"]), named)
                if made_for is None or made_for.project != project:
                    extra.append(task)
                    continue
                if made_for is not named:
                    self.renamed.append(made_for)
                # Of its text nothing is kept: a reviewer may have a thousand tasks.
                self._place(made_for, {name: task.get(name) for name in ("id", "project", "annotations")}, extra)
        for task in extra:
            if task.get("annotations"):
                reason = "a task that was not given to this reviewer, or twice, was annotated"
                came.unknown.append(Problem(int(task["project"]), int(task["id"]), reason))
            else:
                client.delete_task(int(task["id"]))
                came.removed += 1

    def _place(self, slot: Slot, task: Task, extra: list[Task]) -> None:
        other = self.task_of.get(slot.name)
        if other is not None and _rank(slot, other) <= _rank(slot, task):
            extra.append(task)
            return
        if other is not None:
            extra.append(other)
        self.task_of[slot.name] = task


def _rank(slot: Slot, task: Task) -> tuple[bool, bool, int]:
    """Of two tasks of one seat, which is kept: the one that is known, else the annotated one, else the older one."""
    return int(task["id"]) != slot.task, not task.get("annotations"), int(task["id"])


def _key_of(task: Mapping[str, Any]) -> tuple[Any, ...]:
    data = task.get("data")
    key = data.get("evenhand") if isinstance(data, Mapping) else None
    if not isinstance(key, Mapping) or key.get("format") != FORMAT:
        return ()
    named = tuple(key.get(name) for name in ("example", "revision", "seat"))
    return named if all(isinstance(part, str) for part in named) else ()


def _settle(
    platform: Platform,
    client: Client,
    actor: Actor,
    link: Link,
    slots: list[Slot],
    found: _Found,
    came: Synced,
    known: Known,
    say_reason: SayReason,
    *,
    push: bool,
) -> None:
    """Remove the tasks whose seats are gone, make those that are missing, and note where each seat's task is."""
    asked = _asked_names(platform, actor, link, slots)
    gone: list[Slot] = []
    missing: list[Slot] = []
    changed: list[Slot] = []
    for slot in slots:
        task = found.task_of.get(slot.name)
        before = (slot.state, slot.task)
        slot.task = int(task["id"]) if task is not None else None
        if slot.state == "refused" and not (task is not None and task.get("annotations")):
            slot.state, slot.reason, slot.seen = "open", None, None  # its annotation was taken back there
        if slot.state == "passed" or (slot.state == "open" and slot.name not in asked):
            gone.append(slot)
        elif slot.state == "open" and task is None:
            missing.append(slot)
        elif slot.state == "taken" and task is None:
            came.late.append(Problem(slot.project, None, "a task was deleted there; what it brought stands"))
        if before != (slot.state, slot.task):
            changed.append(slot)
    changed += _tell_refused(platform, client, link, slots, say_reason)
    for slot in gone:
        if slot.task is not None:
            client.delete_task(slot.task)
            came.removed += 1
    with platform.write() as writing:
        keep_slots(writing, actor, changed)
        drop_slots(writing, actor, gone)
    if push and missing:
        make_tasks(platform, client, link, missing, known)
        came.pushed += len(missing)


def _tell_refused(
    platform: Platform, client: Client, link: Link, slots: Sequence[Slot], say_reason: SayReason
) -> list[Slot]:
    """Show beside each task why its annotation was refused, and no more where it was mended. Returns what changed."""
    said = {slot.name: say_reason(slot, link.language) if slot.reason else None for slot in slots}
    untold = [slot for slot in slots if slot.told != said[slot.name] and slot.task is not None]
    if not untold:
        return []
    with platform.read() as loaded:
        texts = Texts(loaded, platform.home.path, {}, say_reason)
        shown = [(int(slot.task or 0), texts.task_data(slot, link.language)) for slot in untold]
    for (task, data), slot in zip(shown, untold, strict=True):
        client.change_task(task, data)
        slot.told = said[slot.name]
    return untold


def _asked_names(platform: Platform, actor: Actor, link: Link, slots: Sequence[Slot]) -> set[str]:
    """The names of the tasks that are to be there: of the seats that are held, and of what is asked besides."""
    with platform.read() as loaded:
        vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
        now = platform.clock.now()
        held = {new_slot(seat, "").name for seat in held_seats(loaded, vault, actor) if seat.ends_at > now}
        besides = [slot for slot in slots if slot.form in link.also and is_asked_still(loaded, slot)]
    return held.union(slot.name for slot in besides)


def sync_all(platform: Platform, client: Client, who: Sequence[str] = (), **options: Any) -> Synced:
    """The same for several reviewers, by default all who are linked. One that fails holds up nobody else.

    Raises NotFound for a handle that is nobody's.
    """
    came = Synced()
    with platform.read() as loaded:
        vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
        named = [actor_by_handle(loaded.connection, handle) for handle in who]
        reviewers = named or [actor for actor, _ in linked_reviewers(loaded, vault)]
    known: Known = {}

    def one(actor: Actor) -> Synced:
        try:
            if is_ending(platform, actor):
                end_link(platform, client, actor)
                return Synced()
            return sync_reviewer(platform, client, actor, known=known, **options)
        except (NotFound, Unavailable) as error:
            return Synced(failed=[str(error)])

    # While one waits for the server, what another needs is worked out here.
    pool = ThreadPoolExecutor(_AT_A_TIME)
    try:
        for done in pool.map(one, reviewers):
            _add(came, done)
    finally:
        pool.shutdown(cancel_futures=True)
    return came


def is_ending(platform: Platform, actor: Actor) -> bool:
    """Whether somebody took their link back, and their projects there are still to be deleted."""
    with platform.read() as loaded:
        link = link_of(loaded, Vault(loaded.connection, platform.home.vault_key, platform.token_bytes), actor)
    return link is not None and link.ending


def _add(came: Synced, more: Synced) -> None:
    for name, value in vars(more).items():
        setattr(came, name, getattr(came, name) + value)


def end_link(platform: Platform, client: Client, actor: Actor) -> None:
    """Take a reviewer's link back, and delete their projects there. Raises NotFound, Unavailable."""
    with taking_turns(platform.home.engine, f"label-studio {actor.account}"):
        link, _ = _known(platform, actor)
        for project in link.projects.values():
            client.delete_project(project)
        with platform.write() as writing:
            unlink_reviewer(writing, actor)
