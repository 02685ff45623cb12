"""Why a release leaves an example out, in the reader's language.

Rules that always hold:
- a reason is what `release plan` prints (curation/rulebook/placement.py); one that has no sentence is said in English,
  marked as such;
- what maintainers or contributors wrote in it stays in their words.
"""

from __future__ import annotations

import re

from markupsafe import Markup

from curation_api.pages.catalogue import N_
from curation_api.pages.visit import Voice

_REASONS: list[tuple[re.Pattern[str], str]] = [
    (re.compile(pattern), sentence)
    for pattern, sentence in [
        (r"a proposal about a topic \((?P<status>\w+)\)", N_("a proposal about a topic (%(status)s)")),
        (r"withdrawn by its author \((?P<withdrawal>\w+)\)", N_("withdrawn by its author (%(withdrawal)s)")),
        (r"retracted by two maintainers: (?P<said>.*)", N_("retracted by two maintainers: %(said)s")),
        (r"a planted control, slanted to (?P<said>\S+) on purpose", N_("a planted control, slanted to %(said)s")),
        (r"needs reviews from (?P<said>.+)", N_("needs reviews from %(said)s")),
        (r"needs reviews", N_("needs reviews")),
        (r"judged under a draft of topic (?P<said>\S+)", N_("judged under a draft of the topic %(said)s")),
        (r"rejected by every required perspective", N_("rejected by every required perspective")),
        (r"held by a flag \((?P<ground>\w+)\)", N_("held by a flag (%(ground)s)")),
        (r"its text was erased", N_("its text was erased")),
    ]
]


def say_left_out(say: Voice, reason: str) -> str:
    """One reason in the reader's language."""
    for pattern, sentence in _REASONS:
        if (found := pattern.fullmatch(reason)) is not None:
            facts = {name: text if name == "said" else say.word(name, text) for name, text in found.groupdict().items()}
            return say(sentence) % facts
    return Markup('<span lang="en">{}</span>').format(reason)
