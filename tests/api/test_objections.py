"""Objections to wordings: by anybody, about nobody, limited, escaped, and gone after their days."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from curation.tables import log_leaves, objections, pending_leaves
from curation.topics.objections import KEPT_DAYS
from curation_api.pages.routes.objecting import A_MINUTE
from tests.api.pages import LANGUAGES, Browser
from tests.api.support import TOPIC
from tests.api.test_member_pages import api, join, rows, sign_in_as

__all__ = ["api"]

PAGE = f"/topics/{TOPIC}/objections"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1))"


def objecting(text="It says «restrictions» where we would say «rules».", **changes):
    return {"path": "scope", "language": "en", "text": text} | changes


@pytest.mark.parametrize("language", LANGUAGES)
def test_anybody_objects_and_people_with_an_account_read_it(api, language):
    stranger = Browser(api.platform, language)
    before = [rows(api, table) for table in (pending_leaves, log_leaves)]
    stranger.send(PAGE, PAGE, objecting(f"It takes a side. {HOSTILE}"))
    assert "It takes a side." not in stranger.see(PAGE).text
    assert "It takes a side." not in stranger.see(f"/topics/{TOPIC}").text
    seen = join(api, language=language).see(PAGE)
    assert HOSTILE in seen.text
    assert not seen.all("script")
    assert [rows(api, table) for table in (pending_leaves, log_leaves)] == before
    (row,) = rows(api, objections)
    assert row.ends_at % 86_400 == 0
    assert set(row._mapping) == {"id", "topic", "path", "language", "text", "ends_at"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "x" * 3000}, "text"),
        ({"text": "a\u202eb"}, "text"),
        ({"text": "Write to joe.doe@posteo.net."}, "text"),
        ({"path": "positions.nobody.label"}, "path"),
        ({"path": ""}, "path"),
        ({"language": "x"}, "language"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(api, changes, field):
    seen = Browser(api.platform).send(PAGE, PAGE, objecting(**changes), 422)
    assert f"{field}-wrong" in seen.ids
    assert rows(api, objections) == []


def test_same_words_are_kept_once_and_all_go_after_their_days(api):
    stranger = Browser(api.platform)
    for text in ("Once.", "Once.", "Twice."):
        stranger.send(PAGE, PAGE, objecting(text))
    assert len(rows(api, objections)) == 2
    api.clock.advance(hours=24 * (KEPT_DAYS + 1))
    assert "Once." not in join(api).see(PAGE).text
    stranger.send(PAGE, PAGE, objecting("Later."))
    assert [row.text for row in rows(api, objections)] == ["Later."]


def test_topic_has_so_many_at_most(api, monkeypatch):
    monkeypatch.setattr("curation.topics.objections.MOST", 1)
    stranger = Browser(api.platform)
    stranger.send(PAGE, PAGE, objecting("One."))
    assert "very many" in stranger.send(PAGE, PAGE, objecting("Two."), 422).text
    assert len(rows(api, objections)) == 1


def test_account_objects_so_often_a_minute(api):
    browser = join(api)
    fields = {"form_token": browser.token(PAGE)}
    for number in range(A_MINUTE):
        assert browser.client.post(PAGE, data=fields | objecting(f"Number {number}.")).status_code == 200
    held = browser.client.post(PAGE, data=fields | objecting("One too many."))
    assert held.status_code == 429
    assert "One too many." in held.text
    assert len(rows(api, objections)) == A_MINUTE


def test_maintainer_takes_one_away_and_nobody_else_does(api):
    Browser(api.platform).send(PAGE, PAGE, objecting())
    with api.platform.read() as loaded:
        (own,) = loaded.connection.execute(select(objections.c.id)).scalars()
    join(api).send("/account", f"{PAGE}/remove", {"objection": own}, 403)
    maintainer = sign_in_as(api, "maintainer")
    maintainer.send(PAGE, f"{PAGE}/remove", {"objection": own})
    assert rows(api, objections) == []
    maintainer.send("/account", f"{PAGE}/remove", {"objection": own}, 404)
