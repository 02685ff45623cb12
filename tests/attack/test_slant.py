"""An organised group with accounts wants a slanted text published, an honest one gone, or a round never to end."""

from __future__ import annotations

from curation.db import reading
from curation.epoch import close_epoch
from curation.rebuild import replay_home
from curation.releases.cut import plan_release
from tests.api.support import ACCEPT, PERSPECTIVES, REJECT, REVIEWERS, TOPIC, assert_problem, sft


def weeks(api, number):
    for _ in range(number):
        api.clock.advance(days=7)
        api.close_epoch()


def violations(api):
    with reading(api.platform.home.engine) as connection:
        return [violation.message for violation in replay_home(connection).violations]


def flag(api, who, proposed, ground="law"):
    form = {"example": proposed["id"], "revision": proposed["leaf"], "ground": ground, "evidence": "Look at it."}
    return api.call("POST", "/v1/flags", who, json=form)


def test_proposer_cannot_use_up_the_flags_of_the_own_example(api):
    proposed = api.propose()
    for ground in ("personal_data", "law"):
        assert_problem(flag(api, "proposer", proposed, ground), 409, "refused", rule="flag/not-own")


def test_empty_flag_that_lapsed_does_not_keep_others_from_flagging(api):
    proposed = api.propose()
    api.review_all()
    assert flag(api, "taiwan-1", proposed, "personal_data").status_code == 201
    weeks(api, 4)
    assert_problem(flag(api, "taiwan-1", proposed, "personal_data"), 409, "refused", rule="flag/once")
    assert flag(api, "contributor", proposed, "personal_data").status_code == 201
    weeks(api, 1)
    assert violations(api) == []


def test_one_account_cannot_hold_all_publication(api):
    proposed = [api.propose() for _ in range(5)]
    for handles in REVIEWERS.values():
        for handle in handles[:3]:
            for _ in proposed:
                api.review(handle)
    assert [flag(api, "contributor", item).status_code for item in proposed] == [201, 201, 201, 409, 409]
    api.close_epoch()
    assert (
        plan_release(api.platform).as_json()["rows"]["sft"] == {"train": 2}
        or sum(plan_release(api.platform).as_json()["rows"]["sft"].values()) == 2
    )


def test_revising_an_accepted_text_does_not_make_it_immune_to_appeal(api):
    proposed = api.propose()
    api.review_all()
    api.act("proposer", f"/v1/examples/{proposed['id']}/revisions", sft("People disagree about it!"))
    api.act("gun-rights-1", "/v1/appeals", {"example": proposed["id"], "rationale": "It is slanted."})
    revision = api.get(f"/v1/examples/{proposed['id']}", "proposer")["revisions"][0]
    assert revision["id"] == proposed["leaf"]
    assert [stage["open"] for stage in revision["rounds"]] == [False, True]


def test_revising_does_not_end_an_appeal_of_what_stands(api):
    proposed = api.propose()
    api.review_all()
    api.act("gun-rights-1", "/v1/appeals", {"example": proposed["id"], "rationale": "It is slanted."})
    path = f"/v1/examples/{proposed['id']}/revisions"
    answer = api.call("POST", path, "proposer", json=sft("People disagree about it!"))
    assert_problem(answer, 409, "refused", rule="revise/appeal-open")


def test_withdrawing_ends_every_round_of_the_example(api):
    proposed = api.propose()
    path = f"/v1/examples/{proposed['id']}"
    api.review_all()
    api.act("proposer", f"{path}/revisions", sft("People disagree about it!"))
    api.act("gun-rights-1", "/v1/appeals", {"example": proposed["id"], "rationale": "It is slanted."})
    api.review("gun-rights-4", REJECT)
    api.act("proposer", f"{path}/withdrawal", {"reason": "error"})
    revisions = api.get(path, "proposer")["revisions"]
    assert [stage["open"] for item in revisions for stage in item["rounds"]] == [False, False, False]
    assert_problem(api.call("POST", "/v1/seats", "stricter-regulation-4", json={"topic": TOPIC}), 404, "not-found")
    api.close_epoch()
    assert violations(api) == []


def test_review_in_an_appeal_of_what_stands_can_be_superseded(api):
    proposed = api.propose()
    api.review_all()
    api.act("proposer", f"/v1/examples/{proposed['id']}/revisions", sft("People disagree about it!"))
    api.act("gun-rights-1", "/v1/appeals", {"example": proposed["id"], "rationale": "It is slanted."})
    seat = api.sit("gun-rights-4")
    if seat["stage"] == 1:  # two rounds opened on one day: the new revision's came first
        api.act("gun-rights-4", f"/v1/seats/{proposed['id']}/pass")
        seat = api.sit("gun-rights-4")
    assert (seat["revision"], seat["stage"]) == (proposed["leaf"], 2)
    api.act("gun-rights-4", "/v1/reviews", REJECT | {"example": proposed["id"], "revision": proposed["leaf"]})
    api.act("gun-rights-4", f"/v1/reviews/{proposed['id']}", ACCEPT, method="PUT")


def test_lease_that_lapsed_is_not_given_again_to_the_same_person(api):
    proposed = api.propose()
    for handle in [*REVIEWERS["gun-rights"][:2], *REVIEWERS["stricter-regulation"][:3]]:
        api.review(handle)
    api.sit("gun-rights-4")
    assert api.call("POST", "/v1/seats", "gun-rights-3", json={"topic": TOPIC}).status_code == 404
    api.clock.advance(days=4)
    assert api.call("POST", "/v1/seats", "gun-rights-4", json={"topic": TOPIC}).status_code == 404
    assert api.review("gun-rights-3")["outcome"] == "accepted"
    assert proposed


def test_who_hands_on_seat_after_seat_gets_no_more(api):
    for _ in range(6):
        api.propose()
    for _ in range(3):
        seat = api.sit("gun-rights-1")
        api.act("gun-rights-1", f"/v1/seats/{seat['example']}/pass")
    answer = api.call("POST", "/v1/seats", "gun-rights-1", json={"topic": TOPIC})
    assert_problem(answer, 409, "refused", rule="seat/handed-on")


def test_friends_cannot_fill_a_revisions_round_before_those_who_rejected_it_come_by(api):
    proposed = api.propose()
    for handle in REVIEWERS["gun-rights"][:3]:
        api.review(handle, REJECT)
    api.act("proposer", f"/v1/examples/{proposed['id']}/revisions", sft("People disagree about it!"))
    assert_problem(api.call("POST", "/v1/seats", "gun-rights-4", json={"topic": TOPIC}), 404, "not-found")
    assert api.sit("gun-rights-1")["example"] == proposed["id"]


def test_declaring_the_same_twice_changes_nothing(api):
    api.propose()
    stand = {"topic": TOPIC, "perspective": PERSPECTIVES[0]}
    api.act("contributor", "/v1/perspectives", stand)
    held = api.sit("contributor")
    assert_problem(api.call("POST", "/v1/perspectives", "contributor", json=stand), 409, "conflict")
    assert api.sit("contributor") == held


def test_clock_that_was_ahead_once_does_not_spoil_the_log(api):
    """Dates never go back: what ends by the clock must not end before the dates, which verifiers have, allow it."""
    for days in (8, 30):
        api.clock.advance(days=days)
        close_epoch(api.platform)
        api.clock._now -= days * 86_400
        proposed = api.propose()
        api.review("gun-rights-1")
        assert flag(api, "contributor", proposed).status_code == 201
        weeks(api, 3)
    weeks(api, 15)
    assert violations(api) == []
