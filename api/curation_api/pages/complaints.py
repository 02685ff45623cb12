"""What is wrong with a field, said beside it, in the reader's language.

Rules that always hold:
- what was typed is never repeated in a message;
- a message that has no translation is shown in English, marked as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import Markup

from curation.errors import Refused
from curation.rulebook.rules import RULES
from curation_api.pages.catalogue import N_
from curation_api.pages.visit import Voice

Problems = dict[str, list[str]]
"""Field → what is wrong with it; the empty field stands for the whole form."""

_KNOWN: list[tuple[re.Pattern[str], str]] = [
    (re.compile(pattern), sentence)
    for pattern, sentence in [
        (r"should have at most (?P<most>\d+) characters", N_("This is too long: at most %(most)s characters.")),
        (r"has (?P<least>\d+) to (?P<most>\d+) characters", N_("Use %(least)s to %(most)s characters.")),
        (r"is empty; write something", N_("Write something here.")),
        (r"is no gate: none is named", N_("Choose at least one gate.")),
        (r"greater than or equal to (?P<least>\d+)", N_("Use a whole number of %(least)s or more.")),
        (r"less than or equal to (?P<most>\d+)", N_("Use a whole number of %(most)s or less.")),
        (r"should be a valid integer", N_("Write a whole number.")),
        (r"can never be reached with \d+ seats", N_("More accepts are asked for than there are seats.")),
        (r"Field required|Input should be|should have at least", N_("Fill this in, or choose one.")),
        (r"http or https URL|is not a URL", N_("Write a whole address, beginning with https:// or http://.")),
        (r"must not carry a user name", N_("Leave the user name and the password out of the address.")),
        (r"no calendar date", N_("Write a date as 2025, 2025-03 or 2025-03-31.")),
        (
            r"character (?P<name>U\+\S+).* is invisible",
            N_("There is an invisible character in it (%(name)s). Remove it."),
        ),
        (
            r"not in Unicode normal form",
            N_("This text has letters in pieces (not Unicode NFC). Type or paste it again."),
        ),
        (r"name the script", N_("Name the script: zh-Hans or zh-Hant.")),
        (r"the handle .* is taken", N_("This handle is taken. Choose another.")),
        (r"factual claim needs at least one source", N_("A factual claim needs at least one source.")),
        (r"names no model; say", N_("A text by a person alone names no model.")),
        (r"text names its model and version", N_("Name the model and its version («unknown» if you do not know it).")),
        (r"chosen and rejected are the same", N_("The two answers are the same text.")),
        (r"answers must hold each", N_("Answer each of the chosen positions once.")),
        (r"needs at least one reason code and a rationale", N_("Who does not accept gives a reason and a rationale.")),
        (r"reasons belong to a verdict", N_("Reasons belong to a verdict that does not accept.")),
        (r"names a source that shows it", N_("Who says «inaccurate» names a source that shows it.")),
        (r"should match pattern", N_("This is not written as it should be; see the hint.")),
        (r"this is no e-mail address", N_("This is no e-mail address.")),
        (r"somebody is linked to that account", N_("Somebody is linked to that account already. Ask a maintainer.")),
        (r"the forms are in", N_("Choose one of the languages.")),
        (r"address begins with https", N_("Write an address that begins with https://.")),
        (r"no message is sent to this", N_("No message is sent there: it is no address of the public internet.")),
        (r"address is registered already", N_("This address is in the list already.")),
        (r"it is not answered, and it has to be", N_("Fill this in, or choose one.")),
        (r"a text has (?P<most>\d+) characters at most", N_("This is too long: at most %(most)s characters.")),
        (r"answered twice|more than one choice", N_("This is answered more than once.")),
        (r"a score is a whole number from 1 to 5", N_("A score is a whole number from 1 to 5.")),
        (r"is not one of those that the form offers", N_("Choose one of those that the form offers.")),
        (
            r"no list of answers|the form does not have|no answer of the type|is no text$|is no list of choices",
            N_("This is no answer to this form. Load the task again, and answer it anew."),
        ),
        (
            r"is replaced, not handed on",
            N_("You have reviewed it: change your review, it cannot be handed on any more."),
        ),
        (r"is changed on the pages only", N_("This is submitted. What you want to change, change on the pages here.")),
        (r"need no evidence against them", N_("Sources that hold need no evidence against them.")),
        (r"the question is no longer open", N_("The question is no longer open.")),
        (
            r"more than one annotation of this account",
            N_("You annotated this task more than once. Delete all but one."),
        ),
        (r"made by another account than", N_("Another account than yours made this annotation.")),
        (r"last changed by another account", N_("Another account than yours changed this annotation last.")),
        (r"is longer than (?P<most>\d+) bytes", N_("This is too long: at most %(most)s bytes.")),
        (r"there are (?P<most>\d+) receivers", N_("There are %(most)s already. Remove one first.")),
        (r"this sign-in has an account", N_("This sign-in belongs to another account already.")),
        (r"this is not your handle", N_("This is not your handle.")),
        (r"this is not your passphrase", N_("This is not your passphrase, or you tried too often.")),
    ]
]


def say_problem(say: Voice, message: str) -> str:
    """One problem in the reader's language."""
    for pattern, sentence in _KNOWN:
        if (found := pattern.search(message)) is not None:
            return say(sentence) % found.groupdict() if found.groupdict() else say(sentence).replace("%%", "%")
    return Markup('<span lang="en">{}</span>').format(message)


def by_field(say: Voice, pairs: Iterable[tuple[str, str]]) -> Problems:
    """(field path, message) pairs as problems beside fields; the path's first parts name the field."""
    found: Problems = {}
    for path, message in pairs:
        text = say_problem(say, message)
        name = path
        if text not in found.setdefault(name, []):
            found[name].append(text)
    return found


def refusal(say: Voice, error: Refused) -> Problems:
    """What a rule forbids, beside the form as a whole."""
    return {"": [say(RULES.get(error.rule, error.rule).removesuffix(" (server)"))]}
