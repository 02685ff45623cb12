"""The policy: every one there was, drafts of the next, and a second maintainer's agreement."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Any

from fastapi import APIRouter, Path
from sqlalchemy import select
from starlette.responses import Response

from curation.errors import NotFound, Refused
from curation.rulebook.definitions import EPOCHS_UNTIL_BINDING
from curation.tables import log_leaves
from curation.topics.define import DraftPolicy, agree_policy, draft_policy
from curation.topics.policies import (
    FIELDS,
    changes_between,
    drop_draft,
    find_draft,
    list_drafts,
    nest_numbers,
    policy_numbers,
)
from curation_api.oversight import may_oversee
from curation_api.pages.catalogue import N_
from curation_api.pages.complaints import Problems, by_field, refusal
from curation_api.pages.render import go, show
from curation_api.pages.visit import Form, TheForm, TheVisit, Visit
from curation_schemas.definition import AcceptanceRule, Policy
from curation_schemas.parsing import SchemaInvalid, validate
from curation_validators.acceptance import AcceptancePolicy, infiltration_limit, operating_characteristic

router = APIRouter()
ADraft = Annotated[str, Path(pattern=r"^d_?[a-z0-9]{1,40}$")]
CHANCES = ((0.9, 0.9), (0.9, 0.3), (0.95, 0.05))
"""The chances of two perspectives' seats to accept, for which a rule's power is shown (docs/acceptance.md)."""


@dataclass(frozen=True, slots=True)
class Power:
    """What an acceptance rule lets through: the chance for each of `CHANCES`, and how many seats it may lose."""

    accepted: tuple[float, ...]
    infiltration: float


def power_of(rule: AcceptanceRule) -> Power:
    """The power of a rule with two required perspectives."""
    policy = AcceptancePolicy(rule.seats, rule.min_accepts, Fraction(rule.min_share_percent, 100))
    return Power(tuple(operating_characteristic(policy, chance) for chance in CHANCES), infiltration_limit(policy))


@router.get("/maintain/policy")
def policies(visit: TheVisit) -> Response:
    """Every policy, which one is in force, and the drafts that wait."""
    actor = visit.must_act()
    may_oversee(actor)
    with visit.platform.read() as loaded:
        known = loaded.definitions.policies
        leaves = [item.leaf for item in known]
        query = select(log_leaves.c.hash).where(log_leaves.c.hash.in_(leaves))
        sealed = set(loaded.connection.execute(query).scalars())
        in_force = loaded.definitions.policy_at(loaded.epoch).leaf
        drafts = list_drafts(loaded, actor)
        epoch = loaded.epoch
    changes = [changes_between(before.content, after.content) for before, after in pairwise(known)]
    return show(
        visit,
        "policies.html",
        policies=list(zip(known, [None, *changes], strict=True))[::-1],
        in_force=in_force,
        sealed=sealed,
        drafts=drafts,
        epoch=epoch,
    )


@router.get("/maintain/policy/new")
def new(visit: TheVisit) -> Response:
    """The form, with the latest policy's numbers in it."""
    visit.must_act().require("maintainer")
    latest = _latest(visit)
    return _page(visit, latest, Form([(path, str(value)) for path, value in policy_numbers(latest).items()]))


def _latest(visit: Visit) -> Policy:
    with visit.platform.read() as loaded:
        return loaded.definitions.policies[-1].content


def _page(
    visit: Visit,
    latest: Policy,
    form: Form,
    problems: Problems | None = None,
    draft: Policy | None = None,
    status: int = 200,
) -> Response:
    changes = changes_between(latest, draft) if draft is not None else []
    return show(
        visit,
        "policy-new.html",
        status,
        form=form,
        problems=problems or {},
        numbers=policy_numbers(latest),
        fields=FIELDS,
        changes=changes,
        **_powers(latest, draft or latest),
    )


def _powers(before: Policy, after: Policy) -> dict[str, Any]:
    pairs = {name: (getattr(before, name), getattr(after, name)) for name in ("standard", "high")}
    changed = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    return {
        "chances": CHANCES,
        "powers": {name: (power_of(old), power_of(new)) for name, (old, new) in changed.items()},
    }


@router.post("/maintain/policy/new")
def draft(visit: TheVisit, form: TheForm) -> Response:
    """Compare with the latest policy, or draft it. Whoever sends the form twice has one draft."""
    actor = visit.must_act()
    actor.require("maintainer")
    latest = _latest(visit)
    try:
        plain = nest_numbers(_numbers(form))
        if latest.targets is not None:  # They are no numbers of this form, and stay as they are.
            plain["targets"] = {topic: target.model_dump() for topic, target in latest.targets.items()}
        command = validate(DraftPolicy, {"policy": plain, "reason": form.one("reason")})
    except SchemaInvalid as error:
        pairs = [(path.removeprefix("policy."), message) for path, message in error.problems]
        return _page(visit, latest, form, by_field(visit.say, pairs), status=422)
    if not changes_between(latest, command.policy):
        problems = {"": [visit.say(N_("Nothing is different from the latest policy."))]}
        return _page(visit, latest, form, problems, status=422)
    if form.one("do") != "draft":
        return _page(visit, latest, form, draft=command.policy)
    with visit.platform.write() as writing:
        made = draft_policy(writing, actor, command)
    return go(f"/maintain/policy/drafts/{made}")


def _numbers(form: Form) -> dict[str, int | str]:
    typed = {path: form.one(path) for path in FIELDS}
    return {
        path: int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else text
        for path, text in typed.items()
    }


@router.get("/maintain/policy/drafts/{draft}")
def one(draft: ADraft, visit: TheVisit) -> Response:
    """A draft: what it changes and why."""
    return _draft_page(visit, draft)


def _draft_page(visit: Visit, draft: str, problems: Problems | None = None, status: int = 200) -> Response:
    actor = visit.must_act()
    may_oversee(actor)
    with visit.platform.read() as loaded:
        found = find_draft(loaded, actor, draft)
        replaced = loaded.definitions.policy_by_leaf[found.supersedes].content
        epoch = loaded.epoch
    return show(
        visit,
        "policy-draft.html",
        status,
        draft=found,
        changes=changes_between(replaced, found.policy),
        binds_from=epoch + EPOCHS_UNTIL_BINDING,
        problems=problems or {},
        **_powers(replaced, found.policy),
    )


@router.post("/maintain/policy/drafts/{draft}/agree")
def agree(draft: ADraft, visit: TheVisit, form: TheForm) -> Response:
    """Agree as the second maintainer. Whoever sends the form twice agrees once."""
    actor = visit.must_act()
    actor.require("maintainer")
    try:
        with visit.platform.write() as writing:
            agree_policy(writing, actor, draft)
    except NotFound:
        pass  # agreed to already, or taken back: the list shows which
    except Refused as error:
        return _draft_page(visit, draft, refusal(visit.say, error), 409)
    return go("/maintain/policy")


@router.post("/maintain/policy/drafts/{draft}/drop")
def drop(draft: ADraft, visit: TheVisit, form: TheForm) -> Response:
    """Take a draft back."""
    actor = visit.must_act()
    try:
        with visit.platform.write() as writing:
            drop_draft(writing, actor, draft)
    except NotFound:
        pass  # the same form sent twice
    return go("/maintain/policy")
