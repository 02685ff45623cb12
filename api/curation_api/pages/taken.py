"""Taking a proposal in from a form, once, and saying what forbids it.

Rules that always hold:
- the same form sent twice proposes once; sent again with another text, it brings nothing new, and whoever sent it can
  tell by the digest that the first text is the one that was taken in.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from curation.drafts import drop_draft
from curation.errors import Refused
from curation.examples.propose import Propose, Revise, propose_example, revise_example
from curation.repeats import find_answer, keep_answer
from curation.rulebook.rules import RULES
from curation_api.pages.catalogue import N_
from curation_api.pages.complaints import Problems
from curation_api.pages.findings import findings_in, say_finding, say_place
from curation_api.pages.visit import Visit, Voice
from curation_schemas.commons import AnyProposal
from curation_schemas.events import RevisionBrought


class Taken(NamedTuple):
    """What came of a form: the example, and which text was taken in."""

    example: str
    text_digest: str

    def is_text(self, written: AnyProposal) -> bool:
        """Whether this is the text that was taken in."""
        return self.text_digest == _digest(written)


def _digest(written: AnyProposal) -> str:
    return hashlib.sha256(written.model_dump_json().encode()).hexdigest()


def take_in(visit: Visit, form: str, once: str, example: str | None, written: AnyProposal) -> Taken:
    """Propose or revise, once; or what this form brought before. The draft of it goes.

    Args:
        visit: who proposes.
        form: the form's address, by which its draft is kept.
        once: the token of this very form.
        example: the own example that is revised; None for a new one.
        written: what was written.

    Raises:
        Refused: a rule forbids it.
        NotFound: there is no such example.
    """
    actor, key = visit.must_act(), f"form:{once}"
    with visit.platform.write() as writing:
        # Any text under this key is answered with what came first: the page compares the texts, and says so.
        if (before := find_answer(writing, actor, key, "")) is not None:
            return Taken(*before.split())
        if example:
            recorded = revise_example(writing, actor, Revise(example_id=example, example=written))
        else:
            recorded = propose_example(writing, actor, Propose(example=written))
        assert isinstance(recorded.event, RevisionBrought)
        taken = Taken(recorded.event.example, _digest(written))
        keep_answer(writing, actor, key, "", " ".join(taken))
        drop_draft(writing, actor, form)
    return taken


def what_forbids(say: Voice, error: Refused) -> Problems:
    """The rule, and what the checks found or else what the rule's own message says."""
    sentence = say(RULES.get(error.rule, error.rule).removesuffix(" (server)"))
    found = findings_in(error.message) if error.rule == "propose/intake" else []
    if found:
        places = [(say_place(say, item), say_finding(say, item)) for item in found]
        return {"": [sentence, *(f"{place}{say(N_(': '))}{text}" if place else text for place, text in places)]}
    return {"": [sentence], "detail": [f"{error.message}. {error.hint}".strip()]}
