"""A real Label Studio for the tests, in its own environment, and people who annotate there through its HTTP API."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from curation.integrations.label_studio.client import Client
from curation.integrations.label_studio.connection import Server, keep_server
from curation.integrations.label_studio.local import ADMINISTRATOR, Visitor, running
from curation.integrations.label_studio.reviewers import LinkReviewer, keep_link, link_of, link_reviewer
from curation.integrations.label_studio.slots import Slot, slots_of
from curation.integrations.label_studio.sync import Synced, sync_reviewer
from curation.people.vault import Vault
from tests.support.world import World


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@dataclass
class Annotator:
    """An ordinary account of Label Studio, used through its HTTP API."""

    email: str
    http: httpx.Client
    id: int

    def ask(self, method: str, path: str, **more: Any) -> Any:
        answer = self.http.request(method, path, **more)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.text[:300])
        return answer.json() if answer.content else None

    def tasks(self, project: int) -> list[dict[str, Any]]:
        return list(self.ask("GET", "/api/tasks/", params={"project": project, "fields": "all"})["tasks"])

    def annotate(self, task: int, result: list[dict[str, Any]], **more: Any) -> int:
        return int(self.ask("POST", f"/api/tasks/{task}/annotations/", json={"result": result, **more})["id"])

    def change(self, annotation: int, result: list[dict[str, Any]]) -> None:
        self.ask("PATCH", f"/api/annotations/{annotation}/", json={"result": result})

    def delete(self, annotation: int) -> None:
        self.ask("DELETE", f"/api/annotations/{annotation}/")


@dataclass
class Studio:
    """A running server: its address, its administrator's token, and the address at which accounts are opened."""

    url: str
    token: str
    invitation: str
    made: list[httpx.Client] = field(default_factory=list)
    people: dict[str, Annotator] = field(default_factory=dict)

    def somebody(self, name: str) -> Annotator:
        """An account of this name, the same in each test of this process: opening one takes a second."""
        if name not in self.people:
            self.people[name] = self.join(name)
        return self.people[name]

    def join(self, name: str) -> Annotator:
        """Open an account as somebody who was invited."""
        email = f"{name}-{secrets.token_hex(3)}@example.org"
        visitor = Visitor(self.url).join(self.invitation, email, "a passphrase of theirs")
        visitor.http.headers.update({"X-CSRFToken": visitor.http.cookies["csrftoken"], "Referer": self.url})
        self.made.append(visitor.http)
        return Annotator(email, visitor.http, int(visitor.ask("GET", "/api/current-user/whoami").json()["id"]))

    def client(self) -> Client:
        return Client(Server(self.url, self.token, "the secret"))


@contextmanager
def shared_studio(folder: Path) -> Iterator[Studio]:
    """One server for all test processes of a run: the first to come starts it and ends it once the others are done.

    With LABEL_STUDIO_RUNNING, a file with address, token and invitation, one that runs already.
    """
    if known := os.environ.get("LABEL_STUDIO_RUNNING"):
        yield from _used(Studio(**json.loads(Path(known).read_text())))
        return
    folder.mkdir(parents=True, exist_ok=True)
    users, about = folder / "users", folder / "server.json"
    with _alone(folder):
        here = int(users.read_text()) if users.exists() else 0
        users.write_text(str(here + 1))
        started = None
        if not here:
            started = running(folder / "data", free_port(), secrets.token_bytes)
            local = started.__enter__()
            assert local.passphrase is not None
            visitor = Visitor(local.url).sign_in(ADMINISTRATOR, local.passphrase)
            token = visitor.token()
            invitation = local.url + visitor.ask("GET", "/api/invite").json()["invite_url"]
            visitor.http.close()
            about.write_text(json.dumps({"url": local.url, "token": token, "invitation": invitation}))
    try:
        yield from _used(Studio(**json.loads(about.read_text())))
    finally:
        with _alone(folder):
            users.write_text(str(int(users.read_text()) - 1))
        if started is not None:
            _wait_for_others(folder, users)
            started.__exit__(None, None, None)


def _used(studio: Studio) -> Iterator[Studio]:
    try:
        yield studio
    finally:
        for client in studio.made:
            client.close()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _wait_for_others(folder: Path, users: Path) -> None:
    while True:
        with _alone(folder):
            if int(users.read_text()) <= 0:
                users.unlink()
                return
        time.sleep(0.2)


# --- what people answer -----------------------------------------------------------------------------------------------


def choice(name: str, *codes: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "content", "type": "choices", "value": {"choices": list(codes)}}


def rating(name: str, stars: Any) -> dict[str, Any]:
    return {"from_name": name, "to_name": "content", "type": "rating", "value": {"rating": stars}}


def text(name: str, said: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "content", "type": "textarea", "value": {"text": [said]}}


ACCEPT = [choice("verdict", "accept"), rating("score-positions", 4)]
REJECT = [
    choice("verdict", "reject"),
    choice("reasons", "one_sided"),
    text("rationale", "It leaves out what my side says."),
]


@dataclass
class Working:
    """A home that is connected to the server, and its reviewers there, by handle."""

    world: World
    studio: Studio
    client: Client
    people: dict[str, Annotator] = field(default_factory=dict)
    secret: str = ""
    """What the server's webhooks carry."""
    examples: list[str] = field(default_factory=list)
    example: str = ""
    first: int = 0

    def link(self, *handles: str, language: str = "en", also: tuple[str, ...] = ()) -> None:
        for handle in handles:
            annotator = self.people[handle] = self.studio.somebody(handle)
            with self.world.acting(handle) as (made, actor):
                command = LinkReviewer(email=annotator.email, language=language, consents=True, also=also)
                link_reviewer(made, actor, command)

    def sync(self, handle: str, **options: Any) -> Synced:
        return sync_reviewer(self.world.platform, self.client, self.world.actor(handle), **options)

    def give(self, handle: str, example: str, form: str = "review") -> int:
        """Push, and say which task is the example's."""
        assert self.sync(handle, pull=False).pushed
        return int(self.task_of(handle, example, form)["id"])

    def slots(self, handle: str) -> list[Slot]:
        with self.world.platform.read() as loaded:
            vault = Vault(loaded.connection, self.world.platform.home.vault_key, self.world.platform.token_bytes)
            return slots_of(loaded, vault, self.world.actor(handle))

    def project(self, handle: str, form: str = "review") -> int:
        with self.world.platform.read() as loaded:
            vault = Vault(loaded.connection, self.world.platform.home.vault_key, self.world.platform.token_bytes)
            link = link_of(loaded, vault, self.world.actor(handle))
        assert link is not None
        return link.projects[form]

    def forget_forms(self, handle: str) -> None:
        """As if the reviewer's projects had been made by an earlier version, with other forms."""
        with self.world.acting(handle) as (made, actor):
            link = link_of(made, made.vault, actor)
            assert link is not None
            link.configs = dict.fromkeys(link.configs, "0" * 64)
            keep_link(made, actor, link)

    def tasks(self, handle: str, form: str = "review") -> list[dict[str, Any]]:
        return self.people[handle].tasks(self.project(handle, form))

    def task_of(self, handle: str, example: str, form: str = "review") -> dict[str, Any]:
        found = [task for task in self.tasks(handle, form) if task["data"]["evenhand"]["example"] == example]
        assert len(found) == 1, found
        return found[0]


def work(world: World, studio: Studio) -> Working:
    """Connect a world's home to the server."""
    with world.acting("mia") as (made, actor):
        server = keep_server(made, actor, studio.url, studio.token)
    return Working(world, studio, studio.client(), secret=server.secret)


def worker_folder(base: Path) -> Path:
    """A folder that all test processes of this run share."""
    return (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "label-studio"
