"""The page of a review: light on a slow line, and soon readable."""

from __future__ import annotations

import pytest

from curation.clock import MovableClock
from tests.api.support import SOURCE, START, TOPIC, Api, copy_home
from tests.browser.conftest import serving, signed_in

FIRST_BYTES, LATER_BYTES, READABLE_MS = 80_000, 20_000, 3_000
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
REVIEWER = "gun-rights-4"
LONG = "This is said at the length at which people say what they mean. " * 60


@pytest.fixture(scope="module")
def judged(seeded):
    """A server with a long example, a seat in which a reviewer holds; and its address."""
    platform = copy_home(seeded, seeded.path.parent / "reviewing", MovableClock(START))
    api = Api(platform, MovableClock(START), seeded.tokens)
    api.propose(text=LONG, sources=[SOURCE])
    api.sit(REVIEWER)
    with serving(platform) as address:
        yield platform, address


def weigh(page, path):
    """Load a page over a slow line: bytes that came, and milliseconds until something could be read."""
    line = page.context.new_cdp_session(page)
    came: list[float] = []
    line.on("Network.loadingFinished", lambda event: came.append(event["encodedDataLength"]))
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW)
    page.goto(path)
    painted = page.evaluate(
        "new Promise(done => new PerformanceObserver(list => done(list.getEntries()[0].startTime))"
        ".observe({type: 'paint', buffered: true}))"
    )
    line.detach()
    return sum(came), painted


def test_review_page_is_light_and_soon_readable_on_a_slow_line(chromium, judged):
    platform, address = judged
    path = f"/review?topic={TOPIC}"
    readable = []
    for _ in range(2):  # the machine that runs the tests may be busy: the better of two counts
        context = signed_in(chromium, platform, address, REVIEWER)
        page = context.new_page()
        first, painted = weigh(page, path)
        assert page.locator("form[action='/review']").count() >= 1
        later, _ = weigh(page, path)
        context.close()
        readable.append(painted)
        if painted < READABLE_MS:
            break
    assert 1_000 < first < FIRST_BYTES
    assert 1_000 < later < LATER_BYTES
    assert min(readable) < READABLE_MS
