"""Webhooks: what they tell, that they arrive, and where they never go."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select

from curation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from curation.evidence.reach import Reach
from curation.tables import metadata, webhook_attempts, webhook_messages
from curation.webhooks import outbox
from curation.webhooks.deliver import BACKOFF_S, attempts_of, deliver_due, reach_of
from curation.webhooks.outbox import TYPES
from curation.webhooks.receivers import add_receiver, list_receivers, remove_receiver, replace_secret
from curation.webhooks.signing import PREFIX, headers_of, sign

MAINTAINER, CONTRIBUTOR = "mia", "ana"


class Receiver:
    """A receiver on this machine that answers with a status, and keeps what came."""

    def __init__(self) -> None:
        self.status = 204
        self.came: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.came.append(({name.lower(): text for name, text in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,)).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def told(self):
        return [json.loads(body) for _, body in self.came]


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def register(world, url, handle=MAINTAINER, *, private=True):
    with world.acting(handle) as (writing, actor):
        return add_receiver(writing, actor, url, private=private)


def deliver(world, reach=None):
    return deliver_due(world.platform, reach or reach_of(private=True))


def test_signature_is_the_one_that_other_implementations_make():
    # The test vector of the libraries at https://github.com/standard-webhooks/standard-webhooks
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    both = headers_of([secret, b"x"], "msg_1", 1, b"{}")["webhook-signature"].split(" ")
    assert len(both) == 2


def test_epochs_end_tells_what_it_made_public_and_nothing_of_an_open_round(small_world, receiver):
    world = small_world
    made = register(world, receiver.url)
    judged, waiting = world.propose(), world.propose()
    world.judge(judged)
    world.review("keep-1", waiting)
    assert deliver(world).sent == 0, "nothing is told before the epoch's end"
    sealed = world.close(days=0).sealed
    assert deliver(world).sent == 4
    told = receiver.told()
    assert {item["type"] for item in told} <= set(TYPES)
    assert sorted(item["type"] for item in told) == sorted(
        ["epoch.closed", "example.proposed", "example.proposed", "example.judged"]
    )
    assert {item["timestamp"] for item in told} == {f"{sealed.date}T00:00:00Z"}
    (outcome,) = [item["data"] for item in told if item["type"] == "example.judged"]
    assert (outcome["example"], outcome["outcome"]) == (judged, "accepted")
    everything = b"".join(body for _, body in receiver.came)
    for handle in ("ana", "keep-1", "move-1"):
        assert world.pseudonym(handle).encode() not in everything
    for headers, body in receiver.came:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(made.secret.removeprefix(PREFIX))
        expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        assert headers["webhook-signature"] == expected
        assert headers["content-type"] == "application/json"
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 4
    assert deliver(world).sent == 0


def test_what_fails_is_tried_again_later_each_time_and_given_up_at_last(small_world, receiver):
    world = small_world
    made = register(world, receiver.url)
    world.close(days=0)
    receiver.status = 302
    for number, pause in enumerate(BACKOFF_S, 1):
        assert deliver(world).failed == 1
        assert deliver(world).failed == 0, "not before its time"
        assert len(receiver.came) == number
        world.clock.advance(hours=pause / 3600 + 0.01)
    assert deliver(world).given_up == 1
    world.clock.advance(days=2)
    assert deliver(world).failed == 0
    with world.platform.read() as loaded:
        found = attempts_of(loaded.connection, made.id)
        assert [item["status"] for item in found] == [302] * 10
        assert list_receivers(loaded.connection)[0].given_up == 1
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1, "it is the same message each time"


def test_receiver_that_is_gone_gets_nothing_more_and_one_that_fails_holds_up_nobody(small_world, receiver):
    world = small_world
    register(world, "http://127.0.0.1:9/nobody-listens")
    made = register(world, receiver.url)
    world.propose()
    world.close(days=0)
    came = deliver(world)
    assert (came.sent, came.failed) == (2, 1)
    receiver.status = 410
    world.close(days=0)
    assert deliver(world).given_up == 1
    world.close(days=0)
    with world.platform.read() as loaded:
        found = {item.url: item for item in list_receivers(loaded.connection)}
    assert not found[receiver.url].active
    assert found[receiver.url].waiting == 0
    with world.acting(MAINTAINER) as (writing, actor):
        remove_receiver(writing, actor, made.id)
    with world.platform.read() as loaded:
        assert [item.id for item in list_receivers(loaded.connection)] != [made.id]
        assert not attempts_of(loaded.connection, made.id)


def test_secret_is_kept_sealed_and_the_one_before_signs_for_a_day(small_world, receiver):
    world = small_world
    first = register(world, receiver.url)
    with world.acting(MAINTAINER) as (writing, actor):
        second = replace_secret(writing, actor, first.id)
    assert first.secret != second.secret
    world.close(days=0)
    deliver(world)
    assert len(receiver.came[0][0]["webhook-signature"].split()) == 2
    world.clock.advance(days=1)
    world.close(days=0)
    deliver(world)
    assert len(receiver.came[1][0]["webhook-signature"].split()) == 1
    with world.platform.read() as loaded:
        cells = [repr(row) for table in metadata.sorted_tables for row in loaded.connection.execute(select(table))]
    for made in (first, second):
        raw = base64.b64decode(made.secret.removeprefix(PREFIX))
        assert not [cell for cell in cells if made.secret in cell or repr(raw)[2:-1] in cell]


REFUSED = [
    "http://example.org/hook",
    "https://localhost/",
    "https://printer.local/",
    "https://2130706433/",
    "https://user:pass@example.org/",
    "https://example.org:8443/",
    "ftp://example.org/",
    "",
]


@pytest.mark.parametrize("url", REFUSED)
def test_address_that_no_message_goes_to_is_not_registered(small_world, url):
    with pytest.raises(InvalidInput):
        register(small_world, url, private=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1"])
def test_private_address_is_not_connected_to(address):
    assert not reach_of(private=False).permits(address, 443)
    assert reach_of(private=True).permits(address, 9000)


def test_name_that_leads_to_a_private_address_is_not_connected_to(small_world, receiver):
    world = small_world
    port = receiver.server.server_port
    register(world, receiver.url)
    world.close(days=0)
    lured = Reach(resolve=lambda _host, _port: ["127.0.0.1"], ports=frozenset({port}))
    assert deliver(world, lured).failed == 1
    assert receiver.came == []
    with world.platform.read() as loaded:
        assert loaded.connection.execute(select(webhook_attempts.c.status)).scalars().all() == [None]


def test_only_maintainers_register_receivers_and_none_twice(small_world, receiver):
    with pytest.raises(NotAllowed):
        register(small_world, receiver.url, CONTRIBUTOR)
    register(small_world, receiver.url)
    with pytest.raises(Conflict):
        register(small_world, receiver.url)
    with small_world.acting(MAINTAINER) as (writing, actor):
        with pytest.raises(NotFound):
            replace_secret(writing, actor, "wh_none")
        with pytest.raises(NotFound):
            remove_receiver(writing, actor, "wh_none")


def test_very_many_events_are_told_by_their_number(small_world, receiver, monkeypatch):
    monkeypatch.setattr(outbox, "MOST", 2)
    register(small_world, receiver.url)
    for _ in range(3):
        small_world.propose()
    small_world.close(days=0)
    assert deliver(small_world).sent == 3
    (ended,) = [item["data"] for item in receiver.told() if item["type"] == "epoch.closed"]
    assert ended["messages"] == 3


def test_what_was_told_is_forgotten_after_a_month(small_world, receiver):
    register(small_world, receiver.url)
    small_world.close(days=0)
    deliver(small_world)
    small_world.clock.advance(days=31)
    deliver(small_world)
    with small_world.platform.read() as loaded:
        assert not loaded.connection.execute(select(webhook_messages)).all()
        assert not loaded.connection.execute(select(webhook_attempts)).all()
