"""What breaks on the way: after each, both sides agree, and nothing is lost or counted twice."""

from __future__ import annotations

import random
import secrets
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from curation.errors import Unavailable
from curation.integrations.label_studio import sync as syncing
from curation.integrations.label_studio.connection import HOOK_PATH, SECRET_HEADER
from curation.integrations.label_studio.local import ADMINISTRATOR, Visitor, running
from curation.integrations.label_studio.slots import keep_slots
from curation.integrations.label_studio.sync import sync_all
from curation.integrations.label_studio.watching import sync_hinted
from curation.tables import label_studio_hints
from curation_api import create_app
from tests.support.label_studio import ACCEPT, Studio, free_port, work
from tests.support.world import copy_home, template


def agree(working, *handles):
    """Both sides tell the same: a task for each open or taken seat, and no other."""
    for handle in handles:
        named = sorted(tuple(task["data"]["evenhand"].values()) for task in working.tasks(handle))
        known = sorted(("evenhand/label-studio/v1", *slot.key().values()) for slot in working.slots(handle))
        assert named == known


@pytest.fixture
def busy(working):
    """Six examples, and a reviewer of each perspective who may hold six seats."""
    working.examples = [working.world.propose() for _ in range(6)]
    working.link("keep-1", "move-1")
    return working


def filled(working):
    return sum(len(working.world.history(example).latest.round.seats) for example in working.examples)


class Broken:
    """A client that breaks off at one of its requests, before or after the server got it."""

    def __init__(self, client, at, *, arrives):
        self._client, self._at, self._arrives, self._asked = client, at, arrives, 0

    def __getattr__(self, name):
        return getattr(self._client, name)

    def make_tasks(self, project, data):
        if self._arrives:
            self._client.make_tasks(project, data[: self._at])
        raise Unavailable("the line went dead")

    def tasks(self, project):
        return self._client.tasks(project)


def test_a_push_that_is_broken_off_goes_on_where_it_stopped(busy):
    actor = busy.world.actor("keep-1")
    for arrives, at in ((False, 0), (True, 2), (True, 3)):
        broken: Any = Broken(busy.client, at, arrives=arrives)
        with pytest.raises(Unavailable):
            syncing.sync_reviewer(busy.world.platform, broken, actor, most=6)
    came = busy.sync("keep-1", most=6)
    assert (came.pushed, came.removed) == (1, 0)
    assert len(busy.tasks("keep-1")) == 6
    assert busy.sync("keep-1", most=6).happened() is False
    agree(busy, "keep-1")


def test_a_pull_that_is_broken_off_takes_nothing_twice(busy, monkeypatch):
    busy.sync("keep-1", most=6)
    for task in busy.tasks("keep-1"):
        busy.people["keep-1"].annotate(task["id"], ACCEPT)
    monkeypatch.setattr("curation.integrations.label_studio.pull._AT_ONCE", 2)
    keep, calls = keep_slots, list[int]()

    def dies(writing, actor, slots):
        calls.append(len(list(slots)))
        if len(calls) == 3:
            raise KeyboardInterrupt
        keep(writing, actor, slots)

    monkeypatch.setattr("curation.integrations.label_studio.pull.keep_slots", dies)
    with pytest.raises(KeyboardInterrupt):
        busy.sync("keep-1", most=6)
    assert filled(busy) == 4
    came = busy.sync("keep-1", most=6)
    assert came.taken == 2
    assert filled(busy) == 6
    agree(busy, "keep-1")
    busy.world.check_projection()


def test_two_syncs_at_once_do_the_work_of_one(busy):
    people = [busy.world.actor(handle) for handle in ("keep-1", "move-1") for _ in range(2)]

    def both(actor):
        client = busy.studio.client()
        try:
            return syncing.sync_reviewer(busy.world.platform, client, actor, most=6)
        finally:
            client.close()

    with ThreadPoolExecutor(4) as pool:
        came = list(pool.map(both, people))
    assert sum(item.pushed for item in came) == 12
    for handle in ("keep-1", "move-1"):
        for task in busy.tasks(handle):
            busy.people[handle].annotate(task["id"], ACCEPT)
    with ThreadPoolExecutor(4) as pool:
        came = list(pool.map(both, people))
    assert sum(item.taken for item in came) == 12
    assert [busy.world.history(example).status for example in busy.examples] == ["accepted"] * 6
    agree(busy, "keep-1", "move-1")
    busy.world.check_projection()


def test_webhooks_that_are_lost_doubled_or_late_lose_nothing(busy):
    busy.sync("keep-1", most=6)
    busy.sync("move-1", most=6)
    chance, late, options = random.Random(7), list[int](), dict[str, Any](most=6)
    with TestClient(create_app(busy.world.platform)) as http:

        def hint(project, secret=busy.secret):
            return http.post(f"{HOOK_PATH}?project={project}", headers={SECRET_HEADER: secret}, json={"action": "x"})

        assert hint(1, "another").status_code == 403
        assert busy.world.rows(label_studio_hints) == []
        taken = 0
        for handle in ("keep-1", "move-1"):
            for task in busy.tasks(handle):
                busy.people[handle].annotate(task["id"], ACCEPT)
                fate = chance.randrange(3)
                if fate == 0:
                    continue
                if fate == 1:
                    late.append(task["project"])
                for _ in range(fate):
                    answer = hint(task["project"])
                    assert answer.status_code == 202
                    assert answer.elapsed.total_seconds() < 5
                taken += sync_hinted(busy.world.platform, busy.client, **options).taken
        for project in late:
            assert hint(project).status_code == 202
        taken += sync_hinted(busy.world.platform, busy.client, **options).taken
        taken += sync_all(busy.world.platform, busy.client, **options).taken
    assert taken == filled(busy) == 12
    assert sync_all(busy.world.platform, busy.client, **options).happened() is False
    agree(busy, "keep-1", "move-1")


class Killing:
    """A client under which the server is killed at the second request of a kind: its first was answered."""

    def __init__(self, client, process, kind):
        self._client, self._process, self._kind, self._asked = client, process, kind, 0

    def __getattr__(self, name):
        return getattr(self._client, name)

    def _ask(self, kind):
        self._asked += kind == self._kind
        if self._asked == 2:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def make_tasks(self, project, data):
        self._ask("push")
        self._client.make_tasks(project, data)

    def tasks(self, project):
        for task in self._client.tasks(project):
            self._ask("pull")
            yield task


def test_a_server_that_is_killed_in_the_middle_of_a_push_and_of_a_pull_comes_back(templates, tmp_path, monkeypatch):
    monkeypatch.setattr("curation.integrations.label_studio.push._TASKS_AT_ONCE", 2)
    monkeypatch.setattr("curation.integrations.label_studio.client._PAGE", 1)
    world = copy_home(template(templates, "small"), tmp_path / "home", secrets.token_hex())
    data, port = tmp_path / "studio", free_port()
    try:
        with running(data, port, secrets.token_bytes) as local:
            visitor = Visitor(local.url).sign_in(ADMINISTRATOR, local.passphrase or "")
            invitation = local.url + visitor.ask("GET", "/api/invite").json()["invite_url"]
            studio = Studio(local.url, visitor.token(), invitation)
            visitor.http.close()
            busy = work(world, studio)
            busy.examples = [world.propose() for _ in range(3)]
            busy.link("keep-1")
            killed(busy, local, "push")
        with running(data, port, secrets.token_bytes) as again:
            assert again.passphrase is None
            assert len(busy.tasks("keep-1")) == 2, "the first batch arrived"
            assert busy.sync("keep-1").pushed == 1
            for task in busy.tasks("keep-1"):
                busy.people["keep-1"].annotate(task["id"], ACCEPT)
            killed(busy, again, "pull")
            assert filled(busy) == 0
        with running(data, port, secrets.token_bytes):
            assert busy.sync("keep-1").taken == 3
            assert busy.sync("keep-1").happened() is False
            assert filled(busy) == 3
            agree(busy, "keep-1")
            world.check_projection()
    finally:
        for client in studio.made:
            client.close()
        busy.client.close()
        world.platform.home.close()


def killed(busy, local, kind):
    client: Any = Killing(busy.client, local.process, kind)
    with pytest.raises(Unavailable, match="cannot be reached"):
        syncing.sync_reviewer(busy.world.platform, client, busy.world.actor("keep-1"))
