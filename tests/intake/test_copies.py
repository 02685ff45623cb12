"""An exact copy is refused when it is proposed, a near one is told; nothing unpublished is given away by either."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import Any

import pytest

from curation.db import writing
from curation.errors import Refused
from curation.examples.intake import examine_revision
from curation.examples.propose import Propose, propose_example, read_example
from curation.health import examine, mend
from curation.people.accounts import actor_by_handle
from curation.tables import known_texts, text_bands
from tests.api.support import sft
from tests.audit.demo import call
from tests.support.words import RIVER, example, turn
from tests.support.world import copy_home, template

SAID = (
    "Many who live by the water would rather keep the harbour as it is, because the boats and the market feed them; "
    "others point to the floods of the last years and would move it up the coast before the next one comes."
)
NEAR = SAID.replace("Many who", "Many people who")


def messages(answer=SAID):
    return [turn("user", "What do people say about the harbour?"), turn("assistant", answer)]


def refused(act, *given, **named):
    with pytest.raises(Refused) as caught:
        act(*given, **named)
    assert caught.value.rule == "propose/intake"
    assert "duplicate/exact" in str(caught.value)
    return str(caught.value)


def near(world, of):
    """The findings of copies that its proposer and reviewers are told."""
    with world.platform.read() as loaded:
        latest = loaded.existing(of).latest.leaf
        found = examine_revision(loaded, of, latest, world.platform.home.path)
    return [item.message for item in found.findings if item.rule == "duplicate/near"]


def test_copy_is_refused_whatever_its_case_and_space(small_world):
    small_world.propose(messages=messages())
    before = small_world.pending()
    for answer in (SAID, SAID.upper(), SAID.replace(" ", "\n ", 3), SAID.replace("fl", "\ufb02")):
        refused(small_world.propose, "ben", messages=messages(answer))
    assert small_world.pending() == before
    assert near(small_world, small_world.propose("ben", messages=messages(NEAR)))


def test_text_without_a_word_is_known_by_its_digest_alone(small_world):
    signs = [turn("user", "?"), turn("assistant", "!")]
    assert near(small_world, small_world.propose(messages=signs)) == []
    assert small_world.rows(text_bands) == []
    refused(small_world.propose, "ben", messages=signs)


def test_copy_in_another_language_or_topic_is_none(small_world):
    small_world.propose(messages=messages())
    others: list[dict[str, Any]] = [{"language": "fr"}, {"topic": RIVER, "positions": ["dam-it", "free-it"]}]
    for other in others:
        assert near(small_world, small_world.propose(messages=messages(), **other)) == []


def test_another_example_is_named_once_everybody_may_read_it(small_world):
    hidden = "is the same text as another example of this topic, whose text is not public"
    of = small_world.propose(messages=messages())
    assert hidden in refused(small_world.propose, "ben", messages=messages())
    small_world.close()  # its leaf is public now, its text is not
    assert hidden in refused(small_world.propose, "ben", messages=messages())
    small_world.judge(of)
    assert hidden in refused(small_world.propose, "ben", messages=messages())
    small_world.close()
    assert f"is the same text as example {of}" in refused(small_world.propose, "ben", messages=messages())
    small_world.flag(of, "keep-5", "personal_data")
    assert hidden in refused(small_world.propose, "ben", messages=messages())


def test_of_a_near_text_that_is_not_public_neither_name_nor_share_is_told(small_world):
    of = small_world.propose(messages=messages())
    other = small_world.propose("ben", messages=messages(NEAR))
    hidden = ["shares 80% of its wording or more with another example of this topic, whose text is not public"]
    assert near(small_world, other) == near(small_world, of) == hidden
    small_world.judge(of)
    small_world.close()
    (told,) = near(small_world, other)
    assert told.startswith("shares 9")
    assert told.endswith(f"% of its wording with example {of}")
    third = small_world.propose(messages=messages(NEAR.replace("Many", "Most")))
    named, rest = near(small_world, third)
    assert of in named
    assert rest == hidden[0]


def test_revision_is_no_copy_of_what_it_replaces(small_world):
    of = small_world.propose(messages=messages())
    small_world.revise(of, messages=messages())
    small_world.revise(of, messages=messages(NEAR))
    assert near(small_world, of) == []
    # What was replaced, and did not stand, is free again; what it says now is not.
    small_world.propose("ben", messages=messages())
    refused(small_world.propose, "ben", messages=messages(NEAR))


def test_revision_into_a_copy_is_refused(small_world):
    of = small_world.propose()
    small_world.propose("ben", messages=messages())
    refused(small_world.revise, of, messages=messages())


def test_what_stands_counts_though_its_revision_is_judged(small_world):
    of = small_world.propose(messages=messages())
    small_world.judge(of)
    small_world.revise(of)
    refused(small_world.propose, "ben", messages=messages())


@pytest.mark.parametrize("end", ["reject", "withdraw", "erase"])
def test_what_was_rejected_withdrawn_or_erased_forbids_nothing(small_world, end):
    of = small_world.propose(messages=messages())
    leaf = small_world.history(of).latest.leaf
    {
        "reject": lambda: small_world.judge(of, keep="r", move="r"),
        "withdraw": lambda: small_world.withdraw(of),
        "erase": lambda: small_world.erase(leaf, "ana"),
    }[end]()
    if end != "reject":
        assert small_world.rows(known_texts) == small_world.rows(text_bands) == []
    again = small_world.propose("ben", messages=messages())
    assert near(small_world, again) == []


def test_what_was_rejected_does_not_come_back_beside_its_copy(small_world):
    of = small_world.propose(messages=messages())
    small_world.judge(of, keep="r", move="r")
    small_world.propose("ben", messages=messages())
    refused(small_world.appeal, of)


def test_what_is_appealed_forbids_its_copy(small_world):
    of = small_world.propose(messages=messages())
    small_world.judge(of, keep="r", move="r")
    small_world.appeal(of)
    refused(small_world.propose, "ben", messages=messages())


def test_erasing_one_message_leaves_nothing_of_the_text(small_world):
    kept = small_world.propose()
    of = small_world.propose(messages=messages())
    event = small_world.history(of).first
    small_world.erase(small_world.history(of).latest.leaf, "ana", commitments=event.sources)
    assert len(small_world.rows(known_texts)) == 2
    small_world.erase(small_world.history(of).latest.leaf, "ana", commitments=event.content["messages"][1:])
    assert [row.example for row in small_world.rows(known_texts)] == [kept]
    assert len(small_world.rows(text_bands)) == 16


def test_measuring_prompt_is_compared_with_others_that_measure(small_world):
    asked = [turn("user", SAID)]
    small_world.propose(kind="prompt", use="evaluation", prompt=asked)
    refused(small_world.propose, "ben", kind="prompt", use="evaluation", prompt=asked)
    with pytest.raises(Refused) as caught:
        small_world.propose("ben", kind="prompt", use="training", prompt=asked)
    assert caught.value.rule == "propose/evaluation"


def test_control_that_is_a_copy_is_not_planted(small_world):
    small_world.propose(messages=messages())
    refused(small_world.plant, messages=messages())


def test_attempt_that_failed_leaves_no_text_behind(small_world):
    with small_world.platform.write() as made:
        actor = actor_by_handle(made.connection, "ana")
        fields = read_example(example(messages=messages()))
        with suppress(ZeroDivisionError), made.attempt():
            propose_example(made, actor, Propose(example=fields))
            raise ZeroDivisionError
        propose_example(made, actor, Propose(example=fields))
        with pytest.raises(Refused):
            propose_example(made, actor, Propose(example=fields))
    assert len(small_world.rows(known_texts)) == 1


def test_two_at_once_do_not_both_come_in(homes, tmp_path, databases):
    world = copy_home(template(homes, "small"), tmp_path / "home", 0, databases)
    for number in range(3):
        barrier = Barrier(2)

        def run(handle, barrier=barrier, answer=f"{SAID} {number}"):
            barrier.wait()
            try:
                return bool(world.propose(handle, messages=messages(answer)))
            except Refused as error:
                return error.rule

        with ThreadPoolExecutor(2) as pool:
            assert set(pool.map(run, ("ana", "ben"))) == {True, "propose/intake"}
    assert len(world.rows(known_texts)) == 3
    one = world.propose(messages=messages(f"{NEAR} 0"))
    assert len(near(world, one)) == 1
    world.withdraw(one)
    world.erase(world.history(one).latest.leaf, "ana")
    assert [check for check in examine(world.platform) if check.problems] == []
    world.platform.home.close()


def everything(world):
    return sorted(world.rows(known_texts)), sorted(world.rows(text_bands))


def test_index_is_made_anew_from_the_texts_and_doctor_misses_it(small_world):
    of = small_world.propose(messages=messages())
    small_world.judge(of)
    small_world.close()
    small_world.revise(of)
    small_world.withdraw(small_world.propose("ben"), "ben")
    gone = small_world.propose()
    small_world.erase(small_world.history(gone).latest.leaf, "ana")
    before = everything(small_world)
    assert len(before[0]) == 2
    with writing(small_world.platform.home.engine) as connection:
        connection.execute(text_bands.delete())
        connection.execute(known_texts.delete())
    wrong = [problem for check in examine(small_world.platform) for problem in check.problems]
    assert wrong == ["2 texts are not known, so copies of them are not found. Run `evenhand log replay`."]
    list(mend(small_world.platform))
    assert everything(small_world) == before
    assert not [check for check in examine(small_world.platform) if check.problems]


def test_upgrade_fills_the_index(small_world):
    small_world.propose(messages=messages())
    small_world.close()
    small_world.propose()
    before = everything(small_world)
    home = small_world.platform.home
    with writing(home.engine) as connection:
        connection.execute(text_bands.delete())
        connection.execute(known_texts.delete())
    assert call("--home", home.path, "db", "upgrade").code == 0
    assert everything(small_world) == before


def test_api_tells_proposer_and_reviewer_of_a_near_text(api):
    api.act("proposer", "/v1/examples", sft(SAID))
    problem = api.call("POST", "/v1/examples", "contributor", json=sft(SAID.upper()))
    assert problem.status_code == 409
    assert "duplicate/exact" in problem.json()["detail"]
    made = api.act("contributor", "/v1/examples", sft(NEAR))
    (told,) = [item for item in made["findings"] if item["rule"] == "duplicate/near"]
    assert told["severity"] == "warn"
    assert told["message"].endswith("whose text is not public")
    seats = [api.sit(who) for who in ("gun-rights-1", "gun-rights-2")]
    assert all(told in seat["findings"] for seat in seats)
