"""The same thing twice at once, or two things that exclude each other: one happens, the log stays sound."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from curation.audit.verify import verify_bundle
from curation.db import reading
from curation.epoch import close_epoch
from curation.errors import Conflict
from curation.health import examine
from curation.people.accounts import actor_by_handle
from curation.rebuild import contents_of, projection_contents, replay_home
from curation.releases.cut import cut_release
from tests.api.support import ACCEPT, REJECT, REVIEWERS, TOPIC, sft


def at_once(*works):
    barrier = Barrier(len(works))

    def run(work):
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(run, work) for work in works]]


def assert_sound(api):
    with reading(api.platform.home.engine) as connection:
        state = replay_home(connection)
        assert [violation.message for violation in state.violations] == []
        assert projection_contents(connection) == contents_of(state)


def answer(api, method, path, who, body):
    return lambda: api.call(method, path, who, json=body).status_code


def test_same_review_four_times_at_once_counts_once(api):
    proposed = api.propose()
    seat = api.sit("gun-rights-1")
    body = ACCEPT | {"example": seat["example"], "revision": seat["revision"]}
    found = at_once(*[answer(api, "POST", "/v1/reviews", "gun-rights-1", body)] * 4)
    assert sorted(found) == [201, 409, 409, 409]
    assert proposed
    assert_sound(api)


def test_last_seat_goes_to_one_of_two(api):
    api.propose()
    for handle in REVIEWERS["gun-rights"][:2]:
        api.review(handle)
    wanted = {"topic": TOPIC}
    found = at_once(*(answer(api, "POST", "/v1/seats", who, wanted) for who in ("gun-rights-3", "gun-rights-4")))
    assert sorted(found) == [200, 404]


@pytest.mark.parametrize("attempt", range(3))
def test_last_review_withdrawal_revision_and_another_verdict_at_once_leave_a_sound_log(api, attempt):
    proposed = api.propose()
    for handle in [*REVIEWERS["gun-rights"][:3], *REVIEWERS["stricter-regulation"][:2]]:
        api.review(handle)
    seat = api.sit("stricter-regulation-3")
    path = f"/v1/examples/{proposed['id']}"
    body = ACCEPT | {"example": seat["example"], "revision": seat["revision"]}
    found = at_once(
        answer(api, "POST", "/v1/reviews", "stricter-regulation-3", body),
        answer(api, "POST", f"{path}/withdrawal", "proposer", {"reason": "error"}),
        answer(api, "PUT", f"/v1/reviews/{proposed['id']}", "gun-rights-1", REJECT),
        answer(api, "POST", f"{path}/revisions", "proposer", sft("Another text.")),
    )
    assert set(found) <= {201, 409}
    assert found[1] == 201
    assert_sound(api)
    api.close_epoch()
    assert_sound(api)


def test_one_flag_one_appeal_one_declaration(api):
    proposed = api.propose()
    api.review_all()
    form = {"example": proposed["id"], "revision": proposed["leaf"], "ground": "law", "evidence": "x"}
    flags = at_once(*[answer(api, "POST", "/v1/flags", "contributor", form)] * 4)
    body = {"example": proposed["id"], "rationale": "Judge it again."}
    appeals = at_once(*(answer(api, "POST", "/v1/appeals", who, body) for who in ("proposer", "gun-rights-1")))
    stand = {"topic": TOPIC, "perspective": "gun-rights"}
    stands = at_once(*[answer(api, "POST", "/v1/perspectives", "contributor", stand)] * 4)
    assert [sorted(found) for found in (flags, appeals, stands)] == [
        [201, 409, 409, 409],
        [201, 409],
        [201, 409, 409, 409],
    ]
    assert_sound(api)


def test_epochs_closed_at_once_are_sealed_one_after_another(api):
    api.propose()
    sealed = at_once(*[lambda: close_epoch(api.platform).sealed.epoch] * 3)
    assert sorted(sealed) == [1, 2, 3]
    assert [check for check in examine(api.platform) if check.problems] == []


def test_of_two_releases_cut_at_once_one_is_cut_and_it_verifies(api):
    api.propose()
    api.review_all()
    api.close_epoch()
    with reading(api.platform.home.engine) as connection:
        maintainer = actor_by_handle(connection, "maintainer")

    def cut():
        try:
            return cut_release(api.platform, maintainer)
        except Conflict:
            return None

    made = [found for found in at_once(cut, cut) if found is not None]
    assert len(made) == 1
    assert verify_bundle(made[0].path).verdict == "VERIFIED"
    assert [check for check in examine(api.platform) if check.problems] == []
