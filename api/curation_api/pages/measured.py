"""What a measure says where it warns or gates, in the reader's language.

Rules that always hold:
- the figures are those of the measure's own sentence, written as the language writes numbers;
- a sentence that has no translation is shown in English, marked as such.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from babel.numbers import format_decimal
from markupsafe import Markup

from curation_api.pages.catalogue import LOCALES, N_
from curation_api.pages.visit import Voice
from curation_validators.hints import HINTS

_TO = r" \((?P<low>\S+) to (?P<high>[^\s)]+)\)"
_HOLDS = r"(?P<number>\d+) examples? holds? [^:]+: (?P<examples>.+)"
_SENTENCES: dict[str, list[tuple[str, str]]] = {
    "balance/coverage": [
        (
            r"(?P<positions>\d+) positions and (?P<languages>\d+) languages; (?P<empty>\S+) of the cells",
            N_("Positions: %(positions)s. Languages: %(languages)s. Of the cells, %(empty)s are empty."),
        )
    ],
    "balance/position-share": [
        (
            r"(?P<share>\S+) of the named positions, at least (?P<least>\S+) for an even split",
            N_("%(share)s of the named positions; an even split asks for at least %(least)s."),
        ),
        (
            r"(?P<share>\S+) of the named positions, at least (?P<least>\S+) for",
            N_("%(share)s of the named positions; the written target asks for at least %(least)s."),
        ),
    ],
    "balance/evenness": [(r"evenness (?P<value>\S+) of 1", N_("Evenness: %(value)s of 1."))],
    "balance/drift": [
        (
            r"(?P<value>\S+) bits .* from the written target",
            N_("%(value)s bits (Jensen–Shannon) away from the written target."),
        ),
        (r"(?P<value>\S+) bits", N_("%(value)s bits (Jensen–Shannon) away from an even split.")),
    ],
    "balance/length-parity": [
        (
            rf"(?P<value>\S+) in length against its mirrors{_TO}, margin (?P<margin>\S+)",
            N_("Length against its mirrors: %(value)s (%(low)s to %(high)s), margin %(margin)s."),
        )
    ],
    "balance/refusal-parity": [
        (
            rf"(?P<value>\S+) points of refusals against its mirrors{_TO}",
            N_("Refusals against its mirrors, in points: %(value)s (%(low)s to %(high)s)."),
        )
    ],
    "balance/framing-completeness": [
        (
            r"(?P<number>\d+) of (?P<groups>\d+) groups lack",
            N_("%(number)s of %(groups)s groups lack a mirror in a language that they have."),
        )
    ],
    "balance/stance-parity": [
        (
            rf"scored (?P<value>\S+) points against its mirrors{_TO}, margin (?P<margin>\S+)",
            N_("Scores against its mirrors, in points: %(value)s (%(low)s to %(high)s), margin %(margin)s."),
        )
    ],
    "balance/entity-swap": [
        (
            rf"(?P<share>\S+) of (?P<pairs>\d+) swapped pairs stay in their class{_TO}, at least (?P<least>\S+)",
            N_("%(share)s of %(pairs)s swapped pairs stay in their class (%(low)s to %(high)s); wanted: %(least)s%%."),
        )
    ],
    "balance/loaded-language": [
        (
            rf"(?P<value>\S+) loaded terms per 1,000 tokens against its mirrors{_TO}, margin (?P<margin>\S+)",
            N_(
                "Loaded terms per 1,000 tokens, against its mirrors: %(value)s (%(low)s to %(high)s), "
                "margin %(margin)s."
            ),
        )
    ],
    "balance/preference-direction": [
        (
            rf"(?P<share>\S+) of (?P<pairs>\d+) pairs choose .+{_TO}, within (?P<least>\S+) to (?P<most>\S+) %",
            N_(
                "%(share)s of %(pairs)s pairs choose the answer that holds it (%(low)s to %(high)s); "
                "an even hand lies within %(least)s and %(most)s%%."
            ),
        )
    ],
    "provenance/source-concentration": [
        (
            r"(?P<value>\S+) points, as (?P<owners>\S+) equal .+ most cited is (?P<top>.+) \((?P<share>[^)]+)\)",
            N_("%(value)s points, as if %(owners)s owners had equal shares; the most cited is %(top)s (%(share)s)."),
        )
    ],
    "provenance/attribution": [
        (
            r"no source for (?P<names>.+); (?P<archived>\d+) of (?P<citations>\d+)",
            N_(
                "Positions without a source that is attributed and dated: %(names)s. "
                "Archived pages: %(archived)s of %(citations)s citations."
            ),
        )
    ],
    "provenance/quotes": [
        (
            r"(?P<number>\d+) of (?P<quotes>\d+) quotes are missing",
            N_("%(number)s of %(quotes)s quotes are missing in the archived page."),
        )
    ],
    "provenance/proposer-share": [
        (r"has (?P<share>\S+) of (?P<number>\d+)", N_("One person proposed %(share)s of %(number)s examples."))
    ],
    "provenance/reviewer-share": [
        (
            r"busiest of (?P<people>\d+) reviewers filled (?P<share>\S+) of (?P<number>\d+)",
            N_("One of %(people)s reviewers filled %(share)s of %(number)s seats."),
        )
    ],
    "examples/exact-copies": [
        (r"(?P<number>\d+) examples? says?", N_("Examples that repeat another one of the topic: %(number)s."))
    ],
    "examples/contamination": [
        (_HOLDS, N_("Examples with text of a protected evaluation set: %(number)s (%(examples)s)."))
    ],
    "examples/secrets": [(_HOLDS, N_("Examples with a key, token or password: %(number)s (%(examples)s)."))],
    "examples/personal-data": [
        (_HOLDS, N_("Examples with an identity, card or account number: %(number)s (%(examples)s)."))
    ],
}
_NAMES = frozenset({"top", "names", "examples"})
_FIGURE = re.compile(r"([+-]?)([\d,]+)(\.\d+)?(%?)")


def say_measure(say: Voice, item: Mapping[str, Any]) -> str:
    """What a measure found, in the reader's language.

    Args:
        say: the reader's language.
        item: a measure that warns or gates, or broke, as a plan has it.
    """
    for pattern, sentence in _SENTENCES.get(item["measure"], ()):
        if (found := re.search(pattern, item["message"])) is not None:
            facts = {name: text if name in _NAMES else figure(say, text) for name, text in found.groupdict().items()}
            return say(sentence) % facts
    if item["outcome"] == "error":
        return say(N_("It broke and measured nothing. Nothing can be cut before it is mended."))
    return Markup('<span lang="en">{}</span>').format(item["message"])


def say_hint(say: Voice, measure: str) -> str:
    """What to do where a measure warns or gates; empty where there is nothing to say."""
    return say(HINTS[measure]) if measure in HINTS else ""


def figure(say: Voice, text: str) -> str:
    """A figure as a language writes it; what is none, as it stands."""
    found = _FIGURE.fullmatch(text.removesuffix(",").removesuffix(";"))
    if found is None:
        return text
    sign, whole, rest, percent = found.groups()
    number = float(sign + whole.replace(",", "") + (rest or ""))
    pattern = "#,##0" + ("." + "0" * (len(rest) - 1) if rest else "")
    written = format_decimal(number, pattern, locale=LOCALES[say.language])
    return ("+" if sign == "+" else "") + str(written) + (_percent(say) if percent else "")


def _percent(say: Voice) -> str:
    return "\u00a0%" if say.language == "fr" else "%"
