"""Why an annotation in Label Studio was refused, in the language of its author.

Rules that always hold:
- it is said by the sentences with which the pages say the same: of rules, of fields and of what the checks find;
- it is plain text: a task shows it as it is, and a page escapes it;
- what has no sentence in a language is said in English, whole.
"""

from __future__ import annotations

from markupsafe import Markup

from curation.integrations.label_studio.forms import title_of
from curation.integrations.label_studio.slots import Slot
from curation.rulebook.rules import RULES
from curation_api.pages.catalogue import DEFAULT, LOCALES, N_
from curation_api.pages.complaints import say_problem
from curation_api.pages.findings import findings_in, say_finding, say_place
from curation_api.pages.visit import Voice


def say_reason(slot: Slot, language: str) -> str:
    """Why the annotation of a slot was refused; empty where it was not."""
    kept = slot.reason or ""
    if language == DEFAULT or language not in LOCALES:
        return kept
    say = Voice(language)
    if slot.rule:
        return _say_rule(say, slot.rule, kept) or kept
    said = say_problem(say, kept.removeprefix(f"{slot.field}: ") if slot.field else kept)
    if isinstance(said, Markup):  # it has no sentence
        return kept
    title = title_of(slot.field, language)
    return f"{title}{say(N_(': '))}{said}" if title else said


def _say_rule(say: Voice, rule: str, kept: str) -> str:
    if rule not in RULES:
        return ""
    lines = [say(RULES[rule].removesuffix(" (server)"))]
    for item in findings_in(kept) if rule == "propose/intake" else ():
        said = say_finding(say, item)
        told = item.message if isinstance(said, Markup) else said
        place = say_place(say, item)
        lines.append(f"{place}{say(N_(': '))}{told}" if place else told)
    return "\n".join(lines)
