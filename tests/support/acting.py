"""Many people acting at once on one home, in threads: what the tests of concurrency run, also as a program."""

from __future__ import annotations

import json
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from zlib import crc32

from curation.clock import MovableClock
from curation.errors import CallerError
from curation.home import open_home
from curation.tables import examples
from curation.writing import Platform
from tests.support.words import HARBOUR, REQUIRED, RIVER
from tests.support.world import PROPOSERS, START, World, people_of

VERDICTS = ("accept", "accept", "reject", "revise")


@dataclass
class Actors:
    """What one thread does: acts at random, and remembers every leaf that it was given a receipt for."""

    world: World
    seed: str
    leaves: list[str] = field(default_factory=list)
    refused: int = 0

    def act(self, times: int) -> None:
        chance = random.Random(self.seed)
        acts = (self.propose, self.review, self.review, self.review, self.revise, self.supersede, self.withdraw)
        for _ in range(times):
            try:
                done = chance.choice(acts)(chance)
            except CallerError:
                self.refused += 1
                continue
            self.leaves.append(done)

    def propose(self, chance: random.Random) -> str:
        topic = chance.choice((HARBOUR, RIVER))
        handle = chance.choice([*PROPOSERS, *people_of(REQUIRED[topic][0])[:2]])
        of = self.world.propose(handle, topic=topic, kind=chance.choice(("sft", "prompt", "preference")))
        return self.world.history(of).revisions[0].leaf

    def some_example(self, chance: random.Random) -> str:
        found = sorted(row.id for row in self.world.rows(examples))
        return chance.choice(found) if found else "ex_aaaaaaaaaaaaaaaa"

    def review(self, chance: random.Random) -> str:
        topic = chance.choice((HARBOUR, RIVER))
        handle = chance.choice([person for side in REQUIRED[topic] for person in people_of(side)])
        seat = self.world.take(handle, topic)
        done: Any = self.world.submit(handle, seat.example, chance.choice(VERDICTS), seat.revision)
        return str(done.review.leaf)

    def revise(self, chance: random.Random) -> str:
        of = self.some_example(chance)
        history = self.world.history(of)
        kind, topic = history.first.kind, history.first.topic
        return self.world.revise(of, chance.choice(PROPOSERS), kind=kind, topic=topic).leaf

    def supersede(self, chance: random.Random) -> str:
        handle = chance.choice(people_of(chance.choice(REQUIRED[HARBOUR])))
        return str(self.world.supersede(handle, self.some_example(chance), "accept").review.leaf)

    def withdraw(self, chance: random.Random) -> str:
        if chance.random() < 0.7:
            return self.propose(chance)
        return self.world.withdraw(self.some_example(chance), chance.choice(PROPOSERS)).leaf


def act_at_once(path: Path, url: str | None, name: str, threads: int, times: int) -> dict[str, Any]:
    """Open the home, act in threads, and tell what was recorded."""
    written = count(1_000 * (crc32(name.encode()) % 90))  # others write into this home too: no text twice
    world = World(Platform(open_home(path, url), MovableClock(START)), MovableClock(START), written=written)
    try:
        acting = [Actors(world, f"{name}/{number}") for number in range(threads)]
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(actors.act, times) for actors in acting]:
                done.result()
    finally:
        world.platform.home.close()
    return {
        "leaves": [leaf for actors in acting for leaf in actors.leaves],
        "refused": sum(actors.refused for actors in acting),
    }


if __name__ == "__main__":
    home, address, label, number, rounds = sys.argv[1:]
    print(json.dumps(act_at_once(Path(home), address or None, label, int(number), int(rounds))))
