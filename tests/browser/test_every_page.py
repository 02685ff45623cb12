"""Every page as axe sees it, light and dark, at 360 pixels: none has a serious fault, and nothing sticks out."""

from __future__ import annotations

import shutil
from functools import partial, reduce

import pytest

from curation.clock import DAY, MovableClock
from curation.contained import yanked_with
from curation.home import open_home
from curation.integrations.label_studio.connection import keep_server
from curation.webhooks.receivers import add_receiver
from curation.writing import Platform
from tests.api.test_page_access import TABLE
from tests.audit.demo import LAST_DAY, demo
from tests.browser.conftest import serving, signed_in
from tests.browser.steps import faults
from tests.support.words import example, topic_proposal
from tests.support.world import World

__all__ = ["demo"]

TOPIC, PERSPECTIVE = "us-gun-policy", "gun-rights"
POSITIONS = ["right-to-arms", "stronger-gun-laws"]
AUTHOR, READER, MAINTAINER, OTHER, ADMINISTRATOR = (
    "author",
    "reader",
    "sim-steady-compass",
    "sim-plain-lantern",
    "sim-founder",
)
# Who opens which pages. What stands in braces is filled in by `site`.
PAGES = {
    None: [
        "/",
        "/how-it-works",
        "/topics",
        "/examples/{drafted}",
        "/topics/{topic}",
        "/topics/{topic}/objections",
        "/examples",
        "/examples/{example}",
        "/examples/{retracted}",
        "/examples/{contested}",
        "/leaves/{leaf}",
        "/releases",
        "/releases/{version}",
        "/releases/{yanked}",
        "/releases/{version}/diff",
        "/log",
        "/search?q=arms",
        "/join",
        "/sign-in",
        "/recover",
    ],
    READER: [
        "/work",
        "/account",
        "/account/label-studio",
        "/account/leave",
        "/receipts",
        "/topics/{topic}/perspective",
        "/review",
        "/reviews/{judged}",
        "/flags",
        "/flags/{flag}",
        "/examples/{example}/flag",
        "/examples/{example}/appeal",
        "/examples/{example}/withdraw",
    ],
    AUTHOR: [
        "/examples/{judged}",
        "/examples/{judged}/revise",
        "/review",
        "/propose",
        "/propose-topic",
        "/examples/{drafted}/revise/topic",
        "/propose/{topic}/topic",
        *(f"/propose/{{topic}}/{kind}" for kind in ("sft", "preference", "pluralistic", "prompt")),
    ],
    MAINTAINER: [
        "/maintain",
        "/maintain/topics/{topic}",
        "/maintain/policy",
        "/maintain/policy/new",
        "/maintain/release",
        "/maintain/webhooks",
    ],
    OTHER: ["/maintain/policy/drafts/{draft}"],
    ADMINISTRATOR: ["/maintain/people"],
}
NO_PAGES = {
    "/leaves/{leaf}/proof": "a file",
    "/leaves/{leaf}/raw": "a file",
    "/releases/{version}/files/{path}": "a file",
    "/releases/{version}/bundle.tar": "a file",
    "/releases.atom": "a feed",
    "/withdrawals.atom": "a feed",
    "/sign-in/provider": "leads to the provider",
    "/sign-in/provider/back": "leads on from the provider",
    "/join/provider": "the page /join with less in it, for who comes from the provider",
}


def template_of(page):
    """The route that serves a page, as the table of access writes it."""
    path = page.partition("?")[0]
    for hole in ("{retracted}", "{contested}", "{judged}", "{drafted}"):
        path = path.replace(hole, "{example}")
    for kind in ("sft", "preference", "pluralistic", "prompt"):
        path = path.replace(f"/propose/{{topic}}/{kind}", "/propose/{topic}/{kind}")
    return path.replace("{yanked}", "{version}")


def test_every_page_is_looked_at():
    served = {path for method, path, _, _ in TABLE if method == "GET"}
    seen = {template_of(page) for pages in PAGES.values() for page in pages}
    assert seen.isdisjoint(NO_PAGES)
    assert served == seen | set(NO_PAGES)


def fill(world):
    """Let everything happen of which there is a page. Returns what fills the holes of the addresses."""
    rows = world.platform
    with rows.read() as loaded:
        listed = loaded.connection.exec_driver_sql("SELECT id, status, topic FROM examples ORDER BY id").all()
    accepted = [row.id for row in listed if row.status == "accepted" and row.topic == TOPIC]
    for handle in (AUTHOR, READER):
        world.join_declared(handle, PERSPECTIVE, TOPIC)
    propose = partial(world.propose_fields, handle=AUTHOR)
    world.agree_act(world.draft_yank("1.0.0", MAINTAINER), OTHER)
    with rows.read() as loaded:
        retracted = next(of for of in accepted if yanked_with(loaded, of))
    accepted.remove(retracted)
    world.agree_act(world.draft_retraction(retracted, MAINTAINER), OTHER)
    with world.acting(MAINTAINER) as (made, actor):
        add_receiver(made, actor, "https://example.org/hook")
        keep_server(made, actor, "https://label-studio.example.org", "a token")
    flag = world.flag(accepted[0], READER, ground="law")
    drafted = propose(topic_proposal("bicycle-helmets"))
    world.close()
    judged, waiting = (propose(example(number=number, positions=POSITIONS) | {"topic": TOPIC}) for number in (1, 2))
    first = world.take(READER, TOPIC).example
    world.submit(READER, first)
    second = world.take(READER, TOPIC).example
    assert {first, second} <= {judged, waiting}
    return {
        "{topic}": TOPIC,
        "{example}": accepted[1],
        "{retracted}": retracted,
        "{contested}": next(row.id for row in listed if row.status == "contested"),
        "{judged}": first,
        "{drafted}": drafted,
        "{leaf}": flag.leaf,
        "{flag}": flag.leaf,
        "{version}": "2.0.0",
        "{yanked}": "1.0.0",
        "{draft}": world.draft(MAINTAINER, max_revisions=2),
    }


@pytest.fixture(scope="module")
def site(demo, tmp_path_factory):
    """The demonstration, on which more happened: its platform, the address, and what fills the holes."""
    home = open_home(shutil.copytree(demo.home, tmp_path_factory.mktemp("pages") / "home"))
    clock = MovableClock(LAST_DAY + DAY)
    world = World(Platform(home, clock), clock)
    holes = fill(world)
    with serving(world.platform) as address:
        yield world.platform, address, holes


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page_and_nothing_sticks_out(chromium, site, scheme):
    platform, address, holes = site
    found = []
    for handle, pages in PAGES.items():
        options = {"color_scheme": scheme, "viewport": {"width": 360, "height": 740}}
        if handle is None:
            context = chromium.new_context(base_url=address, **options)
        else:
            context = signed_in(chromium, platform, address, handle, **options)
        page = context.new_page()
        for path in pages:
            found += faults(page, reduce(lambda text, hole: text.replace(*hole), holes.items(), path))
        context.close()
    assert found == []


@pytest.mark.parametrize("language", ["en", "fr", "zh-Hans"])
def test_page_of_what_was_retracted_and_stands_in_a_yanked_release_says_so_first(chromium, site, language):
    _, address, holes = site
    context = chromium.new_context(base_url=address, locale=language)
    page = context.new_page()
    page.goto(f"/examples/{holes['{retracted}']}")
    notes = page.locator(".note.bad:has(~ ol.five)")
    assert notes.count() == 2
    assert "Its source was forged." in notes.nth(0).inner_text()
    assert "Half of it was lost." in notes.nth(1).inner_text()
    assert notes.nth(1).locator("a[href='/releases/1.0.0']").count() == 1
    context.close()
