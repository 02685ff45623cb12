"""A server that lies in its own log, and signs it, is found out by whoever verifies: each rule that a log can show is
broken here in some way, and `verify` names leaf and rule."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from curation.audit.trace import trace_example
from curation.audit.verify import verify_bundle
from curation.errors import EvenhandError
from curation.log.leaf import Opening, encode_leaf
from curation.log.merkle import leaf_hash
from curation.log.notes import SigningKey
from curation.rulebook.controls import control_body
from curation.rulebook.rules import RULES
from tests.audit.demo import call
from tests.audit.forging import POLICY, Forger, make_template
from tests.audit.tampering import Folder
from tests.support.words import both, topic

Lie = Callable[[Forger], str]
"""Writes a log and returns the hash of the leaf that breaks the rule."""
LIES: list[tuple[str, str, Lie]] = []
"""(rule, what is done, how)"""
NOWHERE = "f" * 64


def lie(rule: str, what: str) -> Callable[[Lie], Lie]:
    def note(told: Lie) -> Lie:
        LIES.append((rule, what, told))
        return told

    return note


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    return make_template(tmp_path_factory.mktemp("forger") / "template")


def forged_bundle(forger: Forger, template, folder):
    """The builder's bundle; where it refuses, its bundle of an honest log with the forged log put in place."""
    try:
        return forger.bundle(template, folder)
    except EvenhandError:
        shutil.rmtree(folder / "home")
        bundle = Forger().found().bundle(template, folder)
        key = SigningKey.parse((folder / "home" / "keys" / "log.key").read_text().strip())
        Folder(bundle).plant_log(forger.leaves, key)
        return bundle


def failures_of(forger: Forger, template, folder) -> list[tuple[str, str]]:
    return [(item.where, item.message) for item in verify_bundle(forger.bundle(template, folder)).failures]


# --- definitions ------------------------------------------------------------------------------------------------------


@lie("define/first", "the dataset is defined again")
def _(forger):
    first = json.loads(forger.leaves[0]) if b"dataset:defined" in forger.leaves[0] else None
    terms = first or next(json.loads(leaf) for leaf in forger.leaves if b'"dataset:defined"' in leaf)
    fields = {name: terms[name] for name in ("terms", "reason", "maintainers")}
    return forger.add("dataset:defined", policy=POLICY, **fields)


@lie("define/first", "a leaf of another dataset")
def _(forger):
    return forger.declare("late", "keep", dataset="another-set")


def change_policy(forger, **over):
    fields = {
        "policy": POLICY,
        "reason": "Because.",
        "maintainers": [forger.pseudonym("mia"), forger.pseudonym("max")],
        "supersedes": forger.definition,
    }
    return forger.add("policy:changed", **(fields | over))


@lie("define/supersedes-latest", "a policy replaces one that was replaced before")
def _(forger):
    change_policy(forger)
    forger.close()
    return change_policy(forger)


@lie("define/two-maintainers", "a policy agreed by one maintainer under the same name twice")
def _(forger):
    return change_policy(forger, maintainers=[forger.pseudonym("mia")] * 2)


@lie("define/first", "an adoption names another founding")
def _(forger):
    of, adoption = forger.propose_topic({"scope": both("Another scope")})
    closing = forger.judge(of)
    return forger.add("topic:defined", closing=closing, **(adoption | {"founding": forger.topics["river"]}))


@lie("define/adopted", "maintainers define a topic after the founding")
def _(forger):
    people = [forger.pseudonym("mia"), forger.pseudonym("max")]
    fields = {"topic": topic("lake"), "reason": "It came up.", "maintainers": people}
    return forger.add("topic:defined", founding=forger.definition, **fields)


@lie("define/adopted", "an amendment comes into force that was rejected")
def _(forger):
    of, adoption = forger.propose_topic({"scope": both("Another scope")})
    closing = forger.judge(of, "rrrr")
    forger.add("topic:defined", closing=closing, **adoption)
    return forger.close()


@lie("define/adopted", "an amendment that was accepted comes into force in other words")
def _(forger):
    of, adoption = forger.propose_topic({"scope": both("Another scope")})
    closing = forger.judge(of)
    return forger.add("topic:defined", closing=closing, **(adoption | {"topic": topic(scope=both("What suits us"))}))


@lie("propose/topic-changes", "a proposal names other positions than those that it touches")
def _(forger):
    return forger.propose_topic({"scope": both("Another scope")}, positions=["keep-it"])[0].revision


@lie("propose/topic-changes", "an amendment moves a side to the front")
def _(forger):
    turned = topic()["positions"][::-1]
    return forger.propose_topic({"scope": both("Another scope"), "positions": turned})[0].revision


@lie("erase/adopted", "words that came into force are said to be erased")
def _(forger):
    of, adoption = forger.propose_topic({"scope": both("Another scope")})
    closing = forger.judge(of)
    forger.add("topic:defined", closing=closing, **adoption)
    forger.close()
    fields = {"act": of.revision, "commitments": of.fields["content"]["proposal"], "ground": "law"}
    return forger.add("opening:erased", example=of.example, **fields)


@lie("appeal/adopted", "what is in force is appealed")
def _(forger):
    of, adoption = forger.propose_topic({"scope": both("Another scope")})
    closing = forger.judge(of)
    forger.add("topic:defined", closing=closing, **adoption)
    forger.close()
    rationale = forger.commit("rationale", {"text": "We lost."})
    fields = {"revision": of.revision, "round": 1, "closing": closing, "rationale": rationale}
    return forger.act("round:appealed", of, "ana", **fields)


@lie("declare/topic-known", "a perspective that the topic does not have")
def _(forger):
    return forger.declare("late", "sink")


@lie("declare/topic-known", "a declaration under the definition of another topic")
def _(forger):
    return forger.declare("late", "keep", definition=forger.topics["river"])


@lie("declare/chain", "a second declaration beside the first")
def _(forger):
    return forger.declare("keep-1", "move")


@lie("declare/chain", "a declaration that replaces another person's")
def _(forger):
    return forger.declare("late", "move", supersedes=forger.declared["keep-1"])


# --- proposals and revisions ------------------------------------------------------------------------------------------


@lie("propose/topic-in-force", "an example on a topic that nobody defined")
def _(forger):
    return forger.propose(topic="the-moon").revision


@lie("propose/policy-in-force", "a policy that binds at once")
def _(forger):
    policy = change_policy(forger, policy=POLICY | {"standard": {"seats": 1, "min_accepts": 1, "min_share_percent": 1}})
    forger.close()
    return forger.propose(policy=policy).revision


@lie("propose/policy-in-force", "an example under the definition of another topic")
def _(forger):
    return forger.propose(definition=forger.topics["river"]).revision


@lie("propose/positions-known", "a position that the topic does not have")
def _(forger):
    return forger.propose(positions=["keep-it", "sink-it"]).revision


@lie("propose/positions-known", "a framing that is no position")
def _(forger):
    return forger.propose(framing="sink-it").revision


@lie("propose/language", "a language that the dataset does not have")
def _(forger):
    return forger.propose(language="de").revision


@lie("propose/licence", "a licence that the dataset does not admit")
def _(forger):
    return forger.propose(license="MIT").revision


@lie("propose/new-id", "an example proposed twice")
def _(forger):
    first = forger.propose()
    forger.close()
    return forger.propose("ben", example=first.example).revision


@lie("propose/links", "a mirror that does not exist")
def _(forger):
    return forger.propose(mirrors=["ex_aaaaaaaaaaaaaaaa"]).revision


@lie("propose/links", "a translation in the same language")
def _(forger):
    first = forger.propose()
    forger.close()
    return forger.propose(group=first.group, translation_of=first.example).revision


@lie("revise/only-proposer", "somebody else revises")
def _(forger):
    first = forger.propose()
    forger.close()
    return forger.revise(first, "ben")


@lie("revise/of-latest", "a revision of a revision that was replaced")
def _(forger):
    first = forger.propose()
    forger.close()
    forger.revise(first)
    forger.close()
    return forger.revise(first)


@lie("revise/same-example", "a revision in another language")
def _(forger):
    first = forger.propose()
    forger.close()
    return forger.revise(first, language="fr")


@lie("revise/limit", "more revisions than the policy allows")
def _(forger):
    first = forger.propose()
    forger.close()
    second = forger.revise(first)
    forger.close()
    return forger.revise(first, previous=second)


@lie("withdraw/only-proposer", "somebody else withdraws")
def _(forger):
    first = forger.accepted()
    return forger.act("example:withdrawn", first, "keep-1", revision=first.revision, reason="error")


@lie("withdraw/once", "an example withdrawn twice")
def _(forger):
    first = forger.propose()
    forger.close()
    forger.act("example:withdrawn", first, "ana", revision=first.revision, reason="error")
    forger.close()
    return forger.act("example:withdrawn", first, "ana", revision=first.revision, reason="licence")


@lie("withdraw/once", "a withdrawn example revised")
def _(forger):
    first = forger.propose()
    forger.close()
    forger.act("example:withdrawn", first, "ana", revision=first.revision, reason="error")
    forger.close()
    return forger.revise(first)


# --- reviews ----------------------------------------------------------------------------------------------------------


def open_round(forger, kind="sft"):
    made = forger.propose(kind=kind)
    forger.close()
    return made


@lie("review/revision-known", "a review of an example that does not exist")
def _(forger):
    made = open_round(forger)
    made.example = "ex_aaaaaaaaaaaaaaaa"
    return forger.review(made, "keep-1", 1)


@lie("review/revision-known", "a review that names another example's revision")
def _(forger):
    made, other = open_round(forger), open_round(forger)
    return forger.review(made, "keep-1", 1, revision=other.revision)


@lie("review/round-open", "a vote after the round's end")
def _(forger):
    made = forger.accepted(verdicts="aaar")
    return forger.review(made, "keep-3", 1)


@lie("review/perspective-required", "a review in a seat of a perspective without seats")
def _(forger):
    made = open_round(forger)
    return forger.review(made, "watcher", 1, perspective="observer")


@lie("review/seat-exists", "a third seat where there are two")
def _(forger):
    return forger.review(open_round(forger), "keep-1", 3)


@lie("review/seat-exists", "a seat in an appeal that nobody asked for")
def _(forger):
    return forger.review(open_round(forger), "keep-1", 3, stage=2)


@lie("review/seat-exists", "a seat in a second round of a first revision")
def _(forger):
    return forger.review(open_round(forger), "keep-1", 1, round=2)


@lie("review/seat-empty", "a seat filled twice")
def _(forger):
    made = open_round(forger)
    forger.review(made, "keep-1", 1)
    forger.close()
    return forger.review(made, "keep-2", 1)


@lie("review/declared", "a reviewer who declared nothing")
def _(forger):
    return forger.review(open_round(forger), "keep-9", 1, declaration=forger.declared["keep-2"])


@lie("review/declared", "a reviewer who declared the other side")
def _(forger):
    return forger.review(open_round(forger), "keep-1", 1, perspective="move")


@lie("review/declared", "a perspective changed when the round was open already")
def _(forger):
    made = open_round(forger)
    changed = forger.declare("move-4", "keep", supersedes=forger.declared["move-4"])
    forger.close()
    return forger.review(made, "move-4", 1, perspective="keep", declaration=changed)


@lie("review/not-own", "a review by the proposer")
def _(forger):
    made = forger.propose("keep-1")
    forger.close()
    return forger.review(made, "keep-1", 1)


@lie("review/one-seat", "one person in two seats")
def _(forger):
    made = open_round(forger)
    forger.review(made, "keep-1", 1)
    forger.close()
    return forger.review(made, "keep-1", 2)


@lie("review/one-seat", "a seat for somebody who handed one on")
def _(forger):
    made = open_round(forger)
    seat = {"revision": made.revision, "round": 1, "stage": 1, "perspective": "keep"}
    forger.act("seat:passed", made, "keep-1", seat=1, declaration=forger.declared["keep-1"], **seat)
    forger.close()
    return forger.review(made, "keep-1", 2)


def appealed(forger):
    made = forger.accepted(verdicts="rraa")
    appeal = forger.act(
        "round:appealed",
        made,
        "ana",
        revision=made.revision,
        round=1,
        closing=made.closing,
        rationale=forger.commit("rationale", {"text": "They read another text."}),
    )
    forger.close()
    return made, appeal


@lie("review/appeal-new-people", "the same people judge the appeal")
def _(forger):
    made, appeal = appealed(forger)
    return forger.review(made, "keep-1", 3, stage=2, appeal=appeal)


@lie("review/supersede-own", "a review that supersedes somebody else's")
def _(forger):
    made = open_round(forger)
    first = forger.review(made, "keep-1", 1)
    forger.close()
    return forger.review(made, "keep-2", 1, supersedes=first)


@lie("review/reasons", "a rejection without a reason")
def _(forger):
    return forger.review(open_round(forger), "keep-1", 1, "reject", reasons=None, rationale=None)


@lie("review/counter-source", "«inaccurate» without a source that shows it")
def _(forger):
    return forger.review(open_round(forger), "keep-1", 1, "reject", reasons=["inaccurate"])


@lie("review/comparison", "a comparison where there is nothing to compare")
def _(forger):
    return forger.review(open_round(forger), "keep-1", 1, comparison="chosen")


@lie("review/comparison", "a preference pair accepted without comparing")
def _(forger):
    return forger.review(open_round(forger, "preference"), "keep-1", 1, comparison=None)


@lie("review/annotation", "a review from Label Studio without its annotation")
def _(forger):
    return forger.review(open_round(forger), "keep-1", 1, via="label-studio")


@lie("review/annotation", "an annotation where Label Studio had no part")
def _(forger):
    return forger.review(open_round(forger), "keep-1", 1, annotation="a" * 64)


# --- rounds -----------------------------------------------------------------------------------------------------------


@lie("round/outcome", "an outcome that the votes do not give")
def _(forger):
    made = open_round(forger)
    return forger.judge(made, "rrrr", outcome="accepted")


@lie("round/outcome", "a contested example called accepted")
def _(forger):
    made = open_round(forger)
    return forger.judge(made, "aarr", outcome="accepted")


@lie("round/outcome", "an accepted example called rejected")
def _(forger):
    made = open_round(forger)
    return forger.judge(made, "aaaa", outcome="rejected")


@lie("round/votes", "a vote left out")
def _(forger):
    made = open_round(forger)
    forger.judge(made, "aara", end=False)
    return forger.end(made, outcome="accepted", counted=sorted(made.votes)[1:])


@lie("round/votes", "a vote counted that was never cast")
def _(forger):
    made = open_round(forger)
    forger.judge(made, "aaaa", end=False)
    return forger.end(made, outcome="accepted", counted=sorted([*made.votes, forger.definition]))


@lie("round/votes", "a superseded vote counted")
def _(forger):
    made = open_round(forger)
    forger.judge(made, "aaaa", end=False)
    forger.review(made, "keep-1", 1, "reject", supersedes=made.votes[0])
    made.votes.pop()
    forger.close()
    return forger.end(made, outcome="accepted")


@lie("round/end", "a full round that ran out of time")
def _(forger):
    made = open_round(forger)
    forger.judge(made, "aaaa", end=False)
    forger.close("2027-06-01")
    return forger.end(made, how="time", outcome="unresolved")


@lie("round/end", "a round that ran out of time after a week")
def _(forger):
    made = open_round(forger)
    forger.review(made, "keep-1", 1)
    return forger.end(made, how="time", outcome="unresolved", missing=["keep", "move"])


@lie("round/end", "a round cut short as revised, without a revision")
def _(forger):
    made = open_round(forger)
    return forger.end(made, how="revised", outcome=None, missing=["keep", "move"], by=made.revision)


@lie("round/end", "a round cut short as withdrawn, without a withdrawal")
def _(forger):
    made = open_round(forger)
    return forger.end(made, how="withdrawn", outcome=None, missing=["keep", "move"], by=made.revision)


@lie("round/end", "a round that ends twice")
def _(forger):
    made = forger.accepted()
    return forger.end(made)


@lie("round/end", "a round is kept open beyond its time")
def _(forger):
    made = open_round(forger)
    forger.close()
    for _week in range(10):
        forger.close()
    return made.revision


@lie("round/end", "a round goes on although its revision was replaced")
def _(forger):
    made = open_round(forger)
    forger.close()
    leaf = forger.revise(made)
    forger.close()
    return leaf


@lie("round/end", "a round goes on although its example was withdrawn")
def _(forger):
    made = open_round(forger)
    forger.close()
    leaf = forger.act("example:withdrawn", made, "ana", revision=made.revision, reason="error")
    forger.close()
    return leaf


def control(forger, direction="keep-it", **over):
    """A control that was committed to, judged and opened, each in its epoch."""
    own = forger.fresh("ex_", 10)
    opening = Opening.fresh("control", control_body(own, "keep-it"))
    planted = forger.add("control:planted", commitment=opening.commitment(), maintainers=[forger.pseudonym("mia")])
    forger.close()
    made = forger.propose(example=own)
    closing = forger.judge(made)
    fields = {"topic": "harbour", "example": own, "planted": planted, "closing": closing, "direction": direction}
    return made, forger.add("control:opened", salt=opening.salt.hex(), **(fields | over))


@lie("control/planted", "a control is opened as one that was slanted the other way")
def _(forger):
    return control(forger, "move-it")[1]


@lie("control/opened", "an accepted example is called a control an epoch later")
def _(forger):
    own = forger.fresh("ex_", 10)
    opening = Opening.fresh("control", control_body(own, "keep-it"))
    planted = forger.add("control:planted", commitment=opening.commitment(), maintainers=[forger.pseudonym("mia")])
    forger.close()
    closing = forger.judge(forger.propose(example=own))
    forger.close()
    fields = {"topic": "harbour", "example": own, "planted": planted, "closing": closing, "direction": "keep-it"}
    return forger.add("control:opened", salt=opening.salt.hex(), **fields)


@lie("gate/topic-in-force", "a gate is overruled for a topic that nobody defined")
def _(forger):
    fields = {"topic": "forest", "definition": forger.topics["river"], "gates": ["balance/coverage"]}
    return forger.add("gate:overruled", reason="We say so.", maintainers=[forger.pseudonym("mia")], **fields)


# --- roles and suspensions --------------------------------------------------------------------------------------------


def change_roles(forger, who="max", roles=("auditor",), by="mia", **over):
    fields = {"pseudonym": forger.pseudonym(who), "roles": list(roles), "administrator": forger.pseudonym(by)}
    return forger.add("roles:changed", **(fields | over))


def suspend(forger, who="keep-1", **over):
    fields = {"topic": "harbour", "pseudonym": forger.pseudonym(who), "ground": "spam"}
    return forger.add("person:suspended", administrator=forger.pseudonym("mia"), **(fields | over))


def restore(forger, suspension, who="keep-1", **over):
    fields = {"topic": "harbour", "pseudonym": forger.pseudonym(who), "suspension": suspension}
    return forger.add("person:restored", administrator=forger.pseudonym("mia"), **(fields | over))


@lie("roles/chain", "a change of roles passes over the one before")
def _(forger):
    change_roles(forger)
    forger.close()
    return change_roles(forger, roles=["contributor"])


@lie("roles/chain", "a change of roles that changes none")
def _(forger):
    first = change_roles(forger)
    forger.close()
    return change_roles(forger, supersedes=first)


@lie("roles/not-own", "somebody makes themselves a maintainer")
def _(forger):
    return change_roles(forger, "mia", ["maintainer"])


@lie("roles/held", "a policy is agreed by somebody whose role as a maintainer was taken")
def _(forger):
    change_roles(forger)
    forger.close()
    return change_policy(forger)


@lie("roles/held", "roles are given by an administrator who is one no more")
def _(forger):
    change_roles(forger, "max", ["maintainer"])
    forger.close()
    return change_roles(forger, "zoe", ["contributor"], by="max")


@lie("roles/held", "a release is cut by somebody whose role as a maintainer was taken")
def _(forger):
    change_roles(forger, "mia", ["auditor"], by="max")
    forger.close()
    return forger.cut()


@lie("suspend/chain", "somebody is suspended twice")
def _(forger):
    suspend(forger)
    forger.close()
    return suspend(forger)


@lie("suspend/chain", "an earlier suspension is hidden")
def _(forger):
    restore(forger, suspend(forger))
    forger.close()
    return suspend(forger)


@lie("suspend/chain", "a suspension ends twice")
def _(forger):
    first = suspend(forger)
    restore(forger, first)
    forger.close()
    return restore(forger, first)


@lie("suspend/chain", "a suspension ends that was on another topic")
def _(forger):
    first = suspend(forger)
    forger.close()
    return restore(forger, first, topic="river")


@lie("suspend/acts", "somebody proposes an epoch after their suspension")
def _(forger):
    suspend(forger, "ana")
    forger.close()
    return forger.propose("ana").revision


@lie("suspend/acts", "somebody declares a perspective an epoch after their suspension")
def _(forger):
    suspend(forger)
    forger.close()
    return forger.declare("keep-1", "move", supersedes=forger.declared["keep-1"])


@lie("suspend/acts", "somebody reviews in a round that opened after their suspension")
def _(forger):
    suspend(forger)
    forger.close()
    made = forger.propose()
    forger.close()
    forger.judge(made)
    return made.votes[0]


def check(forger, made, **over):
    """A check that found a quote in a kept copy."""
    page = forger.commit("page", {"record": "1" * 64, "payload": "2" * 64})
    fields = {"topic": "harbour", "example": made.example, "act": made.revision, "source": made.fields["sources"][0]}
    how = {"status": "exact", "extractor": "evenhand-html/1 unicode/15.0.0", "anchorer": "evenhand-anchor/2"}
    return forger.add("source:checked", page=page, **(fields | how | over))


@lie("check/cited", "a quote was found in the page of a source that nobody cites")
def _(forger):
    return check(forger, forger.accepted(), source=NOWHERE)


@lie("check/cited", "a source is checked that another example cites")
def _(forger):
    made, other = forger.accepted(), forger.accepted()
    return check(forger, made, source=other.fields["sources"][0])


@lie("check/latest", "a second check passes over the first")
def _(forger):
    made = forger.accepted()
    check(forger, made)
    forger.close()
    return check(forger, made, status="missing")


@lie("appeal/ended", "an appeal of a round that is open")
def _(forger):
    made = open_round(forger)
    rationale = forger.commit("rationale", {"text": "Too slow."})
    fields = {"revision": made.revision, "round": 1, "closing": made.revision, "rationale": rationale}
    return forger.act("round:appealed", made, "ana", **fields)


@lie("appeal/once", "a second appeal")
def _(forger):
    made, _appeal = appealed(forger)
    rationale = forger.commit("rationale", {"text": "Again."})
    fields = {"revision": made.revision, "round": 1, "closing": made.closing, "rationale": rationale}
    return forger.act("round:appealed", made, "keep-1", **fields)


@lie("appeal/by-party", "an appeal by a stranger")
def _(forger):
    made = forger.accepted(verdicts="rraa")
    rationale = forger.commit("rationale", {"text": "I would have voted."})
    fields = {"revision": made.revision, "round": 1, "closing": made.closing, "rationale": rationale}
    return forger.act("round:appealed", made, "keep-4", **fields)


# --- flags ------------------------------------------------------------------------------------------------------------


def flag(forger, made, who="keep-3", ground="law", **over):
    evidence = forger.commit("evidence", {"text": "See page 3."})
    fields = {"revision": made.revision, "ground": ground, "evidence": evidence} | over
    return forger.act("flag:raised", made, who, **fields)


def uphold(forger, made, raised, who):
    side = who.partition("-")[0]
    fields = {"flag": raised, "perspective": side, "declaration": forger.declared[who]}
    return forger.act("flag:upheld", made, who, **fields)


@lie("flag/revision-known", "a flag on another example's revision")
def _(forger):
    made, other = forger.accepted(), forger.accepted()
    return flag(forger, made, revision=other.revision)


@lie("flag/seat-holder", "a flag on sources by somebody without a seat")
def _(forger):
    return flag(forger, forger.accepted(), ground="source")


@lie("flag/seat-holder", "a flag that names somebody else's review")
def _(forger):
    made = forger.accepted()
    return flag(forger, made, "keep-1", ground="source", review=made.votes[1])


@lie("flag/once", "the same ground flagged twice")
def _(forger):
    made = forger.accepted()
    flag(forger, made)
    forger.close()
    return flag(forger, made, "move-3")


@lie("flag/not-own", "a flag by the proposer")
def _(forger):
    return flag(forger, forger.accepted(), "ana")


@lie("flag/open", "a flag upheld that nobody raised")
def _(forger):
    made = forger.accepted()
    return uphold(forger, made, NOWHERE, "move-3")


@lie("flag/uninvolved", "a flag upheld by who raised it")
def _(forger):
    made = forger.accepted()
    raised = flag(forger, made)
    forger.close()
    return uphold(forger, made, raised, "keep-3")


@lie("flag/uninvolved", "a flag upheld by a reviewer")
def _(forger):
    made = forger.accepted()
    raised = flag(forger, made)
    forger.close()
    return uphold(forger, made, raised, "move-1")


@lie("flag/lapse", "a flag that lapses at once")
def _(forger):
    made = forger.accepted()
    raised = flag(forger, made)
    return forger.add("flag:lapsed", topic="harbour", example=made.example, flag=raised)


@lie("flag/lapse", "a flag with a review that lapses at once")
def _(forger):
    made = forger.accepted()
    forger.close()
    raised = flag(forger, made, "keep-1", ground="source", review=made.votes[0])
    return forger.add("flag:lapsed", topic="harbour", example=made.example, flag=raised)


@lie("flag/lapse", "a flag that lapses though two sides upheld it")
def _(forger):
    made = forger.accepted()
    raised = flag(forger, made)
    forger.close()
    upheld = [uphold(forger, made, raised, who) for who in ("keep-4", "move-4")]
    forger.close("2027-08-01")
    return forger.add("flag:lapsed", topic="harbour", example=made.example, flag=raised, upheld=sorted(upheld))


# --- attestation, erasure, epochs, releases ---------------------------------------------------------------------------


def declare_signed(forger, who, signer, **over):
    fields = {
        "topic": "harbour",
        "pseudonym": forger.pseudonym(who),
        "definition": forger.topics["harbour"],
        "perspective": "keep",
    }
    return forger.signed("perspective:declared", signer, **(fields | over))


@lie("auth/signature", "words put in a contributor's mouth")
def _(forger):
    fields = declare_signed(forger, "late", forger.signer()) | {"perspective": "move"}
    return forger.add_raw(encode_leaf(fields), [forger.topics["harbour"]])


@lie("auth/signature", "a signature of zeros")
def _(forger):
    fields = declare_signed(forger, "late", forger.signer()) | {"sig": "A" * 86 + "=="}
    return forger.add_raw(encode_leaf(fields), [forger.topics["harbour"]])


@lie("auth/one-key", "a pseudonym that signs with two keys")
def _(forger):
    first = encode_leaf(declare_signed(forger, "late", forger.signer()))
    leaf = forger.add_raw(first, [forger.topics["harbour"]])
    forger.close()
    second = declare_signed(forger, "late", forger.signer(), supersedes=leaf)
    return forger.add_raw(encode_leaf(second), [forger.topics["harbour"], leaf])


@lie("auth/one-key", "a key of two pseudonyms")
def _(forger):
    signer = forger.signer()
    forger.add_raw(encode_leaf(declare_signed(forger, "late", signer)), [forger.topics["harbour"]])
    forger.close()
    return forger.add_raw(encode_leaf(declare_signed(forger, "later", signer)), [forger.topics["harbour"]])


@lie("erase/known", "an erasure of another act's text")
def _(forger):
    made, other = forger.accepted(), forger.accepted()
    commitments = sorted(other.fields["content"]["messages"])
    fields = {"act": made.revision, "commitments": commitments, "ground": "law"}
    return forger.add("opening:erased", example=made.example, **fields)


@lie("epoch/order", "leaves in the order in which they came")
def _(forger):
    for number in range(6):
        forger.declare(f"late-{number}", "keep")
    return forger.close(backwards=True)


@lie("epoch/number", "an epoch's date before the one before")
def _(forger):
    return forger.close("2026-01-01")


@lie("epoch/number", "an epoch left out")
def _(forger):
    return forger.close(number=7)


@lie("release/prefix", "a release of a size at which no epoch ends")
def _(forger):
    forger.accepted()
    return forger.cut(size=forger.size - 1)


@lie("release/prefix", "a release that names another root")
def _(forger):
    forger.accepted()
    return forger.cut(root="0" * 64)


@lie("release/version", "a first release that is not 1.0.0")
def _(forger):
    forger.accepted()
    return forger.cut("1.0.1")


@lie("release/version", "a removal called a patch")
def _(forger):
    made = forger.accepted()
    forger.cut()
    forger.close()
    forger.act("example:withdrawn", made, "ana", revision=made.revision, reason="error")
    forger.close()
    return forger.cut("1.0.1")


@lie("release/version", "a version that goes back")
def _(forger):
    forger.accepted()
    forger.cut()
    forger.close()
    return forger.cut("0.9.0")


def retract(forger, made, **over):
    fields = {"topic": "harbour", "example": made.example, "revision": made.revision, "reason": "A forged source."}
    return forger.add("example:retracted", **(fields | {"maintainers": both_maintainers(forger)} | over))


def yank(forger, version="1.0.0", **over):
    forger.accepted()
    release = forger.cut()
    forger.close()
    fields = {"version": version, "release": release, "reason": "Half of it was lost."}
    return forger.add("release:yanked", **(fields | {"maintainers": both_maintainers(forger)} | over))


def both_maintainers(forger):
    return [forger.pseudonym("mia"), forger.pseudonym("max")]


@lie("release/two-maintainers", "an example retracted by one maintainer under the same name twice")
def _(forger):
    return retract(forger, forger.accepted(), maintainers=[forger.pseudonym("mia")] * 2)


@lie("release/two-maintainers", "a release yanked by one maintainer under the same name twice")
def _(forger):
    return yank(forger, maintainers=[forger.pseudonym("mia")] * 2)


@lie("release/retracted", "a retraction of another example's revision")
def _(forger):
    made, other = forger.accepted(), forger.accepted()
    return retract(forger, made, revision=other.revision)


@lie("release/retracted", "an example retracted twice")
def _(forger):
    made = forger.accepted()
    retract(forger, made)
    forger.close()
    return retract(forger, made)


@lie("release/yanked", "a yank that names another version than its release has")
def _(forger):
    return yank(forger, "1.0.1")


# --- leaves that are no events ----------------------------------------------------------------------------------------


@lie("schema", "an event of no known type")
def _(forger):
    return forger.add_raw(b'{"dataset":"two-disputes","nonce":"%s","type":"vote:bought","v":1}' % (b"0" * 32))


@lie("schema", "a field that no event has")
def _(forger):
    made = json.loads(forger.leaves[-1]) | {"paid_by": "somebody", "epoch": 1}
    return forger.add_raw(encode_leaf(made))


@lie("schema", "a leaf that is not in canonical form")
def _(forger):
    made = json.loads(forger.leaves[-1])
    return forger.add_raw(json.dumps(made).encode())


@lie("schema", "a leaf that is not JSON")
def _(forger):
    return forger.add_raw(b"\xff\x00 not JSON")


@lie("schema", "a self-attested act without a signature")
def _(forger):
    fields = declare_signed(forger, "late", forger.signer())
    del fields["sig"]
    return forger.add_raw(encode_leaf(fields))


@lie("schema", "a leaf with an empty list written out")
def _(forger):
    made = open_round(forger)
    fields = json.loads(forger.leaves[forger.index_of(made.revision)]) | {
        "mirrors": [],
        "example": "ex_bbbbbbbbbbbbbbbb",
    }
    return forger.add_raw(encode_leaf(fields))


@pytest.mark.parametrize(("rule", "told"), [pytest.param(rule, told, id=what) for rule, what, told in LIES])
def test_a_lie_in_the_log_is_named_by_leaf_and_rule(rule, told, template, tmp_path):
    forger = Forger().found()
    leaf = told(forger)
    if not forger.leaves or leaf not in {_hash(item) for item in forger.leaves}:
        forger.close()
    index = forger.index_of(leaf)

    report = verify_bundle(forged_bundle(forger, template, tmp_path))

    assert report.verdict == "FAILED"
    named = [(item.where, item.message) for item in report.failures]
    assert [1 for where, message in named if where == f"leaf {index}" and message.endswith(f"(rule {rule})")], named


def _hash(leaf: bytes) -> str:
    return leaf_hash(leaf).hex()


def test_every_rule_that_a_log_can_show_is_broken_here():
    shown = {rule for rule, sentence in RULES.items() if not sentence.endswith("(server)")}
    assert shown == {rule for rule, _, _ in LIES} - {"schema"}


def test_what_the_forger_writes_without_a_lie_verifies(template, tmp_path):
    """The forger's tool itself is right: what the tests above find is the lie."""
    forger = Forger().found()
    accepted = forger.accepted()
    forger.accepted("ben", "preference")
    forger.accepted("ben", verdicts="aarr")
    forger.accepted("ben", verdicts="rrrr")
    made, appeal = appealed(forger)
    for who, seat in (("keep-3", 3), ("keep-4", 4), ("move-3", 3), ("move-4", 4)):
        forger.review(made, who, seat, stage=2, appeal=appeal)
    forger.end(made, stage=2, appeal=appeal, counted=sorted(made.votes[4:]))
    signed = encode_leaf(declare_signed(forger, "late", forger.signer()))
    forger.add_raw(signed, [forger.topics["harbour"]])
    forger.close()
    forger.cut()
    forger.close()
    forger.act("example:withdrawn", accepted, "ana", revision=accepted.revision, reason="error")
    forger.close()
    forger.cut("2.0.0")
    forger.close()

    report = verify_bundle(forger.bundle(template, tmp_path))

    assert (report.failures, report.verdict, report.version) == ([], "VERIFIED", "2.0.1")
    assert report.attested["self"] == 1


def test_a_full_round_without_an_end_is_named(template, tmp_path):
    """Reviews enter the log with their round's end only; else a server could log votes and never count them."""
    forger = Forger().found()
    made = forger.accepted(verdicts="aaaa")
    appeal = forger.act(
        "round:appealed",
        made,
        "ana",
        revision=made.revision,
        round=1,
        closing=made.closing,
        rationale=forger.commit("rationale", {"text": "They read another text."}),
    )
    forger.close()
    for who, seat in (("keep-3", 3), ("keep-4", 4), ("move-3", 3), ("move-4", 4)):
        forger.review(made, who, seat, "reject", stage=2, appeal=appeal)
    forger.close()
    forger.close()
    failures = failures_of(forger, template, tmp_path)
    assert [message for _, message in failures if "(rule round/end)" in message], failures


def test_an_epoch_that_never_ends_is_named(template, tmp_path):
    """Leaves after the last epoch's end belong to no epoch, and no release can be cut over them."""
    forger = Forger().found()
    forger.accepted()
    bundle = forger.bundle(template, tmp_path)
    stray = [*forger.leaves, forger.leaves[5]]
    Folder(bundle).plant_log(stray, SigningKey.parse((tmp_path / "home/keys/log.key").read_text().strip()))
    failures = [(item.where, item.message) for item in verify_bundle(bundle).failures]
    assert [message for _, message in failures if f"no epoch ends at log size {len(stray)}" in message], failures


ODD_BODIES = [
    pytest.param(b"[" * 100_000, id="deep"),
    b"[1]",
    b'"text"',
    b"7",
    b"null",
    b"{}",
    b"\xff\xfe",
    b"",
    b'{"role":5}',
    b'{"role":"user","content":[{}]}',
]


@pytest.mark.parametrize("body", ODD_BODIES)
@pytest.mark.parametrize("unit", ["message", "source", "rationale", "origin"])
def test_a_committed_text_that_is_no_text_ends_in_a_report_and_not_in_a_traceback(unit, body, template, tmp_path):
    forger = Forger().found()
    over: dict[str, Any] = {}
    if unit == "message":
        over = {"content": {"messages": [forger.commit_body(unit, body)] * 2}}
    elif unit == "source":
        over = {"sources": [forger.commit_body(unit, body)]}
    elif unit == "origin":
        over = {"origin": forger.commit_body(unit, body), "origin_kind": "synthetic"}
    made = forger.propose(**over)
    forger.close()
    if unit == "rationale":
        forger.review(made, "keep-1", 1, "reject", rationale=forger.commit_body(unit, body))
        for who, seat in (("keep-2", 2), ("move-1", 1), ("move-2", 2)):
            forger.review(made, who, seat)
        forger.end(made)
    else:
        forger.judge(made)
    forger.close()
    act, odd = next((act, item) for act, item in forger.openings if item.body == body)
    bundle = forger.bundle(template, tmp_path, without=[odd.commitment()])
    place = {"index": forger.index_of(act), "commitment": odd.commitment(), "salt": odd.salt, "body": odd.body}
    folder = Folder(bundle)
    folder.change_rows("openings/*.parquet", lambda rows: rows.insert(0, place))
    folder.reseal()

    report = verify_bundle(bundle)

    if unit != "origin":  # An origin that names nothing is the same as one that says so.
        assert report.verdict == "FAILED"
    assert not [item for item in report.failures if "cannot be read as a bundle" in item.message], report.failures
    told = call("trace", made.example, "--bundle", bundle)
    assert told.code in (0, 1), told
    assert call("trace", made.example, "--bundle", bundle, "--json").code == told.code


def test_a_log_that_defines_nothing_fails(template, tmp_path):
    forger = Forger().found()
    forger.accepted()
    bundle = forger.bundle(template, tmp_path)
    empty = Forger()
    empty.close()
    Folder(bundle).plant_log(empty.leaves, SigningKey.parse((tmp_path / "home/keys/log.key").read_text().strip()))
    report = verify_bundle(bundle)
    assert report.verdict == "FAILED"
    wanted = ("defines no dataset", "no epoch ends at log size 1")
    assert [item for item in report.failures if item.message.startswith(wanted)], report.failures


def test_a_violation_keeps_the_act_from_counting(template, tmp_path):
    """A forged outcome does not publish the example: the rows are those that the rules give."""
    forger = Forger().found()
    made = open_round(forger)
    forger.judge(made, "rrrr", outcome="accepted")
    forger.close()
    bundle = forger.bundle(template, tmp_path)
    assert not list((bundle / "data").glob("sft/*")) if (bundle / "data").exists() else True
    shutil.copytree(bundle, tmp_path / "other")
    story = trace_example(bundle, made.example).story
    assert story["in_this_release"] is None
    assert story["violations"][0]["rule"] == "round/outcome"
    assert re.fullmatch(r"the round's end says accepted; its votes give rejected", story["violations"][0]["message"])
