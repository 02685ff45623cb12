"""The seat in which somebody judges, with everything that its page shows.

Rules that always hold:
- no proposer, no other vote: what a seat's holder sees is what the API shows them.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from curation.errors import NotFound
from curation.examples.intake import Intake, examine_revision
from curation.opened import opened_of
from curation.people.accounts import leased_by
from curation.people.vault import Vault, topic_scope
from curation.tables import leases
from curation.writing import LoadedExamples
from curation_api.pages.drafted import ShownTopic, topic_if_any
from curation_api.pages.given_review import form_of_review
from curation_api.pages.topic_words import bases_of
from curation_api.pages.visit import Form, Visit
from curation_api.public import shown_example
from curation_api.rendering import example_view
from curation_api.views import ExampleView, RevisionView
from curation_schemas.definition import Topic


@dataclass(frozen=True, slots=True)
class Sitting:
    """One seat. `again` says that it is filled already, and its review can be replaced."""

    example: ExampleView
    revision: str
    topic: ShownTopic | None
    base: Topic | None
    """What a proposal about a topic amends."""
    perspective: str
    order: str
    hours_left: int | None
    intake: Intake
    again: bool = False

    @property
    def judged(self) -> RevisionView:
        """The revision that is judged."""
        return next(item for item in self.example.revisions if item.id == self.revision)

    def recorded(self, choice: str) -> str:
        """What is recorded for a choice on the page: `a` is the answer that stands first."""
        first, second = ("chosen", "rejected") if self.order == "chosen_first" else ("rejected", "chosen")
        return {"a": first, "b": second}.get(choice, choice)


def sitting_now(visit: Visit) -> Sitting | None:
    """The seat that the visitor holds, or None."""
    actor = visit.must_act()
    now = visit.platform.clock.now()
    with visit.platform.read() as loaded:
        vault = Vault(loaded.connection, visit.platform.home.vault_key, visit.platform.token_bytes)
        mine = leased_by(loaded.connection, vault, actor.account)
        row = loaded.connection.execute(select(leases).where(mine, leases.c.ends_at > now)).first()
        if row is None:
            return None
        hours = (row.ends_at - now) // 3600
        return _sitting(visit, loaded, row.example, row.revision, row.perspective, row.order_shown, hours)


def own_sitting(visit: Visit, example: str) -> tuple[Sitting, Form]:
    """The seat that the visitor filled in an open round of this example, and its review's form. Raises NotFound."""
    actor = visit.must_act()
    with visit.platform.read() as loaded:
        history = loaded.existing(example)
        vault = Vault(loaded.connection, visit.platform.home.vault_key, visit.platform.token_bytes)
        pseudonym = vault.pseudonym(actor.account, topic_scope(history.first.topic)) or ""
        for revision in reversed(history.revisions):
            found = revision.round.cast_by(pseudonym)
            if found is not None and revision.round.closed is None:
                (perspective, _), cast = found
                review = history.reviews[cast.leaf]
                order = review.order_shown
                sitting = _sitting(visit, loaded, example, revision.leaf, perspective, order, None, again=True)
                return sitting, form_of_review(review, opened_of(loaded.connection, [cast.leaf]))
    raise NotFound("you have no review in an open round of this example")


def _sitting(
    visit: Visit,
    loaded: LoadedExamples,
    example: str,
    revision: str,
    perspective: str,
    order: str | None,
    hours: int | None,
    *,
    again: bool = False,
) -> Sitting:
    shown = shown_example(loaded, visit.platform, visit.actor, example)
    view = example_view(loaded.connection, shown)
    return Sitting(
        example=view,
        revision=revision,
        topic=topic_if_any(visit, loaded, view.topic),
        base=bases_of(loaded, shown).get(revision),
        perspective=perspective,
        order=order or "chosen_first",
        hours_left=hours,
        intake=examine_revision(loaded, example, revision, visit.platform.home.path),
        again=again,
    )
