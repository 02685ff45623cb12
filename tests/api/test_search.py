"""Search by words: what is public is found at once, on both databases, and what is taken away is found no more."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import func, select, text

from curation.clock import DAY
from curation.examples.erase import Erase, erase_openings
from curation.health import examine
from curation.people.accounts import actor_by_handle
from curation.search.index import index_anew, to_learn
from curation.tables import search_texts, search_words
from tests.api.pages import Browser
from tests.api.support import REJECT

NOTHING = "Nothing was found"


def found(api, words):
    return Browser(api.platform).see(f"/search?q={words}").text


def rows(api, table):
    with api.platform.read() as loaded:
        return loaded.connection.execute(select(func.count()).select_from(table)).scalar()


@pytest.fixture
def judged(api):
    """One accepted example and one rejected one, sealed."""
    api.accepted = api.propose(text="Égalité for licensed hunters; 公民权利 as well. 100% of it.")
    api.review_all()
    api.rejected = api.propose(text="Nobody subscribes to that.")
    api.review_all(dict.fromkeys(("gun-rights", "stricter-regulation"), REJECT))
    api.close_epoch()
    return api


def test_words_are_found_in_any_order_by_their_beginning_and_in_every_script(judged):
    for words in ("hunters+licensed", "EGALITE", "hunt", "公民", "权利", "权", "公民权利+hunters", "100%25"):
        assert judged.accepted["id"] in found(judged, words), words
    for words in ("hunters+subscribes", "公利", "unters", "%25", "_", "%27%3B+drop"):
        assert judged.accepted["id"] not in found(judged, words), words
    assert judged.rejected["id"] in found(judged, "subscribes")


def test_words_that_stand_everywhere_are_looked_up_otherwise_and_find_the_same(judged, monkeypatch):
    monkeypatch.setattr("curation.search.index._RARE", 1)
    for words in ("hunters+licensed", "hunt", "公民", "权", "EGALITE+100%25", "of+it"):
        assert judged.accepted["id"] in found(judged, words), words
    for words in ("hunters+subscribes", "公利", "unters"):
        assert judged.accepted["id"] not in found(judged, words), words


def test_what_is_judged_or_pending_is_in_no_index(api):
    api.propose(text="Quetzalcoatl waits.")
    api.close_epoch()
    api.review_all()
    assert NOTHING in found(api, "quetzalcoatl")
    assert rows(api, search_words) == rows(api, search_texts) == 0
    api.close_epoch()
    assert NOTHING not in found(api, "quetzalcoatl")


def test_lists_show_how_an_example_begins_once_its_round_has_ended_as_the_log_has_it(api):
    example = api.propose(text="Quetzalcoatl waits.")["id"]
    asked = "Should background checks cover private sales?"
    api.close_epoch()
    api.review_all()
    listed = Browser(api.platform).see("/examples").text
    assert example in listed
    assert asked not in listed
    api.close_epoch()
    assert asked in Browser(api.platform).see("/examples").text
    assert asked in found(api, "quetzalcoatl")


def test_what_is_withdrawn_goes_from_the_index_at_once(judged):
    judged.act("proposer", f"/v1/examples/{judged.accepted['id']}/withdrawal", {"reason": "safety"})
    assert NOTHING in found(judged, "hunters")
    assert rows(judged, search_texts) == 1
    with judged.platform.read() as loaded:
        assert "hunters" not in loaded.connection.execute(select(search_words.c.word)).scalars().all()


def test_what_is_erased_goes_from_the_index_at_once_and_does_not_come_back(judged):
    with judged.platform.write() as writing:
        actor = actor_by_handle(writing.connection, "proposer")
        erase_openings(writing, actor, Erase(act=judged.accepted["leaf"], ground="author_request"))
    for _ in range(2):
        assert NOTHING in found(judged, "hunters")
        assert rows(judged, search_texts) == 1
        with judged.platform.write(alone=True) as writing:
            index_anew(writing.connection)
        judged.close_epoch()


def test_flag_hides_a_text_from_search_while_it_holds_it(judged):
    form = {"revision": judged.accepted["leaf"], "ground": "law", "evidence": "Here."}
    judged.act("contributor", "/v1/flags", form | {"example": judged.accepted["id"]})
    assert NOTHING in found(judged, "hunters")
    judged.clock.advance(hours=15 * DAY // 3600)
    judged.close_epoch()
    assert NOTHING not in found(judged, "hunters")


def test_index_made_anew_is_the_same_and_doctor_sees_what_should_be_gone(judged):
    def content():
        with judged.platform.read() as loaded:
            return [loaded.connection.execute(select(table)).all() for table in (search_texts, search_words)]

    before = [sorted(rows) for rows in content()]
    with judged.platform.write(alone=True) as writing:
        index_anew(writing.connection)
    assert [sorted(rows) for rows in content()] == before
    open_one = judged.propose(text="Still open.", claims=["value"])
    with judged.platform.write() as writing:
        row = {"entry": 1, "revision": open_one["leaf"], "example": open_one["id"]}
        writing.connection.execute(search_texts.insert(), row)
    assert any("can be searched" in str(check) for check in examine(judged.platform))


def test_long_question_is_looked_up_by_some_words_and_compared_with_all(judged):
    text = "+".join(["hunters"] + [f"w{number}" for number in range(30)])
    assert NOTHING in found(judged, text)
    assert NOTHING in found(judged, "公民权利" * 25)


def test_what_is_new_is_found_by_each_example_s_own_leaves(judged):
    """Without it SQLite reads every round's end for each revision: minutes at the end of a large epoch."""
    with judged.platform.read() as loaded:
        if loaded.connection.dialect.name != "sqlite":
            pytest.skip("PostgreSQL plans by its statistics, and a small table is read whole")
        asked = to_learn().compile(loaded.connection, compile_kwargs={"literal_binds": True})
        plan = [row[-1] for row in loaded.connection.execute(text(f"EXPLAIN QUERY PLAN {asked}"))]
    assert any("INDEX ix_log_leaves_example_type (example=? AND type=?)" in step for step in plan), plan
    assert [step for step in plan if step.startswith("SCAN")] == ["SCAN revisions"], plan


def test_api_finds_what_the_page_finds(judged):
    answer = judged.get("/v1/search?q=hunters+licensed")
    assert [item["id"] for item in answer["examples"]] == [judged.accepted["id"]]
    assert judged.get("/v1/search?q=hunters+subscribes") == {"topics": [], "examples": []}
    assert judged.get("/v1/search?q=firearm")["topics"] == ["us-gun-policy"]


def test_api_gives_a_leaf_whose_openings_open_it_and_whose_bytes_have_its_hash(judged):
    leaf = judged.get(f"/v1/leaves/{judged.accepted['leaf']}")
    assert hashlib.sha256(b"\0" + leaf["leaf"].encode()).hexdigest() == leaf["hash"] == judged.accepted["leaf"]
    assert leaf["openings"]
    assert all(item["commitment"] in leaf["leaf"] for item in leaf["openings"])
    assert judged.get(f"/v1/leaves/{judged.rejected['leaf']}")["openings"] == []
    assert leaf["proof"].startswith("c2sp.org/tlog-proof@v1")
