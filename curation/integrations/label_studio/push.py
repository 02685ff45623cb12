"""Give somebody tasks: seats of the queue, each as one task of their project.

Rules that always hold:
- the queue assigns, as everywhere: on one topic at a time, to whoever may sit there;
- a seat has one task. What the server has already is looked at first, so that a push that was broken off goes on
  where it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from curation.errors import CallerError
from curation.integrations.label_studio.asking import new_asked
from curation.integrations.label_studio.client import Client
from curation.integrations.label_studio.connection import HOOK_PATH, SECRET_HEADER
from curation.integrations.label_studio.forms import FormKind, config_digest, form_for, label_config
from curation.integrations.label_studio.guidelines import guidelines_html
from curation.integrations.label_studio.reviewers import Link, keep_link
from curation.integrations.label_studio.slots import Slot, keep_slots, new_slot
from curation.integrations.label_studio.tasks import Known, Texts
from curation.integrations.label_studio.words import say
from curation.people.accounts import Actor
from curation.people.vault import Vault, topic_scope
from curation.reviews.seats import Seat, TakeSeat, held_seats, take_seats
from curation.tables import documents, examples
from curation.writing import LoadedExamples, Platform

_HELD_AT_ONCE = 100
_TASKS_AT_ONCE = 500


def lease_seats(platform: Platform, actor: Actor, most: int) -> list[Seat]:
    """The seats that somebody holds, after the queue was asked for as many as they may hold in Label Studio."""
    with platform.read() as loaded:
        vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
        held = [seat for seat in held_seats(loaded, vault, actor) if seat.ends_at > platform.clock.now()]
        topics = [held[0].topic] if held else _declared_topics(loaded, vault, actor)
    for topic in topics:
        found: list[Seat] = []
        while len(found) < most:
            before = len(found)
            try:
                with platform.write() as writing:
                    found = take_seats(writing, actor, TakeSeat(topic=topic), min(most, before + _HELD_AT_ONCE))
            except CallerError:
                break
            if len(found) == before:
                break
        if found:
            return found
    return held


def _declared_topics(loaded: LoadedExamples, vault: Vault, actor: Actor) -> list[str]:
    found = []
    for topic in sorted(loaded.definitions.topics):
        pseudonym = vault.pseudonym(actor.account, topic_scope(topic))
        declaration = loaded.latest_declaration(pseudonym) if pseudonym else None
        if declaration is not None and declaration.perspective is not None:
            found.append(topic)
    return found


def ensure_projects(platform: Platform, client: Client, actor: Actor, link: Link) -> None:
    """Make the reviewer's projects where they are missing, and bring form and guidelines up to what they are now."""
    guidelines = _guidelines(platform, link.language)
    for form in link.forms():
        config = label_config(form, link.language)
        digest = config_digest(config + guidelines)
        shown = {"label_config": config, "expert_instruction": guidelines, "show_instruction": bool(guidelines)}
        project = link.projects.get(form)
        if project is not None and link.configs.get(form) == digest and client.has_project(project):
            continue
        if project is None or not client.has_project(project):
            project = client.find_project(_mark(link, form))
        if project is None:
            project = client.make_project(
                title=f"{say(f'project/{form}', link.language)} · {_mark(link, form)}",
                show_skip_button=False,
                show_collab_predictions=False,
                evaluate_predictions_automatically=False,
                maximum_annotations=1,
                **shown,
            )
        else:
            client.change_project(project, **shown)
        link.projects[form], link.configs[form] = project, digest
        with platform.write() as writing:
            keep_link(writing, actor, link)


_ACTIONS = ["ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED", "TASKS_DELETED"]


def ensure_webhooks(client: Client, link: Link, public_url: str | None) -> None:
    """Have the server tell of changes in the reviewer's projects, without their content, where we can be reached."""
    if public_url is None:
        return
    for project in link.projects.values():
        url = f"{public_url.rstrip('/')}{HOOK_PATH}?project={project}"
        fields = {"url": url, "headers": {SECRET_HEADER: client.secret}, "project": project, "is_active": True}
        fields |= {"send_payload": False, "send_for_all_actions": False, "actions": _ACTIONS}
        known = [hook for hook in client.webhooks(project) if HOOK_PATH in str(hook.get("url"))]
        right = [hook for hook in known if all(hook.get(name) == value for name, value in fields.items())]
        for hook in known:
            if hook not in right[:1]:
                client.delete_webhook(int(hook["id"]))
        if not right:
            client.make_webhook(**fields)


def _mark(link: Link, form: FormKind) -> str:
    return f"{link.mark}-{form[0]}"  # a title has 50 characters at most


def _guidelines(platform: Platform, language: str) -> str:
    """The dataset's guidelines as the plain HTML that Label Studio shows before the first task."""
    with platform.read() as loaded:
        paths = [f"guidelines/{language}.md", "guidelines/en.md"]
        query = select(documents.c.path, documents.c.content).where(documents.c.path.in_(paths))
        found = {row.path: row.content for row in loaded.connection.execute(query)}
    return guidelines_html(next((found[path] for path in paths if path in found), b"").decode("utf-8", "replace"))


def keep_new_seats(
    platform: Platform, actor: Actor, link: Link, known: Sequence[Slot], seats: Sequence[Seat]
) -> list[Slot]:
    """Note the seats that have no task yet. Returns them."""
    have = {slot.name for slot in known}
    with platform.write() as writing:
        kinds = _kinds_of(writing.connection, [seat.example for seat in seats])
        slots = [new_slot(seat, kinds[seat.example]) for seat in seats]
        slots = [slot for slot in slots if slot.name not in have]
        for slot in slots:
            slot.project = link.projects[form_for(slot.kind)]
        keep_slots(writing, actor, slots)
    return slots


def _kinds_of(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    found = connection.execute(select(examples.c.id, examples.c.kind).where(examples.c.id.in_(ids)))
    return {row.id: row.kind for row in found}


def keep_asked(platform: Platform, actor: Actor, link: Link, known: Sequence[Slot], most: int) -> list[Slot]:
    """Note what is asked besides reviews and has no task yet. Returns it."""
    if not link.also:
        return []
    with platform.write() as writing:
        topics = _declared_topics(writing, writing.vault, actor)
        slots = new_asked(writing, actor, link, known, topics, most)
        for slot in slots:
            slot.project = link.projects[slot.task_form]
        keep_slots(writing, actor, slots)
    return slots


def make_tasks(platform: Platform, client: Client, link: Link, slots: Sequence[Slot], known: Known) -> None:
    """Make the tasks of some seats."""
    for start in range(0, len(slots), _TASKS_AT_ONCE):
        some = slots[start : start + _TASKS_AT_ONCE]
        with platform.read() as loaded:
            loaded.preload(slot.example for slot in some)
            texts = Texts(loaded, platform.home.path, known)
            data = [(slot.project, texts.task_data(slot, link.language)) for slot in some]
        for project in sorted({project for project, _ in data}):
            client.make_tasks(project, [item for of, item in data if of == project])
