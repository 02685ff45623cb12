"""What the checks say, in the reader's language.

Rules that always hold:
- a finding has its rule's id, the place in the words of the form, and a sentence with the next step;
- of a preference pair that is judged, a place tells what its reviewer sees (answer A or B), never which was proposed
  as the better one;
- a finding that has no translation is shown in English, marked as such.
"""

from __future__ import annotations

import re

from markupsafe import Markup

from curation_api.pages.catalogue import N_, name_of
from curation_api.pages.visit import Voice
from curation_api.pages.words import word
from curation_validators.findings import Finding

_SENTENCES: dict[str, list[tuple[str, str]]] = {
    "shape/content": [(r"", N_("It lacks a conversation, or a question with its answers."))],
    "shape/unreadable": [(r"", N_("This row cannot be read: mend it or leave it out."))],
    "shape/id-taken": [(r"", N_("Another row has the same id: give each an id of its own."))],
    "text/empty": [(r"", N_("It is empty: write something, or leave it out."))],
    "text/hidden-character": [
        (
            r"holds (?P<name>U\+\w+).* at offset (?P<offset>\d+)",
            N_("After %(offset)s characters stands one that no reader sees (%(name)s). Remove it."),
        )
    ],
    "text/normal-form": [(r"", N_("This text has letters in pieces (not Unicode NFC). Type or paste it again."))],
    "text/too-long": [(r"has (?P<number>\d+)", N_("It has %(number)s characters: shorten it to 20,000, or split it."))],
    "text/mixed-script": [
        (
            r"at offset (?P<offset>\d+)",
            N_(
                "After %(offset)s characters, a word mixes letters of two scripts that look alike. "
                "Write it in one, unless it is meant."
            ),
        )
    ],
    "language/unknown": [
        (r"which script", N_("Name the script: zh-Hans or zh-Hant.")),
        (r"", N_("Name its language by a tag, as en, fr, zh-Hans or zh-Hant.")),
    ],
    "language/differs": [
        (
            r"declares (?P<declared>\S+) and reads as (?P<found>\S+)",
            N_("It is declared as «%(declared)s» and reads as «%(found)s». Correct the language, or the text."),
        )
    ],
    "duplicate/exact": [
        (r"example (?P<example>ex_\w+)", N_("It is the same text as example %(example)s.")),
        (r"not public", N_("It is the same text as another example of this topic, which is not public.")),
    ],
    "duplicate/near": [
        (
            r"shares (?P<share>\d+)% of its wording with example (?P<example>ex_\w+)",
            N_(
                "It shares %(share)s per cent of its wording with example %(example)s. "
                "Say what it adds, or leave one of them out."
            ),
        ),
        (
            r"not public",
            N_(
                "It shares most of its wording with another example of this topic, which is not public. "
                "Say what it adds, or wait until that one is judged."
            ),
        ),
    ],
    "personal/identifier": [],
    "personal/contact": [],
    "secret/credential": [
        (
            r"what looks like (?P<data>.+) at offset (?P<offset>\d+)",
            N_(
                "After %(offset)s characters stands what looks like %(data)s. "
                "Remove it, and revoke it where it is real."
            ),
        )
    ],
    "contamination/protected": [
        (
            r"the protected set (?P<set>\S+)",
            N_(
                "It shares a passage with the protected set «%(set)s», which measures models. "
                "Write it in other words, or propose it for evaluation."
            ),
        )
    ],
    "source/incomplete": [
        (
            r"has no well-formed (?P<fields>.+)",
            N_("Missing, or not written as it should be: %(fields)s. A reader must be able to find the source."),
        )
    ],
    "source/unarchived": [(r"", N_("It has no archived copy. Archive the page: pages change."))],
    "source/quote-fuzzy": [
        (r"", N_("Its quote stands in the archived page only nearly. Quote it as it stands there."))
    ],
    "source/quote-missing": [
        (
            r"",
            N_("Its quote is missing in the archived page. Correct the quote or the address, or name another source."),
        )
    ],
    "licence/missing": [(r"", N_("It names no licence that is known by its identifier, as CC-BY-4.0."))],
    "origin/unnamed": [(r"", N_("Name the model and its version («unknown» if you do not know it)."))],
    "mirror/unknown": [(r"mirror (?P<example>ex_\w+)", N_("It names the mirror %(example)s, which does not exist."))],
    "mirror/one-sided": [
        (
            r"mirror (?P<example>ex_\w+)",
            N_("Its mirror %(example)s does not name it, or is in another group. Let both name each other."),
        )
    ],
}
_PERSONAL = (
    r"what looks like (?P<data>.+) at offset (?P<offset>\d+)",
    N_(
        "After %(offset)s characters stands what looks like %(data)s. "
        "Remove it, unless it is public and the example needs it."
    ),
)
_SENTENCES["personal/identifier"] = _SENTENCES["personal/contact"] = [_PERSONAL]
DATA = {
    "a mainland Chinese identity number": N_("a mainland Chinese identity number"),
    "a French social security number": N_("a French social security number"),
    "a US social security number": N_("a US social security number"),
    "a card number": N_("a card number"),
    "a bank account number": N_("a bank account number"),
    "an e-mail address": N_("an e-mail address"),
    "a telephone number": N_("a telephone number"),
    "an IP address": N_("an IP address"),
    "a private key": N_("a private key"),
    "an AWS access key": N_("an AWS access key"),
    "a GitHub token": N_("a GitHub token"),
    "a Google API key": N_("a Google API key"),
    "a Slack token": N_("a Slack token"),
    "a Hugging Face token": N_("a Hugging Face token"),
    "an API key": N_("an API key"),
    "a JSON Web Token": N_("a JSON Web Token"),
    "a token of this platform": N_("a token of this platform"),
    "a password in an address": N_("a password in an address"),
}
"""What a text can hold that it should not."""
FIELDS = {
    "url": N_("Address"),
    "publisher": N_("Publisher"),
    "owner": N_("Owner of the publisher"),
    "country": N_("Country"),
    "date": N_("Date"),
}
"""What a source can lack."""
_PLACES = {
    "prompt": N_("Question"),
    "chosen": N_("The better answer"),
    "rejected": N_("The worse answer"),
    "answers": N_("Answer"),
    "synthesis": N_("One answer that integrates them"),
    "sources": N_("Source"),
    "reason": N_("Why"),
}


def say_finding(say: Voice, finding: Finding) -> str:
    """What is wrong and what to do, in the reader's language."""
    for pattern, sentence in _SENTENCES.get(finding.rule, ()):
        if (found := re.search(pattern, finding.message)) is not None:
            facts = {name: _fact(say, name, text) for name, text in found.groupdict().items()}
            return say(sentence) % facts if facts else say(sentence)
    return Markup('<span lang="en">{} {}</span>').format(finding.message, finding.hint)


def _fact(say: Voice, name: str, text: str) -> str:
    if name == "data":
        return say(DATA.get(text, text))
    if name == "fields":
        return say(N_(", ")).join(say(FIELDS.get(item, item)) for item in text.split(", "))
    return name_of(text) if name in ("declared", "found") else text


def say_place(say: Voice, finding: Finding, order: str | None = None) -> str:
    """Where it is, in the words of the form; empty for the example as a whole.

    Args:
        say: the reader's language.
        finding: what the checks say.
        order: for who judges a preference pair, the order in which its answers are shown.
    """
    name, _, number = finding.where.partition(", ")[2].partition(".")
    if name == "messages" and number.isdecimal():
        asked = int(number) % 2 == 0
        return f"{say(N_('Question') if asked else N_('Answer'))} {int(number) // 2 + 1}"
    if name == "proposal":
        return _place_in_topic(say, number.split("."))
    if order is not None and name in ("chosen", "rejected"):
        return say(N_("Answer A") if order.startswith(name) else N_("Answer B"))
    if name in ("sources", "answers") and number.isdecimal():
        return f"{say(_PLACES[name])} {int(number) + 1}"
    return say(_PLACES[name]) if name in _PLACES else ".".join(filter(None, (name, number)))


def _place_in_topic(say: Voice, path: list[str]) -> str:
    """A text of a topic: `label.en`, or `positions.ID.statement.en`."""
    part, named = path[0], ""
    if len(path) == 4:
        part, named = "statement" if path[2] == "statement" else path[0].removesuffix("s"), f" {path[1]}"
    return f"{say(word('topic_part', part))}{named} ({name_of(path[-1])})"


_REFUSED = re.compile(r"(?P<where>[^:;]+): (?P<message>.+?) \((?P<rule>[a-z]+/[a-z-]+)\)(?:; |$)")


def findings_in(message: str) -> list[Finding]:
    """The findings for which a proposal was refused, from the refusal's message; none where it says something else."""
    return [Finding(item["rule"], item["where"], item["message"], "") for item in _REFUSED.finditer(message)]
