"""An open round is blind to everybody, and watching the API tells no time that the log does not tell."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from curation.people.vault import Vault, topic_scope
from curation.tables import accounts
from tests.api.support import ACCEPT, PEOPLE, REJECT, REVIEWERS, TOPIC, assert_problem, sft

EVERYBODY = [None, *PEOPLE]
SEATED = ["gun-rights-1", "gun-rights-2", "stricter-regulation-1"]
MARK = "A phrase that nobody else wrote."


def pseudonyms(api):
    """Handle → pseudonym on the topic, as the vault has it."""
    with api.platform.read() as loaded:
        vault = Vault(loaded.connection, api.platform.home.vault_key, api.platform.token_bytes)
        rows = loaded.connection.execute(select(accounts.c.id, accounts.c.handle)).all()
        found = {row.handle: vault.pseudonym(row.id, topic_scope(TOPIC)) for row in rows}
    return {handle: pseudonym for handle, pseudonym in found.items() if pseudonym}


def every_get(api, example, flag="a" * 64):
    """Every GET of the document, with its parameters filled in; `flag` is an act's leaf; tiles in their own test."""
    filled = {"{example}": example, "{topic}": TOPIC, "{flag}": flag, "{leaf}": flag, "{version}": "1.0.0"}
    filled |= {"{config}": "reviews", "{split}": "train"}
    for template, item in api.document["paths"].items():
        if "get" in item and not template.startswith("/log/"):
            path = template.replace("{path}", "manifest.json")
            for name, value in filled.items():
                path = path.replace(name, value)
            assert "{" not in path, template
            yield path
            if template == "/v1/examples":
                yield f"{path}?status=needs_reviews"


@pytest.fixture
def open_round(api):
    """A round with three reviews in it, of which one rejects, one superseded, and a fourth reviewer in a seat."""
    proposed = api.propose("proposer", text=MARK)
    acts = [api.review("gun-rights-1", REJECT), api.review("gun-rights-2"), api.review("stricter-regulation-1")]
    acts.append(api.act("gun-rights-1", f"/v1/reviews/{proposed['id']}", REJECT, method="PUT"))
    api.sit("gun-rights-3")
    form = {"example": proposed["id"], "revision": proposed["leaf"], "ground": "source", "evidence": "Not there."}
    acts.append(api.act("gun-rights-1", "/v1/flags", form))
    return proposed, [act["leaf"] for act in acts]


@pytest.mark.parametrize("sealed", [False, True], ids=["proposal pending", "proposal sealed"])
def test_open_round_shows_no_proposer_no_vote_and_no_reviewer_to_anybody(api, open_round, sealed):
    proposed, leaves = open_round
    if sealed:
        api.close_epoch()
    names = pseudonyms(api)
    secrets = [names["proposer"], *(names[handle] for handle in SEATED), *leaves, REJECT["rationale"], "one_sided"]
    for who in EVERYBODY:
        for path in every_get(api, proposed["id"], leaves[-1]):
            text = api.call("GET", path, who).text
            assert not [secret for secret in secrets if secret in text], (who, path)


def test_log_holds_no_review_of_an_open_round(api, open_round):
    _, leaves = open_round
    api.close_epoch()
    size = int(api.call("GET", "/log/checkpoint").text.split("\n")[1])
    entries = api.call("GET", f"/log/tile/entries/000.p/{size}").content
    assert b"example:proposed" in entries
    for secret in (b"review:submitted", b"flag:raised", *(leaf.encode() for leaf in leaves)):
        assert secret not in entries


def test_text_in_an_open_round_is_for_the_proposer_and_those_in_its_seats(api, open_round):
    proposed, _ = open_round
    api.close_epoch()
    path = f"/v1/examples/{proposed['id']}"
    readers = {"proposer", "gun-rights-3", *SEATED}
    for who in EVERYBODY:
        answer = api.call("GET", path, who)
        assert (MARK in answer.text) == (who in readers), who
        assert MARK not in api.call("GET", f"{path}/trace", who).text


def test_text_goes_with_the_lease(api):
    proposed = api.propose("proposer", text=MARK)
    api.close_epoch()
    api.sit("gun-rights-1")
    path = f"/v1/examples/{proposed['id']}"
    assert MARK in api.call("GET", path, "gun-rights-1").text
    api.clock.advance(days=4)
    assert MARK not in api.call("GET", path, "gun-rights-1").text


def test_public_learns_of_an_act_when_its_epoch_is_closed_and_not_before(api):
    proposed = api.propose("proposer", text=MARK)
    path = f"/v1/examples/{proposed['id']}"
    public = [who for who in EVERYBODY if who != "proposer"]
    for who in public:
        for hidden in (path, f"{path}/trace"):
            assert_problem(api.call("GET", hidden, who), 404, "not-found")
        assert api.get("/v1/examples", who)["examples"] == []
    assert api.get(path, "proposer")["status"] == "needs_reviews"
    api.close_epoch()
    before = api.call("GET", path).text, api.call("GET", f"{path}/trace").text, api.call("GET", "/v1/examples").text
    api.review_all()
    api.act("proposer", f"{path}/revisions", sft("Another text."))
    after = api.call("GET", path).text, api.call("GET", f"{path}/trace").text, api.call("GET", "/v1/examples").text
    assert before == after
    assert len(api.get(path, "proposer")["revisions"]) == 2
    api.close_epoch()
    assert len(api.get(path)["revisions"]) == 2


def test_list_filtered_by_status_tells_nothing_of_pending_ends(api):
    proposed = api.propose("proposer")
    api.close_epoch()
    api.review_all()
    assert api.get("/v1/examples?status=accepted")["examples"] == []
    assert [line["id"] for line in api.get("/v1/examples?status=needs_reviews")["examples"]] == [proposed["id"]]
    api.close_epoch()
    assert [line["id"] for line in api.get("/v1/examples?status=accepted")["examples"]] == [proposed["id"]]


def test_proposer_is_hidden_again_while_a_later_revision_is_judged(api):
    proposed = api.propose("proposer")
    path = f"/v1/examples/{proposed['id']}"
    api.review_all()
    api.close_epoch()
    name = api.get(path)["proposer"]
    assert name == pseudonyms(api)["proposer"]
    api.act("proposer", f"{path}/revisions", sft("Another text."))
    assert api.get(path)["proposer"] == name, "hiding it at once would tell the minute of the revision"
    api.close_epoch()
    for who in EVERYBODY:
        assert name not in api.call("GET", path, who).text
        assert name not in api.call("GET", f"{path}/trace", who).text


def test_votes_of_an_appeal_stay_hidden_while_those_of_the_ended_round_are_told(api):
    proposed = api.propose("proposer")
    api.review_all({"gun-rights": REJECT})
    api.act("proposer", "/v1/appeals", {"example": proposed["id"], "rationale": "One side misread it."})
    cast = api.review("gun-rights-4", ACCEPT)
    api.close_epoch()
    names = pseudonyms(api)
    for who in EVERYBODY:
        story = api.call("GET", f"/v1/examples/{proposed['id']}/trace", who)
        assert cast["leaf"] not in story.text
        assert names["gun-rights-4"] not in story.text
        assert names["proposer"] not in story.text
        assert len(story.json()["revisions"][0]["rounds"]) == 1
        assert len(story.json()["revisions"][0]["rounds"][0]["reviews"]) == 6


def test_withdrawn_while_open_the_text_was_never_public(api):
    proposed = api.propose("proposer", text=MARK)
    api.review(REVIEWERS["gun-rights"][0])
    api.act("proposer", f"/v1/examples/{proposed['id']}/withdrawal", {"reason": "safety"})
    api.close_epoch()
    for who in EVERYBODY:
        shown = who in ("proposer", "gun-rights-1")
        assert (MARK in api.call("GET", f"/v1/examples/{proposed['id']}", who).text) == shown
    assert api.get(f"/v1/examples/{proposed['id']}")["status"] == "withdrawn"


def test_erased_text_is_told_as_missing(api):
    from curation.examples.erase import Erase, erase_openings
    from curation.people.accounts import actor_by_handle

    proposed = api.propose("proposer", text=MARK)
    api.review_all(dict.fromkeys(("gun-rights", "stricter-regulation"), REJECT))
    with api.platform.write() as writing:
        actor = actor_by_handle(writing.connection, "proposer")
        erase_openings(writing, actor, Erase(act=proposed["leaf"], ground="author_request"))
    api.close_epoch()
    story = api.get(f"/v1/examples/{proposed['id']}/trace")
    with api.platform.write() as writing:
        actor = actor_by_handle(writing.connection, "maintainer")
        for review in story["revisions"][0]["rounds"][0]["reviews"]:
            erase_openings(writing, actor, Erase(act=review["leaf"], ground="law"))
    text = api.get(f"/v1/examples/{proposed['id']}")["revisions"][0]["text"]
    assert text["content"]["messages"] == [None, None]
    reviews = api.get(f"/v1/examples/{proposed['id']}/trace")["revisions"][0]["rounds"][0]["reviews"]
    assert {(review["rationale"], review["rationale_withheld"]) for review in reviews} == {(None, True)}
