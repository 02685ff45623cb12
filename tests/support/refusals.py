"""Every rule, provoked: through the commands, or, where those cannot break it, in a forged log that is replayed.

Rules that always hold:
- a case is the act that is refused, after the acts that lead to it; its golden input is that act, its golden message
  what the platform (or the verifier) says;
- a case that is not refused, or is refused under another rule, fails.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from curation.errors import CallerError
from curation.examples.controls import open_ended_controls
from curation.releases.cut import cut_release
from curation.rulebook.replay import replay
from curation.tables import planted_controls
from curation.topics.adopt import adopt_accepted
from curation_validators.measures import MEASURES
from tests.support.forging import Forgery, epoch_end, fields_of, hash_of
from tests.support.golden import Names
from tests.support.words import ASKED, HARBOUR, RIVER, both, topic, topic_proposal, turn
from tests.support.world import World, copy_home, people_of, template


@dataclass
class Attempt:
    """An act that shall be refused: a method of `World` and what it is given."""

    act: Callable[..., Any]
    given: tuple[Any, ...]
    named: dict[str, Any]


@dataclass
class Forged:
    """A log that shall not verify, and the leaf that breaks the rule."""

    log: list[bytes]
    leaf: bytes


Case = Callable[[World], Attempt | Forged]
CASES: dict[tuple[str, str], tuple[str, Case]] = {}


def plain(fields: dict[str, Any], *drop: str) -> dict[str, Any]:
    """A leaf's fields without what every event is given anew."""
    return {name: value for name, value in fields.items() if name not in ("v", "dataset", "nonce", *drop)}


def provokes(rule: str, case: str, home: str = "full") -> Callable[[Case], Case]:
    """Register a case of a rule."""

    def register(function: Case) -> Case:
        assert (rule, case) not in CASES
        CASES[rule, case] = (home, function)
        return function

    return register


def attempt(act: Callable[..., Any], *given: Any, **named: Any) -> Attempt:
    return Attempt(act, given, named)


def forged(forgery: Forgery, type_: str, date: str = "2027-01-15") -> Forged:
    """A forged log; the leaf that breaks the rule is the last of its type."""
    log = forgery.log(date)
    return Forged(log, [leaf for leaf in log if fields_of(leaf)["type"] == type_][-1])


def provoke(rule: str, case: str, folder: Path, name: str) -> tuple[str, str]:
    """Run a case on a fresh home. Returns (input as JSON, message), drawn identifiers replaced."""
    home, function = CASES[rule, case]
    world = copy_home(template(folder / "templates", home), folder / name, seed=f"{rule}/{case}")
    try:
        made, names = function(world), Names()
        if isinstance(made, Forged):
            return names.settled_json(fields_of(made.leaf)), names.settle(_violations(made)) + "\n"
        shown = {"act": made.act.__name__, "given": list(made.given), **made.named}
        return names.settled_json(shown), names.settle(_refusal(world, made)) + "\n"
    finally:
        world.platform.home.close()
        shutil.rmtree(folder / name)


def _refusal(world: World, made: Attempt) -> str:
    before = (world.sealed(), world.pending())
    try:
        made.act(*made.given, **made.named)
    except CallerError as error:
        assert (world.sealed(), world.pending()) == before, "what is refused changes nothing"
        return str(error)
    raise AssertionError("nothing was refused")


def _violations(made: Forged) -> str:
    """What a verifier says, the forged leaf's violations first, those that follow from them after."""
    state = replay(made.log)
    broken = {index for index, leaf in enumerate(made.log) if leaf == made.leaf}
    found = sorted(state.violations, key=lambda item: (item.index not in broken, item.rule, item.message))
    assert found, "the forged log passes"
    assert found[0].index in broken, f"other leaves break rules instead: {found}"
    return "\n".join(f"{item.message} (rule {item.rule})" for item in found)


# --- definitions ------------------------------------------------------------------------------------------------------


@provokes("define/first", "defined-twice")
def _(world: World) -> Attempt:
    return attempt(world.define, "mia")


@provokes("define/first", "second-definition-in-the-log")
def _(world: World) -> Forged:
    forgery = Forgery(world)
    again = fields_of(next(leaf for leaf in world.sealed() if fields_of(leaf)["type"] == "dataset:defined"))
    forgery.add(**plain(again))
    return forged(forgery, "dataset:defined")


@provokes("define/first", "leaf-of-another-dataset")
def _(world: World) -> Forged:
    world.declare("ana", "keep")
    return forged(Forgery(world).change("perspective:declared", dataset="another"), "perspective:declared")


@provokes("define/supersedes-latest", "draft-overtaken")
def _(world: World) -> Attempt:
    first, second = world.draft("mia"), world.draft("mia", reason="Another reason for it.")
    world.agree(first, "max")
    return attempt(world.agree, second, "max")


@provokes("define/supersedes-latest", "topic-defined-again")
def _(world: World) -> Forged:
    forgery = Forgery(world)
    founding = hash_of(next(leaf for leaf in world.sealed() if fields_of(leaf)["type"] == "dataset:defined"))
    people = [world.pseudonym("ana"), world.pseudonym("ben")]
    forgery.add(type="topic:defined", topic=topic(), founding=founding, reason="Again.", maintainers=people)
    return forged(forgery, "topic:defined")


@provokes("define/two-maintainers", "own-draft")
def _(world: World) -> Attempt:
    return attempt(world.agree, world.draft("mia"), "mia")


@provokes("define/two-maintainers", "same-maintainer-twice-in-the-log")
def _(world: World) -> Forged:
    event = world.agree(world.draft("mia"), "max").event
    one = getattr(event, "maintainers")[0]  # noqa: B009  # an AnyEvent
    return forged(Forgery(world).change("policy:changed", maintainers=[one, one]), "policy:changed")


def accepted_scope(world: World) -> str:
    """An amendment of the harbour's scope that everybody accepted."""
    own = world.propose_fields(topic_proposal(HARBOUR, {"scope": both("Something else")}))
    world.judge(own)
    return own


@provokes("define/adopted", "other-words-than-were-judged")
def _(world: World) -> Forged:
    accepted_scope(world)
    with world.platform.write() as writing:
        adopt_accepted(writing)
    words = topic(scope=both("What nobody judged"))
    return forged(Forgery(world).change("topic:defined", topic=words), "topic:defined")


@provokes("define/adopted", "accepted-and-not-adopted")
def _(world: World) -> Forged:
    accepted_scope(world)
    return forged(Forgery(world), "epoch:closed")


@provokes("define/adopted", "defined-by-maintainers-after-the-founding")
def _(world: World) -> Forged:
    founding = hash_of(next(leaf for leaf in world.sealed() if fields_of(leaf)["type"] == "dataset:defined"))
    people = [world.pseudonym("mia"), world.pseudonym("max")]
    forgery = Forgery(world)
    forgery.add(type="topic:defined", topic=topic("lake"), founding=founding, reason="New.", maintainers=people)
    return forged(forgery, "topic:defined")


@provokes("propose/topic-changes", "nothing-changes")
def _(world: World) -> Attempt:
    return attempt(world.propose_fields, topic_proposal(HARBOUR))


@provokes("propose/topic-changes", "positions-that-it-does-not-touch")
def _(world: World) -> Forged:
    world.propose_fields(topic_proposal(HARBOUR, {"scope": both("Something else")}))
    return forged(Forgery(world).change("topic:proposed", positions=["keep-it"]), "topic:proposed")


@provokes("propose/evaluation", "trains-on-what-measures")
def _(world: World) -> Attempt:
    world.propose(kind="prompt", use="evaluation", prompt=[turn("user", ASKED)])
    said = [turn("user", ASKED), turn("assistant", "Some would keep it as it is; others would not.")]
    return attempt(world.propose, "ben", messages=said)


@provokes("propose/evaluation", "measures-what-trained")
def _(world: World) -> Attempt:
    world.propose()
    return attempt(world.propose, "ben", kind="prompt", use="evaluation", prompt=[turn("user", ASKED)])


@provokes("propose/topic-taken", "proposed-twice")
def _(world: World) -> Attempt:
    world.propose_fields(topic_proposal("lake"))
    return attempt(world.propose_fields, topic_proposal("lake"), "ben")


# --- perspectives -----------------------------------------------------------------------------------------------------


@provokes("declare/topic-known", "unknown-perspective")
def _(world: World) -> Attempt:
    return attempt(world.declare, "ana", "burn", HARBOUR)


@provokes("declare/topic-known", "unknown-topic-in-the-log")
def _(world: World) -> Forged:
    world.declare("ana", "keep")
    return forged(Forgery(world).change("perspective:declared", topic="lake"), "perspective:declared")


@provokes("declare/chain", "latest-not-named")
def _(world: World) -> Forged:
    world.declare("keep-1", "move")
    return forged(Forgery(world).change("perspective:declared", "supersedes"), "perspective:declared")


# --- proposals and revisions ------------------------------------------------------------------------------------------


@provokes("propose/topic-in-force", "unknown-topic-in-the-log")
def _(world: World) -> Forged:
    world.propose()
    return forged(Forgery(world).change("example:proposed", topic="lake"), "example:proposed")


@provokes("propose/policy-in-force", "another-policy")
def _(world: World) -> Forged:
    world.propose()
    return forged(Forgery(world).change("example:proposed", policy="0" * 64), "example:proposed")


@provokes("propose/policy-in-force", "definition-of-another-topic")
def _(world: World) -> Forged:
    world.propose()
    other = [hash_of(leaf) for leaf in world.sealed() if fields_of(leaf).get("topic", {}) == topic(RIVER)]
    return forged(Forgery(world).change("example:proposed", definition=other[0]), "example:proposed")


@provokes("propose/positions-known", "unknown-position")
def _(world: World) -> Attempt:
    return attempt(world.propose, "ana", positions=["keep-it", "burn-it"])


@provokes("propose/positions-known", "unknown-framing")
def _(world: World) -> Attempt:
    return attempt(world.propose, "ana", framing="keep")


@provokes("propose/language", "not-a-language-of-the-dataset")
def _(world: World) -> Attempt:
    return attempt(world.propose, "ana", language="de")


@provokes("propose/licence", "not-a-licence-of-the-dataset")
def _(world: World) -> Attempt:
    return attempt(world.propose, "ana", license="CC-BY-NC-4.0")


@provokes("propose/intake", "a-card-number-in-an-answer", "small")
def _(world: World) -> Attempt:
    said = [turn("user", "What was paid?"), turn("assistant", "They paid with 4111 1111 1111 1111.")]
    return attempt(world.propose, messages=said)


@provokes("propose/intake", "a-copy-of-what-is-not-public-yet", "small")
def _(world: World) -> Attempt:
    said = [turn("user", "What do they say?"), turn("assistant", "Some would keep the old quay; others would not.")]
    world.propose(messages=said)
    return attempt(world.propose, "ben", messages=said)


@provokes("propose/intake", "a-copy-of-what-everybody-reads", "small")
def _(world: World) -> Attempt:
    said = [turn("user", "What do they say?"), turn("assistant", "Some would keep the old quay; others would not.")]
    of = world.propose(messages=said)
    world.judge(of)
    world.close()
    return attempt(world.propose, "ben", messages=said)


@provokes("propose/new-id", "id-taken")
def _(world: World) -> Forged:
    taken = world.propose()
    world.close()
    world.propose("ben")
    return forged(Forgery(world).change("example:proposed", example=taken), "example:proposed", "2027-02-01")


@provokes("propose/links", "mirror-of-nothing")
def _(world: World) -> Attempt:
    return attempt(world.propose, "ana", mirrors=["ex_" + "a" * 16], framing="keep-it")


@provokes("propose/links", "mirror-in-another-language")
def _(world: World) -> Attempt:
    other = world.propose(framing="keep-it")
    return attempt(world.propose, "ben", mirrors=[other], framing="move-it", language="fr")


@provokes("propose/links", "mirror-of-the-same-framing")
def _(world: World) -> Attempt:
    other = world.propose(framing="keep-it")
    return attempt(world.propose, "ben", mirrors=[other], framing="keep-it")


@provokes("propose/links", "mirror-of-itself")
def _(world: World) -> Attempt:
    own = world.propose()
    return attempt(world.revise, own, "ana", mirrors=[own], framing="keep-it")


@provokes("propose/links", "translation-in-the-same-language")
def _(world: World) -> Attempt:
    return attempt(world.propose, "ben", translation_of=world.propose())


@provokes("propose/links", "translation-of-nothing")
def _(world: World) -> Attempt:
    return attempt(world.propose, "ana", translation_of="ex_" + "a" * 16)


@provokes("propose/links", "group-of-another-topic")
def _(world: World) -> Attempt:
    group = world.history(world.propose()).first.group
    return attempt(world.propose, "ben", topic=RIVER, group=group)


@provokes("revise/only-proposer", "somebody-else")
def _(world: World) -> Attempt:
    return attempt(world.revise, world.propose("ana"), "ben")


@provokes("revise/of-latest", "an-earlier-revision")
def _(world: World) -> Forged:
    own = world.propose()
    first = world.history(own).latest.leaf
    world.revise(own)
    world.close()
    world.revise(own)
    forgery = Forgery(world)
    forgery.pending = [leaf for leaf in forgery.pending if fields_of(leaf)["type"] == "example:revised"]
    return forged(forgery.change("example:revised", previous=first), "example:revised", "2027-02-01")


@provokes("revise/of-latest", "withdrawal-of-an-earlier-revision")
def _(world: World) -> Forged:
    own = world.propose()
    first = world.history(own).latest.leaf
    world.revise(own)
    world.close()  # else the withdrawal could stand before the revision, and be right
    world.withdraw(own)
    forgery = Forgery(world)
    how = [leaf for leaf in forgery.pending if fields_of(leaf).get("how") == "withdrawn"]
    forgery.pending = [leaf for leaf in forgery.pending if leaf not in how]
    return forged(forgery.change("example:withdrawn", revision=first), "example:withdrawn", "2027-02-15")


@provokes("revise/same-example", "another-kind-and-language")
def _(world: World) -> Attempt:
    return attempt(world.revise, world.propose(), "ana", kind="prompt", language="fr")


@provokes("revise/same-example", "another-group")
def _(world: World) -> Attempt:
    return attempt(world.revise, world.propose(), "ana", group="g_" + "a" * 16)


@provokes("revise/limit", "fourth-revision")
def _(world: World) -> Attempt:
    own = world.propose()
    world.revise(own)
    world.revise(own)
    return attempt(world.revise, own, "ana")


@provokes("revise/appeal-open", "revised-during-an-appeal", "small")
def _(world: World) -> Attempt:
    own = world.propose()
    world.judge(own, keep="r")
    world.appeal(own)
    return attempt(world.revise, own, "ana")


@provokes("flag/not-own", "the-proposer")
def _(world: World) -> Attempt:
    return attempt(world.flag, world.propose("ana"), "ana", "law")


@provokes("flag/limit", "a-fourth-flag")
def _(world: World) -> Attempt:
    examples = [world.propose() for _ in range(4)]
    for own in examples[:3]:
        world.flag(own, "ben", "law")
    return attempt(world.flag, examples[3], "ben", "law")


@provokes("seat/handed-on", "a-fourth-seat")
def _(world: World) -> Attempt:
    for _turn in range(3):
        own = world.propose()
        world.take("keep-1", HARBOUR, own)
        world.hand_on("keep-1", own)
    world.propose()
    return attempt(world.take, "keep-1", HARBOUR)


@provokes("withdraw/only-proposer", "somebody-else")
def _(world: World) -> Attempt:
    return attempt(world.withdraw, world.propose("ana"), "ben")


@provokes("withdraw/once", "withdrawn-twice")
def _(world: World) -> Attempt:
    own = world.propose()
    world.withdraw(own)
    return attempt(world.withdraw, own, "ana")


@provokes("withdraw/once", "revised-afterwards")
def _(world: World) -> Attempt:
    own = world.propose()
    world.withdraw(own)
    return attempt(world.revise, own, "ana")


@provokes("withdraw/once", "flagged-afterwards")
def _(world: World) -> Attempt:
    own = world.propose()
    world.withdraw(own)
    return attempt(world.flag, own, "ben", "law")


# --- rounds, seats, reviews -------------------------------------------------------------------------------------------


@provokes("review/revision-known", "no-revision-of-that-example")
def _(world: World) -> Attempt:
    return attempt(world.review, "keep-1", world.propose(), revision="0" * 64)


@provokes("review/revision-known", "example-unknown-in-the-log")
def _(world: World) -> Forged:
    own = world.propose()
    world.close()
    world.review("keep-1", own)
    return forged(Forgery(world).change("review:submitted", example="ex_" + "a" * 16), "review:submitted", "2027-02-01")


@provokes("review/round-open", "superseded-after-the-end", "small")
def _(world: World) -> Attempt:
    own = world.propose()
    world.judge(own)
    return attempt(world.supersede, "keep-1", own, "reject")


@provokes("review/round-open", "counted-afterwards-in-the-log", "small")
def _(world: World) -> Forged:
    own = world.propose()
    world.review("keep-1", own)
    late = Forgery(world).pending
    world.withdraw(own)
    world.close()
    forgery = Forgery(world)
    review = next(fields_of(leaf) for leaf in late if fields_of(leaf)["type"] == "review:submitted")
    forgery.add(**plain(review))
    return forged(forgery, "review:submitted", "2027-02-01")


@provokes("seat/lease", "revision-replaced-meanwhile")
def _(world: World) -> Attempt:
    own = world.propose()
    shown = world.take("keep-1", of=own).revision
    world.revise(own)
    return attempt(world.submit, "keep-1", own, revision=shown)


@provokes("review/perspective-required", "optional-perspective")
def _(world: World) -> Attempt:
    own = world.propose()
    world.join_declared("olga", "observer")
    return attempt(world.review, "olga", own)


@provokes("review/seat-exists", "seat-beyond-the-last")
def _(world: World) -> Forged:
    world.review("keep-1", world.propose())
    return forged(Forgery(world).change("review:submitted", seat=4), "review:submitted")


@provokes("review/seat-exists", "stage-without-appeal")
def _(world: World) -> Forged:
    world.review("keep-1", world.propose())
    return forged(Forgery(world).change("review:submitted", stage=2, seat=4), "review:submitted")


@provokes("review/seat-exists", "round-of-another-number")
def _(world: World) -> Forged:
    world.review("keep-1", world.propose())
    return forged(Forgery(world).change("review:submitted", round=2), "review:submitted")


@provokes("review/seat-empty", "all-filled")
def _(world: World) -> Attempt:
    own = world.propose()
    for reviewer in people_of("keep")[:3]:
        world.review(reviewer, own)
    return attempt(world.review, "keep-4", own)


@provokes("review/declared", "nothing-declared")
def _(world: World) -> Attempt:
    world.propose()
    return attempt(world.take, "ben", HARBOUR)


@provokes("review/declared", "changed-after-the-round-opened")
def _(world: World) -> Attempt:
    own = world.propose()
    world.close()
    world.declare("keep-1", "move")
    return attempt(world.review, "keep-1", own)


@provokes("review/declared", "declaration-of-somebody-else-in-the-log")
def _(world: World) -> Forged:
    world.review("keep-1", world.propose())
    with world.platform.read() as loaded:
        other = loaded.latest_declaration(world.pseudonym("keep-2"))
    assert other is not None
    return forged(Forgery(world).change("review:submitted", declaration=other.leaf), "review:submitted")


@provokes("review/not-own", "own-example")
def _(world: World) -> Attempt:
    own = world.propose("keep-1")
    return attempt(world.review, "keep-1", own)


@provokes("review/not-own", "own-example-without-a-seat")
def _(world: World) -> Attempt:
    return attempt(world.submit, "ana", world.propose("ana"))


@provokes("review/one-seat", "second-seat")
def _(world: World) -> Attempt:
    own = world.propose()
    world.review("keep-1", own)
    return attempt(world.review, "keep-1", own)


@provokes("review/one-seat", "after-handing-on")
def _(world: World) -> Attempt:
    own = world.propose()
    world.take("keep-1", of=own)
    world.hand_on("keep-1", own)
    return attempt(world.review, "keep-1", own)


@provokes("review/appeal-new-people", "reviewer-of-the-first-stage", "small")
def _(world: World) -> Attempt:
    own = world.propose()
    world.judge(own, keep="r")
    world.appeal(own)
    return attempt(world.review, "keep-1", own)


@provokes("review/supersede-own", "nothing-to-supersede")
def _(world: World) -> Attempt:
    return attempt(world.supersede, "keep-1", world.propose())


@provokes("review/supersede-own", "somebody-elses-review-in-the-log")
def _(world: World) -> Forged:
    own = world.propose()
    other = world.review("keep-1", own).review.leaf
    world.review("keep-2", own)
    forgery = Forgery(world)
    mine = hash_of(next(leaf for leaf in forgery.pending if fields_of(leaf).get("seat") == 2))
    changed = [leaf for leaf in forgery.pending if hash_of(leaf) == mine]
    forgery.pending = [leaf for leaf in forgery.pending if hash_of(leaf) != mine]
    fields = fields_of(changed[0]) | {"supersedes": other, "seat": 1}
    leaf = forgery.add(**plain(fields))
    return Forged(forgery.log(), next(item for item in forgery.pending if hash_of(item) == leaf))


@provokes("review/reasons", "reject-without-reasons-in-the-log")
def _(world: World) -> Forged:
    world.review("keep-1", world.propose(), "reject")
    return forged(Forgery(world).change("review:submitted", "reasons"), "review:submitted")


@provokes("review/reasons", "revise-without-rationale-in-the-log")
def _(world: World) -> Forged:
    world.review("keep-1", world.propose(), "revise")
    return forged(Forgery(world).change("review:submitted", "rationale"), "review:submitted")


@provokes("review/counter-source", "inaccurate-without-source-in-the-log")
def _(world: World) -> Forged:
    world.review("keep-1", world.propose(), "reject")
    return forged(Forgery(world).change("review:submitted", reasons=["inaccurate"]), "review:submitted")


@provokes("review/comparison", "preference-without-comparison")
def _(world: World) -> Attempt:
    return attempt(world.review, "keep-1", world.propose(kind="preference"))


@provokes("review/comparison", "comparison-of-one-answer")
def _(world: World) -> Attempt:
    return attempt(world.review, "keep-1", world.propose(), comparison="chosen")


@provokes("review/annotation", "annotation-of-a-page")
def _(world: World) -> Forged:
    world.review("keep-1", world.propose())
    return forged(Forgery(world).change("review:submitted", annotation="a" * 64), "review:submitted")


@provokes("review/annotation", "label-studio-without-annotation")
def _(world: World) -> Forged:
    world.review("keep-1", world.propose())
    return forged(Forgery(world).change("review:submitted", via="label-studio"), "review:submitted")


@provokes("seat/lease", "no-seat-held")
def _(world: World) -> Attempt:
    return attempt(world.submit, "keep-1", world.propose())


@provokes("seat/lease", "lease-ended")
def _(world: World) -> Attempt:
    own = world.propose()
    world.take("keep-1", of=own)
    world.clock.advance(hours=72)
    return attempt(world.submit, "keep-1", own)


@provokes("seat/language", "reads-another-language")
def _(world: World) -> Attempt:
    own = world.propose(language="fr")
    world.join_declared("eve", "keep", languages=["en"])
    return attempt(world.take, "eve", HARBOUR, own)


@provokes("seat/organisation", "same-organisation-as-the-proposer")
def _(world: World) -> Attempt:
    world.join("pat", organisations=["Harbour Friends"])
    own = world.propose("pat")
    world.join_declared("eve", "keep", organisations=[" harbour FRIENDS"])
    return attempt(world.take, "eve", HARBOUR, own)


@provokes("seat/one-topic", "seat-held-on-another-topic")
def _(world: World) -> Attempt:
    world.propose()
    world.propose(topic=RIVER)
    world.declare("keep-1", "dam", RIVER)
    world.take("keep-1", HARBOUR)
    return attempt(world.take, "keep-1", RIVER)


@provokes("seat/share", "more-than-fifteen-percent")
def _(world: World) -> Attempt:
    for number in range(12):
        world.join_declared(f"more-{number}", "keep")
    for _turn in range(10):
        world.propose()
    for _turn in range(4):
        seat = world.take("keep-1", HARBOUR)
        world.submit("keep-1", seat.example)
    return attempt(world.take, "keep-1", HARBOUR)


@provokes("seat/queue-assigns", "person-names-an-example")
def _(world: World) -> Attempt:
    own = world.propose()
    world.join_declared("rita", "keep", simulated=False)
    return attempt(world.take, "rita", HARBOUR, own)


@provokes("seat/queue-assigns", "person-reviews-without-a-lease")
def _(world: World) -> Attempt:
    own = world.propose()
    world.join_declared("rita", "keep", simulated=False)
    return attempt(world.review, "rita", own)


@provokes("round/end", "time-over-with-every-seat-filled", "small")
def _(world: World) -> Forged:
    world.judge(world.propose())
    return forged(Forgery(world).change("round:closed", how="time"), "round:closed")


@provokes("round/end", "full-with-empty-seats")
def _(world: World) -> Forged:
    own = world.propose()
    world.close()
    world.clock.advance(days=61)
    world.close()
    log = world.sealed()
    place = next(number for number, leaf in enumerate(log) if fields_of(leaf)["type"] == "round:closed")
    forgery = Forgery(world)
    forgery.sealed, forgery.epoch = log[:place], 2
    fields = fields_of(log[place]) | {"how": "full", "outcome": "accepted"}
    assert fields["example"] == own
    forgery.add(**plain(fields, "missing"))
    return forged(forgery, "round:closed", fields_of(log[-1])["date"])


@provokes("round/end", "time-not-over")
def _(world: World) -> Forged:
    world.close()
    own = world.propose()
    world.close()
    history = world.history(own)
    forgery = Forgery(world)
    fields = history.latest.round.closing_fields("time")
    forgery.add(type="round:closed", topic=HARBOUR, example=own, **{k: v for k, v in fields.items() if v})
    return forged(forgery, "round:closed", fields_of(world.sealed()[-1])["date"])


@provokes("round/end", "revised-without-a-revision")
def _(world: World) -> Forged:
    own = world.propose()
    world.revise(own)
    return forged(Forgery(world).change("round:closed", "by"), "round:closed")


@provokes("round/end", "withdrawn-without-a-withdrawal")
def _(world: World) -> Forged:
    own = world.propose()
    by = world.withdraw(own).leaf
    forgery = Forgery(world)
    forgery.pending = [leaf for leaf in forgery.pending if hash_of(leaf) != by]
    return forged(forgery, "round:closed")


@provokes("round/end", "ended-twice", "small")
def _(world: World) -> Forged:
    world.judge(world.propose())
    world.close()
    end = fields_of([leaf for leaf in world.sealed() if fields_of(leaf)["type"] == "round:closed"][-1])
    forgery = Forgery(world)
    forgery.add(**plain(end))
    return forged(forgery, "round:closed", "2027-02-01")


@provokes("round/outcome", "contested-called-accepted", "small")
def _(world: World) -> Forged:
    world.judge(world.propose(), keep="r")
    return forged(Forgery(world).change("round:closed", outcome="accepted"), "round:closed")


@provokes("round/outcome", "empty-seats-called-rejected")
def _(world: World) -> Forged:
    world.propose()
    world.close()
    world.close(days=60)
    log = world.sealed()
    place = next(number for number, leaf in enumerate(log) if fields_of(leaf)["type"] == "round:closed")
    forgery = Forgery(world)
    forgery.sealed, forgery.epoch = log[:place], 2
    fields = fields_of(log[place]) | {"outcome": "rejected"}
    forgery.add(**plain(fields))
    return forged(forgery, "round:closed", fields_of(log[-1])["date"])


@provokes("round/votes", "a-superseded-review-counted", "small")
def _(world: World) -> Forged:
    own = world.propose()
    earlier = world.review("move-1", own, "reject").review.leaf
    world.supersede("move-1", own)
    closing = world.review("keep-1", own).closing
    assert closing is not None
    counted = sorted([*closing.counted, earlier])
    return forged(Forgery(world).change("round:closed", counted=counted), "round:closed")


@provokes("appeal/ended", "round-still-open")
def _(world: World) -> Attempt:
    return attempt(world.appeal, world.propose(), "ana")


@provokes("appeal/ended", "round-without-outcome")
def _(world: World) -> Forged:
    own = world.propose()
    world.revise(own)
    world.close()
    first = world.history(own).revisions[0]
    forgery = Forgery(world)
    forgery.add(
        type="round:appealed",
        topic=HARBOUR,
        pseudonym=world.pseudonym("ana"),
        auth="server",
        example=own,
        revision=first.leaf,
        round=1,
        closing=first.round.closed,
        rationale="0" * 64,
    )
    return forged(forgery, "round:appealed", "2027-02-01")


@provokes("appeal/ended", "unresolved")
def _(world: World) -> Attempt:
    own = world.propose()
    world.close(days=60)
    return attempt(world.appeal, own, "ana")


@provokes("appeal/once", "appealed-twice", "small")
def _(world: World) -> Attempt:
    own = world.propose()
    world.judge(own, keep="r")
    world.appeal(own)
    return attempt(world.appeal, own, "ana")


@provokes("appeal/adopted", "an-amendment-that-was-adopted")
def _(world: World) -> Attempt:
    own = accepted_scope(world)
    world.close()
    return attempt(world.appeal, own, "keep-1")


@provokes("appeal/by-party", "outsider", "small")
def _(world: World) -> Attempt:
    own = world.propose("ana")
    world.judge(own, keep="r")
    return attempt(world.appeal, own, "ben")


# --- checks of sources ------------------------------------------------------------------------------------------------


def checked(world: World, own: str, **over: Any) -> Forgery:
    """A log in which the one source of an example was said to be not archived."""
    revision = world.history(own).latest
    forgery = Forgery(world)
    fields = {"topic": HARBOUR, "example": own, "act": revision.leaf, "source": revision.event.sources[0]}
    forgery.add(type="source:checked", status="not_archived", **(fields | over))
    return forgery


@provokes("check/cited", "source-that-the-act-does-not-cite", "small")
def _(world: World) -> Forged:
    return forged(checked(world, world.propose("ana"), source="f" * 64), "source:checked")


@provokes("check/cited", "another-topic", "small")
def _(world: World) -> Forged:
    return forged(checked(world, world.propose("ana"), topic=RIVER), "source:checked")


@provokes("check/latest", "names-no-check-before-it", "small")
def _(world: World) -> Forged:
    own = world.propose("ana")
    return forged(checked(world, own, supersedes=world.history(own).latest.leaf), "source:checked")


@provokes("withdraw/once", "checked-afterwards", "small")
def _(world: World) -> Forged:
    own = world.propose("ana")
    world.withdraw(own)
    world.close()
    return forged(checked(world, own), "source:checked", "2027-02-15")


# --- planted controls -------------------------------------------------------------------------------------------------


def opened_control(world: World) -> Forgery:
    """A control that was opened in the epoch that is open."""
    world.plant()
    world.close()
    own = world.rows(planted_controls)[-1].example
    world.judge(own)
    with world.platform.write() as writing:
        open_ended_controls(writing)
    return Forgery(world)


@provokes("control/planted", "other-direction-than-was-committed-to", "small")
def _(world: World) -> Forged:
    return forged(opened_control(world).change("control:opened", direction="move-it"), "control:opened", "2027-02-15")


@provokes("control/opened", "closing-of-another-round", "small")
def _(world: World) -> Forged:
    forgery = opened_control(world)
    closing = next(hash_of(leaf) for leaf in world.sealed() if fields_of(leaf)["type"] == "epoch:closed")
    return forged(forgery.change("control:opened", closing=closing), "control:opened", "2027-02-15")


@provokes("control/opened", "appealed-after-it-was-opened", "small")
def _(world: World) -> Attempt:
    opened_control(world)
    return attempt(world.appeal, world.rows(planted_controls)[-1].example, "keep-1")


# --- gates ------------------------------------------------------------------------------------------------------------


@provokes("release/measured", "a-gate-broke", "small")
def _(world: World) -> Attempt:
    world.judge(world.propose())
    world.close()

    def cut_while_a_gate_breaks() -> None:
        """No data is known that breaks a measure, so that this one is made to break."""

        def breaks(_scope: Any) -> Any:
            raise ZeroDivisionError

        name = "balance/coverage"
        with patch.dict(MEASURES, {name: replace(MEASURES[name], formula=breaks)}):
            cut_release(world.platform, world.actor("mia"))

    return attempt(cut_while_a_gate_breaks)


@provokes("roles/not-own", "own-roles", "small")
def _(world: World) -> Attempt:
    return attempt(world.change_roles, world.administrator(), "maintainer")


@provokes("roles/chain", "changed-twice-from-the-beginning-in-the-log", "small")
def _(world: World) -> Forged:
    world.administrator()
    world.change_roles("ana", "auditor")
    world.close()
    world.change_roles("ana", "contributor")
    return forged(Forgery(world).change("roles:changed", "supersedes"), "roles:changed", "2027-02-15")


@provokes("roles/held", "policy-by-a-former-maintainer-in-the-log", "small")
def _(world: World) -> Forged:
    world.administrator()
    event = world.change_roles("max", "auditor").event
    world.close()
    world.join("moe", roles=["maintainer"])
    world.agree(world.draft("mia"), "moe")
    one, former = getattr(event, "administrator"), getattr(event, "pseudonym")  # noqa: B009  # an AnyEvent
    return forged(Forgery(world).change("policy:changed", maintainers=[one, former]), "policy:changed", "2027-02-15")


@provokes("suspend/chain", "suspended-twice", "small")
def _(world: World) -> Attempt:
    world.administrator()
    world.propose("ana")
    world.suspend(world.pseudonym("ana"))
    return attempt(world.suspend, world.pseudonym("ana"))


@provokes("suspend/acts", "proposes-while-suspended", "small")
def _(world: World) -> Attempt:
    world.administrator()
    world.propose("ana")
    world.suspend(world.pseudonym("ana"))
    return attempt(world.propose, "ana")


@provokes("suspend/acts", "asks-for-a-seat-while-suspended", "small")
def _(world: World) -> Attempt:
    world.administrator()
    world.propose("ana")
    reviewer = people_of("keep")[0]
    world.suspend(world.pseudonym(reviewer))
    return attempt(world.take, reviewer)


@provokes("suspend/acts", "declared-an-epoch-later-in-the-log", "small")
def _(world: World) -> Forged:
    world.administrator()
    world.declare("ana", "keep")
    world.suspend(world.pseudonym("ana"))
    world.close()
    world.join_declared("zoe", "keep")
    own = world.pseudonym("ana")
    mine = (leaf for leaf in world.sealed() if fields_of(leaf).get("pseudonym") == own)
    first = next(leaf for leaf in mine if fields_of(leaf)["type"] == "perspective:declared")
    changes = {"pseudonym": own, "supersedes": hash_of(first), "perspective": "move"}
    return forged(Forgery(world).change("perspective:declared", **changes), "perspective:declared", "2027-02-15")


@provokes("gate/fails", "the-topic-fails-no-gate", "small")
def _(world: World) -> Attempt:
    world.judge(world.propose())
    world.close()
    return attempt(world.overrule, HARBOUR, "balance/position-share")


@provokes("gate/topic-in-force", "under-the-definition-of-another-topic", "small")
def _(world: World) -> Forged:
    other = next(
        hash_of(leaf) for leaf in world.sealed() if fields_of(leaf).get("topic", {}) != {} and b"river" in leaf
    )
    forgery = Forgery(world)
    forgery.add(
        type="gate:overruled",
        topic=HARBOUR,
        definition=other,
        gates=["balance/position-share"],
        reason="It is nearly even.",
        maintainers=[world.pseudonym("mia")],
    )
    return forged(forgery, "gate:overruled")


# --- flags ------------------------------------------------------------------------------------------------------------


@provokes("flag/revision-known", "no-revision-of-that-example")
def _(world: World) -> Attempt:
    return attempt(world.flag, world.propose(), "ben", "law", "0" * 64)


@provokes("flag/seat-holder", "licence-flagged-by-an-outsider")
def _(world: World) -> Attempt:
    return attempt(world.flag, world.propose(), "ben", "licence")


@provokes("flag/seat-holder", "review-of-somebody-else-in-the-log", "small")
def _(world: World) -> Forged:
    own = world.propose()
    world.judge(own)
    world.flag(own, "keep-1")
    mine = world.pseudonym("keep-1")
    seats = world.history(own).latest.round.seats.values()
    other = next(cast.leaf for cast in seats if cast.pseudonym != mine)
    return forged(Forgery(world).change("flag:raised", review=other), "flag:raised")


@provokes("flag/once", "same-ground-twice")
def _(world: World) -> Attempt:
    own = world.propose()
    world.flag(own, "ben", "law")
    return attempt(world.flag, own, "keep-1", "law")


@provokes("flag/open", "upheld-after-it-lapsed")
def _(world: World) -> Attempt:
    flag = world.flag(world.propose(), "ben", "law").leaf
    world.close(days=14)
    return attempt(world.uphold, flag, "keep-1")


@provokes("flag/uninvolved", "who-raised-it")
def _(world: World) -> Attempt:
    flag = world.flag(world.propose(), "keep-1", "law").leaf
    return attempt(world.uphold, flag, "keep-1")


@provokes("flag/uninvolved", "proposer")
def _(world: World) -> Attempt:
    flag = world.flag(world.propose("keep-2"), "keep-1", "law").leaf
    return attempt(world.uphold, flag, "keep-2")


@provokes("flag/uninvolved", "reviewer")
def _(world: World) -> Attempt:
    own = world.propose()
    world.review("keep-2", own)
    return attempt(world.uphold, world.flag(own, "keep-1", "law").leaf, "keep-2")


@provokes("flag/uninvolved", "upheld-twice")
def _(world: World) -> Attempt:
    flag = world.flag(world.propose(), "keep-1", "law").leaf
    world.uphold(flag, "keep-2")
    return attempt(world.uphold, flag, "keep-2")


@provokes("flag/uninvolved", "review-after-upholding")
def _(world: World) -> Attempt:
    own = world.propose()
    world.uphold(world.flag(own, "keep-1", "law").leaf, "keep-2")
    return attempt(world.review, "keep-2", own)


@provokes("flag/lapse", "upheld-by-two-perspectives")
def _(world: World) -> Forged:
    own = world.propose()
    flag = world.flag(own, "ben", "law").leaf
    upheld = sorted(world.uphold(flag, handle).leaf for handle in ("keep-1", "move-1"))
    forgery = Forgery(world)
    forgery.add(type="flag:lapsed", topic=HARBOUR, example=own, flag=flag, upheld=upheld)
    return forged(forgery, "flag:lapsed", "2027-03-01")


@provokes("flag/lapse", "time-not-over")
def _(world: World) -> Forged:
    world.close()
    own = world.propose()
    flag = world.flag(own, "ben", "law").leaf
    world.close()
    forgery = Forgery(world)
    forgery.add(type="flag:lapsed", topic=HARBOUR, example=own, flag=flag)
    return forged(forgery, "flag:lapsed", fields_of(world.sealed()[-1])["date"])


# --- attestation, erasure, epochs, releases ---------------------------------------------------------------------------


@provokes("auth/signature", "changed-after-signing")
def _(world: World) -> Forged:
    world.signing.add("ana")
    world.propose("ana")
    return forged(Forgery(world).change("example:proposed", license="CC0-1.0"), "example:proposed")


@provokes("auth/signature", "signature-of-another-leaf")
def _(world: World) -> Forged:
    world.signing.add("ana")
    world.propose("ana")
    world.propose("ana")
    forgery = Forgery(world)
    first, second = (leaf for leaf in forgery.pending if fields_of(leaf)["type"] == "example:proposed")
    forgery.pending = [leaf for leaf in forgery.pending if leaf != second]
    fields = fields_of(second) | {"sig": fields_of(first)["sig"]}
    leaf = forgery.add(**plain(fields))
    return Forged(forgery.log(), next(item for item in forgery.pending if hash_of(item) == leaf))


@provokes("auth/one-key", "second-key-of-a-person")
def _(world: World) -> Attempt:
    world.signing.add("ana")
    world.propose("ana")
    world.keys.clear()
    return attempt(world.propose, "ana")


@provokes("auth/one-key", "key-of-somebody-else")
def _(world: World) -> Attempt:
    world.signing |= {"ana", "ben"}
    world.propose("ana")
    world.keys["ben", HARBOUR] = world.keys["ana", HARBOUR]
    return attempt(world.propose, "ben")


@provokes("erase/known", "commitment-of-another-act")
def _(world: World) -> Attempt:
    own, other = (world.history(world.propose()).latest for _turn in range(2))
    chosen = [own.event.commitments()[0], other.event.commitments()[0]]
    return attempt(world.erase, own.leaf, "ana", "author_request", chosen)


@provokes("erase/known", "act-of-another-example-in-the-log")
def _(world: World) -> Forged:
    own, other = world.propose(), world.propose()
    world.close()
    world.erase(world.history(own).latest.leaf, "ana")
    return forged(Forgery(world).change("opening:erased", example=other), "opening:erased", "2027-02-01")


@provokes("erase/adopted", "text-of-a-topic-that-was-adopted")
def _(world: World) -> Attempt:
    own = world.propose_fields(topic_proposal(HARBOUR, {"scope": both("Something else")}))
    world.judge(own)
    world.close()
    return attempt(world.erase, world.history(own).latest.leaf, "ana")


@provokes("propose/topic-changes", "another-order")
def _(world: World) -> Attempt:
    changes = {"scope": both("Something else"), "positions": topic()["positions"][::-1]}
    return attempt(world.propose_fields, topic_proposal(HARBOUR, changes))


@provokes("epoch/number", "a-number-left-out")
def _(world: World) -> Forged:
    end = epoch_end(2)
    return Forged([*world.sealed(), end], end)


@provokes("epoch/number", "an-earlier-day")
def _(world: World) -> Forged:
    end = epoch_end(1, "2026-12-31")
    return Forged([*world.sealed(), end], end)


@provokes("epoch/order", "two-leaves-swapped")
def _(world: World) -> Forged:
    world.declare("ana", "keep")
    world.declare("ben", "move")
    forgery = Forgery(world)
    end = epoch_end(1)
    return Forged([*forgery.sealed, *reversed(forgery.pending), end], end)


def _cut(world: World, version: str, size: int) -> dict[str, Any]:
    people = [world.pseudonym("ana")]
    return {"type": "release:cut", "version": version, "size": size, "root": "0" * 64, "manifest": "0" * 64} | {
        "maintainers": people
    }


@provokes("release/prefix", "size-in-the-middle-of-an-epoch")
def _(world: World) -> Forged:
    forgery = Forgery(world)
    forgery.add(**_cut(world, "1.0.0", len(world.sealed()) - 1))
    return forged(forgery, "release:cut")


@provokes("release/two-maintainers", "own-draft")
def _(world: World) -> Attempt:
    return attempt(world.agree_act, world.draft_retraction(world.propose()), "mia")


@provokes("release/retracted", "retracted-already")
def _(world: World) -> Attempt:
    own = world.propose()
    world.judge(own)
    world.agree_act(world.draft_retraction(own))
    return attempt(world.draft_retraction, own)


@provokes("release/yanked", "no-release-of-that-version")
def _(world: World) -> Forged:
    forgery = Forgery(world)
    size = len(world.sealed())
    first = forgery.add(**_cut(world, "1.0.0", size))
    forgery.sealed = forgery.log()
    forgery.pending, forgery.epoch = [], 2
    people = [world.pseudonym("mia"), world.pseudonym("max")]
    forgery.add(type="release:yanked", version="1.0.1", release=first, reason="Lost.", maintainers=people)
    return forged(forgery, "release:yanked")


@provokes("release/version", "an-earlier-version")
def _(world: World) -> Forged:
    forgery = Forgery(world)
    size = len(world.sealed())
    first = forgery.add(**_cut(world, "1.1.0", size))
    forgery.sealed = forgery.log()
    forgery.pending, forgery.epoch = [], 2
    assert first in {hash_of(leaf) for leaf in forgery.sealed}
    forgery.add(**_cut(world, "1.0.9", size))
    return forged(forgery, "release:cut")
