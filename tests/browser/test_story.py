"""The whole story in a real browser, in each language, without JavaScript, on a screen of 360 pixels.

From joining to a release that tells each example's story.
"""

from __future__ import annotations

import re
from itertools import count

import pytest

from curation.audit.trace import trace_example
from curation.begin import begin_home
from curation.epoch import close_epoch
from curation.topics.define import DefineDataset, read_definition
from curation_schemas.definition import DatasetDefinition
from curation_schemas.parsing import validate
from tests.api.support import PERSPECTIVES, ROOT, TOPIC
from tests.browser.conftest import serving, signed_in
from tests.browser.steps import fits, join

MAINTAINER = "founder"
LANGUAGES = {"en": "en-GB", "fr": "fr-FR", "zh-Hans": "zh-CN"}
"""The language that people write and read in, and what their browser says of it."""
ASKED = {
    "en": "What do people disagree about here?",
    "fr": "Sur quoi les gens ne sont-ils pas d’accord ici ?",
    "zh-Hans": "人们在这个问题上有什么分歧？",
}
ANSWERED = {
    "en": "Some hold that owning arms is a right; others would have the law set stricter limits.",
    "fr": "Pour les uns, posséder des armes est un droit ; les autres voudraient des lois plus strictes.",
    "zh-Hans": "一些人认为持有枪支是一项权利；另一些人主张法律应规定更严格的限制。",
}
SMALL = {"java_script_enabled": False, "viewport": {"width": 360, "height": 740}}
SOURCE = {"publisher": "A public office", "owner": "A government", "date": "2025", "country": "US"}
NUMBERS = count(1)


@pytest.fixture
def platform(tmp_path):
    """A home with one seat for each perspective."""
    pilot = read_definition(ROOT / "datasets" / "contested-pilot")
    plain = pilot.definition.model_dump(mode="json", exclude_none=True, by_alias=True)
    plain["policy"]["standard"] = {"seats": 1, "min_accepts": 1, "min_share_percent": 60}
    definition = validate(DatasetDefinition, plain)
    made, _ = begin_home(tmp_path / "home", DefineDataset(definition=definition, documents=pilot.documents), MAINTAINER)
    return made


class Story:
    """What the people of one language do, each in a browser of their own."""

    def __init__(self, chromium, address, language):
        self.language, self.number = language, next(NUMBERS)
        options = {"base_url": address, "locale": LANGUAGES[language], **SMALL}
        self.contexts = [chromium.new_context(**options) for _ in ("author", *PERSPECTIVES)]
        self.author, *self.reviewers = [context.new_page() for context in self.contexts]

    def close(self):
        for context in self.contexts:
            context.close()

    def take_part(self):
        """Everybody joins, and declares where they stand."""
        for page, perspective in zip([self.author, *self.reviewers], [PERSPECTIVES[0], *PERSPECTIVES], strict=True):
            join(page, f"story-{self.number}-{perspective}-{page is self.author}".lower(), self.language)
            assert page.get_attribute("html", "lang") == self.language
            page.goto(f"/topics/{TOPIC}/perspective")
            page.check(f"#p-{perspective}")
            page.click(f"form[action='/topics/{TOPIC}/perspective'] button")
            page.wait_for_url(f"**/work?topic={TOPIC}")

    def propose(self):
        """The example that the author proposed, once the form was right."""
        page = self.author
        page.goto(f"/propose/{TOPIC}/sft")
        page.select_option("#language", self.language)
        for box in ("positions-right-to-arms", "positions-stronger-gun-laws", "claims-interpretation", "grant"):
            page.check(f"#{box}")
        fields = {"turn-0": ASKED[self.language], "turn-1": ANSWERED[self.language]}
        source = SOURCE | {"language": self.language, "url": f"https://example.org/{self.language}"}
        for name, text in (fields | {f"source-0-{name}": text for name, text in source.items()}).items():
            page.fill(f"#{name}", text)
        page.fill("#turn-1", "")
        page.click("button[value=propose]")
        assert page.locator("#turn-1-wrong").is_visible()
        assert page.input_value("#turn-0") == ASKED[self.language]
        assert fits(page)
        page.fill("#turn-1", ANSWERED[self.language])
        page.check("#grant")
        page.click("button[value=propose]")
        page.wait_for_url("**/examples/ex_*?done=proposed")
        return re.findall(r"ex_\w+", page.url)[0]

    def judge(self, example):
        """Each reviewer takes the seat that the queue gives, and accepts. The last one is shown the outcome."""
        for page in self.reviewers:
            page.goto(f"/review?topic={TOPIC}")
            page.click(f"main form:has(input[value='{TOPIC}']) button")
            page.wait_for_selector("form[data-keys]")
            assert ANSWERED[self.language] in page.inner_text("main")
            assert fits(page)
            page.check("#verdict-accept")
            page.click("form[data-keys] button[type=submit]")
            page.wait_for_url("**/work?done=reviewed" if page is self.reviewers[0] else f"**/examples/{example}?done=*")
        assert self.reviewers[-1].locator("h1 .tag.accepted").count() == 1


def cut(page):
    """A maintainer plans the next release and cuts it; returns when it is cut."""
    page.goto("/maintain/release")
    for action, done in (("plan", "form[action$='/cut']"), ("cut", "a[href='/releases/1.0.0']")):
        page.click(f"form[action='/maintain/release/{action}'] button")
        for _ in range(120):
            page.goto("/maintain/release")
            if page.locator(done).count():
                break
            page.wait_for_timeout(500)
        assert page.locator(done).count(), page.inner_text("main")


def see_trace(page, example, language):
    """What anybody finds of an example once it is released: its row, its story, and the proof of its leaf."""
    page.goto("/releases/1.0.0")
    assert page.get_attribute("html", "lang") == language
    assert page.locator("a[href='/releases/1.0.0/files/manifest.json']").count() == 1
    page.goto(f"/examples/{example}")
    assert ANSWERED[language] in page.inner_text("main")
    assert page.locator("ol.line .review").count() == len(PERSPECTIVES)
    page.click("ol.line li:first-child a.hash")
    page.wait_for_url("**/leaves/*")
    assert page.locator("a[href$='/proof']").count() == 1
    assert fits(page)


def test_story_from_joining_to_a_traced_release_in_each_language(chromium, platform):
    told = {}
    with serving(platform) as address:
        for language in LANGUAGES:
            story = Story(chromium, address, language)
            story.take_part()
            told[language] = story.propose()
            story.judge(told[language])
            story.close()
        close_epoch(platform)
        context = signed_in(chromium, platform, address, MAINTAINER, **SMALL)
        cut(context.new_page())
        context.close()
        close_epoch(platform)
        for language, example in told.items():
            context = chromium.new_context(base_url=address, locale=LANGUAGES[language], **SMALL)
            see_trace(context.new_page(), example, language)
            context.close()
        for example in told.values():
            assert "accepted" in str(trace_example(platform.home.releases_path / "1.0.0", example).story)
