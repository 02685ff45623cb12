"""Laws that hold for every story: any people, any acts, in any order, through the real commands.

`HYPOTHESIS_PROFILE=search` tells many more stories than a usual run.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from curation.errors import CallerError
from curation.log.merkle import CompactRange
from curation.rulebook.replay import Replay
from curation.tables import log_epochs
from curation_schemas.events import EVENT, references_of
from tests.support.forging import fields_of, hash_of
from tests.support.words import HARBOUR, REQUIRED, RIVER
from tests.support.world import World, copy_home, template

STORIES = 200 if os.environ.get("HYPOTHESIS_PROFILE") == "search" else 6
ACTS = 60
PROPOSERS = ("ana", "ben", "keep-1")
PEOPLE = (*PROPOSERS, *(f"{side}-{number}" for side in ("keep", "move", "dam", "free") for number in (1, 2, 3, 4)))
KINDS = ("sft", "sft", "preference", "prompt", "pluralistic")
WEIGHTS = {
    "propose": 8,
    "review": 30,
    "judge": 12,
    "sit": 12,
    "supersede": 6,
    "revise": 6,
    "withdraw": 2,
    "appeal": 6,
    "flag": 8,
    "uphold": 12,
    "declare": 5,
    "erase": 4,
    "change_policy": 2,
    "close": 12,
}


class Story:
    """Acts at random. What a rule forbids is refused and changes nothing; all else keeps every law."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world, self.rng = world, rng
        self.world.signing = {"keep-1", "ben"}
        self.examples = [world.propose("ana"), world.propose("ben", topic=RIVER)]
        self.flags: list[str] = []
        self.told: list[str] = []
        self.taken: Counter[str] = Counter()

    def tell(self, acts: int) -> None:
        for _turn in range(acts):
            (name,) = self.rng.choices(list(WEIGHTS), list(WEIGHTS.values()))
            self.told.append(name)
            getattr(self, name)()
            self.check_projection()

    def attempt(self, act: Callable[..., Any], *given: Any, **named: Any) -> Any:
        before = (self.world.sealed(), self.world.pending())
        try:
            made = act(*given, **named)
        except CallerError:
            assert (self.world.sealed(), self.world.pending()) == before
            return None
        self.taken[act.__name__] += 1
        return made

    def example(self) -> str:
        return self.rng.choice(self.examples[-6:])

    def kind_of(self, of: str) -> str:
        return self.world.history(of).first.kind

    def someone(self) -> str:
        return self.rng.choice(PEOPLE)

    def judgement(self, kind: str) -> dict[str, Any]:
        verdict = self.rng.choice(["accept", "accept", "accept", "revise", "reject"])
        compared = {"comparison": self.rng.choice(["chosen", "chosen", "tie", "rejected"])}
        return {"verdict": verdict} | (compared if kind == "preference" else {})

    # --- acts -----------------------------------------------------------------------------------------------------

    def propose(self):
        topic = self.rng.choice([HARBOUR, HARBOUR, RIVER])
        links: dict[str, Any] = {}
        if self.rng.random() < 0.3:
            links = {"mirrors": [self.example()], "framing": f"{REQUIRED[topic][0]}-it"}
        who, kind = self.rng.choice(PROPOSERS), self.rng.choice(KINDS)
        made = self.attempt(self.world.propose, who, topic=topic, kind=kind, **links)
        if made:
            self.examples.append(made)

    def review(self):
        of = self.example()
        self.attempt(self.world.review, self.someone(), of, **self.judgement(self.kind_of(of)))

    def judge(self):
        """Fill the seats that are empty, and so end the round."""
        of = self.example()
        required = REQUIRED[self.world.history(of).first.topic]
        letters = [self.rng.choice(["aaa", "aaa", "ara", "rrr"]) for _side in required]
        for perspective, verdicts in zip(required, letters, strict=True):
            for number, letter in enumerate(verdicts * 2, 1):
                judged = self.judgement(self.kind_of(of)) | {"verdict": "accept" if letter == "a" else "reject"}
                self.attempt(self.world.review, f"{perspective}-{number}", of, **judged)

    def sit(self):
        who = self.someone()
        seat = self.attempt(self.world.take, who, self.rng.choice([HARBOUR, RIVER]))
        if seat is not None and self.rng.random() < 0.4:
            self.attempt(self.world.hand_on, who, seat.example)
        elif seat is not None:
            self.attempt(self.world.submit, who, seat.example, **self.judgement(self.kind_of(seat.example)))

    def supersede(self):
        of = self.example()
        for who in PEOPLE:
            self.attempt(self.world.supersede, who, of, **self.judgement(self.kind_of(of)))

    def revise(self):
        of = self.example()
        first = self.world.history(of).first
        for who in PROPOSERS:
            self.attempt(self.world.revise, of, who, topic=first.topic, kind=first.kind)

    def withdraw(self):
        for who in PROPOSERS:
            self.attempt(self.world.withdraw, self.examples[0], who)
        self.examples.append(self.examples.pop(0))

    def appeal(self):
        for of in self.examples[-6:]:
            if self.attempt(self.world.appeal, of, self.rng.choice(PROPOSERS)):
                return

    def flag(self):
        ground = self.rng.choice(["source", "personal_data", "law", "duplicate"])
        made = self.attempt(self.world.flag, self.example(), self.someone(), ground)
        if made:
            self.flags.append(made.leaf)

    def uphold(self):
        if self.flags:
            self.attempt(self.world.uphold, self.rng.choice(self.flags[-3:]), self.someone())

    def declare(self):
        topic = self.rng.choice([HARBOUR, RIVER])
        self.attempt(self.world.declare, self.someone(), self.rng.choice([*REQUIRED[topic], "observer", None]), topic)

    def erase(self):
        acts = [leaf for of in self.examples for leaf, held in self.world.history(of).held.items() if held]
        act = self.rng.choice(acts)
        self.attempt(self.world.erase, act, self.someone())
        self.attempt(self.world.erase, act, "mia", "law")

    def change_policy(self):
        rule = {"seats": self.rng.randint(1, 3), "min_accepts": 1, "min_share_percent": 60}
        draft = self.world.draft("mia", standard=rule, high=rule, max_revisions=self.rng.randint(1, 4))
        self.attempt(self.world.agree, draft, "max")

    def close(self):
        self.world.close(days=self.rng.choice([0, 1, 7, 7, 7, 15, 40]))

    # --- laws -----------------------------------------------------------------------------------------------------

    def check_projection(self):
        state = self.world.check_projection()
        with self.world.platform.read() as loaded:
            for example in self.examples:
                assert loaded.existing(example) == state.histories[example]

    def end(self):
        for days in (7, 61, 7):
            self.world.close(days=days)
        assert self.world.pending() == {}, "when every round has ended, nothing waits"
        self.check_log()

    def check_log(self):
        log = self.world.sealed()
        state = self.world.replay()
        assert state.violations == []
        assert state.attested["self"] + state.attested["server"] == sum("pseudonym" in fields_of(leaf) for leaf in log)
        self.check_roots(log, state)
        for order in (sorted, lambda ready: sorted(ready, reverse=True), lambda ready: sorted(ready, key=turned)):
            shuffled = fold(log, order)
            assert [item for item in shuffled.violations if item.rule != "epoch/order"] == []
            assert facts(shuffled) == facts(state)

    def check_roots(self, log: list[bytes], state: Replay) -> None:
        """Each epoch's checkpoint says the size and root that its leaves have."""
        edge, place = CompactRange(), 0
        for epoch, row in zip(state.epochs, sorted(self.world.rows(log_epochs)), strict=True):
            for leaf in log[place : epoch.size]:
                edge.append(bytes.fromhex(hash_of(leaf)))
            place = epoch.size
            assert (row.epoch, row.size, row.root, row.date) == (epoch.number, place, edge.root().hex(), epoch.date)


def turned(leaf: str) -> str:
    """Another order of hashes, and as far from theirs as any."""
    return leaf[::-1]


def fold(log: list[bytes], order: Callable[[list[str]], list[str]]) -> Replay:
    """Replay a log, each epoch's leaves in another order in which each stands after what it refers to."""
    state = Replay()
    epoch: dict[str, bytes] = {}
    for leaf in log:
        if fields_of(leaf)["type"] != "epoch:closed":
            epoch[hash_of(leaf)] = leaf
            continue
        for hashed in reordered({item: references(content) for item, content in epoch.items()}, order):
            state.take_leaf(epoch[hashed])
        state.take_leaf(leaf)
        epoch = {}
    state.finish()
    return state


def references(leaf: bytes) -> list[str]:
    return references_of(EVENT.validate_json(leaf))


def reordered(wanted: Mapping[str, list[str]], order: Callable[[list[str]], list[str]]) -> list[str]:
    """A topological order that takes, of what may come next, the last of `order`."""
    placed: list[str] = []
    left = {leaf: {item for item in refers if item in wanted} for leaf, refers in wanted.items()}
    while left:
        ready = order([leaf for leaf, refers in left.items() if refers <= set(placed)])
        placed.append(ready[-1])
        del left[ready[-1]]
    return placed


def facts(state: Replay) -> dict[str, object]:
    """All that a fold knows, but for where each leaf stands."""
    return {
        "histories": state.histories,
        "published": state.published(),
        "declarations": state.declarations.by_leaf,
        "definitions": state.definitions,
        "epochs": state.epochs,
        "keys": state.signing_keys,
        "groups": state.groups,
        "attested": state.attested,
    }


@pytest.mark.parametrize("seed", range(STORIES))
def test_every_story_keeps_the_laws(seed, homes, tmp_path):
    world = copy_home(template(homes, "small"), tmp_path / "home", seed)
    story = Story(world, random.Random(seed))
    try:
        story.tell(ACTS)
        story.end()
    finally:
        print("told:", " ".join(story.told))
        world.platform.home.close()
    assert story.taken.total() > ACTS // 3, "most of what is told should happen"
