"""Topics are proposed and amended on pages: the form holds the whole topic and says what it would change."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from curation.tables import drafts, examples
from curation_api.pages.topic_form import form_of_topic, read_topic_form
from curation_schemas.commons import TopicProposal
from curation_schemas.definition import Topic
from tests.api.pages import LANGUAGES, Browser
from tests.api.support import TOPIC
from tests.api.test_member_pages import api, join, rows

__all__ = ["api"]

AMEND, NEW = f"/propose/{TOPIC}/topic", "/propose-topic"
HOSTILE = "</textarea><script>alert(1)</script>"


def topic_in_force(api):
    with api.platform.read() as loaded:
        return loaded.topic_in_force(TOPIC).content


def fields_of(topic, **changes):
    return dict(form_of_topic(topic).pairs()) | {
        "do": "propose",
        "once": "a" * 32,
        "language": "en",
        "license": "CC-BY-4.0",
        "reason": "Both sides say that this is put better.",
        "grant": "yes",
        **changes,
    }


def new_topic(**changes):
    texts = {
        f"{name}-{code}": f"{name} in {code}"
        for name in (
            *("label", "scope", "disputed_terms"),
            *(f"{part}-{n}-label" for part in ("perspectives", "positions") for n in (0, 1)),
            *(f"positions-{n}-statement" for n in (0, 1)),
        )
        for code in ("en", "fr", "zh-Hans")
    }
    ids = {"id": "bicycle-helmets", "sensitivity": "standard", "perspectives": "2", "positions": "3"}
    for number, side in enumerate(("for-a-law", "against-a-law")):
        ids |= {f"perspectives-{number}-id": side, f"perspectives-{number}-required": "yes"}
        ids |= {f"positions-{number}-id": f"{side}-it", f"positions-{number}-held_by": side}
    begun = {"do": "propose", "once": "b" * 32, "language": "en", "license": "CC-BY-4.0", "grant": "yes"}
    return texts | ids | begun | {"reason": "Nothing covers it."} | changes


def test_form_of_a_topic_reads_back_as_the_same_topic(api):
    topic = topic_in_force(api)
    for languages in (["en"], ["en", "fr", "zh-Hans"]):
        form = form_of_topic(topic)
        form.set("language", "en")
        form.set("license", "CC-BY-4.0")
        form.set("reason", "Why.")
        data = read_topic_form(form, TOPIC, languages, topic)
        assert TopicProposal(**data).proposal == topic


@pytest.mark.parametrize("language", LANGUAGES)
def test_amendment_says_what_it_changes_and_opens_a_round_once(api, language):
    browser = join(api, language=language)
    topic = topic_in_force(api)
    statement = "positions-0-statement-en"
    changed = fields_of(topic, **{statement: f"We would say it so. {HOSTILE}"})
    seen = browser.send(AMEND, AMEND, changed | {"do": "check"})
    assert [tag for tag, _ in seen.tags if tag in ("ins", "script")].count("ins") > 0
    assert topic.positions[0].id in seen.text
    assert HOSTILE in seen.text
    assert rows(api, examples) == []
    for _ in range(2):
        browser.send(AMEND, AMEND, changed)
    assert [(row.kind, row.topic) for row in rows(api, examples)] == [("topic", TOPIC)]
    with api.platform.read() as loaded:
        (example,) = loaded.connection.execute(select(examples.c.id)).scalars()
        outlined = loaded.existing(example).first
    assert outlined.outline.changes == [f"positions.{topic.positions[0].id}.statement"]


def test_amendment_that_changes_nothing_is_not_sent(api):
    seen = join(api).send(AMEND, AMEND, fields_of(topic_in_force(api)), 422)
    assert "It changes nothing" in seen.text
    assert rows(api, examples) == []


def test_new_topic_is_proposed_and_what_is_wrong_stands_beside_its_field(api):
    browser = join(api)
    browser.see(NEW)
    wrong = new_topic(
        **{"id": "Bicycle Helmets", "positions-1-held_by": "nobody", "positions-0-statement-en": "a\u202eb"}
    )
    seen = browser.send(NEW, NEW, wrong, 422)
    ids = {item["id"] for _, item in seen.tags if item.get("aria-invalid") == "true"}
    assert {"id", "positions-0-statement-en"} <= ids
    assert "a\u202eb" in seen.text
    seen = browser.send(NEW, NEW, new_topic(**{"id": "", "perspectives-1-id": ""}), 422)
    assert {"id-wrong", "perspectives-wrong"} <= set(seen.ids)
    del (fields := new_topic())["grant"]
    assert "Nothing is taken in without this." in browser.send(NEW, NEW, fields, 422).text
    assert "positions-3-id" in browser.send(NEW, NEW, new_topic(do="more-positions")).ids
    browser.send(NEW, NEW, new_topic(do="check"))
    assert rows(api, examples) == []
    browser.send(NEW, NEW, new_topic())
    assert [(row.kind, row.topic) for row in rows(api, examples)] == [("topic", "bicycle-helmets")]
    seen = join(api, "second").send(NEW, NEW, new_topic(once="c" * 32), 422)
    assert "topic" in seen.text


def test_form_sent_again_with_another_text_says_so_and_keeps_what_was_typed(api):
    browser = join(api)
    browser.send(NEW, NEW, new_topic())
    changed = new_topic(**{"scope-en": "Whether cyclists must wear a helmet."})
    seen = browser.send(NEW, NEW, changed, 409)
    (first,) = rows(api, examples)
    assert f"/examples/{first.id}" in [item.get("href") for item in seen.all("a")]
    assert "revise it on its page" in seen.text
    assert "Whether cyclists must wear a helmet." in seen.text
    once = next(item["value"] for item in seen.all("input") if item.get("name") == "once")
    browser.send(NEW, NEW, changed | {"once": once}, 422)
    for _ in range(2):
        browser.send(NEW, NEW, changed | {"once": once, "id": "cycle-helmets"})
    assert sorted(row.topic for row in rows(api, examples)) == ["bicycle-helmets", "cycle-helmets"]


def test_draft_of_a_topic_is_kept_and_goes_with_its_proposal(api):
    browser = join(api)
    browser.send(NEW, NEW, new_topic(do="keep", reason="Half a reason."))
    assert "Half a reason." in browser.see(NEW).text
    assert NEW in [item["href"] for item in browser.see("/work").all("a")]
    browser.send(NEW, NEW, new_topic())
    assert rows(api, drafts) == []


def test_text_in_a_language_that_the_form_lacks_stays(api):
    plain = topic_in_force(api).model_dump()
    plain["label"]["de"] = "Waffenrecht"
    topic = Topic(**plain)
    data = read_topic_form(form_of_topic(topic), TOPIC, ["en", "fr"], topic)
    assert data["proposal"]["label"]["de"] == "Waffenrecht"


PROPOSED = "bicycle-helmets"


def proposed_on(browser, **changes):
    """The id of a new topic's proposal."""
    browser.send(NEW, NEW, new_topic(**changes))
    (found,) = {item["href"] for item in browser.see("/work").all("a") if "/examples/ex_" in item.get("href", "")}
    return found


def test_own_proposal_of_a_topic_is_revised_on_its_page(api):
    browser = join(api)
    page = proposed_on(browser)
    assert f"{page}/revise/topic" in [item.get("href") for item in browser.see(page).all("a")]
    form = f"{page}/revise/topic"
    assert "Nothing covers it." in browser.see(form).text
    assert "positions-0-statement in fr" in browser.see(form).text
    mended = new_topic(**{"once": "d" * 32, "scope-en": "Whether cyclists must wear a helmet."})
    assert "Whether cyclists must wear a helmet." in browser.send(form, form, mended | {"do": "check"}).text
    for _ in range(2):
        browser.send(form, form, mended)
    with api.platform.read() as loaded:
        history = loaded.existing(page.removeprefix("/examples/"))
    assert [revision.number for revision in history.revisions] == [1, 2]
    assert "Whether cyclists must wear a helmet." in browser.see(page).text
    join(api, "second").see(form, 404)


def test_draft_of_a_topic_is_found_declared_on_and_judged(api):
    author, reader = join(api), join(api, "second")
    page = proposed_on(author)
    assert PROPOSED not in reader.see("/topics").text
    api.close_epoch()
    declaring = f"/topics/{PROPOSED}/perspective"
    for browser in (Browser(api.platform), reader):
        seen = browser.see("/topics")
        assert {page, declaring} <= {item.get("href") for item in seen.all("a")}
        assert "for-a-law" in seen.text
        assert "positions-0-statement" not in browser.see(f"/topics/{PROPOSED}").text
    assert "for-a-law" in reader.see(declaring).text
    reader.send(declaring, declaring, {"perspective": "for-a-law"})
    seen = reader.send("/review", "/review/seat", {"topic": PROPOSED})
    for text in ("positions-0-statement in fr", "perspectives-1-label in zh-Hans", "disputed_terms in en"):
        assert text in seen.text
    kind = f"/propose/{PROPOSED}/prompt"
    assert "for-a-law-it" in {item.get("value") for item in join(api, "third").see(kind).all("input")}


def test_reviewer_of_an_amendment_sees_what_it_would_replace(api):
    browser = join(api)
    topic = topic_in_force(api)
    before = topic.positions[0].statement["en"]
    browser.send(AMEND, AMEND, fields_of(topic, **{"positions-0-statement-en": f"{before} Put better."}))
    judge = join(api, "second")
    perspective = f"/topics/{TOPIC}/perspective"
    judge.send(perspective, perspective, {"perspective": topic.positions[0].held_by})
    seen = judge.send("/review", "/review/seat", {"topic": TOPIC})
    assert before in seen.text
    assert any(tag == "ins" for tag, _ in seen.tags)
    assert topic.positions[1].statement["en"] not in seen.text


def test_look_at_a_topic_says_what_changes_and_what_is_wrong_and_keeps_nothing(api):
    browser = join(api)
    token = browser.token(AMEND)
    fields = fields_of(topic_in_force(api), **{"scope-en": f"Write to joe.doe@posteo.net. {HOSTILE}", "reason": ""})
    answer = browser.client.post(f"{AMEND}/look", data={"form_token": token} | fields)
    assert answer.status_code == 200
    assert "What the disagreement is about (English)" in answer.text
    assert "personal/contact" in answer.text
    assert "<ins>" in answer.text
    assert "<script>" not in answer.text
    assert rows(api, examples) == rows(api, drafts) == []
    empty = browser.client.post(f"{NEW}/look", data={"form_token": token})
    assert "once every field is filled in" in empty.text
